"""What one run did, as a few numbers.

In: a world and an outcome. Out: named values with units and denominators. Everything is computed
from facts that the outcome holds; a new measure needs no new run.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim.engine.record.curves import BUSINESS_METRICS
from sim.engine.run import Outcome
from sim.engine.state.tally import Group
from sim.measure.inherited import inherited_by
from sim.measure.listings import measure_register
from sim.measure.measures import UNKNOWN, Measure
from sim.measure.names import names_hit
from sim.measure.ratios import RATIOS
from sim.measure.responses import measure_complaints, measure_responses
from sim.world.build import World

S_PER_H = 3600
ACTIVE = "active sites"


def measure_impact(world: World, outcome: Outcome) -> tuple[Measure, ...]:
    """Measures of one run, always in the same sequence.

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
    sector_row = world.businesses.sector_row
    whole = world.demand.cumulative(world.horizon_s)[sector_row].astype(float)
    demand_h = world.demand.hours(whole, sector_row)
    names = names_hit(world, outcome)
    n_active = float(names.n_active_sites)
    demand, lost = float((value * demand_h).sum()), float((value * ledger.lost_demand_h).sum())
    found = (
        *measure_register(world, outcome),
        *(
            Measure(
                f"businesses_ever_{state}", "businesses", float((time_s > 0).sum()), n, "businesses"
            )
            for state, time_s in times_s.items()
        ),
        *(_peak(outcome, metric, "businesses", n, "businesses") for metric in BUSINESS_METRICS),
        *(
            Measure(
                f"business_hours_{state}",
                "business-hours",
                float(time_s.sum()) / S_PER_H,
                n * world.horizon_s / S_PER_H,
                "business-hours",
            )
            for state, time_s in times_s.items()
        ),
        Measure("spells", "spells", float(ledger.n_spells.sum()), n, "businesses"),
        Measure(
            "demand_lost_share",
            "share of domestic demand",
            lost / demand if demand > 0 else UNKNOWN,
            demand / 1e6,
            "USD of domestic demand, at table revenue",
        ),
        Measure("names_hit", "names", float(names.n_hit), float(names.n_names), "names"),
        Measure(
            "names_hit_share", "share of names", names.share_hit, float(names.n_names), "names"
        ),
        Measure("active_sites_hit", ACTIVE, float(names.n_active_hit), n_active, ACTIVE),
        Measure(
            "active_sites_hit_share", f"share of {ACTIVE}", names.share_active_hit, n_active, ACTIVE
        ),
        *measure_inherited(world, outcome, value, demand),
        *measure_responses(world, outcome),
        *measure_complaints(world, outcome),
        *measure_target(world, outcome),
    )
    return (*found, *measure_ratios(found))


def measure_inherited(
    world: World, outcome: Outcome, value: NDArray[np.float64], demand: float
) -> tuple[Measure, ...]:
    """Measures of what tenants inherited; none where they stay at their addresses.

    Notes
    -----
    A business that came to no other address is not known to have inherited or not: it is in no
    denominator of businesses. Where nobody came anywhere, the share is not known.
    """
    if world.stays is None:
        return ()
    found = inherited_by(world, outcome)
    n, n_arrivals = float(found.n_arrivals.size), float(found.n_arrivals.sum())
    n_blocked = float(found.n_blocked.sum())
    lost = float((value * found.lost_demand_h).sum())
    return (
        Measure("arrivals", "arrivals", n_arrivals, n, "businesses"),
        Measure(
            "arrivals_inherited_share",
            "share of arrivals",
            n_blocked / n_arrivals if n_arrivals > 0 else UNKNOWN,
            n_arrivals,
            "arrivals",
        ),
        Measure(
            "businesses_inherited",
            "businesses",
            float((found.n_blocked > 0).sum()),
            float((found.n_arrivals > 0).sum()),
            "businesses",
        ),
        Measure(
            "business_hours_inherited",
            "business-hours",
            float(found.affected_s.sum()) / S_PER_H,
            n * world.horizon_s / S_PER_H,
            "business-hours",
        ),
        Measure(
            "demand_lost_inherited_share",
            "share of domestic demand",
            lost / demand if demand > 0 else UNKNOWN,
            demand / 1e6,
            "USD of domestic demand, at table revenue",
        ),
    )


def measure_target(world: World, outcome: Outcome) -> tuple[Measure, ...]:
    """Measures of what became of the target's users; none where it has none.

    Notes
    -----
    At every moment a user reaches the target without a VPN, is on a VPN, is denied, or has left:
    the four sums of user-hours come to the denominator that they share.
    """
    users = outcome.users
    if users is None:
        return ()
    n_users = float(users.n_users.sum())
    hours = n_users * world.horizon_s / S_PER_H
    denied, by_vpn, left = (
        float(fate_s.sum()) / S_PER_H for fate_s in (users.denied_s, users.vpn_s, users.left_s)
    )
    # What is left over may be short of nothing by rounding.
    reached = max(0.0, hours - denied - by_vpn - left)
    return (
        *(
            Measure(f"target_user_hours_{fate}", "user-hours", value, hours, "user-hours")
            for fate, value in (
                ("denied", denied),
                ("by_vpn", by_vpn),
                ("reached", reached),
                ("left", left),
            )
        ),
        Measure(
            "target_users_left_at_end",
            "users",
            float((users.n_users * users.share_left).sum()),
            n_users,
            "users",
        ),
    )


def measure_ratios(found: Sequence[Measure]) -> tuple[Measure, ...]:
    """Ratios of which both parts were measured, those already there left out.

    Notes
    -----
    A replicate in which nothing was denied has no ratio; over replicates, sums are divided.
    """
    by = {measure.metric: measure.value for measure in found}
    return tuple(
        Measure(
            ratio.metric,
            ratio.unit,
            ratio.of(by[ratio.above], by[ratio.below]),
            by[ratio.below],
            ratio.below_unit,
        )
        for ratio in RATIOS.values()
        if ratio.metric not in by and ratio.above in by and ratio.below in by
    )


def _peak(
    outcome: Outcome, metric: str, unit: str, denominator: float = UNKNOWN, of: str = ""
) -> Measure:
    _, values = outcome.curves.points(metric, Group())
    return Measure(f"{metric}_peak", unit, float(values.max()), denominator, of)
