"""Decisions of others than the censor: stances of providers, and withdrawals."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.scenario.resolve import Resolved
from sim.streams import Stream, Streams
from sim.world.providers import Places

COMPLIANT = "compliant"
SILENT = "silent"
HOSTILE = "hostile"
S_PER_D = 86_400


class StanceEvent(NamedTuple):
    """A provider takes a stance."""

    t_s: int
    provider_row: int
    stance: str


class Wavering(NamedTuple):
    """A provider without a dated stance turns compliant now if it is blocked."""

    t_s: int
    provider_row: int


@dataclass(frozen=True)
class StanceEvents:
    """Changes of stance by time.

    Attributes
    ----------
    events
        Dated ones by time; until a provider's first one it is silent.
    waverings
        Times at which providers waver, ascending and none twice.
    """

    events: tuple[StanceEvent, ...]
    waverings: tuple[Wavering, ...] = ()


def build_stances(resolved: Resolved, places: Places, streams: Streams) -> StanceEvents | None:
    """Gather dated stances, and draw when providers waver.

    Each wavers as a Poisson process with the scenario's hazard. A Poisson process, seen only
    at times chosen without looking ahead, is a Poisson process there: a provider that turns
    when it first wavers while it is blocked has that hazard then, and none while it is not.
    """
    scenario = resolved.scenario
    if scenario.stances is None:
        return None
    dated = resolved.stances.rows if resolved.stances else ()
    events = [
        StanceEvent(
            int((row.at - scenario.start).total_seconds()),
            places.provider.index(row.provider),
            str(row.stance),
        )
        for row in dated
    ]
    hazard_per_d, n = scenario.stances.compliance_hazard_per_d or 0, len(places.provider)
    found: set[Wavering] = set()
    t_s = np.full(n, 0.0 if hazard_per_d else np.inf)
    # Round by round, each from its own stream: one more provider changes nobody else's draws.
    rounds = (streams.generator(Stream.PROVIDER_TURN, (number,)) for number in count())
    while (t_s < scenario.horizon_s).any():
        t_s = t_s + next(rounds).standard_exponential(n) / hazard_per_d * S_PER_D
        rows = np.flatnonzero(np.rint(t_s) < scenario.horizon_s).tolist()
        found.update(Wavering(round(t_s[row]), row) for row in rows)
    return StanceEvents(tuple(sorted(events)), tuple(sorted(found)))


class OutsideWithdrawal(NamedTuple):
    """A withdrawal that others decide: when, and how much of what is listed."""

    t_s: int
    share: float


def build_withdrawals(resolved: Resolved, streams: Streams) -> tuple[OutsideWithdrawal, ...]:
    """Draw the times of withdrawals that others decide, a Poisson process over the run."""
    rules = resolved.scenario.censor
    if rules is None or rules.outside_withdrawals_per_d is None:
        return ()
    share = rules.outside_withdrawal_share
    assert share is not None
    rng = streams.generator(Stream.OUTSIDE_WITHDRAWAL)
    times_s = drawn_times_s(rules.outside_withdrawals_per_d, resolved.scenario.horizon_s, rng)
    return tuple(OutsideWithdrawal(t_s, share) for t_s in times_s.tolist())


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
