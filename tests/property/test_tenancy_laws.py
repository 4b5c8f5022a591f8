"""Laws of tenants who change address: off is never, luck is one's own, no block no heritage."""

from dataclasses import replace

import numpy as np
import pytest

from sim.engine.eventlog import Kind
from sim.engine.record.outcome import Outcome
from sim.engine.run import simulate
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved
from sim.streams import Streams
from sim.world.build import World, build_world
from sim.world.moves import shared_places
from tests.chases import STRATEGIES, assert_same
from tests.experiments import resolved_of, simulated
from tests.property.test_common_random_numbers import columns, seats_of

pytestmark = pytest.mark.laws

N = 150
STREAMS = Streams(5, 3)
OFTEN = ("tenancy.rented_stay_d=2", "tenancy.shared_stay_d=1")
NEVER = ("tenancy.rented_stay_d=1e12", "tenancy.shared_stay_d=1e12")
BRIEF = ("end=2024-02-19T00:00+01:00",)
TENANCY = "tenancy: {}\n"


def ask(*overrides: str, name: str = "piracy-shield") -> Resolved:
    return resolved_of(name, [f"population.n_businesses={N}", *BRIEF, *overrides])


def run(resolved: Resolved) -> tuple[World, Outcome]:
    return simulated(resolved, STREAMS)


def assert_same_but(off: World, none: World, section: str) -> None:
    """All columns are the same to the last bit, but those of a section that only one has."""
    first = dict(columns(off))
    second = {path: column for path, column in columns(none) if not path.startswith(section)}
    assert first.keys() == second.keys()
    for path, column in first.items():
        assert column.tobytes() == second[path].tobytes(), path


def test_a_stay_without_end_is_the_same_as_no_section(tmp_path):
    text = load_scenario("piracy-shield").source.decode()
    assert text.count(TENANCY) == 1
    without = tmp_path / "scenario.yaml"
    without.write_text(text.replace(TENANCY, ""), encoding="utf-8")
    (off, off_outcome), (never, never_outcome) = run(ask(name=str(without))), run(ask(*NEVER))
    assert (off.stays, never.stays.t_s.size) == (None, 0)
    assert_same_but(off, never, ".stays")
    assert_same(off_outcome, never_outcome)


def arrivals(world: World, n: int) -> list[tuple[object, ...]]:
    """Arrivals of the first n businesses with what they come to."""
    stays = world.stays
    seats = seats_of(world, stays.component_row)
    rows = np.stack((stays.business_row, stays.t_s, stays.role_row, stays.seat), axis=1).tolist()
    return sorted((*row, seat) for row, seat in zip(rows, seats, strict=True) if row[0] < n)


def nameless(world: World, n: int = N) -> list[tuple[object, ...]]:
    """Arrivals with their addresses, without names: those are of whoever sits there first."""
    return [(*row[:4], addresses_of(row[4])) for row in arrivals(world, n)]


