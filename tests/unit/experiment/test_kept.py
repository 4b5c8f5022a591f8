"""Tables of kept simulations: whether they are of a scenario, and what is refused where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.errors import DataError, UsageError
from sim.experiment.draws import is_shipped, kept_rows, model_hash, read_kept, shipped_kept
from sim.results.csvtext import csv_text
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, resolve
from tests.conftest import REPOSITORY

SEED = 20180416
SHIPPED = [path.stem for path in sorted((REPOSITORY / "seeds" / "kept").glob("*.csv"))]
HEAD = "draw,root_seed,model,evidence\n"
A, B = "a" * 64, "b" * 64


def chase(*overrides: str) -> Resolved:
    return resolve(load_scenario("telegram-2018", overrides))


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kept") / "kept.csv"
    columns = HEAD.strip().split(",")
    path.write_text(csv_text(columns, kept_rows(chase(), SEED, [2, 5, 300])), encoding="utf-8")
    return path


def test_a_table_reads_as_it_was_written(table: Path) -> None:
    kept = read_kept(table)
    assert (kept.draw, kept.root_seed) == ((2, 5, 300), SEED)
    assert read_kept(table.parent).draw == kept.draw
    assert kept.first(2) == (2, 5)
    assert kept.first(None) == (2, 5, 300)
    with pytest.raises(UsageError, match=r"at most 3 simulations.*got 4; overblock condition"):
        kept.first(4)


@pytest.mark.parametrize(
    ("overrides", "seed", "why"),
    [
        ([], SEED, ""),
        (["end=2018-05-01T00:00+03:00"], SEED, ""),
        (["n_replicates=3", "title=Another"], SEED, ""),
        ([], 7, "another root seed"),
        (["fronts.n_fronts=7"], SEED, "other inputs, values or tables"),
        (["censor.narrow_length=25"], SEED, "other inputs, values or tables"),
        (["strategy={id: exact}"], SEED, "other inputs, values or tables"),
        (["stances.events=stances-zello-2018"], SEED, "other inputs, values or tables"),
        (["evidence=off"], SEED, "other evidence"),
        (["evidence=off", "end=2018-05-01T00:00+03:00"], SEED, "other evidence"),
    ],
)
def test_it_holds_for_the_scenario_as_it_is(
    table: Path, overrides: list[str], seed: int, why: str
) -> None:
    found = read_kept(table).why_not(chase(*overrides), seed)
    assert (found == "") == (why == "")
    assert why in found


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_simulations_are_of_the_scenario_as_it_is(name: str) -> None:
    resolved = resolve(load_scenario(name))
    kept = shipped_kept(resolved)
    assert kept is not None
    about = json.loads(Path(kept.file).with_suffix(".json").read_text(encoding="utf-8"))
    assert kept.why_not(resolved, resolved.scenario.root_seed or 0) == "", (
        f"run {about['command']} -o FOLDER again, then python -m tests.shipped_kept FOLDER"
    )
    assert len(kept.draw) == about["n_kept"]
    assert is_shipped(resolved, kept.root_seed, kept.draw[:9])
    assert not is_shipped(resolved, kept.root_seed, kept.draw[1:9])
    assert not is_shipped(resolved, kept.root_seed + 1, kept.draw)
    pieces = [piece.id for piece in resolved.scenario.evidence or ()]
    assert [row["evidence"] for row in about["evidence"]] == pieces


def test_an_input_with_another_range_is_another_model(tmp_path: Path) -> None:
    text = Path(load_scenario("telegram-2018").document.file).read_text(encoding="utf-8")
    wider = tmp_path / "telegram-2018.yaml"
    assert text.count("range: [0.01, 0.14]") == 1
    wider.write_text(text.replace("range: [0.01, 0.14]", "range: [0.01, 0.2]"), encoding="utf-8")
    assert model_hash(resolve(load_scenario(str(wider)))) != model_hash(chase())
    assert shipped_kept(resolve(load_scenario(str(wider)))) is None


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (f"2,7,{A}\n", "2: expected 4 cells, got 3"),
        (f"2,7,{A},{A}\n2,7,{A},{A}\n", "3: draw: expected a number of a draw above 2, got 2"),
        (f"-1,7,{A},{A}\n", "2: draw: expected a number >= 0, got '-1'"),
        (f"2,7,{A},{A}\n3,8,{A},{A}\n", "3: root_seed: expected the same in all rows"),
        (f"2,7,{A},{A}\n3,7,{B},{A}\n", "3: model: expected the same in all rows"),
        (f"2,7,{A},{A}\n3,7,{A},{B}\n", "3: evidence: expected the same in all rows"),
        (f"2,7,abc,{A}\n", "2: model: expected text that matches"),
        ("", " expected at least one row, got none"),
    ],
)
def test_mistakes_are_refused_where_they_stand(tmp_path: Path, rows: str, message: str) -> None:
    path = tmp_path / "kept.csv"
    path.write_text(HEAD + rows, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_kept(path)
    assert str(caught.value).startswith(f"{path}:{message}")
    with pytest.raises(DataError, match=r"missing\.csv"):
        read_kept(tmp_path / "missing.csv")
    path.write_text("draw,weight\n1,1\n", encoding="utf-8")
    with pytest.raises(DataError, match=":1: weight: unknown column"):
        read_kept(path)
