"""Names of hosts: one number per address, and a census that no law can meet is refused."""

from dataclasses import replace

import numpy as np
import pytest

from sim.errors import DataError
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.streams import Streams
from sim.world.build import build_world
from sim.world.components import _grouped, stable_order
from sim.world.neighbours import modelled_on, of_addresses


def test_hosts_on_one_address_take_the_number_of_the_first():
    address, names = np.array([9, 4, 9, 4, 7]), np.array([1, 2, 3, 4, 5])
    host_row = stable_order(address)
    is_first, address_row = of_addresses(address[host_row])
    assert host_row.tolist() == [1, 3, 4, 0, 2]
    assert names[host_row[is_first]][address_row].tolist() == [2, 2, 5, 1, 1]


@pytest.mark.parametrize("n", [0, 1, 2, 300])
def test_rows_are_sorted_by_addresses_up_to_the_last_one(n):
    address = np.random.default_rng(n).choice([0, 1, 2**31, 2**32 - 1], n)
    assert stable_order(address).tolist() == np.argsort(address, kind="stable").tolist()


def test_a_component_with_two_hosts_on_one_address_is_one_name_there():
    address_row = np.array([0, 1, 2, 2, 2, 2])
    component_row = np.array([5, 8, 0, 5, 5, 7])
    assert modelled_on(address_row, component_row, 4).tolist() == [1, 1, 3, 0]


def test_a_census_without_singles_is_a_mistake_of_the_table():
    resolved = resolve(load_scenario("telegram-2018-replay", ["population.n_businesses=5"]))
    rows = tuple(row for row in resolved.census.rows if row.quantity != "share_single")
    assert len(rows) < len(resolved.census.rows)
    short = replace(resolved, census=replace(resolved.census, rows=rows))
    with pytest.raises(DataError) as caught:
        build_world(short, Streams(0, 0))
    (problem,) = caught.value.problems
    assert problem.file.endswith("hosting-concentration.csv")
    assert problem.message == "expected one calibration row share_single, got 0"


def test_names_do_not_hang_on_whether_businesses_may_move():
    overrides = ["population.n_businesses=50", "end=2018-04-20T00:00+03:00"]
    moving = build_world(resolve(load_scenario("telegram-2018", overrides)), Streams(4, 0))
    resolved = resolve(load_scenario("telegram-2018", overrides))
    still = build_world(replace(resolved, responses=None), Streams(4, 0))
    assert moving.moves is not None
    assert still.moves is None
    component = np.unique(moving.businesses.component_row)
    for one, other in zip(
        moving.components.names_on(component), still.components.names_on(component), strict=True
    ):
        assert np.array_equal(one, other)


def test_values_of_one_key_ascend_and_stay_as_often_as_they_were():
    key = np.arange(3_000, dtype=np.int32) % 3
    given = np.arange(3_000, dtype=np.int32)[::-1] // 6
    value, start = _grouped(key, given, 4)
    assert start.tolist() == [0, 1000, 2000, 3000, 3000]
    for number in range(3):
        mine = value[start[number] : start[number + 1]]
        assert mine.tolist() == sorted(given[key == number].tolist())
