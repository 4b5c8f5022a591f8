"""Hours and lost demand of sites of an inventory, by operator group, beside the second rules."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from sim.catalogue.causes import CAUSES
from sim.engine.record.outcome import Outcome
from sim.engine.run import simulate
from sim.measure.groups import STATES
from sim.measure.money.losses import moves_of
from sim.measure.money.pricing import firm_parameters
from sim.measure.sites import _open_ends, site_columns
from sim.results.parquet import ColumnData
from sim.scenario.resolve import Resolved
from sim.scenario.tables.money import Amounts
from sim.world.build import World
from tests.firms import central, shipped_money_parameters
from tests.reference import simulate_reference
from tests.sections import Reactions
from tests.worlds import DAY, HOUR, Actor, Dated, Firm, Response, Seat, SmallWorld

NEAR, FAR, OUTSIDE = "192.0.2.7", "192.0.2.200", "203.0.113.1"
STAYS = (Response("wait", 0),)
SMALL = SmallWorld(
    orders=(
        Dated(HOUR, "block", ("192.0.2.0/25",)),
        Dated(DAY, "block", ("192.0.2.0/24",)),
        Dated(2 * DAY, "unblock", ("192.0.2.0/25",)),
        Dated(3 * DAY, "unblock", ("192.0.2.0/24",)),
    ),
    # Two cohorts of one group that enforce at other times, a group without users, and one more.
    actors=(
        Actor(0.5, 600),
        Actor(0.125, 600, apply_lag_s=5 * HOUR, luck_of=0),
        Actor(0.0, 900),
        Actor(0.375, 7200, apply_lag_s=HOUR, release_lag_s=3 * HOUR),
    ),
    firms=(
        Firm((NEAR,) * 5, responses=STAYS),
        Firm(
            seats=(Seat((FAR, NEAR), "spread"),) * 5,
            weights=(1.0, 0.0, 0.0, 0.0, 0.0),
            patience_s=2 * HOUR,
            responses=(Response("foreign", 90),),
        ),
        Firm((NEAR,) * 5, (0.5, 0.25, 0.0, 0.0, 0.0), (0, 3) * 84, responses=STAYS),
        Firm(
            (FAR, NEAR, OUTSIDE, OUTSIDE, OUTSIDE),
            (0.25, 0.75, 0.5, 0.0, 0.0),
            elsewhere=(1,),
            responses=STAYS,
        ),
        Firm((OUTSIDE,) * 5, responses=STAYS),
    ),
    reactions=Reactions(responses="x", n_rounds=1),
    thresholds=(1 / 64, 3 / 32, 29 / 32),
    horizon_s=5 * DAY,
    cadence=((0, 900),),
)


def columns_of(world: World, outcome: Outcome) -> Mapping[str, ColumnData]:
    """Columns of the sites at central prices."""
    sectors = [SimpleNamespace(sector=name) for name in world.businesses.sector]
    inventory = SimpleNamespace(revenue_usd_per_h=np.full(world.businesses.n_sites, np.nan))
    table = SimpleNamespace(rows=sectors)
    case = SimpleNamespace(sectors=table, inventory=inventory, amounts=Amounts())
    resolved = cast("Resolved", case)
    rows = shipped_money_parameters().rows
    prices = firm_parameters(rows, world.businesses.sector, central)
    return site_columns(resolved, world, outcome, prices)


def test_hours_of_sites_are_those_of_the_second_rules_by_group():
    world, outcome = SMALL.world(), SMALL.run()
    reference = simulate_reference(SMALL.reference())
    found = columns_of(world, outcome)
    groups = found["operator"].names
    rows = list(zip(found["business"].tolist(), found["operator"].code.tolist(), strict=True))
    shares = Counter[str]()
    for actor, group in zip(SMALL.actors, world.operators.group, strict=True):
        shares[group] += Fraction(actor.share)
    expected: dict[tuple[int, int], list[float]] = {}
    for business in range(1, len(SMALL.firms)):
        ledger, pairs = reference.ledger[business], reference.pairs[business]
        times_s = (ledger.affected_s, ledger.impaired_s, ledger.down_s)
        lost_h = sum(pair.lost_h for pair in pairs)
        expected[business, -1] = [*(t / HOUR for t in times_s), float(lost_h)]
        for code, name in enumerate(groups):
            mine = [
                (Fraction(actor.share) / shares[name] if shares[name] else Fraction(1), pair)
                for actor, group, pair in zip(
                    SMALL.actors, world.operators.group, pairs, strict=True
                )
                if group == name
            ]
            times = [sum(w * pair.time_s[state] for w, pair in mine) for state in range(3)]
            if any(times):
                lost_h = sum(pair.lost_h for _, pair in mine)
                expected[business, code] = [*(float(t / HOUR) for t in times), float(lost_h)]
    assert rows == sorted(expected)
    for place, name in enumerate((*(f"{state}_h" for state in STATES), "lost_demand_h")):
        wanted = [expected[row][place] for row in rows]
        np.testing.assert_allclose(found[name], wanted, rtol=1e-12, err_msg=name)
    whole = [place for place, (_, code) in enumerate(rows) if code < 0]
    for cause in CAUSES:
        wanted = [float(row[cause.name]) for row in reference.lost_by_cause[1:]]
        mine = np.array(found[f"lost_demand_h_{cause.name}"])
        np.testing.assert_allclose(mine[whole], wanted, rtol=1e-12, atol=1e-12)
        assert np.isnan(np.delete(mine, whole)).all()


def test_times_in_sessions_are_those_of_shorter_runs():
    # Neighbours, one within a state, one with most changes, one to the end of the run.
    edges = (0, 3 * HOUR + 7, DAY, DAY + 4 * HOUR, 3 * DAY + HOUR, 5 * DAY)
    sessions = list(pairwise(edges))
    strategy = SMALL.engine_strategy()
    found = simulate(SMALL.world(), strategy, SMALL.streams, sessions_s=sessions)
    # Nothing else changes.
    alone = SMALL.run()
    assert (found.at_operators.site_time_s == alone.at_operators.site_time_s).all()
    assert (found.curves.value == alone.curves.value).all()

    def until(t_s: int) -> dict[tuple[int, int], list[int]]:
        """Times of each site over all users (-1) and at each operator in a run that ends there."""
        outcome = replace(SMALL, horizon_s=t_s).run() if t_s else None
        if outcome is None:
            return {}
        ledger, times_s = outcome.ledger, outcome.at_operators.site_time_s
        whole = np.array((ledger.affected_s, ledger.impaired_s, ledger.down_s))[:, 1:]
        both = np.dstack((whole, times_s))
        return {(s, k - 1): both[:, s, k].tolist() for s, k in np.ndindex(both.shape[1:])}

    wanted = []
    for session, (from_s, to_s) in enumerate(sessions):
        before, after = until(from_s), until(to_s)
        for (site, operator), times_s in after.items():
            since = before.get((site, operator), [0, 0, 0])
            mine = [now - then for now, then in zip(times_s, since, strict=True)]
            if mine[0]:
                wanted.append([session, site, operator, *mine])
    assert sorted(found.site_sessions.tolist()) == sorted(wanted)
    assert len({row[0] for row in wanted}) > 2


def test_hours_after_a_move_go_to_the_end_of_the_run():
    left = moves_of(SMALL.world(), SMALL.run()).left
    events = simulate_reference(SMALL.reference()).events
    (moved_s,) = (t_s for t_s, kind, *_ in events if kind == "moved")
    (row,) = left.business_row.tolist()
    assert row == 1
    assert left.hours.tolist() == [pytest.approx((5 * DAY - moved_s) / HOUR)]


@pytest.mark.parametrize(
    ("first_s", "last_s", "ends"),
    [([0, 5], [90, 100], "start end"), ([0, 0, 5], [90, 99, 100], "start"),
     ([1, 5], [100, math.nan], "end"), ([math.nan, math.nan], [math.nan] * 2, ""), ([1], [99], "")],
)  # fmt: skip
def test_hours_are_a_minimum_where_half_of_those_affected_are_so_at_an_end(first_s, last_s, ends):
    number = {"first_outage_s": first_s, "last_outage_s": last_s}
    columns = {name: np.array(one, np.float64)[:, np.newaxis] for name, one in number.items()}
    assert _open_ends(SimpleNamespace(number=columns), 0, 100) == ends
