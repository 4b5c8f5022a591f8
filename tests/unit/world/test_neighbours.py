"""Names of hosts: one number per address, and a census that no law can meet is refused."""

from dataclasses import replace

import numpy as np
import pytest

from sim.errors import DataError
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.streams import Streams
from sim.world.build import build_world
from sim.world.components import _grouped
from sim.world.neighbours import first_on_one_address, modelled_on


def test_hosts_on_one_address_take_the_number_of_the_first():
    address, names = np.array([9, 4, 9, 4, 7]), np.array([1, 2, 3, 4, 5])
    first, back = first_on_one_address(address)
    assert names[first][back].tolist() == [1, 2, 1, 2, 5]


def test_a_component_with_two_hosts_on_one_address_is_one_name_there():
    address_row = np.array([2, 0, 2, 2, 1, 2])
    component_row = np.array([5, 5, 5, 7, 8, 0])
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


def test_rows_of_one_key_keep_their_sequence_however_many_there_are():
    key = np.arange(3_000) % 3
    value, start = _grouped(key, np.arange(3_000), 4)
    assert start.tolist() == [0, 1000, 2000, 3000, 3000]
    for number in range(3):
        mine = value[start[number] : start[number + 1]]
        assert np.array_equal(mine, np.arange(number, 3_000, 3))
