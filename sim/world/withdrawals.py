"""Withdrawals that others decide than the censor: dated ones, and drawn ones.

In: table of decisions, rate, streams. Out: decisions by time. It does not know what is listed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IntervalSet
from sim.scenario.resolve import Resolved
from sim.scenario.tables.rows import WithdrawalRow
from sim.streams import Stream, Streams
from sim.world.providers import Places

S_PER_D = 86_400


class OutsideWithdrawal(NamedTuple):
    """One decision: when, within which addresses, and how much of what is listed there.

    Without addresses it is about all that is listed.
    """

    t_s: int
    within: IntervalSet | None
    share: float


def build_withdrawals(
    resolved: Resolved, places: Places, streams: Streams
) -> tuple[OutsideWithdrawal, ...]:
    """Gather dated decisions, and draw the times of those that nobody foretells.

    Those come by a Poisson process over the run: times between two of them are exponential.

    Returns
    -------
    By time; of one second dated ones first, as in their table. None before the start.
    """
    scenario = resolved.scenario
    found = [
        OutsideWithdrawal(
            int((row.at - scenario.start).total_seconds()),
            _scope(row, resolved, places),
            row.share,
        )
        for row in (resolved.withdrawals.rows if resolved.withdrawals else ())
    ]
    rules = scenario.censor
    if rules is not None and rules.outside_withdrawals_per_d is not None:
        share = rules.outside_withdrawal_share
        assert share is not None
        rng = streams.generator(Stream.OUTSIDE_WITHDRAWAL)
        times_s = drawn_times_s(rules.outside_withdrawals_per_d, scenario.horizon_s, rng)
        found += [OutsideWithdrawal(t_s, None, share) for t_s in times_s.tolist()]
    return tuple(sorted((one for one in found if one.t_s >= 0), key=lambda one: one.t_s))


def drawn_times_s(per_d: float, horizon_s: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Seconds of a Poisson process, rounded up.

    Parameters
    ----------
    per_d
        Rate per day, above 0.

    Returns
    -------
    times : shape (n,), ascending
        In ``(0, horizon_s)``.
    """
    mean_s, last_s = S_PER_D / per_d, 0.0
    parts: list[NDArray[np.float64]] = []
    while last_s < horizon_s:
        # In blocks of a size that no horizon changes: a longer run only adds.
        parts.append(last_s + np.cumsum(rng.standard_exponential(64) * mean_s))
        last_s = float(parts[-1][-1])
    times_s = np.ceil(np.concatenate(parts))
    return times_s[times_s < horizon_s].astype(np.int64)


def _scope(row: WithdrawalRow, resolved: Resolved, places: Places) -> IntervalSet | None:
    if row.prefix is not None:
        return resolved.line.union([row.prefix])
    if row.provider:
        return places.provider_addresses(places.provider.index(row.provider))
    return None
