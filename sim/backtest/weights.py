"""Which table of weighted draws belongs to which scenario that cases run.

In: groups of cases, and tables of weighted draws, given or shipped. Out: for each group the draws
of its scenario, or none. Nothing is simulated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.backtest.runs import RunGroup, scenario_of
from sim.errors import DataError, Problem, ProblemsError
from sim.experiment.draws import Draws, unknowns_of
from sim.experiment.weighted_draws import (
    WeightedDraws,
    is_taken,
    lay_weighted,
    read_weighted_draws,
    shipped_table,
    unknowns_hash,
)
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, resolve
from sim.scenario.variants import own_variant
from sim.statistics.ensembles import effective_size

TABLE = "weights.csv"
"""Table of weighted draws in the folder of a calibration."""


@dataclass(frozen=True)
class Weighted:
    """Weighted draws of one scenario.

    Attributes
    ----------
    scenario
        Name of the scenario.
    sha256
        Hash of the table.
    n_draws, n_effective
        Draws that weigh something, and how many of equal weight would say as much.
    n_unknowns
        What was drawn.
    is_taken
        Whether a run of the scenario takes them unasked, or they are scored alone.
    """

    scenario: str
    sha256: str
    n_draws: int
    n_effective: float
    n_unknowns: int
    is_taken: bool = True


def read_tables(paths: Sequence[Path]) -> list[WeightedDraws]:
    """Read tables of weighted draws: files, or folders of version 0.3.

    Raises
    ------
    DataError
        With the mistakes in all of them.
    """
    tables: list[WeightedDraws] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            tables.append(read_weighted_draws(path / TABLE if path.is_dir() else path))
        except ProblemsError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    return tables


def weigh(
    groups: Sequence[RunGroup],
    tables: Sequence[WeightedDraws],
    n_draws: int | None = None,
    *,
    with_shipped: bool,
) -> tuple[tuple[Draws | None, ...], tuple[Weighted, ...]]:
    """Lay the weighted draws of each group's scenario.

    Parameters
    ----------
    tables
        Each is of the scenario whose unknowns it was made of.
    n_draws
        How many are picked by weight of each table; all of it as it weighs when left out.
    with_shipped
        Take the shipped table of a shipped scenario of which none is given.

    Returns
    -------
    draws
        Of each group; None where its scenario has none.
    weighted
        What they are, of each scenario that has some.

    Notes
    -----
    A table is of the scenario without the overrides of its cases, as a calibration is. What is
    unknown under the overrides alone is drawn beside it from its range.

    Raises
    ------
    DataError
        With every table of no scenario of the cases, every second one of a scenario, and shipped
        ones of other unknowns than the scenario has now.
    """
    names = {scenario_of(group): group.name for group in groups}
    chosen: dict[str, WeightedDraws] = {}
    problems: list[Problem] = []
    bases: dict[str, Resolved] = {}
    if tables:
        bases = {name: resolve(load_scenario(name, [])) for name in names}
    hashes = {name: unknowns_hash(unknowns_of([own_variant(base)])[0])
              for name, base in bases.items()}  # fmt: skip
    for table in tables:
        mine = [name for name, one in hashes.items() if one == table.unknowns]
        known = ", ".join(base.scenario.name for base in bases.values()) or "no scenario"
        if not mine:
            message = f"expected draws of the unknowns of {known}, got draws of others"
            problems.append(Problem(table.file, message, 2, 4, "unknowns"))
        for name in mine:
            if name in chosen:
                message = f"expected one table for a scenario, got one beside {chosen[name].file}"
                problems.append(Problem(table.file, message))
            chosen[name] = table
    for name in names if with_shipped else ():
        path = shipped_table(name)
        # A file beside its cases has another name than they give it.
        if name == names[name] and name not in chosen and path.exists():
            chosen[name] = read_weighted_draws(path)
            bases.setdefault(name, resolve(load_scenario(name, [])))
    draws: list[Draws | None] = []
    for group in groups:
        name = scenario_of(group)
        table_of = chosen.get(name)
        if table_of is None or problems:
            draws.append(None)
            continue
        try:
            variants = [own_variant(group.resolved)]
            draws.append(lay_weighted(variants, bases[name], table_of, group.root_seed, n_draws))
        except ProblemsError as error:
            problems += error.problems
    if problems:
        raise DataError(list(dict.fromkeys(problems)))
    weighted = tuple(
        Weighted(
            bases[name].scenario.name,
            table.sha256,
            int(table.draw.size),
            effective_size(table.weight),
            len(unknowns_of([own_variant(bases[name])])[0]),
            any(table is one for one in tables) or is_taken(shipped_table(name)),
        )
        for name, table in chosen.items()
    )
    return tuple(draws), weighted
