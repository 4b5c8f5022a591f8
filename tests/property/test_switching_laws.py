"""Laws of programs that leave a shared range: off is never, luck is one's own, more is more."""

from __future__ import annotations

import numpy as np
import pytest

from sim.engine.record.outcome import Outcome
from sim.engine.run import simulate
from sim.engine.strategies import build_strategy
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, resolve
from sim.streams import Streams
from sim.world.build import World, build_world
from sim.world.moves import shared_places
from tests.chases import assert_same
from tests.property.test_common_random_numbers import columns, seats_of

N = 300
STREAMS = Streams(5, 3)
ALL = "switching.share_businesses=1"


def ask(*overrides: str) -> Resolved:
    changes = [f"population.n_businesses={N}", "end=2026-01-11T06:00+01:00", *overrides]
    return resolve(load_scenario("match-days", changes))


def run(resolved: Resolved) -> tuple[World, Outcome]:
    world = build_world(resolved, STREAMS)
    return world, simulate(world, build_strategy(resolved, STREAMS), STREAMS)


def test_programs_of_nobody_are_the_same_as_no_section():
    (off, off_outcome) = run(ask("switching=off"))
    (none, none_outcome) = run(ask("switching.share_businesses=0"))
    assert off.programs is None
    assert none.programs.business_row.size == 0
    first = dict(columns(off))
    second = {path: column for path, column in columns(none) if not path.startswith(".programs")}
    assert first.keys() == second.keys()
    for path, column in first.items():
        assert column.tobytes() == second[path].tobytes(), path
    assert_same(off_outcome, none_outcome)


def led_to(world: World, n: int) -> list[tuple[object, ...]]:
    """Programs of the first n businesses: whose, when they look, which addresses they come to."""
    programs = world.programs
    seats = seats_of(world, programs.component_row)
    n_roles = programs.component_row.shape[1]
    # Without names: those are of whoever sits there first.
    addresses = [held[: len(held) // 3] for _, held in seats]
    return [
        (business, first_s, addresses[at * n_roles : (at + 1) * n_roles])
        for at, (business, first_s) in enumerate(
            zip(programs.business_row.tolist(), programs.first_look_s.tolist(), strict=True)
        )
        if business < n
    ]


@pytest.mark.parametrize("n_more", [1, N])
def test_more_businesses_change_no_other_program(n_more):
    first = build_world(ask(ALL), STREAMS)
    second = build_world(ask(ALL, f"population.n_businesses={N + n_more}"), STREAMS)
    assert len(led_to(first, N)) > 20
    assert led_to(first, N) == led_to(second, N)


def test_a_larger_share_adds_programs_and_takes_none():
    few = build_world(ask("switching.share_businesses=0.3"), STREAMS)
    many = build_world(ask("switching.share_businesses=0.7"), STREAMS)
    found = led_to(many, N)
    assert 0 < len(led_to(few, N)) < len(found)
    assert all(program in found for program in led_to(few, N))


def test_a_program_serves_what_is_its_own_in_a_shared_range_and_leads_out_of_it():
    resolved = ask(ALL)
    world = build_world(resolved, STREAMS)
    shared = [world.places.addresses[row] for row in shared_places(resolved, world.places)]
    programs, businesses = world.programs, world.businesses

    def is_shared(component: int) -> bool:
        addresses = world.components.addresses_of(np.array([component]))
        return any(one.contains(addresses).any() for one in shared)

    served = programs.component_row >= 0
    assert served.any(axis=1).all()
    for business in range(N):
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
    _, off = run(ask("switching=off"))
    world, on = run(ask(ALL))
    runs = np.isin(np.arange(N), world.programs.business_row)
    # Single addresses are listed: none of theirs outside the shared range, in this luck.
    assert (on.ledger.impaired_s[runs] <= off.ledger.impaired_s[runs]).all()
    assert on.ledger.impaired_s[runs].sum() < 0.5 * off.ledger.impaired_s[runs].sum()
    assert (on.ledger.impaired_s[~runs] == off.ledger.impaired_s[~runs]).all()
