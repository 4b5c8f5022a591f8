"""Internet providers of the country, in groups, with the draws of one replicate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincc

from sim.scenario.resolve import Resolved
from sim.scenario.tables.rows import OperatorRow
from sim.streams import Stream, Streams
from sim.world.frozen import FrozenColumns

S_PER_H = 3600
S_PER_D = 86_400

Draw = Callable[[np.random.Generator, int], NDArray[np.float64]]


class Overload(StrEnum):
    """Behaviour of an operator with more rules than it can hold."""

    NONE = "none"
    STOP = "stop"
    DEGRADE = "degrade"


@dataclass(frozen=True, eq=False)
class Operators(FrozenColumns):
    """Operators as columns, in table order: a row is a group, or a cohort of one."""

    name: tuple[str, ...]
    group: tuple[str, ...]
    """Identifiers of the operator, and of the group of the table that it is or belongs to."""
    luck_row: NDArray[np.int64]
    """Row of the group in the table. Which entries are enforced is one draw for a whole group.
    Shape (n_operators,)."""
    share_users: NDArray[np.float64]
    """Shares of users; they sum to 1; shape (n_operators,)."""
    begins_s: NDArray[np.int64]
    """Before this second the register is not downloaded; negative where it was before the start;
    shape (n_operators,)."""
    poll_interval_s: NDArray[np.int64]
    poll_phase_s: NDArray[np.int64]
    """The register is downloaded at ``poll_phase_s + n * poll_interval_s``, n = 0, 1, 2, …; shape
    (n_operators,)."""
    apply_lag_s: NDArray[np.int64]
    release_lag_s: NDArray[np.int64]
    """From the download that shows, or no longer shows, an entry to dropping, or passing, it; shape
    (n_operators,)."""
    compliance: NDArray[np.float64]
    """Share of entries enforced; shape (n_operators,)."""
    rule_capacity: NDArray[np.int64]
    """Rules an operator can hold; where it has no limit, ``overload`` says so; shape
    (n_operators,)."""
    overload: tuple[Overload, ...]
    """What happens beyond the capacity."""
    overload_severity: NDArray[np.float64]
    """Share of attempts that fail while an operator with ``Overload.DEGRADE`` is over it; shape
    (n_operators,)."""

    @property
    def n_operators(self) -> int:
        """Number of groups and cohorts."""
        return len(self.name)


def build_operators(resolved: Resolved, streams: Streams) -> Operators:
    """Draw phases, lags, compliance and beginnings of the operators of a scenario."""
    rows = resolved.operators.rows
    luck_row = np.repeat(np.arange(len(rows)), [len(row.actors) for row in rows])
    # Each cohort has the values of its group, and draws of its own.
    of = [rows[number] for number in luck_row.tolist()]
    n_in_row = np.concatenate([np.array(row.cohort_sizes, np.int64) for row in rows])
    share_of_group = n_in_row / np.array([row.n_operators or 1 for row in of])
    interval_h = np.array([row.poll_interval_h for row in of])
    interval_s = np.maximum(1, np.rint(interval_h * S_PER_H)).astype(np.int64)
    phase = _drawn(rows, streams, Stream.OPERATOR_POLL_PHASE, np.random.Generator.random)
    return Operators(
        name=tuple(name for row in rows for name in row.actors),
        group=tuple(row.operator for row in of),
        luck_row=luck_row,
        share_users=np.array([row.share_users for row in of]) * share_of_group,
        begins_s=_begins_s(rows, resolved.scenario.start, streams),
        poll_interval_s=interval_s,
        poll_phase_s=np.floor(phase * interval_s).astype(np.int64),
        apply_lag_s=_lag_s(
            [row.apply_lag_median_h * S_PER_H for row in of],
            [row.apply_lag_sigma for row in of],
            _drawn(rows, streams, Stream.OPERATOR_APPLY_LAG, np.random.Generator.standard_normal),
        ),
        release_lag_s=_lag_s(
            [row.release_lag_median_h * S_PER_H for row in of],
            [row.release_lag_sigma for row in of],
            _drawn(rows, streams, Stream.OPERATOR_RELEASE_LAG, np.random.Generator.standard_normal),
        ),
        compliance=np.concatenate(
            [_compliance(row, number, streams) for number, row in enumerate(rows)]
        ),
        rule_capacity=np.array([row.rule_capacity or 0 for row in of], np.int64),
        overload=tuple(Overload(row.overload or "none") for row in of),
        overload_severity=np.array([row.overload_severity or 0.0 for row in of]),
    )


def share_above(
    reluctance: NDArray[np.float64], mean: float, over_dispersion: float
) -> NDArray[np.float64]:
    """Share of entries that more than a given share of a group's operators enforce.

    Parameters
    ----------
    reluctance : shape (n,)
        Shares of operators, in [0, 1).
    mean, over_dispersion
        Of the share of operators that enforce an entry, in [0, 1].

    Returns
    -------
    share : shape (n,)
        P(S > reluctance), in [0, 1], for S beta-distributed with that mean m and a variance of
        ``over_dispersion * m * (1 - m)``. With 0, S is m; with 1, it is 1 with probability m, else
        0.

    References
    ----------
    Skellam, J. R. Stat. Soc. B 10 (1948) 257: a binomial share that is itself beta-distributed. The
    over-dispersion r is the correlation of two operators: ``a = m (1 - r) / r``,
    ``b = (1 - m) (1 - r) / r``.
    """
    if over_dispersion == 0:
        return np.where(reluctance < mean, 1.0, 0.0)
    if over_dispersion == 1 or mean in (0, 1):
        return np.full(reluctance.shape, mean)
    weight = (1 - over_dispersion) / over_dispersion
    return np.asarray(betaincc(mean * weight, (1 - mean) * weight, reluctance), np.float64)


def _compliance(row: OperatorRow, number: int, streams: Streams) -> NDArray[np.float64]:
    """Compliance of a group; or of one operator drawn from each cohort, most willing first."""
    if row.cohorts is None or row.over_dispersion is None or row.n_operators is None:
        return np.array([row.compliance])
    size = np.array(row.cohort_sizes)
    reluctance = streams.generator(Stream.OPERATOR_RELUCTANCE, (number,)).random(row.n_operators)
    place = streams.generator(Stream.COHORT_MEMBER, (number,)).random(row.cohorts)
    member = np.cumsum(size) - size + np.floor(place * size).astype(np.int64)
    return share_above(np.sort(reluctance)[member], row.compliance, row.over_dispersion)


def _begins_s(
    rows: tuple[OperatorRow, ...], start: datetime, streams: Streams
) -> NDArray[np.int64]:
    """First second of enforcement, lognormal after the day from which adoption is counted."""
    found = []
    for number, row in enumerate(rows):
        n = len(row.actors)
        if row.adoption_from is None:
            found.append(np.zeros(n, np.int64))
            continue
        z = streams.generator(Stream.OPERATOR_ADOPTION, (number,)).standard_normal(n)
        median_s, sigma = (row.adoption_median_d or 0.0) * S_PER_D, row.adoption_sigma or 0.0
        since_s = round((row.adoption_from - start).total_seconds())
        found.append(since_s + _lag_s([median_s] * n, [sigma] * n, z))
    return np.concatenate(found)


def _drawn(
    rows: tuple[OperatorRow, ...], streams: Streams, source: Stream, draw: Draw
) -> NDArray[np.float64]:
    """One draw for each operator; those of a group do not depend on how others are split."""
    whole = draw(streams.generator(source), len(rows))
    return np.concatenate(
        [
            whole[number : number + 1]
            if row.cohorts is None
            else draw(streams.generator(source, (number,)), row.cohorts)
            for number, row in enumerate(rows)
        ]
    )


def _lag_s(median_s: list[float], sigma: list[float], z: NDArray[np.float64]) -> NDArray[np.int64]:
    """Lognormal lags: median times exp(sigma * Z), Z standard normal, in whole seconds."""
    return np.asarray(np.rint(np.array(median_s) * np.exp(np.array(sigma) * z)), dtype=np.int64)
