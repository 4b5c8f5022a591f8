"""Small folders of ensembles: a run, a comparison, and a case with sites of its own."""

from __future__ import annotations

from pathlib import Path

from sim.experiment.pipeline import carry_out
from sim.experiment.plan import Plan
from sim.experiment.runs import Runs
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, resolve
from sim.scenario.variants import choose_variants
from tests import sites


def write_ensemble(folder: Path, resolved: Resolved, n: int = 8) -> None:
    """Write a run of so many simulations."""
    carry_out(Runs(Plan.of_run(resolved, 5, n).of_size(n, fixed=False)), folder=folder)


def write_run(folder: Path) -> None:
    """Write a run with orders that were placed, and nobody who reacts."""
    write_ensemble(folder, resolve(load_scenario("austria-2022", ["population.n_businesses=400"])))


def write_sessions(folder: Path) -> None:
    """Write a run in four sessions, whose times are the record's and whose addresses are not."""
    write_ensemble(folder, resolve(load_scenario("match-days", ["population.n_businesses=400"])))


def write_comparison(folder: Path, *more: str) -> None:
    """Write two strategies beside none, or more, in a chase of two days."""
    short = ["population.n_businesses=60", "end=2018-04-18T00:00+03:00"]
    resolved = resolve(load_scenario("telegram-2018", short))
    variants, baseline = choose_variants(resolved, ("exact", *more, "covering-prefix"))
    plan = Plan.of_comparison(resolved, variants, baseline, (), 3, 1).of_size(6, fixed=False)
    carry_out(Runs(plan), folder=folder)


def write_sites(folder: Path) -> None:
    """Write the case of five named sites whose hours are worked out by hand."""
    tables = folder.with_name(f"{folder.name}-tables")
    tables.mkdir()
    write_ensemble(folder, sites.resolved(tables), 4)
