"""Names on addresses that were ever dropped, against a slow look at every second that counts."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from sim.engine.decisions import BLOCKING, Mechanism
from sim.engine.eventlog import Kind
from sim.engine.record.outcome import Outcome
from sim.measure.impact import measure_impact
from sim.measure.names import ever_dropped, measure_names
from sim.world.build import World
from tests.property.test_engine_whole import whole_worlds
from tests.worlds import Actor, Dated, Firm, Seat, SmallWorld, components_of

HOMES = ("192.0.2.7", "192.0.2.8", "192.0.2.200", "198.51.100.1", "203.0.113.1")


def small(*orders: Dated, **changes) -> SmallWorld:
    firm = Firm(addresses=HOMES)
    return replace(SmallWorld(orders=orders, firms=(firm,), horizon_s=1000), **changes)


def with_names(world: World, names: dict[str, int]) -> World:
    """The same world with a number of names on each address, all but the first digit parked."""
    columns = world.components
    text = [".".join(str(a >> s & 255) for s in (24, 16, 8, 0)) for a in columns.address.tolist()]
    n_names = np.array([names.get(address, 1) for address in text])
    n_active = np.array([int(str(n)[0]) for n in n_names.tolist()])
    return replace(world, components=replace(columns, n_names=n_names, n_active_sites=n_active))


def hit(scenario: SmallWorld) -> list[tuple[float, float]]:
    """Names hit, and active sites hit, each of all."""
    given_names = dict(zip(HOMES, (1, 10, 100, 1000, 10_000), strict=True))
    found = measure_names(with_names(scenario.world(), given_names), scenario.run())
    return [(m.value, m.denominator) for m in found if not m.metric.endswith("share")]


def in_use(world: World) -> np.ndarray:
    return world.components.in_use(world.businesses.component_row)[0]


def serving(world: World) -> list[int]:
    return np.flatnonzero(world.operators.share_users > 0).tolist()


def test_names_on_dropped_addresses_count_and_others_do_not():
    found = hit(small(Dated(5, "block", ("192.0.2.0/25",)), Dated(9, "unblock", ("192.0.2.0/25",))))
    assert found == [(11, 11_111), (2, 5)]


def test_a_throttled_address_is_hit_and_a_blocked_name_hits_no_address():
    assert hit(small(Dated(5, "block", ("198.51.100.1/32",), "throttle")))[0][0] == 1000
    assert hit(small(Dated(5, "block", (), "name", 1.0)))[0][0] == 0


@pytest.mark.parametrize("is_reversed", [False, True])
def test_an_address_that_one_operator_drops_is_hit_although_another_exempts_it(is_reversed):
    # An exemption lets addresses pass, and takes effect after the release lag.
    actors = (Actor(share=0.5, release_lag_s=100), Actor(share=0.5, apply_lag_s=50))
    orders = (Dated(5, "block", ("192.0.2.8/32",), "exempt"), Dated(5, "block", ("192.0.2.0/24",)))
    assert hit(small(*orders, actors=actors[::-1] if is_reversed else actors))[0][0] == 111
    assert hit(small(*orders, actors=(actors[1], actors[1])))[0][0] == 101


def test_operators_without_users_hit_nobody():
    orders = (Dated(5, "block", ("192.0.2.0/24",)),)
    actors = (Actor(share=1.0, compliance=0.0), Actor(share=0.0))
    assert hit(small(*orders, actors=actors)) == [(0, 11_111), (0, 5)]
    served = (Actor(share=0.5, compliance=0.0), Actor(share=0.5))
    assert hit(small(*orders, actors=served))[0][0] == 111


def test_an_address_on_which_many_sit_counts_once():
    firms = (Firm(addresses=HOMES), Firm(addresses=(HOMES[0],) * 5), Firm(addresses=HOMES[:1] * 5))
    found = hit(small(Dated(5, "block", ("0.0.0.0/0",)), firms=firms))
    assert found == [(11_111, 11_111), (5, 5)]


def test_a_service_nobody_uses_is_not_in_use():
    services = (Seat(("198.18.0.1",)), Seat(("198.18.0.2",)))
    firm = Firm(seats=(1, Seat((HOMES[1],)), Seat((HOMES[2],)), Seat((HOMES[3],)), 1))
    address = in_use(with_names(small(services=services, firms=(firm,)).world(), {}))
    assert address.size == 4
    assert (198 << 24) + (18 << 16) + 1 not in address


# Hit are 61 names of which 6 are active, and one that is; 300 with 3 active are spared.
@pytest.mark.parametrize(
    ("metric", "unit", "n_hit", "n"),
    [("names_hit", "names", 62, 364), ("active_sites_hit", "active sites", 7, 12)],
)
def test_names_and_active_sites_carry_their_denominators(metric, unit, n_hit, n):
    scenario = small(Dated(5, "block", ("192.0.2.0/25",)))
    world = with_names(scenario.world(), {HOMES[0]: 61, HOMES[4]: 300})
    measures = {m.metric: m for m in measure_impact(world, scenario.run())}
    number, share = measures[metric], measures[f"{metric}_share"]
    assert (number.value, number.denominator, number.unit) == (n_hit, n, unit)
    assert (share.value, share.denominator, share.unit) == (n_hit / n, n, f"share of {unit}")
    assert number.denominator_unit == share.denominator_unit == unit


def test_names_of_a_component_are_those_of_its_addresses():
    components = components_of(
        [False, False], [0, 0, 1, 1], [5, 9, 9, 9], [0], [0], [3, 7, 7, 7], [2, 5, 5, 5]
    )
    names, active = components.names_on(np.array([0, 1, 0]))
    assert names.tolist() == [10, 7, 10]
    assert active.tolist() == [7, 5, 7]


def looked_at_second_by_second(world: World, outcome: Outcome, address: np.ndarray) -> list[bool]:
    """The definition in words: sets of entries per operator, looked at after every second."""
    log = outcome.events
    found = [False] * address.size
    for operator_row, share in enumerate(world.operators.share_users.tolist()):
        mine = (log.operator_row == operator_row) & np.isin(
            log.kind, [Kind.ENFORCED, Kind.RELEASED]
        )
        enforced: set[int] = set()
        for t_s in np.unique(log.t_s[mine]).tolist():
            for row in np.flatnonzero(mine & (log.t_s == t_s)).tolist():
                entry = int(log.entry_row[row])
                if log.kind[row] == Kind.ENFORCED:
                    enforced.add(entry)
                else:
                    enforced.remove(entry)
            for place, one in enumerate(address.tolist()):
                holding = {
                    outcome.entry_mechanism[entry]
                    for entry in enforced
                    if outcome.entry_addresses[entry].contains(np.array([one]))[0]
                }
                if share > 0 and holding & BLOCKING and Mechanism.EXEMPT not in holding:
                    found[place] = True
    return found


@pytest.mark.laws
@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(whole_worlds())
def test_a_slow_look_at_every_second_agrees(scenario):
    world, outcome = scenario.world(), scenario.run()
    address = in_use(world)
    expected = looked_at_second_by_second(world, outcome, address)
    assert ever_dropped(outcome, address, serving(world)).tolist() == expected


@pytest.mark.parametrize("n_times", [1, 2])
def test_runs_with_exemptions_are_among_those_compared(n_times):
    # The comparison above is worth something only where exemptions decide.
    scenario = small(
        Dated(0, "block", ("192.0.2.8/32",), "exempt"),
        *(Dated(5 + n, "block", ("192.0.2.0/24",)) for n in range(n_times)),
    )
    world, outcome = scenario.world(), scenario.run()
    address = in_use(world)
    expected = looked_at_second_by_second(world, outcome, address)
    assert sum(expected) == 2
    assert ever_dropped(outcome, address, serving(world)).tolist() == expected
