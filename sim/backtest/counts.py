"""What is counted in one run: addresses and prefixes listed, businesses hit, operators.

In: a world, an outcome, and what a case wants to know. Out: one number; NaN where it is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.prefixes import prefix_bounds
from sim.catalogue.worst import WORST_PERCENT
from sim.engine.eventlog import Kind
from sim.engine.orders import BLOCKING, Mechanism
from sim.engine.record.curves import BUSINESS_METRICS, OVER_METRICS, Curves
from sim.engine.record.outcome import Outcome
from sim.engine.state.tally import Group
from sim.measure.worst import is_above
from sim.scenario.counts import BusinessesHit, Enforcing, Listed
from sim.scenario.predictors import RunPredictor
from sim.scenario.resolve import Resolved
from sim.scenario.tables.rows import ROLES
from sim.world.build import World

OVER = dict(zip((percent / 100 for percent in WORST_PERCENT), OVER_METRICS, strict=True))
"""Curves of businesses that lose more than a share that is no threshold of the scenario."""

Span = tuple[int, int]
"""From one second to another, not included."""


def read_off(
    predictor: RunPredictor,
    resolved: Resolved,
    world: World,
    outcome: Outcome,
    at_s: int | None,
    span_s: Span | None,
) -> float:
    """Return what a predictor counts: businesses, what is listed, or operators.

    Parameters
    ----------
    at_s, span_s
        When; None where the predictor says no such time.
    """
    if predictor.businesses is not None:
        span_s = span_s if at_s is None else (at_s, at_s + 1)
        take = predictor.take, predictor.level
        return count_businesses(predictor.businesses, resolved, world, outcome, span_s, *take)
    if predictor.listed is not None:
        when = span_s if at_s is None else (at_s, at_s + 1)
        assert when is not None
        return count_listed(predictor.listed, resolved, world, outcome, when)
    assert at_s is not None
    assert predictor.operators is not None
    return share_enforcing(predictor.operators, world, outcome, at_s)


def count_listed(
    reading: Listed, resolved: Resolved, world: World, outcome: Outcome, span_s: Span
) -> float:
    """Addresses, or prefixes of providers, that the register lists at any time of a span.

    Notes
    -----
    Addresses are those of the curve ``addresses_listed``: without the target's own ranges. A
    prefix of the scenario's table is listed wholly when every address of it is, the target's own
    among them.
    """
    listed = _listed(outcome, span_s)
    if reading.count == "addresses":
        return _count_addresses(reading, world, listed.difference(world.target.addresses))
    rows = [
        row
        for row in resolved.cloud_prefixes.rows
        if (not reading.providers or row.provider in reading.providers)
        and (not reading.regions or f"{row.provider}/{row.region}" in reading.regions)
    ]
    prefix = np.unique(np.array([row.prefix for row in rows], np.int64).reshape(-1, 2), axis=0)
    start, stop = prefix_bounds(prefix[:, 0], prefix[:, 1])
    n_listed = listed.count_below(stop) - listed.count_below(start)
    is_wholly = n_listed == stop - start
    is_meant = is_wholly if reading.count == "prefixes_wholly" else (n_listed > 0) & ~is_wholly
    n = float(np.count_nonzero(is_meant))
    return n / prefix.shape[0] if reading.is_share else n


def _count_addresses(reading: Listed, world: World, listed: IntervalSet) -> float:
    places = world.places
    if reading.providers:
        row = [places.provider.index(name) for name in reading.providers]
        n = float(places.count_by_provider(listed)[row].sum())
        of = float(places.count_by_provider(IntervalSet.universe())[row].sum())
    elif reading.regions:
        names = region_names(places.provider, places.provider_row.tolist(), places.region)
        whose = IntervalSet.union_all(
            places.addresses[row] for row, name in enumerate(names) if name in reading.regions
        )
        n, of = float(listed.intersection(whose).n_addresses), float(whose.n_addresses)
    else:
        return float(listed.n_addresses)
    if reading.is_share_of_list:
        return n / listed.n_addresses if listed.n_addresses else float("nan")
    return n / of if reading.is_share else n


def _listed(outcome: Outcome, span_s: Span) -> IntervalSet:
    """Addresses that blocking entries list, and none exempts, at the end of a second of a span."""
    start_s, stop_s = _times(outcome)
    mechanism = outcome.entry_mechanism
    is_within = (start_s < span_s[1]) & (stop_s > span_s[0])
    blocking, exempting = (
        np.flatnonzero(is_within & np.array([one in of for one in mechanism], np.bool_))
        for of in (BLOCKING, frozenset({Mechanism.EXEMPT}))
    )
    # Between these times the same addresses are exempt.
    edge = np.concatenate([span_s, start_s[exempting], stop_s[exempting]])
    edge = np.unique(np.clip(edge, *span_s))
    found = IntervalSet.empty()
    for first, until in pairwise(edge.tolist()):
        blocked, exempt = (
            IntervalSet.union_all(
                outcome.entry_addresses[row]
                for row in rows[(start_s[rows] < until) & (stop_s[rows] > first)].tolist()
            )
            for rows in (blocking, exempting)
        )
        found = found.union(blocked.difference(exempt))
    return found


NEVER = np.iinfo(np.int64).max


def _times(outcome: Outcome) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """When each entry was placed and withdrawn; ``NEVER`` where it was not."""
    log = outcome.events
    start_s, stop_s = (np.full(len(outcome.entry_mechanism), NEVER) for _ in range(2))
    for time_s, kind in ((start_s, Kind.BLOCK), (stop_s, Kind.UNBLOCK)):
        is_of = log.kind == kind
        time_s[log.entry_row[is_of]] = log.t_s[is_of]
    return start_s, stop_s


def _in_force(outcome: Outcome, at_s: int) -> list[int]:
    """Entries of the register that were placed and not withdrawn, ascending."""
    start_s, stop_s = _times(outcome)
    rows: list[int] = np.flatnonzero((start_s <= at_s) & (stop_s > at_s)).tolist()
    return rows


def share_enforcing(reading: Enforcing, world: World, outcome: Outcome, at_s: int) -> float:
    """Share of operators, or of their users, that enforce entries at a time.

    Notes
    -----
    Counting entries, it is the mean over these operators, or users, of the share of entries in
    force that an operator applies, and not known while none is in force.
    With a least share of entries, those in force count, and an operator enforces them that
    applies at least that share of them; it is not known while none is in force. Without one, an
    operator enforces that applies any entry, one among them that the register no longer has.
    """
    operators = world.operators
    log = outcome.events
    chosen = np.flatnonzero(
        [not reading.operators or name in reading.operators for name in operators.group]
    )
    by = operators.share_users if reading.weigh == "users" else operators.stands_for.astype(float)
    weight = by[chosen]
    in_force = [
        row
        for row in _in_force(outcome, at_s)
        if outcome.entry_mechanism[row] is not Mechanism.EXEMPT
    ]
    is_of_entries = reading.count == "entries"
    if weight.sum() == 0 or ((is_of_entries or reading.entries is not None) and not in_force):
        return float("nan")
    is_turn = (log.t_s <= at_s) & ((log.kind == Kind.ENFORCED) | (log.kind == Kind.RELEASED))
    step = np.where(log.kind == Kind.ENFORCED, 1, -1)
    enforced: list[float] = []
    for operator_row in chosen.tolist():
        mine = is_turn & (log.operator_row == operator_row)
        n = np.zeros(len(outcome.entry_mechanism), np.int64)
        np.add.at(n, log.entry_row[mine], step[mine])
        if is_of_entries:
            enforced.append(float((n[in_force] > 0).mean()))
        elif reading.entries is None:
            enforced.append(float((n > 0).any()))
        else:
            enforced.append(float((n[in_force] > 0).mean() >= reading.entries))
    return float((weight * np.array(enforced)).sum() / weight.sum())


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


def region_names(
    provider: Sequence[str], provider_row: Iterable[int], region: Sequence[str]
) -> list[str]:
    """Names of places, as ``provider/region``."""
    return [f"{provider[row]}/{name}" for row, name in zip(provider_row, region, strict=True)]


def group_of(predictor: RunPredictor, world: World) -> Group:
    """Group whose curve a predictor reads; everybody where it names none."""
    if predictor.provider:
        return Group(provider_row=world.places.provider.index(predictor.provider))
    if predictor.sector:
        return Group(sector_row=world.businesses.sector.index(predictor.sector))
    if predictor.role:
        return Group(role_row=ROLES.index(predictor.role))
    return Group()
