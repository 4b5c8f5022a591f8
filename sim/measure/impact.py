"""Measures of one run: what it did, as a few numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.causes import CAUSES, lost_by
from sim.catalogue.choices import RATIOS
from sim.engine.decisions import BLOCKING
from sim.engine.eventlog import Kind
from sim.engine.record.outcome import ADDRESSES_LOST_SHARE, BUSINESS_METRICS, Outcome
from sim.engine.state.ledger import Group
from sim.measure.groups import state_times_s
from sim.measure.measures import UNKNOWN, Measure, demand_micro_usd, measured, over, remainder
from sim.measure.names import expected_businesses, measure_names
from sim.scenario.tables.rows import RESPONSES
from sim.world.build import S_PER_H, World
from sim.world.moves import WAIT


def measure_register(world: World, outcome: Outcome) -> tuple[Measure, ...]:
    """Measures of the register and of enforcement.

    Notes
    -----
    Addresses are those of IPv4; of IPv6 the /64 networks touched are counted: none in a world
    without IPv6, so that every world has the same measures.
    ``overblocking_ratio_peak`` is the most addresses listed outside the target's own ranges over
    the addresses in these ranges; not known where the target has none of its own.
    """
    found: list[Measure] = []
    for what, has_any in (("addresses", True), ("networks", world.places.line.has_ipv6)):
        listed, dropped = (
            _values(outcome, f"{what}_{how}") if has_any else np.zeros(1)
            for how in ("listed", "dropped")
        )
        found += (
            measured(f"{what}_listed_peak", float(listed.max())),
            measured(f"{what}_dropped_peak", float(dropped.max())),
            measured(f"{what}_listed_at_end", float(listed[-1])),
        )
    own, most = float(world.target_addresses.n_addresses), found[0].value
    log = outcome.events
    is_order = (log.kind == Kind.BLOCK) | (log.kind == Kind.UNBLOCK)
    return (
        *found,
        measured("orders_placed", float(np.count_nonzero(is_order))),
        measured("rules_in_force_peak", float(most_rules(outcome))),
        measured("overblocking_ratio_peak", most / own if own > 0 else UNKNOWN, own),
    )


def most_rules(outcome: Outcome) -> int:
    """Most rules in force at the end of any second; a rule is a prefix of a blocking entry.

    Exempting entries and names do not count.
    """
    log = outcome.events
    is_blocking = np.array([one in BLOCKING for one in outcome.entry_mechanism], np.bool_)
    rules = outcome.entry_rules * is_blocking
    is_order = (log.kind == Kind.BLOCK) | (log.kind == Kind.UNBLOCK)
    t_s, entry = log.t_s[is_order], log.entry_row[is_order]
    if not t_s.size:
        return 0
    step = np.where(log.kind[is_order] == Kind.BLOCK, 1, -1) * rules[entry]
    in_force = np.cumsum(step)
    return max(0, int(in_force[np.append(t_s[1:] != t_s[:-1], True)].max()))


def _values(outcome: Outcome, metric: str) -> NDArray[np.float64]:
    return outcome.curves.points(metric, Group())[1]


def measure_responses(world: World, outcome: Outcome) -> tuple[Measure, ...]:
    """Moves completed, in all and by kind; none where nobody reacts.

    To wait is a response and no move.
    """
    if world.moves is None:
        return ()
    n = float(world.businesses.n_businesses)
    completed = outcome.n_responses
    kinds = [(row, name) for row, name in enumerate(RESPONSES) if row != WAIT]
    has_moved = completed[:, [row for row, _ in kinds]].any(axis=1)
    return (
        measured("businesses_ever_moved", float(np.count_nonzero(has_moved)), n),
        measured("moves", float(sum(completed[:, row].sum() for row, _ in kinds)), n),
        *(measured(f"moves_{name}", float(completed[:, row].sum()), n) for row, name in kinds),
    )


def measure_switching(world: World, outcome: Outcome) -> tuple[Measure, ...]:
    """Businesses that a program took off a shared range, and for how long; none without programs.

    Notes
    -----
    A business is off from a ``SWITCHED_OFF`` to the next of ``SWITCHED_BACK``, ``MOVED`` and the
    end of the run: who moves by itself has left the range for good.
    """
    if world.programs is None:
        return ()
    events, n = outcome.events, float(world.businesses.n_businesses)
    ends = (Kind.SWITCHED_BACK, Kind.MOVED)
    off_s: dict[int, int] = {}
    ever: set[int] = set()
    total_s = 0
    is_told = np.isin(events.kind, (Kind.SWITCHED_OFF, *ends))
    columns = events.t_s[is_told], events.kind[is_told], events.business_row[is_told]
    for t_s, kind, row in zip(*(column.tolist() for column in columns), strict=True):
        if kind == Kind.SWITCHED_OFF:
            off_s[row] = t_s
            ever.add(row)
        elif row in off_s:
            total_s += t_s - off_s.pop(row)
    total_s += sum(world.horizon_s - since_s for since_s in off_s.values())
    return (
        measured("businesses_ever_unprotected", float(len(ever)), n),
        measured("business_hours_unprotected", total_s / S_PER_H, n * world.horizon_s / S_PER_H),
    )


def measure_complaints(world: World, outcome: Outcome) -> tuple[Measure, ...]:
    """Complaints, appeals by name, and exemptions; none where nobody complains."""
    if world.complaints is None:
        return ()
    n = float(world.businesses.n_businesses)
    n_exempted = float(np.count_nonzero(outcome.events.kind == Kind.EXEMPTED))
    n_named = float(outcome.n_named)
    return (
        measured("complaints", outcome.n_complaints),
        measured("complaints_named", n_named, n),
        measured("exemptions_granted", n_exempted, n_named),
    )


def measure_impact(world: World, outcome: Outcome) -> tuple[Measure, ...]:
    """Measures of one run, always in the same order.

    Notes
    -----
    ``demand_lost_share`` is ``sum of v(i) * lost(i) / sum of v(i) * D(i, T)``, with v the mean
    domestic demand in USD an hour, lost the ledger's lost demand and D the demand over the run,
    both in hours of mean demand.
    """
    ledger = outcome.ledger
    n, n_sites = float(world.businesses.n_businesses), world.businesses.n_sites
    value = world.businesses.value_micro_usd_per_h.astype(float)
    demand, lost = demand_micro_usd(world), float((value * ledger.lost_demand_h).sum())
    found = (
        *measure_register(world, outcome),
        measured("businesses_expected_listed", expected_businesses(world, outcome), n - n_sites),
        *_measure_states(outcome, n, n * world.horizon_s / S_PER_H),
        measured("spells", float(ledger.n_spells.sum()), n),
        measured("demand_lost_share", lost / demand if demand > 0 else UNKNOWN, demand / 1e6),
        *measure_causes(outcome, demand),
        *measure_names(world, outcome),
        *measure_responses(world, outcome),
        *measure_switching(world, outcome),
        *measure_complaints(world, outcome),
        *measure_target(world, outcome),
    )
    return (*found, *measure_ratios(found))


def _measure_states(outcome: Outcome, n: float, hours: float) -> Iterator[Measure]:
    """How many of all businesses were in each state, for how long, and the middle one of these."""
    times_s = state_times_s(outcome)
    for state, time_s in times_s.items():
        yield measured(f"businesses_ever_{state}", float((time_s > 0).sum()), n)
    for metric in BUSINESS_METRICS:
        yield measured(f"{metric}_peak", float(_values(outcome, metric).max()), n)
    for state, time_s in times_s.items():
        yield measured(f"business_hours_{state}", float(time_s.sum()) / S_PER_H, hours)
    hit_s = times_s["impaired"][times_s["impaired"] > 0]
    yield measured("businesses_ever_impaired_share", hit_s.size / n if n > 0 else UNKNOWN, n)
    median_h = float(np.median(hit_s)) / S_PER_H if hit_s.size else UNKNOWN
    yield measured("hours_impaired_median", median_h, float(hit_s.size))


def measure_causes(outcome: Outcome, demand: float) -> Iterator[Measure]:
    """Share of all demand that each cause lost; they come to ``demand_lost_share``.

    Parameters
    ----------
    demand
        All demand over the run, in micro-dollars.

    Notes
    -----
    ``sum over operators of lost(c, k)`` over demand, with the demand that fails at an operator
    shared among the causes at work there by the Shapley value (``docs/explanation/model.md``).
    """
    lost = outcome.at_operators.lost_micro_usd.sum(axis=0)
    for cause, of_cause in zip(CAUSES, lost.tolist(), strict=True):
        yield measured(lost_by(cause), of_cause / demand if demand > 0 else UNKNOWN, demand / 1e6)


def measure_target(world: World, outcome: Outcome) -> tuple[Measure, ...]:
    """Measures of the target's users; none where it has none, shares alone where nobody counted
    them.

    Notes
    -----
    At every moment a user reaches the target without a VPN, is on a VPN, is denied, or has left:
    the four sums of user-hours come to the denominator that they share. A user on the
    way to another front is treated as reaching it, and also as degraded. Lost is what is
    denied or of who has left. The hours are those of the scenario, the same in every replicate: the
    mean of the shares is the share of the sums. The share of its addresses that is dropped is the
    integral of that curve over the run.
    """
    users = outcome.users
    if users is None:
        return ()
    n_users = float(users.n_users.sum())
    hours = n_users * world.horizon_s / S_PER_H
    denied, by_vpn, left, hopping = (
        # Rounding may make a sum slightly more than all.
        min(float(fate_s.sum()) / S_PER_H, hours)
        for fate_s in (users.denied_s, users.vpn_s, users.left_s, users.hopping_s)
    )
    reached = float(remainder(hours, denied + by_vpn + left))
    fates = {"denied": denied, "by_vpn": by_vpn, "reached": reached, "left": left}
    found = [measured(f"target_user_hours_{fate}", value, hours) for fate, value in fates.items()]
    lost_share = min(1.0, (denied + left) / hours) if hours > 0 else UNKNOWN
    found.append(measured("target_user_hours_lost_share", lost_share, hours))
    if world.users is not None and world.users.hop_min is not None:
        found.append(measured("target_user_hours_degraded", denied + hopping, hours))
    n_left = float((users.n_users * users.share_left).sum())
    found.append(measured("target_users_left_at_end", n_left, n_users))
    if world.users is None:
        found = [measured("target_user_hours_lost_share", lost_share)]
    if world.has_given_target:
        t_s, lost = outcome.curves.points(ADDRESSES_LOST_SHARE, Group())
        mean = float(np.diff(t_s, append=world.horizon_s) @ lost) / world.horizon_s
        found.append(measured(ADDRESSES_LOST_SHARE, mean, float(outcome.front_address.size)))
    return tuple(found)


def measure_ratios(found: Sequence[Measure]) -> tuple[Measure, ...]:
    """Ratios whose parts were both measured and that are missing.

    Notes
    -----
    A replicate in which nothing was denied has no ratio; over replicates, sums are divided.
    """
    by = {measure.metric: measure.value for measure in found}
    return tuple(
        measured(name, float(over(by[ratio.above], by[ratio.below], ratio.per)), by[ratio.below])
        for name, ratio in RATIOS.items()
        if name not in by and ratio.above in by and ratio.below in by
    )
