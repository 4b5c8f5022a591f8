"""Curves by operator: what each of them drops, and what part of its users and operators it makes.

In: a run folder. Out: change points of one curve by operator, in all replicates, from when each
operator began and ceased to enforce each entry. What its users lose is kept over the whole run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IPV4_STOP, IntervalSet
from sim.engine.eventlog import Kind
from sim.engine.orders import Mechanism
from sim.engine.record.curves import Curves, Series
from sim.engine.record.outcome import Outcome
from sim.engine.state.tally import Group
from sim.measure.bands import step_values
from sim.results.folder import CurvePoints, RunFolder, input_rows, read_target
from sim.results.parquet import read_columns
from sim.results.register import (
    NEVER,
    Enforcement,
    RegisterHistory,
    read_enforcement,
    read_register,
)
from sim.scenario.tables.rows import OperatorRow
from sim.world.build import World

Points = tuple[NDArray[np.int64], NDArray[np.float64]]


def with_uptake(world: World, outcome: Outcome) -> Outcome:
    """Add the curves of enforcement, over users and over operators, as the last ones.

    Notes
    -----
    With w(k) the share of users, or of licensed operators, that operator k stands for, n(k) the
    entries that it enforces, and n'(k) those among them that are among the N in force: the share
    that enforces any is ``sum of w(k) over k with n(k) > 0``, and the share that enforces an entry
    ``sum over k of w(k) n'(k) / N``, the mean over the entries in force; 0 while N is 0. Exempting
    entries do not count. An entry that is withdrawn counts in n(k) until it is released.
    """
    operators = world.operators
    n_stood_for = float(operators.stands_for.sum())
    curves, points = outcome.curves, list(_uptake_points(world, outcome))
    series = [
        Series(f"{who}_{what}_share", Group(), whole)
        for who, whole in (("users", np.nan), ("operators", n_stood_for))
        for what in ("enforcing", "enforcing_entry")
    ]
    first = len(curves.series)
    rows = [np.full(t_s.size, first + row) for row, (t_s, _) in enumerate(points)]
    return replace(
        outcome,
        curves=Curves(
            (*curves.series, *series),
            np.concatenate((curves.series_row, *rows)),
            np.concatenate((curves.t_s, *(t_s for t_s, _ in points))),
            np.concatenate((curves.value, *(value for _, value in points))),
        ),
    )


def _uptake_points(world: World, outcome: Outcome) -> Iterator[Points]:
    """Change points of the four curves: any and an entry, by users; the same by operators."""
    operators, log = world.operators, outcome.events
    is_exempt = np.array([one is Mechanism.EXEMPT for one in outcome.entry_mechanism], np.bool_)
    turns = Turns.of(log.t_s, log.kind, log.entry_row, log.operator_row, is_exempt)
    weights = np.stack([operators.share_users, operators.stands_for / operators.stands_for.sum()])
    enforcing, entries = np.zeros((2, 2, turns.t_s.size))
    for row, (n_enforced, n_in_force) in enumerate(turns.enforced(operators.n_operators)):
        weight = weights[:, row, np.newaxis]
        enforcing += weight * (n_enforced > 0)
        entries += weight * n_in_force
    entries /= np.maximum(turns.n_placed, 1)
    for by in range(len(weights)):
        yield changes(turns.t_s, enforcing[by])
        yield changes(turns.t_s, entries[by])


@dataclass(frozen=True, eq=False)
class Turns:
    """Entries that block being placed, withdrawn, enforced and released, one after the other.

    Attributes
    ----------
    kind, entry, operator : shape (n,)
        What happened, to which entry, and at which operator.
    last : shape (n_times - 1,)
        The last row of each second; what holds then is what counts.
    n_entries
        Entries of the register.
    """

    kind: NDArray[np.int64]
    entry: NDArray[np.int64]
    operator: NDArray[np.int64]
    t_s: NDArray[np.int64]
    last: NDArray[np.int64]
    n_entries: int

    @classmethod
    def of(
        cls,
        t_s: NDArray[np.int64],
        kind: NDArray[np.int64],
        entry: NDArray[np.int64],
        operator: NDArray[np.int64],
        is_exempt: NDArray[np.bool_],
    ) -> Turns:
        """Choose these of a log, which is sorted by time.

        Parameters
        ----------
        is_exempt : shape (n_entries,)
            Entries that let their addresses pass, which do not count.
        """
        about = np.isin(kind, (Kind.BLOCK, Kind.UNBLOCK, Kind.ENFORCED, Kind.RELEASED))
        rows = np.flatnonzero(about)
        rows = rows[~is_exempt[entry[rows]]]
        # The state after the last event of each second, and before the first one.
        last = np.flatnonzero(np.diff(t_s[rows], append=-1) != 0)
        times = np.concatenate(([0], t_s[rows][last]))
        return cls(kind[rows], entry[rows], operator[rows], times, last, is_exempt.size)

    @property
    def n_placed(self) -> NDArray[Any]:
        """Entries in force at each time."""
        placed = _summed(_step(self.kind, Kind.BLOCK, Kind.UNBLOCK))
        return np.asarray(placed[np.append(0, self.last + 1)])

    def enforced(self, n_operators: int) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
        """Entries that each operator enforces at each time, and those among them in force."""
        kind, entry = self.kind, self.entry
        step = _step(kind, Kind.ENFORCED, Kind.RELEASED)
        withdrawn = np.flatnonzero(kind == Kind.UNBLOCK)
        withdrawn_at = np.full(self.n_entries, kind.size)
        withdrawn_at[entry[withdrawn]] = withdrawn
        is_in_force = np.arange(kind.size) < withdrawn_at[entry]
        second = np.repeat(np.arange(self.last.size), np.diff(self.last, prepend=-1))
        for row in range(n_operators):
            mine = np.flatnonzero(self.operator == row)
            counted = step[mine] * is_in_force[mine]
            # What is in force no more leaves the count when it is withdrawn, and not when released.
            held = np.bincount(entry[mine], counted, self.n_entries)
            leaving = np.bincount(second[withdrawn], held[entry[withdrawn]], self.last.size)
            n_enforced = np.bincount(second[mine], step[mine], self.last.size)
            n_in_force = np.bincount(second[mine], counted, self.last.size) - leaving
            yield _summed(n_enforced), _summed(n_in_force)


def _step(kind: NDArray[np.int64], up: Kind, down: Kind) -> NDArray[np.int64]:
    return np.asarray((kind == up).astype(np.int64) - (kind == down), np.int64)


def _summed(step: NDArray[Any]) -> NDArray[Any]:
    """Sums of steps so far, from 0 on."""
    return np.concatenate(([0], np.cumsum(step)))


def changes(t_s: NDArray[np.int64], value: NDArray[np.float64]) -> Points:
    """Points at which the value is another than before; of one second the last counts."""
    is_last = np.diff(t_s, append=-1) != 0
    t_s, value = t_s[is_last], value[is_last]
    is_change = np.diff(value, prepend=np.nan) != 0
    return t_s[is_change], value[is_change]


@dataclass(frozen=True, eq=False)
class Adoption:
    """Addresses listed and dropped, the target's own among them.

    Attributes
    ----------
    t_s : shape (n_times,)
        Times, ascending.
    listed : shape (n_times,)
        Addresses listed.
    dropped : shape (n_operators, n_times)
        Addresses that each operator drops or throttles; of a group in cohorts the mean.
    """

    t_s: NDArray[np.int64]
    listed: NDArray[np.int64]
    dropped: NDArray[np.float64]

    def by_group(self, sizes: Sequence[Sequence[int]]) -> Adoption:
        """Mean over the cohorts of each group.

        Parameters
        ----------
        sizes
            Of each group the sizes of its cohorts, whose rows follow each other.
        """
        ends = np.cumsum([len(one) for one in sizes])[:-1]
        parts = np.split(self.dropped, ends)
        means = [
            np.average(part, axis=0, weights=one) for part, one in zip(parts, sizes, strict=True)
        ]
        return Adoption(self.t_s, self.listed, np.array(means))

    @property
    def share(self) -> NDArray[np.float64]:
        """Addresses dropped as a share of those listed; NaN where none is listed.

        It can exceed 1 after a withdrawal, until the operator releases what is listed no more.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.listed > 0, self.dropped / self.listed, np.nan)


