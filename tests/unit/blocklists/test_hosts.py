"""States of hosts and businesses, as values that are handed on."""

from dataclasses import replace

import numpy as np
import pytest

from sim import cover, exposure
from sim.addresses.feeds.feed import Labels
from sim.addresses.feeds.frames import feed_of_columns
from sim.addresses.sets.intervals import AddressSet
from sim.blocklists.covers import units_of
from sim.blocklists.hosts import (
    State,
    Tally,
    count_states,
    find_hits,
    weigh_states,
    without_repeats,
)
from sim.blocklists.inventory import assess_inventory, rank_businesses


def test_states_are_found_and_cannot_be_written_to():
    columns = {
        "address": ["192.0.2.1", "198.51.100.1", "192.0.2.2", ""],
        "name": ["shop", "shop", "bank", "farm"],
    }
    hits = find_hits(feed_of_columns(columns, "inventory"), AddressSet.of("192.0.2.0/24"))
    assert hits.host_state.tolist() == [
        *(State.WHOLLY, State.NOT_LISTED, State.WHOLLY, State.NOT_KNOWN)
    ]
    assert hits.business_state is not None
    # Names in the sequence in which they come.
    assert hits.business_state.tolist() == [State.PARTLY, State.WHOLLY, State.NOT_KNOWN]
    assert not hits.host_state.flags.writeable
    assert not hits.business_state.flags.writeable


def test_of_businesses_alike_the_one_with_more_hosts_hit_is_first():
    columns = {"address": ["192.0.2.1", "192.0.2.2", "192.0.2.3"], "name": ["a", "b", "b"]}
    inventory, listed = feed_of_columns(columns, "inventory"), AddressSet.of("192.0.2.0/24")
    found = rank_businesses(inventory, find_hits(inventory, listed), np.ones(2, np.bool_), 2)
    assert [one.name for one in found] == ["b", "a"]


@pytest.mark.parametrize("disagreeing", ["first", "second"])
def test_rows_of_a_business_that_give_different_revenues_are_counted(disagreeing):
    later = {"first": 3.0, "second": 7.0} | {disagreeing: 9.0}
    columns = {
        "address": ["192.0.2.1", "192.0.2.2", "198.51.100.1", "198.51.100.2"],
        "name": ["first", "first", "second", "second"],
        "revenue_usd_per_h": [3.0, later["first"], 7.0, later["second"]],
    }
    inventory = feed_of_columns(columns, "inventory")
    listed = AddressSet.of("192.0.2.0/24")
    found = assess_inventory(inventory, find_hits(inventory, listed), listed, None, (), None, 5)
    assert "1 businesses give different revenues on their rows: the largest counts" in found.notes


def test_a_row_without_a_name_is_no_business_and_has_its_own_revenue():
    columns = {
        "address": ["192.0.2.1", "192.0.2.9", "198.51.100.1"],
        "name": ["shop", "", None],
        "revenue_usd_per_h": [1, 2, 4],
    }
    inventory, listed = feed_of_columns(columns, "inventory"), AddressSet.of("192.0.2.0/24")
    found = assess_inventory(inventory, find_hits(inventory, listed), listed, None, (), None, 5)
    assert found.revenue_usd_per_h == Tally(3, 0, 4, 0, 7)
    assert found.businesses == Tally(1, 0, 0, 0, 1)
    assert found.notes == ("2 inventory rows have no name and count as no business",)


def test_names_of_an_address_count_once_and_rows_that_differ_are_counted():
    """The largest number of its rows, those without one adding none; a prefix is no address."""
    columns = {
        "prefix": ["192.0.2.0"] * 4 + ["192.0.2.0/30", "2001:db8::1", "192.0.2.9", "", ""],
        "n_names": [3, 3, np.nan, 4, 8, 5, np.nan, 7, 7],
    }
    inventory = feed_of_columns(columns, "inventory")
    listed = AddressSet.of("192.0.2.0/24")
    found = assess_inventory(inventory, find_hits(inventory, listed), listed, None, (), None, 5)
    assert found.names == Tally(12.0, 0.0, 5.0, 14.0, 31.0, 1)
    # In a cover a row without a number is one name.
    weights, notes = units_of(inventory)
    assert weights["names"].inside(listed) == 4 + 8 + 1
    note = "1 addresses have rows with different n_names: the largest counts"
    assert note in notes
    assert note in found.notes
    same = feed_of_columns({"address": ["192.0.2.1"] * 2, "n_names": [3, 3]}, "inventory")
    found = assess_inventory(same, find_hits(same, listed), listed, None, (), None, 5)
    assert found.names == Tally(3.0, 0.0, 0.0, 0.0, 3.0, 0)
    assert not any("n_names" in note for note in (*found.notes, *units_of(same)[1]))
    # Three names on one address are three at least, and two rows of one name are no more.
    columns = {
        "name": ["a", "b", "c", "d", "d"], "address": ["192.0.2.1"] * 3 + ["192.0.2.2"] * 2,
        "n_names": [np.nan, 1, 1, 1, 1],
    }  # fmt: skip
    more = feed_of_columns(columns, "inventory")
    found = assess_inventory(more, find_hits(more, listed), listed, None, (), None, 5)
    assert found.names == Tally(4.0, 0.0, 0.0, 0.0, 4.0, 0)
    assert units_of(more)[0]["names"].inside(listed) == 4
    said = "1 addresses have more names than their n_names: these count"
    assert said in found.notes
    assert said in units_of(more)[1]


