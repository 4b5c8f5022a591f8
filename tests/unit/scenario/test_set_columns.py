"""A column of a table that is set: what a file with the moved cells would have said."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import pytest

import sim
from sim.errors import ProblemsError
from sim.experiment.plan import Plan
from sim.experiment.saved_plans import plan_of_folder, read_question, write_question
from sim.results.folder import open_run
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, resolve
from sim.scenario.tables.column_changes import ColumnChange
from sim.scenario.tables.rows import OperatorRow
from sim.scenario.tables.seeds import read_table
from sim.scenario.unknowns import list_factors
from sim.scenario.variants import change

COMPLIANCE, SPREAD = "operators-russia-2018.compliance", "components-2018.share_spread"


def with_(*texts: str) -> Resolved:
    return resolve(load_scenario("telegram-2018", texts))


def test_a_factor_multiplies_every_cell_and_the_text_says_so(
    repository: Path, tmp_path: Path
) -> None:
    table = with_(f"{COMPLIANCE}=0.9").operators
    with (repository / "seeds" / "operators-russia-2018.csv").open(encoding="utf-8") as lines:
        before = [float(row["compliance"]) for row in csv.DictReader(lines)]
    assert [row.compliance for row in table.rows] == [0.9 * cell for cell in before]
    copy = tmp_path / "copy.csv"
    copy.write_bytes(table.data)
    assert read_table("copy", copy, OperatorRow).rows == table.rows
    assert table.sha256 == hashlib.sha256(table.data).hexdigest()


@pytest.mark.parametrize(("position", "value"), [(-1, 0.1), (0, 0.5), (0.5, 0.7), (1, 0.9)])
def test_a_position_moves_each_cell_towards_an_end_of_its_range(
    position: float, value: float
) -> None:
    """The note of the table gives 0.1 to 0.9, and the front end stands at 0.5."""
    frontend = with_(f"{SPREAD}={position}").components.rows[0]
    assert frontend.share_spread == pytest.approx(value)


def test_it_is_the_change_that_a_draw_of_the_same_amount_makes() -> None:
    drawn = change(
        with_(), {}, [ColumnChange("operators-russia-2018", "compliance", "times", (0.9,))]
    )
    assert with_(f"{COMPLIANCE}=0.9").operators.rows == drawn.operators.rows


def test_what_is_set_is_not_varied_any_more_and_the_last_setting_counts() -> None:
    resolved = with_(f"{COMPLIANCE}=0.8", f"{COMPLIANCE}=0.9")
    factors, left_out = list_factors(resolved)
    assert COMPLIANCE not in {one.key for one in factors}
    assert COMPLIANCE in {one.key for one in list_factors(with_())[0]}
    assert {one.key: one.why for one in left_out}[COMPLIANCE] == "set for this run"
    assert resolved.operators.rows == with_(f"{COMPLIANCE}=0.9").operators.rows


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("operators-russia-2018.complianc=1", "did you mean 'compliance'"),
        ("operators-russia-2018.label=1", "expected an assumed column"),
        ("operators-russia-2018.share_users=1.1", "expected an assumed column"),
        (f"{COMPLIANCE}=0", "expected a factor above 0, got 0"),
        (f"{COMPLIANCE}=1.2", "compliance: expected"),
        (f"{COMPLIANCE}=much", "expected a number, got 'much'"),
        (f"{COMPLIANCE}=nan", "expected a number, got 'nan'"),
        (f"{SPREAD}=1.5", "expected a position from -1 to 1, got 1.5"),
        ("operators-spain-2026.compliance=1", "did you mean 'operators-russia-2018'"),
        ("money-parameters.revenue_level=1", "drawn over its ranges in every run"),
    ],
)
def test_what_cannot_be_set_is_refused_once(text: str, said: str) -> None:
    with pytest.raises(ProblemsError) as caught:
        with_(text)
    assert said in str(caught.value)
    assert sum(one.file.startswith("--set") for one in caught.value.problems) <= 1


def test_a_folder_has_the_moved_cells_and_is_not_moved_again(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    short = {"population.n_businesses": 20, "end": "2018-04-16T14:00+03:00"}
    overrides = {**short, COMPLIANCE: 0.9}
    sim.run("telegram-2018", n_simulations=1, fixed=True, set=overrides, folder=folder)
    run = open_run(folder)
    for is_resolved in (False, True):
        scratch = tmp_path / str(is_resolved)
        plan = plan_of_folder(run, scratch, is_resolved=is_resolved)
        assert plan.result_id == run.manifest["result_id"]
        assert COMPLIANCE not in {one.key for one in list_factors(plan.resolved)[0]}


def test_a_run_that_is_resumed_is_not_moved_again(tmp_path: Path) -> None:
    plan = Plan.of_run(with_(f"{COMPLIANCE}=0.9"), 1, 1)
    write_question(plan, [plan.resolved], tmp_path)
    assert read_question(tmp_path).resolved.operators.rows == plan.resolved.operators.rows