def addresses_of(seat: tuple[object, ...]) -> tuple[int, ...]:
    """Addresses of a seat, which names and active sites on them follow."""
    return seat[1][: len(seat[1]) // 3]


def widest(world: World) -> int:
    """Most addresses of a component that a business holds itself at t = 0."""
    own = world.businesses.component_row[~world.businesses.is_third_party]
    return int(np.diff(world.components.host_start)[own].max())


@pytest.mark.parametrize("n_more", [1, N])
def test_more_businesses_change_no_other_arrival(n_more):
    first = build_world(ask(*OFTEN), STREAMS)
    second = build_world(ask(*OFTEN, f"population.n_businesses={N + n_more}"), STREAMS)
    mine = nameless(first)
    assert len(mine) > 4 * N
    assert mine == nameless(second)
    assert (second.stays.business_row >= N).any()


@pytest.mark.parametrize(("seed", "n"), [(1, 2), (2, 1), (3, 1)])
def test_a_business_with_more_addresses_than_all_others_changes_none_of_theirs(seed, n):
    """Luck is drawn for the most addresses there may be, not for the most there are."""
    streams = Streams(seed, 1)
    often = ("tenancy.rented_stay_d=30", "tenancy.shared_stay_d=10")
    first, second = (
        build_world(ask(*often, f"population.n_businesses={k}", name="telegram-2018"), streams)
        for k in (n, n + 1)
    )
    assert widest(second) > widest(first)
    assert nameless(first, n)
    assert nameless(first, n) == nameless(second, n)


def test_a_longer_run_changes_no_earlier_arrival():
    first = build_world(ask(*OFTEN), STREAMS)
    second = build_world(ask(*OFTEN, "end=2024-02-25T00:00+01:00"), STREAMS)
    found, later = nameless(first), nameless(second)
    assert found == [row for row in later if row[1] < first.horizon_s]
    assert len(found) < len(later)


def test_a_faster_clock_hands_out_the_same_addresses_in_the_same_sequence():
    """The j-th address of a seat is luck of its own, whenever it comes."""
    slow = build_world(ask(*NEVER[:1], "tenancy.shared_stay_d=2"), STREAMS)
    fast = build_world(ask(*NEVER[:1], "tenancy.shared_stay_d=1"), STREAMS)
    sequence = [by_seat(world) for world in (slow, fast)]
    assert len(sequence[0]) > 20
    for seat, held in sequence[0].items():
        assert held == sequence[1][seat][: len(held)]


def by_seat(world: World) -> dict[tuple[int, int, int], list[tuple[int, ...]]]:
    found: dict[tuple[int, int, int], list[tuple[int, ...]]] = {}
    for business, _, role, seat, held in sorted(nameless(world), key=lambda row: row[1]):
        found.setdefault((business, role, seat), []).append(held)
    return found


def test_the_strategy_moves_no_tenant_who_does_not_react():
    world = replace(build_world(ask(*OFTEN), STREAMS), reactions=None)
    came = []
    for name in ("none", "exact", "aggregate", "provider"):
        events = simulate(world, STRATEGIES[name], STREAMS).events
        is_arrival = events.kind == Kind.READDRESSED
        came.append((events.t_s[is_arrival], events.business_row[is_arrival]))
    assert came[0][0].size == (world.stays.seat == 0).sum() > N
    for other in came[1:]:
        assert np.array_equal(came[0], other)


# Laws of programs that leave a shared range: off is never, luck is one's own, more is more.


N_PROGRAMS = 300
ALL = "switching.share_businesses=1"


def ask_switching(*overrides: str) -> Resolved:
    changes = [f"population.n_businesses={N_PROGRAMS}", "end=2026-01-11T06:00+01:00", *overrides]
    return resolved_of("match-days", changes)


def test_programs_of_nobody_are_the_same_as_no_section():
    (off, off_outcome) = run(ask_switching("switching=off"))
    (none, none_outcome) = run(ask_switching("switching.share_businesses=0"))
    assert off.programs is None
    assert none.programs.business_row.size == 0
    assert_same_but(off, none, ".programs")
    assert_same(off_outcome, none_outcome)


def led_to(world: World, n: int) -> list[tuple[object, ...]]:
    """Programs of the first n businesses: whose, when they look, which addresses they come to."""
    programs = world.programs
    seats = seats_of(world, programs.component_row)
    n_roles = programs.component_row.shape[1]
    addresses = [addresses_of(seat) for seat in seats]
    return [
        (business, first_s, addresses[at * n_roles : (at + 1) * n_roles])
        for at, (business, first_s) in enumerate(
            zip(programs.business_row.tolist(), programs.first_look_s.tolist(), strict=True)
        )
        if business < n
    ]


@pytest.mark.parametrize("n_more", [1, N_PROGRAMS])
def test_more_businesses_change_no_other_program(n_more):
    first = build_world(ask_switching(ALL), STREAMS)
    second = build_world(
        ask_switching(ALL, f"population.n_businesses={N_PROGRAMS + n_more}"), STREAMS
    )
    assert len(led_to(first, N_PROGRAMS)) > 20
    assert led_to(first, N_PROGRAMS) == led_to(second, N_PROGRAMS)


def test_a_larger_share_adds_programs_and_takes_none():
    few = build_world(ask_switching("switching.share_businesses=0.3"), STREAMS)
    many = build_world(ask_switching("switching.share_businesses=0.7"), STREAMS)
    found = led_to(many, N_PROGRAMS)
    assert 0 < len(led_to(few, N_PROGRAMS)) < len(found)
    assert all(program in found for program in led_to(few, N_PROGRAMS))


def test_a_program_serves_what_is_its_own_in_a_shared_range_and_leads_out_of_it():
    resolved = ask_switching(ALL)
    world = build_world(resolved, STREAMS)
    shared = [world.places.addresses[row] for row in shared_places(resolved, world.places)]
    programs, businesses = world.programs, world.businesses

    def is_shared(component: int) -> bool:
        addresses = world.components.addresses_of(np.array([component]))
        return any(one.contains(addresses).any() for one in shared)

    served = programs.component_row >= 0
    assert served.any(axis=1).all()
    for business in range(N_PROGRAMS):
        mine = np.flatnonzero(programs.business_row == business)
        for role in range(served.shape[1]):
            component = int(businesses.component_row[business, role])
            own = not businesses.is_third_party[business, role]
            is_served = bool(mine.size and served[mine[0], role])
            assert is_served == (own and is_shared(component)), (business, role)
            if is_served:
                assert not is_shared(int(programs.component_row[mine[0], role]))
    assert (programs.first_look_s < programs.every_s).all()


def test_who_runs_a_program_loses_no_more_than_without_where_its_own_address_is_not_listed():
    _, off = run(ask_switching("switching=off"))
    world, on = run(ask_switching(ALL))
    runs = np.isin(np.arange(N_PROGRAMS), world.programs.business_row)
    # Single addresses are listed: none of theirs outside the shared range, in this luck.
    assert (on.ledger.impaired_s[runs] <= off.ledger.impaired_s[runs]).all()
    assert on.ledger.impaired_s[runs].sum() < 0.5 * off.ledger.impaired_s[runs].sum()
    assert (on.ledger.impaired_s[~runs] == off.ledger.impaired_s[~runs]).all()
