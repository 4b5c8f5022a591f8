"""What is counted in one run: businesses hit and when; of the register, see `register_counts`.

In: a world, an outcome, and what a case wants to know. Out: one number; NaN where it is not known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sim.backtest.register_counts import Span, count_listed, region_names, share_enforcing
from sim.catalogue.declaration import WORST_PERCENT
from sim.engine.record.curves import BUSINESS_METRICS, OVER_METRICS, Curves
from sim.engine.record.outcome import Outcome
from sim.engine.state.tally import Group
from sim.measure.groups import is_above
from sim.scenario.readings import BusinessesHit, RunReading
from sim.scenario.resolve import Resolved
from sim.scenario.tables.roles import ROLES
from sim.world.build import World

OVER = dict(zip((percent / 100 for percent in WORST_PERCENT), OVER_METRICS, strict=True))
"""Curves of businesses that lose more than a share that is no threshold of the scenario."""


def read_off(
    reading: RunReading,
    resolved: Resolved,
    world: World,
    outcome: Outcome,
    at_s: int | None,
    span_s: Span | None,
) -> float:
    """Return what is counted: businesses, what is listed, or operators.

    Parameters
    ----------
    at_s, span_s
        When; None where the reading says no such time.
    """
    if reading.businesses is not None:
        span_s = span_s if at_s is None else (at_s, at_s + 1)
        take = reading.take, reading.level
        return count_businesses(reading.businesses, resolved, world, outcome, span_s, *take)
    if reading.listed is not None:
        when = span_s if at_s is None else (at_s, at_s + 1)
        assert when is not None
        return count_listed(reading.listed, resolved, world, outcome, when)
    assert at_s is not None
    assert reading.operators is not None
    return share_enforcing(reading.operators, world, outcome, at_s)


def count_businesses(
    reading: BusinessesHit,
    resolved: Resolved,
    world: World,
    outcome: Outcome,
    span_s: Span | None,
    take: str,
    level: float | None = None,
) -> float:
    """Businesses that lose more than a share of their demand.

    Parameters
    ----------
    span_s
        Within which the most, or the fewest, at once are taken; those of one second where it is
        one long, and those that were hit at any time of the run where it is None.
    take, level
        As for `taken`.

    Returns
    -------
    n
        NaN where no run keeps businesses above that share, and for a share of nobody. Above a
        share that is no threshold of the scenario they are told as if nobody were on a VPN: at a
        time for 1, 10, 30, 50 and 90 % of attempts, ever by the worst moment of each business.
    """
    if why_no_threshold(reading, resolved, is_timed=span_s is not None):
        return float("nan")
    is_member = _members(reading, world)
    of = float(np.count_nonzero(is_member))
    state = threshold_names(resolved).get(reading.above, "")
    if not state and span_s is not None:
        metric = OVER[reading.above]
        n = _at_once(outcome.curves, metric, _groups(reading, world), span_s, take, level)
    elif not state:
        n = float(np.count_nonzero(is_member & is_above(outcome, reading.above)))
    elif span_s is None:
        time_s = getattr(outcome.ledger, f"{state}_s")
        n = float(np.count_nonzero(is_member & (time_s > 0)))
    else:
        metric = BUSINESS_METRICS[list(threshold_names(resolved).values()).index(state)]
        n = _at_once(outcome.curves, metric, _groups(reading, world), span_s, take, level)
    if not reading.is_share:
        return n
    return n / of if of else float("nan")


def why_no_threshold(reading: BusinessesHit | None, resolved: Resolved, *, is_timed: bool) -> str:
    """Why a run cannot say who loses more than a share at a time; empty where it can."""
    if reading is None or not is_timed:
        return ""
    known = {*threshold_names(resolved), *(() if reading.sectors else OVER)}
    if reading.above in known:
        return ""
    kept = ", ".join(f"{above:g}" for above in sorted(known))
    return (
        f"a run keeps who loses more than {kept} of demand at a time, "
        f"not more than {reading.above:g}"
    )


def threshold_names(resolved: Resolved) -> Mapping[float, str]:
    """Thresholds at which a run keeps businesses over time, and the states above them."""
    thresholds = resolved.scenario.thresholds
    return {getattr(thresholds, name): name for name in ("affected", "impaired", "down")}


def _members(reading: BusinessesHit, world: World) -> NDArray[np.bool_]:
    businesses, places = world.businesses, world.places
    home = businesses.home_place_row
    regions = region_names(places.provider, places.provider_row.tolist(), places.region)
    is_member = np.ones(businesses.n_businesses, np.bool_)
    for wanted, names, row in (
        (reading.providers, places.provider, places.provider_row[home]),
        (reading.regions, regions, home),
        (reading.sectors, businesses.sector, businesses.sector_row),
    ):
        if wanted:
            is_member &= np.array([name in wanted for name in names])[row]
    return is_member


def _groups(reading: BusinessesHit, world: World) -> list[Group]:
    """Disjoint groups that together are all who count."""
    if reading.providers:
        names = world.places.provider
        return [Group(provider_row=names.index(name)) for name in set(reading.providers)]
    if reading.sectors:
        names = world.businesses.sector
        return [Group(sector_row=names.index(name)) for name in set(reading.sectors)]
    return [Group()]


def _at_once(
    curves: Curves,
    metric: str,
    groups: Sequence[Group],
    span_s: Span,
    take: str,
    level: float | None,
) -> float:
    """Most or fewest, and so on, of several groups together at any second of a span."""
    kept = {(series.metric, series.group) for series in curves.series}
    # A provider at which no business is has no curve of those above some shares.
    points = [curves.points(metric, group) for group in groups if (metric, group) in kept]
    first_s, until_s = span_s
    t_s = np.unique(np.concatenate([[first_s], *(t for t, _ in points)]))
    t_s = t_s[(t_s >= first_s) & (t_s < max(until_s, first_s + 1))]
    total = np.zeros(t_s.size)
    for t, value in points:
        total += value[np.searchsorted(t, t_s, side="right") - 1]
    return taken(t_s, total, span_s, take, level)


S_PER_H = 3600
SAME = 1 - 1e-9
"""A share that is summed from many stands for its level where it misses it by no more."""


def taken(
    t_s: NDArray[np.int64],
    value: NDArray[np.float64],
    span_s: Span,
    take: str,
    level: float | None = None,
) -> float:
    """Most, least, or mean over time of a curve within a span, or hours at a level.

    Parameters
    ----------
    t_s, value : shape (n,)
        From each time on the curve has the value; the first holds where the span begins.
    level
        Of hours, those at this level or above, or those that pass before it is reached, which are
        all of the span where it never is.
    """
    edge = np.clip(np.append(t_s, span_s[1]), *span_s)
    if take == "mean":
        return float((value * np.diff(edge)).sum() / max(span_s[1] - span_s[0], 1))
    if level is not None:
        is_at = value >= level * SAME
        if take == "hours_at_least":
            return float(np.diff(edge)[is_at].sum() / S_PER_H)
        first = edge[:-1][is_at]
        return float((first[0] if first.size else span_s[1]) - span_s[0]) / S_PER_H
    return float(np.max(value) if take == "max" else np.min(value))


def group_of(reading: RunReading, world: World) -> Group:
    """Group whose curve is read; everybody where it names none."""
    if reading.provider:
        return Group(provider_row=world.places.provider.index(reading.provider))
    if reading.sector:
        return Group(sector_row=world.businesses.sector.index(reading.sector))
    if reading.role:
        return Group(role_row=ROLES.index(reading.role))
    return Group()
