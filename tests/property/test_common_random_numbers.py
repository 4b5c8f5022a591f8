"""Add exactly one strategy, operator, business or provider: nobody else's luck changes."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from functools import cache

import numpy as np
import pytest

from sim.engine.record.outcome import Outcome
from sim.engine.run import simulate
from sim.measure.money.losses import loss_totals
from sim.scenario.resolve import Resolved
from sim.streams import Stream, Streams
from sim.world.build import World, build_world
from tests.chases import STRATEGIES, assert_same, chase_world, run
from tests.experiments import resolved_of, simulated
from tests.worlds import HOUR, Actor

N = 120
STREAMS = Streams(5, 3)


def ask(*overrides: str) -> Resolved:
    return resolved_of("telegram-2018", [f"population.n_businesses={N}", *overrides])


def columns(value: object, path: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """Every array below a frozen object, with the path that leads to it."""
    if isinstance(value, np.ndarray):
        yield path, value
    elif isinstance(value, tuple):
        for row, part in enumerate(value):
            yield from columns(part, f"{path}[{row}]")
    elif is_dataclass(value):
        for column in fields(value):
            yield from columns(getattr(value, column.name), f"{path}.{column.name}")


def seats_of(world: World, component_row: np.ndarray) -> list[tuple[bool, tuple[int, ...]]]:
    """Mode of components, their addresses, names and active sites, by rows; nothing for -1."""
    components, seats = world.components, []
    for row in component_row.ravel().tolist():
        if row < 0:
            seats.append((False, ()))
            continue
        host, _, _ = components.hosts_of(np.array([row]))
        order = host[np.argsort(components.address[host], kind="stable")]
        columns_of = components.address, components.n_names, components.n_active_sites
        held = tuple(np.concatenate([column[order] for column in columns_of]).tolist())
        seats.append((bool(components.is_spread[row]), held))
    return seats


# One more strategy.


@pytest.mark.parametrize("section", ["{id: none}", "{id: exact}", "{id: cover, rules: 3}"])
def test_the_world_does_not_know_the_strategy(section):
    first = dict(columns(build_world(ask(), STREAMS)))
    second = dict(columns(build_world(ask(f"strategy={section}"), STREAMS)))
    assert len(first) > 40
    assert first.keys() == second.keys()
    for path, column in first.items():
        assert np.array_equal(column, second[path]), path


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_a_strategy_run_before_it_in_the_same_world_changes_no_outcome(name):
    small = chase_world(3)
    world = small.world()
    simulate(world, STRATEGIES[name], small.streams)
    assert_same(simulate(world, STRATEGIES["exact"], small.streams), alone())


@cache
def alone() -> Outcome:
    return run(chase_world(3), STRATEGIES["exact"])


# One more operator.


def test_one_more_operator_changes_nothing_for_the_others():
    small = chase_world(4)
    more = replace(small, actors=(*small.actors, Actor(0.0, 3 * HOUR, 77, HOUR, HOUR, 0.5)))
    for name in ("exact", "aggregate", "throttle"):
        first, second = (run(one, STRATEGIES[name]) for one in (small, more))
        assert np.array_equal(first.front_address, second.front_address)
        others = second.events.operator_row < len(small.actors)
        for column in fields(first.events):
            found = getattr(second.events, column.name)[others]
            assert np.array_equal(getattr(first.events, column.name), found), column.name
        for column in fields(first.ledger):
            one, other = (getattr(outcome.ledger, column.name) for outcome in (first, second))
            # The newcomer's events cut integrals over users in more pieces, each rounded.
            np.testing.assert_allclose(one, other, rtol=1e-12)
        for column in fields(first.users):
            found = getattr(second.users, column.name)[: len(small.actors)]
            np.testing.assert_allclose(getattr(first.users, column.name), found, rtol=1e-12)
        assert (second.events.operator_row == len(small.actors)).any()


# One more source of luck.


def test_luck_of_parked_names_moves_active_sites_and_nothing_else(monkeypatch):
    tenancy = "tenancy={rented_stay_d: 20, shared_stay_d: 20}"
    first = dict(columns(build_world(ask(tenancy), STREAMS)))
    given, asked = Streams.generator, []

    def other(streams: Streams, source: Stream, entry: tuple[int, ...] = ()) -> np.random.Generator:
        if source == Stream.COMPONENT_PARKED:
            asked.append(entry)
            streams = replace(streams, replicate=streams.replicate + 1)
        return given(streams, source, entry)

    monkeypatch.setattr(Streams, "generator", other)
    second = dict(columns(build_world(ask(tenancy), STREAMS)))
    moved = {path for path in first if not np.array_equal(first[path], second[path])}
    assert moved == {".components.n_active_sites"}
    # Services, components of one's own, where they may go, and each turn of tenants.
    assert sorted(asked)[:3] == [(0,), (1,), (2,)]
    assert len(asked) == len(set(asked)) > 10


# One more business.


def test_one_more_business_changes_no_other_row_of_the_world():
    first = build_world(ask(), STREAMS)
    second = build_world(ask(f"population.n_businesses={N + 1}"), STREAMS)
    for column in fields(first.businesses):
        one, other = (getattr(world.businesses, column.name) for world in (first, second))
        if column.name == "sites":
            assert one is other is None
        elif column.name in {"sector", "role_weight"}:
            assert np.array_equal(one, other), column.name
        elif column.name != "component_row":
            assert np.array_equal(one, other[:N]), column.name
    assert second.businesses.n_businesses == N + 1
    moves = first.moves, second.moves
    for name in ("patience_s", "response", "time_s", "place_row", "payee_row"):
        assert np.array_equal(getattr(moves[0], name), getattr(moves[1], name)[:N]), name
    for row, other_row in (
        (first.businesses.component_row, second.businesses.component_row[:N]),
        (moves[0].component_row, moves[1].component_row[:N]),
    ):
        assert seats_of(first, row) == seats_of(second, other_row)
    before, after = dict(columns(first)), dict(columns(second))
    theirs = (".businesses", ".components", ".moves")
    rest = [path for path in before if not path.startswith(theirs)]
    assert len(rest) > 20
    for path in rest:
        assert np.array_equal(before[path], after[path]), path


# What one stage hands to the next cannot be written to: world, outcome, loss sums.


def test_no_column_of_a_world_or_an_outcome_can_be_written_to():
    resolved, streams = ask("end=2018-04-17T00:00+03:00"), Streams(3, 0)
    world, outcome = simulated(resolved, streams)
    stages = {"world": world, "outcome": outcome, "totals": loss_totals(world, outcome)}
    found = [one for name, stage in stages.items() for one in columns(stage, name)]
    names = {name for name, _ in found}
    assert {"world.components.address", "outcome.ledger.down_s", "totals.lost_usd"} <= names
    assert [name for name, column in found if column.flags.writeable] == []
