"""The engine's compiled loops give the bytes that NumPy gives, whatever the world."""

from dataclasses import fields, is_dataclass

import numpy as np
import pytest
from hypothesis import given

from sim.addresses.compiled import backend
from sim.engine.run import simulate
from sim.engine.strategies import build_strategy
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.streams import Streams
from sim.world.build import build_world
from tests.property.test_engine_whole import whole_worlds
from tests.worlds import many_worlds

pytestmark = pytest.mark.laws

pytest.importorskip("numba")


def arrays_of(value, name=""):
    """Every array and number of an outcome, by name."""
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from arrays_of(getattr(value, field.name), f"{name}.{field.name}")
    elif isinstance(value, np.ndarray | float | int):
        yield name, np.asarray(value)


def assert_same_bytes(first, second):
    one, other = dict(arrays_of(first)), dict(arrays_of(second))
    assert one.keys() == other.keys()
    assert len(one) > 25
    for name, column in one.items():
        assert column.dtype == other[name].dtype, name
        # Not by bytes: a zero may carry a sign.
        np.testing.assert_array_equal(column, other[name], err_msg=name, strict=True)


@many_worlds(20)
@given(whole_worlds())
def test_compiled_and_numpy_agree_with_every_mechanism_on(small):
    with backend.using("numpy"):
        slow = small.run()
    with backend.using("numba"):
        fast = small.run()
    assert_same_bytes(slow, fast)


@pytest.mark.parametrize("name", ["telegram-2018", "throttle-2025", "sni-era"])
def test_compiled_and_numpy_agree_on_a_shipped_scenario(name):
    resolved = resolve(load_scenario(name))
    streams = Streams(7, 1)
    world = build_world(resolved, streams)

    def run(choice):
        with backend.using(choice):
            return simulate(world, build_strategy(resolved, streams), Streams(7, 1))

    assert_same_bytes(run("numpy"), run("numba"))


@pytest.mark.parametrize("replicate", [14, 18, 24, 25, 27])
def test_seconds_in_which_nobody_is_met_leave_no_trace(replicate):
    """Time booked in one piece more is rounded once more: few businesses make such seconds."""
    settings = ["population.n_businesses=20", "end=2018-04-18T00:00+03:00"]
    resolved = resolve(load_scenario("telegram-2018", settings))
    world = build_world(resolved, Streams(1, replicate))

    def run(choice):
        streams = Streams(1, replicate)
        with backend.using(choice):
            return simulate(world, build_strategy(resolved, streams), streams)

    assert_same_bytes(run("numpy"), run("numba"))


def test_a_run_that_turns_to_compiled_loops_half_way_is_the_same(monkeypatch):
    resolved = resolve(load_scenario("throttle-2025"))
    streams = Streams(7, 2)
    world = build_world(resolved, streams)

    def run():
        return simulate(world, build_strategy(resolved, streams), Streams(7, 2))

    with backend.using("numpy"):
        slow = run()
    monkeypatch.setattr(backend, "_state", backend._State("auto"))
    monkeypatch.setattr(backend, "_LOADING_NS", 5_000_000)
    assert_same_bytes(slow, run())
    assert "sim.engine.state.kernels" in backend._state.kernels
