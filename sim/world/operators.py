"""Internet providers of the country, in groups, with the luck of one replicate.

In: the operator table and streams. Out: columns in whole seconds. It does not know what any of
them drops.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from sim.scenario.resolve import Resolved
from sim.streams import Stream, Streams
from sim.world.columns import Columns

S_PER_H = 3600


class Overload(StrEnum):
    """What an operator does with more rules than it can hold."""

    NONE = "none"
    STOP = "stop"
    DEGRADE = "degrade"


@dataclass(frozen=True, eq=False)
class Operators(Columns):
    """Operator groups as columns, one row per group in table order.

    Attributes
    ----------
    name
        Identifiers.
    share_users : shape (n_operators,)
        Shares of users; they sum to 1.
    poll_interval_s, poll_phase_s : shape (n_operators,)
        The register is downloaded at ``poll_phase_s + n * poll_interval_s``, n = 0, 1, 2, ….
    apply_lag_s, release_lag_s : shape (n_operators,)
        From the download that shows, or no longer shows, an entry to dropping, or passing, it.
    compliance : shape (n_operators,)
        Share of entries enforced.
    rule_capacity : shape (n_operators,)
        Rules an operator can hold; where it has no limit, ``overload`` says so.
    overload
        What happens beyond the capacity.
    overload_severity : shape (n_operators,)
        Share of attempts that fail while an operator with ``Overload.DEGRADE`` is over it.
    """

    name: tuple[str, ...]
    share_users: NDArray[np.float64]
    poll_interval_s: NDArray[np.int64]
    poll_phase_s: NDArray[np.int64]
    apply_lag_s: NDArray[np.int64]
    release_lag_s: NDArray[np.int64]
    compliance: NDArray[np.float64]
    rule_capacity: NDArray[np.int64]
    overload: tuple[Overload, ...]
    overload_severity: NDArray[np.float64]

    @property
    def n_operators(self) -> int:
        """Number of groups."""
        return len(self.name)


def build_operators(resolved: Resolved, streams: Streams) -> Operators:
    """Draw phases and lags of the operator groups of a scenario."""
    rows = resolved.operators.rows
    interval_s = np.maximum(1, _seconds([row.poll_interval_h for row in rows]))
    phase = streams.generator(Stream.OPERATOR_POLL_PHASE).random(len(rows))
    return Operators(
        name=tuple(row.operator for row in rows),
        share_users=np.array([row.share_users for row in rows]),
        poll_interval_s=interval_s,
        poll_phase_s=np.floor(phase * interval_s).astype(np.int64),
        apply_lag_s=_lag_s(
            [row.apply_lag_median_h for row in rows],
            [row.apply_lag_sigma for row in rows],
            streams.generator(Stream.OPERATOR_APPLY_LAG),
        ),
        release_lag_s=_lag_s(
            [row.release_lag_median_h for row in rows],
            [row.release_lag_sigma for row in rows],
            streams.generator(Stream.OPERATOR_RELEASE_LAG),
        ),
        compliance=np.array([row.compliance for row in rows]),
        rule_capacity=np.array([row.rule_capacity or 0 for row in rows], np.int64),
        overload=tuple(Overload(row.overload or "none") for row in rows),
        overload_severity=np.array([row.overload_severity or 0.0 for row in rows]),
    )


def _seconds(hours: list[float]) -> NDArray[np.int64]:
    return np.asarray(np.rint(np.array(hours) * S_PER_H), dtype=np.int64)


def _lag_s(
    median_h: list[float], sigma: list[float], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Lognormal lags: median times exp(sigma * Z), Z standard normal, in whole seconds."""
    z = rng.standard_normal(len(median_h))
    lag_s = np.array(median_h) * S_PER_H * np.exp(np.array(sigma) * z)
    return np.asarray(np.rint(lag_s), dtype=np.int64)