def test_names_that_the_dns_takes_for_one_are_counted():
    names = ["B\u00fccher.example", "xn--bcher-kva.example", "A.example.", "a.example", "A" * 99]
    columns = {"name": names, "address": [f"192.0.2.{n}" for n in range(len(names))]}
    listed = AddressSet.of("192.0.2.0/24")
    for n, said in ((5, ["2 names are another one, spelt otherwise: they count apart"]), (1, [])):
        some = {column: cells[:n] for column, cells in columns.items()}
        inventory = feed_of_columns(some, "inventory")
        hits = find_hits(inventory, listed)
        found = assess_inventory(inventory, hits, listed, None, (), None, 5)
        assert [note for note in found.notes if "spelt" in note] == said


def test_names_of_a_business_are_those_on_its_addresses_each_once():
    columns = {
        "name": ["a", "a", "a", "b", "b", "c"],
        "address": [
            "192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.1", "198.51.100.1", "192.0.2.3",
        ],
        "n_names": [3, 3, 2, 4, 1, np.nan],
    }  # fmt: skip
    inventory = feed_of_columns(columns, "inventory")
    listed = AddressSet.of("192.0.2.0/24")
    found = assess_inventory(inventory, find_hits(inventory, listed), listed, None, (), None, 5)
    assert {one.name: one.n_names for one in found.ranked} == {"a": 6, "b": 5, "c": None}
    assert found.names == Tally(6.0, 0.0, 1.0, 0.0, 7.0, 1)


def test_groups_come_by_how_much_of_them_is_listed_then_by_name():
    sectors = ("rarely", "never", "both", "also", "wholly", "wholly")
    listed = AddressSet.of("192.0.2.0/24")
    addresses = ["192.0.2.1", "198.51.100.1", "192.0.2.0/23", "192.0.2.2", "192.0.2.3", "192.0.2.4"]
    inventory = feed_of_columns({"address": addresses, "sector": sectors}, "inventory")
    hits = find_hits(inventory, listed)
    found = assess_inventory(inventory, hits, listed, None, ("sector",), None, 5)
    names = [group.name for group in found.groups["sector"]]
    assert names == ["wholly", "also", "rarely", "both", "never"]


def test_weights_are_summed_by_state_also_where_some_state_has_none():
    states = np.array([State.NOT_LISTED, State.PARTLY, State.NOT_LISTED, State.WHOLLY], np.int8)
    weight = np.array([2.0, 3.0, 5.0, np.nan])
    assert weigh_states(states, weight) == Tally(0.0, 3.0, 7.0, 0.0, 10.0, 1)
    assert count_states(states[:1]) == Tally(0, 0, 1, 0, 1)


REPEATED = {
    "address": [
        *("192.0.2.1", "192.0.2.9", "192.0.2.1", "192.0.2.1", "", ""),
        *("192.0.2.1", "2001:db8::1", "2001:db8::1", "192.0.2.0/31", "192.0.2.0"),
    ],
    "name": ["a", "b", "a", "b", "c", "c", "a", "a", "a", "a", "a"],
    "n_names": [2, 3, 2, None, 1, 1, 7, np.nan, np.nan, 2, 2],
    "revenue_usd_per_h": [5, 1, 5, 1, 1, 1, 5, 5, 5, 5, 5],
}


def test_rows_that_repeat_an_earlier_one_are_one_host():
    """Rows 2 and 8 repeat rows 0 and 7. Other rows differ, or have no address."""
    found = exposure(["192.0.2.1", "2001:db8::/64"], REPEATED, explain=True).inventory
    once = {key: [*cells[:2], *cells[3:8], *cells[9:]] for key, cells in REPEATED.items()}
    expected = exposure(["192.0.2.1", "2001:db8::/64"], once, explain=True).inventory
    assert found.hosts == expected.hosts == Tally(4, 1, 2, 2, 9)
    assert (found.names, found.businesses) == (expected.names, expected.businesses)
    assert found.revenue_usd_per_h == expected.revenue_usd_per_h
    assert [one.n_hosts for one in found.rules] == [one.n_hosts for one in expected.rules]
    # States and rules stay aligned with the rows given.
    assert found.host_state.tolist() == [3, 1, 3, 3, 0, 0, 3, 3, 3, 2, 1]
    assert (found.host_rule >= 0).tolist() == [state > 1 for state in found.host_state]
    note = "2 inventory rows repeat an earlier one in all columns: each host counts once"
    assert note in found.notes
    assert not any("repeat" in note for note in expected.notes)


def test_a_cover_weighs_a_repeated_row_once():
    hosts = {"address": ["192.0.2.2", "192.0.2.2"], "name": ["a", "a"], "revenue_usd_per_h": [4, 4]}
    for n_rows, n_notes in ((2, 1), (1, 0)):
        given = {key: cells[:n_rows] for key, cells in hosts.items()}
        found = cover(["192.0.2.1", "192.0.2.3"], given, weight="names", budget=1)
        of = {unit: found.collateral[unit] for unit in ("names", "businesses", "usd", "demand")}
        assert of == {"names": 1, "businesses": 1, "usd": 4, "demand": 1}
        assert sum("repeat an earlier one" in note for note in found.notes) == n_notes


def test_a_host_of_several_addresses_repeats_none():
    columns = {"address": ["192.0.2.1", "192.0.2.2", "192.0.2.2"], "name": ["a", "a", "a"]}
    feed = feed_of_columns(columns, "inventory")
    several = replace(feed, n_records=2, record4=np.array([0, 0, 1]),
                      labels={"name": Labels(np.zeros(2, np.int32), ["a"])})  # fmt: skip
    assert without_repeats(several)[0].n_records == 2
    assert without_repeats(feed)[0].n_records == 2
