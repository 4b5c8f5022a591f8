"""A whole run made again from its folder: the same bytes, or the files that differ by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import UsageError
from sim.experiment.executors.task import SerialExecutor
from sim.experiment.pipeline import carry_out
from sim.experiment.plan import Plan
from sim.experiment.runs import Runs
from sim.experiment.verification import make_again
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.scenario.variants import choose_variants

BRIEF = ["population.n_businesses=30", "end=2018-04-16T23:00+03:00"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A comparison of two strategies."""
    resolved = resolve(load_scenario("telegram-2018", BRIEF))
    variants, baseline = choose_variants(resolved, ["wide=covering-prefix"])
    plan = Plan.of_comparison(resolved, variants, baseline, (), 11, 2)
    return carry_out(Runs(plan), folder=tmp_path / "whole").folder


def test_it_comes_out_the_same_and_what_was_changed_is_named(folder: Path, tmp_path: Path) -> None:
    made = make_again(folder, tmp_path / "again", SerialExecutor())
    assert made.differences == ()
    assert made.keys == (("none", 0), ("wide", 0), ("none", 1), ("wide", 1))
    assert made.n_files > 20
    with (folder / "summary.csv").open("a") as file:
        file.write("\n")
    (folder / "money.csv").unlink()
    with pytest.raises(UsageError, match="again: holds an earlier run"):
        make_again(folder, tmp_path / "again", SerialExecutor())
    made = make_again(folder, tmp_path / "third", SerialExecutor())
    assert made.differences == (
        "money.csv: is not in the folder",
        "summary.csv: has other bytes",
    )
