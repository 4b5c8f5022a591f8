"""Curves by operator: what each of them drops, and what part of its users and operators it makes.

In: a run folder. Out: change points of one curve by operator, in all replicates, from when each
operator began and ceased to enforce each entry. What its users lose is kept over the whole run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from sim.engine.eventlog import Kind
from sim.measure.adoption import Pieces
from sim.measure.bands import step_values
from sim.measure.uptake import Points, Turns, changes
from sim.results.folder import CurvePoints, RunFolder, input_rows, read_target
from sim.results.parquet import read_columns
from sim.results.register import read_enforcement, read_register
from sim.scenario.tables.rows import OperatorRow

DROPPED = ("addresses_dropped", "addresses_dropped_with_target")
"""The whole is the mean of the operators' values over users."""
PARTS = tuple(
    f"{who}_{what}_share"
    for who in ("users", "operators")
    for what in ("enforcing", "enforcing_entry")
)
"""The whole is the sum of the operators' values."""
BY_OPERATOR = (*DROPPED, *PARTS)
"""Curves that have values by operator."""
_KINDS = {one.name.lower(): int(one) for one in Kind}


def read_operators(run: RunFolder) -> list[OperatorRow]:
    """Operator groups of a run, from the copy in its folder, the largest first."""
    rows = input_rows(run, "operators", "groups", OperatorRow)
    return sorted(rows, key=lambda row: -row.share_users)


def operator_curves(
    run: RunFolder, metric: str, strategy: str | None = None, n_most: int | None = None
) -> dict[str, CurvePoints]:
    """One curve for each operator, the largest first.

    Parameters
    ----------
    metric
        One of `BY_OPERATOR`.
    n_most
        Of the first so many replicates; of all unless given.

    Returns
    -------
    curves
        By name of the operator. Of addresses, those that it drops or throttles, of a group in
        cohorts the mean; of users and operators, its part of all: their sum is the whole.

    Raises
    ------
    DataError
        If a file of the folder cannot be read.
    """
    operators = read_operators(run)
    by_replicate = [
        list(_points(run, metric, strategy, replicate, operators))
        for replicate in run.finished(run.strategy(strategy))[:n_most]
    ]
    whole = np.nan
    if metric.startswith("operators_"):
        whole = float(sum(row.n_operators or 1 for row in operators))
    return {
        row.operator: _stacked([points[place] for points in by_replicate], whole)
        for place, row in enumerate(operators)
    }


def _points(
    run: RunFolder,
    metric: str,
    strategy: str | None,
    replicate: int,
    operators: Sequence[OperatorRow],
) -> Iterator[Points]:
    """Change points of each operator in one replicate."""
    if metric in DROPPED:
        actors = _addresses(run, metric, strategy, replicate, operators)
    else:
        actors = _enforcing(run, metric, strategy, replicate, operators)
    n_all = sum(row.n_operators or 1 for row in operators)
    for row in operators:
        n = row.n_operators or 1
        # Of a group in cohorts each has its part, by how many operators it stands for.
        weights = np.array(row.cohort_sizes) / n
        if metric in PARTS:
            weights *= row.share_users if metric.startswith("users_") else n / n_all
        yield _weighted([next(actors) for _ in row.actors], weights)


def _addresses(
    run: RunFolder,
    metric: str,
    strategy: str | None,
    replicate: int,
    operators: Sequence[OperatorRow],
) -> Iterator[Points]:
    own = read_target(run) if metric == "addresses_dropped" else None
    pieces = Pieces.of(read_register(run, strategy, replicate), own)
    enforcement = read_enforcement(run, strategy, replicate)
    for row in operators:
        for actor in row.actors:
            yield pieces.dropped(enforcement, actor)


def _enforcing(
    run: RunFolder,
    metric: str,
    strategy: str | None,
    replicate: int,
    operators: Sequence[OperatorRow],
) -> Iterator[Points]:
    names = [actor for row in operators for actor in row.actors]
    turns = _turns(run, strategy, replicate, names)
    placed = np.maximum(turns.n_placed, 1)
    for n_enforced, n_in_force in turns.enforced(len(names)):
        is_of_entries = metric.endswith("_entry_share")
        value = n_in_force / placed if is_of_entries else n_enforced > 0
        yield changes(turns.t_s, value.astype(np.float64))


def _turns(run: RunFolder, strategy: str | None, replicate: int, names: Sequence[str]) -> Turns:
    key = [run.strategy(strategy), replicate]
    where = "WHERE strategy = ? AND replicate = ?"
    events = read_columns(
        run.path / "events.parquet",
        f"SELECT t_s, entry, operator, kind FROM data {where} AND kind IN "
        "('block', 'unblock', 'enforced', 'released') ORDER BY file_row_number",
        key,
    )
    passing = read_columns(
        run.path / "entries.parquet",
        f"SELECT DISTINCT entry FROM data {where} AND mechanism = 'exempt'",
        key,
    )["entry"]
    entry = np.asarray(events["entry"], np.int64)
    is_exempt = np.zeros(int(entry.max(initial=-1)) + 1, np.bool_)
    is_exempt[np.asarray(passing, np.int64)] = True
    row_of = {name: row for row, name in enumerate(names)}
    operator = np.ma.filled(np.ma.asarray(events["operator"]), "").tolist()
    return Turns.of(
        np.asarray(events["t_s"], np.int64),
        np.array([_KINDS[kind] for kind in events["kind"].tolist()], np.int64),
        entry,
        np.array([row_of.get(name, -1) for name in operator], np.int64),
        is_exempt,
    )


def _weighted(parts: Sequence[Points], weights: NDArray[np.float64]) -> Points:
    """Weighted sum of step curves."""
    t_s = np.unique(np.concatenate([times for times, _ in parts]))
    value = sum(
        (weight * step_values(*part, t_s) for part, weight in zip(parts, weights, strict=True)),
        np.zeros(t_s.size),
    )
    return changes(t_s, value)


def _stacked(by_replicate: Sequence[Points], whole: float) -> CurvePoints:
    sizes = [t_s.size for t_s, _ in by_replicate]
    return CurvePoints(
        replicate=np.repeat(np.arange(len(sizes)), sizes),
        t_s=np.concatenate([t_s for t_s, _ in by_replicate]),
        value=np.concatenate([value for _, value in by_replicate]),
        denominator=np.full(sum(sizes), whole),
    )
