"""What version 0.1 wrote is read, or refused with a sentence that says what to do.

``written_by_0_1`` holds files of two folders that 0.1 wrote, a run and an interrupted sweep; lists
of their manifests are cut to two rows each.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

import sim
from sim.cli.app import app
from sim.errors import UsageError
from sim.results.folder import MANIFEST_SCHEMA
from sim.results.output import check_free
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.scenario.tables.money import MoneyParameterRow

WRITTEN = Path(__file__).parent / "written_by_0_1"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return Path(shutil.copytree(WRITTEN, tmp_path / "old"))


def call(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, arguments)
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize("verb", ["report", "plot", "verify", "assess"])
def test_a_folder_of_0_1_is_refused_with_the_command_that_makes_it_again(
    old: Path, verb: str
) -> None:
    more = ["--strategy", "exact"] if verb == "assess" else []
    run = old / "run"
    before = sorted(run.rglob("*"))
    assert call(verb, str(run), *more) == (
        4,
        "",
        f"{run}: written by overblock 0.1, whose folders have no bands.parquet and take money by "
        f"its median; run it again: overblock run {run}/scenario.yaml -n 2 --seed 20240224 "
        "--set end=2024-02-17T00:00+01:00 --set population.n_businesses=100\n",
    )
    assert sorted(run.rglob("*")) == before


def test_a_damaged_manifest_of_0_1_is_refused_alike(old: Path) -> None:
    file = old / "run/manifest.json"
    file.write_text('{"schema": "overblock/manifest/1", "scenario": []}')
    code, _, said = call("plot", str(old / "run"))
    assert code == 4
    assert said.endswith(f"run it again: overblock run {old}/run/scenario.yaml\n")


def test_python_is_told_the_same(old: Path) -> None:
    with pytest.raises(sim.DataError, match=r"overblock sweep \S+/unfinished/scenario\.yaml -n 2 "):
        sim.open_results(old / "unfinished")


def test_what_a_run_of_0_1_rests_on_can_be_read(old: Path) -> None:
    code, printed, said = call("sources", str(old / "run"), "--json")
    assert (code, said) == (0, "")
    assert [line["key"] for line in json.loads(printed)["sources"]] == ["start", "end"]


def test_its_scenario_is_one_of_today() -> None:
    manifest = json.loads((WRITTEN / "run/manifest.json").read_text())
    file = str(WRITTEN / "run/scenario.yaml")
    scenario = resolve(load_scenario(file, manifest["scenario"]["overrides"])).scenario
    assert (scenario.name, scenario.population.n_businesses) == ("piracy-shield", 100)


@pytest.mark.parametrize("key", ["pause_pressure", "end_pressure"])
def test_a_limit_above_all_attention_says_what_changed(key: str) -> None:
    with pytest.raises(
        sim.ScenarioError, match=f"censor.{key}: expected a share <= 1, as .* since 0.2, got 5$"
    ):
        load_scenario("telegram-2018", [f"censor.{key}=5"])


def test_a_price_that_is_no_more_names_what_took_its_place(repository: Path) -> None:
    table = repository / "seeds/money-parameters.csv"
    (line,) = (one for one in table.read_text().splitlines() if "response_cost_level" in one)
    row = dict(zip(table.read_text().splitlines()[0].split(","), line.split(","), strict=False))
    with pytest.raises(ValueError, match="expected 'response_cost_level', a factor on"):
        MoneyParameterRow.model_validate(row | {"key": "migration_labour_usd"})


def test_what_0_1_left_unfinished_is_begun_anew(old: Path) -> None:
    folder = old / "unfinished"
    code, _, said = call("sweep", "--resume", str(folder))
    assert code == 2
    assert said.splitlines()[-1].removeprefix("Error: ") == (
        f"{folder}: begun by overblock 0.1.0, this is {sim.__version__}; "
        "resume with that version, or start again"
    )


def test_a_folder_of_0_1_counts_as_one_when_it_is_in_the_way(old: Path) -> None:
    with pytest.raises(UsageError, match=r"holds an earlier run; give --force to replace it"):
        check_free(old / "run", force=False)


def test_a_folder_is_told_by_its_schema_and_not_by_the_version_in_it(old: Path) -> None:
    file = old / "run/manifest.json"
    manifest = json.loads(file.read_text())
    file.write_text(json.dumps(manifest | {"schema": MANIFEST_SCHEMA}))
    with pytest.raises(sim.DataError, match=r"scenario\.resolved\.json: expected a readable"):
        sim.open_results(old / "run")
    file.write_text(json.dumps(manifest | {"schema": "overblock/manifest/3"}))
    with pytest.raises(sim.DataError, match=r"expected the schema .*, got 'overblock/manifest/3'"):
        sim.open_results(old / "run")