def adoption(
    register: RegisterHistory,
    enforcement: Enforcement,
    operators: Sequence[str],
    t_s: NDArray[np.int64],
) -> Adoption:
    """Count addresses at given times, exactly.

    Parameters
    ----------
    operators
        Names of the operators, in the sequence of the result's rows.
    t_s : shape (n_times,)
        Times, ascending.
    """
    pieces = Pieces.of(register)
    dropped = [step_values(*pieces.dropped(enforcement, operator), t_s) for operator in operators]
    listed = step_values(*pieces.listed(), t_s).astype(np.int64)
    return Adoption(t_s, listed, np.array(dropped).reshape(len(operators), t_s.size))


@dataclass(frozen=True, eq=False)
class Pieces:
    """Pieces of the address space that every entry holds whole or not at all.

    Attributes
    ----------
    size : shape (n_pieces,)
        Addresses of each.
    held : shape (n_held,)
        Pieces of the first entry, of the second, and so on.
    end : shape (n_entries + 1,)
        Where the pieces of each entry begin and end in ``held``.
    register
        Whose entries these are.
    """

    size: NDArray[np.int64]
    held: NDArray[np.int64]
    end: NDArray[np.int64]
    register: RegisterHistory

    @classmethod
    def of(cls, register: RegisterHistory, without: IntervalSet | None = None) -> Pieces:
        """Cut the space at all bounds of all entries.

        Parameters
        ----------
        without
            Addresses that do not count.
        """
        sets = list(register.addresses)
        if without is not None:
            for row in _overlapping(sets, without):
                sets[row] = sets[row].difference(without)
        start = np.concatenate([np.empty(0, np.int64), *(one.start for one in sets)])
        stop = np.concatenate([np.empty(0, np.int64), *(one.stop for one in sets)])
        bound = np.unique(np.concatenate((start, stop)))
        first, last = np.searchsorted(bound, start), np.searchsorted(bound, stop)
        n_held = last - first
        # Pieces first to last of each interval, one interval after the other.
        before = np.cumsum(n_held) - n_held
        held = np.arange(int(n_held.sum())) + np.repeat(first - before, n_held)
        entry = np.repeat(np.arange(len(sets)), [one.n_intervals for one in sets])
        n_of_entry = np.bincount(entry, n_held, len(sets)).astype(np.int64)
        end = np.concatenate(([0], np.cumsum(n_of_entry)))
        return cls(np.diff(bound), held, end, register)

    def dropped(self, enforcement: Enforcement, operator: str) -> Points:
        """Addresses that an operator drops or throttles, from each change on."""
        mine = enforcement.operator == operator
        step = np.where(enforcement.is_begin[mine], 1, -1)
        return self._counted(enforcement.t_s[mine], enforcement.entry[mine], step)

    def listed(self) -> Points:
        """Addresses that are listed, from each change on."""
        placed, withdrawn = self.register.placed_s, self.register.withdrawn_s
        gone = np.flatnonzero(withdrawn != NEVER)
        entry = np.concatenate((np.arange(placed.size), gone))
        step = np.repeat([1, -1], [placed.size, gone.size])
        return self._counted(np.concatenate((placed, withdrawn[gone])), entry, step)

    def _counted(
        self, t_s: NDArray[np.int64], entry: NDArray[np.int64], step: NDArray[np.int64]
    ) -> Points:
        """Addresses of pieces that an entry which lists holds, and none that exempts.

        Parameters
        ----------
        t_s, entry, step : shape (n,)
            When an entry begins to count (1) or ceases to (-1).
        """
        counts = (self.register.is_listing | self.register.is_exempt)[entry]
        t_s, entry, step = t_s[counts], entry[counts], step[counts]
        n_held = np.diff(self.end)[entry]
        place = np.arange(int(n_held.sum())) + np.repeat(
            self.end[entry] - (np.cumsum(n_held) - n_held), n_held
        )
        piece, at_s = self.held[place], np.repeat(t_s, n_held)
        order = np.lexsort((at_s, piece))
        piece, at_s = piece[order], at_s[order]
        step, entry = np.repeat(step, n_held)[order], np.repeat(entry, n_held)[order]
        is_first = np.diff(piece, prepend=-1) != 0
        lists, exempts = (
            _running(np.where(chosen[entry], step, 0), is_first)
            for chosen in (self.register.is_listing, self.register.is_exempt)
        )
        # What holds at the end of a second counts.
        is_last = (np.diff(piece, append=-1) != 0) | (np.diff(at_s, append=-1) != 0)
        is_on = ((lists > 0) & (exempts == 0))[is_last].astype(np.int64)
        piece, at_s = piece[is_last], at_s[is_last]
        is_first = np.diff(piece, prepend=-1) != 0
        before = np.where(is_first, 0, np.concatenate(([0], is_on[:-1])) if is_on.size else is_on)
        change = self.size[piece] * (is_on - before)
        times, row = np.unique(np.concatenate(([0], at_s)), return_inverse=True)
        by_time = np.zeros(times.size, np.int64)
        np.add.at(by_time, row[1:], change)
        is_change = (by_time != 0) | (times == 0)
        return times[is_change], np.cumsum(by_time)[is_change].astype(np.float64)


def _overlapping(sets: Sequence[IntervalSet], other: IntervalSet) -> list[int]:
    """Rows of the sets that share an address with another: of thousands, most often none."""
    if not (sets and other.n_intervals):
        return []
    start = np.concatenate([one.start for one in sets])
    stop = np.concatenate([one.stop for one in sets])
    row = np.repeat(np.arange(len(sets)), [one.n_intervals for one in sets])
    # The first interval of the other that ends behind the beginning of each.
    place = np.searchsorted(other.stop, start, side="right")
    begins = np.append(other.start, IPV4_STOP)[place]
    return [int(one) for one in np.unique(row[begins < stop])]


def _running(step: NDArray[np.int64], is_first: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Sum of steps up to each row, begun anew where a row is the first of its own."""
    total = np.cumsum(step)
    first = np.flatnonzero(is_first)
    before = (total - step)[first]
    return np.asarray(total - np.repeat(before, np.diff(first, append=step.size)), np.int64)


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
