"""Measures of one run: what it did, as a few numbers.

In: a world and an outcome. Out: named values with units and denominators. All are computed from
facts in the outcome, so that a new measure needs no new run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.causes import CAUSES, lost_by
from sim.catalogue.choices import RATIOS
from sim.engine.record.curves import BUSINESS_METRICS
from sim.engine.record.outcome import Outcome
from sim.engine.state.tally import Group
from sim.engine.state.users import UserColumns
from sim.measure.demand import demand_micro_usd
from sim.measure.ever_listed import expected_businesses
from sim.measure.inherited import inherited_by
from sim.measure.listings import measure_register
from sim.measure.measures import UNKNOWN, Measure, measured
from sim.measure.names import names_hit
from sim.measure.ratios import over
from sim.measure.responses import measure_complaints, measure_responses, measure_switching
from sim.measure.worst import measure_worst
from sim.world.build import World

S_PER_H = 3600


def measure_impact(world: World, outcome: Outcome) -> tuple[Measure, ...]:
    """Measures of one run, always in the same order.

    Notes
    -----
    ``demand_lost_share`` is ``sum of v(i) * lost(i) / sum of v(i) * D(i, T)``, with v the mean
    domestic demand in USD an hour, lost the ledger's lost demand and D the demand over the run,
    both in hours of mean demand. ``names_hit`` counts names on the addresses in use at t = 0
    that an operator with users ever dropped or throttled; ``active_sites_hit`` leaves out parked
    ones.
    """
    ledger = outcome.ledger
    n = float(world.businesses.n_businesses)
    times_s = dict(
        zip(
            ("affected", "impaired", "down"),
            (ledger.affected_s, ledger.impaired_s, ledger.down_s),
            strict=True,
        )
    )
    value = world.businesses.value_micro_usd_per_h.astype(float)
    names = names_hit(world, outcome)
    n_names, n_active = float(names.n_names), float(names.n_active_sites)
    demand, lost = demand_micro_usd(world), float((value * ledger.lost_demand_h).sum())
    found = (
        *measure_register(world, outcome),
        measured(
            "businesses_expected_listed",
            expected_businesses(world, outcome),
            n - world.businesses.n_sites,
        ),
        *(
            measured(f"businesses_ever_{state}", float((time_s > 0).sum()), n)
            for state, time_s in times_s.items()
        ),
        *(
            measured(f"{metric}_peak", float(outcome.curves.points(metric, Group())[1].max()), n)
            for metric in BUSINESS_METRICS
        ),
        *measure_worst(outcome),
        *(
            measured(
                f"business_hours_{state}",
                float(time_s.sum()) / S_PER_H,
                n * world.horizon_s / S_PER_H,
            )
            for state, time_s in times_s.items()
        ),
        *_who_was_hit(ledger.impaired_s),
        measured("spells", float(ledger.n_spells.sum()), n),
        measured("demand_lost_share", lost / demand if demand > 0 else UNKNOWN, demand / 1e6),
        *measure_causes(outcome, demand),
        measured("names_hit", float(names.n_hit), n_names),
        measured("names_hit_share", names.share_hit, n_names),
        measured("active_sites_hit", float(names.n_active_hit), n_active),
        measured("active_sites_hit_share", names.share_active_hit, n_active),
        *measure_inherited(world, outcome, value, demand),
        *measure_responses(world, outcome),
        *measure_switching(world, outcome),
        *measure_complaints(world, outcome),
        *measure_target(world, outcome),
    )
    return (*found, *measure_ratios(found))


def _who_was_hit(impaired_s: NDArray[np.int64]) -> Iterator[Measure]:
    """How many of all businesses were ever impaired, and for how long the middle one of these."""
    hit_s, n = impaired_s[impaired_s > 0], float(impaired_s.size)
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


def measure_inherited(
    world: World, outcome: Outcome, value: NDArray[np.float64], demand: float
) -> tuple[Measure, ...]:
    """Measures of inherited blocks; none where tenants keep their addresses.

    Notes
    -----
    A business that never came to another address could not inherit a block, and is in no
    denominator of businesses. Where there was no arrival at all, the share is not known.
    """
    if world.stays is None:
        return ()
    found = inherited_by(world, outcome)
    n, n_arrivals = float(found.n_arrivals.size), float(found.n_arrivals.sum())
    n_blocked = float(found.n_blocked.sum())
    lost = float((value * found.lost_demand_h).sum())
    return (
        measured("arrivals", n_arrivals, n),
        measured(
            "arrivals_inherited_share",
            n_blocked / n_arrivals if n_arrivals > 0 else UNKNOWN,
            n_arrivals,
        ),
        measured(
            "businesses_inherited",
            float((found.n_blocked > 0).sum()),
            float((found.n_arrivals > 0).sum()),
        ),
        measured(
            "business_hours_inherited",
            float(found.affected_s.sum()) / S_PER_H,
            n * world.horizon_s / S_PER_H,
        ),
        measured(
            "demand_lost_inherited_share", lost / demand if demand > 0 else UNKNOWN, demand / 1e6
        ),
    )


def measure_target(world: World, outcome: Outcome) -> tuple[Measure, ...]:
    """Measures of the target's users; none where it has none.

    Notes
    -----
    At every moment a user reaches the target without a VPN, is on a VPN, is denied, or has left:
    the four sums of user-hours come to the denominator that they share. Who is on the way to
    another front counts as one who reaches it, and once more among the degraded. Lost is what is
    denied or of who has left. The hours are those of the scenario, the same in every replicate: the
    mean of the shares is the share of the sums.
    """
    users = outcome.users
    if users is None:
        return ()
    n_users = float(users.n_users.sum())
    hours = n_users * world.horizon_s / S_PER_H
    denied, by_vpn, left, hopping = (
        float(fate_s.sum()) / S_PER_H
        for fate_s in (users.denied_s, users.vpn_s, users.left_s, users.hopping_s)
    )
    # Rounding may make the remainder slightly negative.
    reached = max(0.0, hours - denied - by_vpn - left)
    return (
        *(
            measured(f"target_user_hours_{fate}", value, hours)
            for fate, value in (
                ("denied", denied),
                ("by_vpn", by_vpn),
                ("reached", reached),
                ("left", left),
            )
        ),
        measured(
            "target_user_hours_lost_share", (denied + left) / hours if hours > 0 else UNKNOWN, hours
        ),
        *(
            (measured("target_user_hours_degraded", denied + hopping, hours),)
            if world.users is not None and world.users.hop_min is not None
            else ()
        ),
        *_measure_use(world, users),
        measured(
            "target_users_left_at_end", float((users.n_users * users.share_left).sum()), n_users
        ),
    )


def _measure_use(world: World, users: UserColumns) -> Iterator[Measure]:
    """Use that was lost, of all there would have been; none where use is not weighed."""
    if world.use is None:
        return
    whole = float(users.n_users.sum()) * world.use.passed_s(world.horizon_s)
    denied, left, hopping = (
        float(fate_s.sum())
        for fate_s in (users.used_denied_s, users.used_left_s, users.used_hopping_s)
    )
    for what, lost in (
        ("denied", denied),
        ("degraded", denied + hopping),
        ("lost", denied + left),
    ):
        share = lost / whole if whole > 0 else UNKNOWN
        yield measured(f"target_use_{what}_share", share, whole / S_PER_H)


def measure_ratios(found: Sequence[Measure]) -> tuple[Measure, ...]:
    """Ratios of which both parts were measured and which are not there yet.

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
