"""What an inventory weighs, unit by unit."""

from dataclasses import replace

import numpy as np
import pytest

from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.frames import feed_of_columns
from sim.addresses.sets.intervals import AddressSet
from sim.blocklists.covers import count_rules, row_worth, units_of


def inventory(**columns: list) -> Feed:
    return feed_of_columns(columns, "inventory")


def weigh(feed: Feed, unit: str, *texts: str) -> float:
    return units_of(feed)[0][unit].inside(AddressSet.of(*texts))


def test_rows_without_names_are_one_name_each_and_whole_numbers_stay_whole():
    feed = inventory(address=["192.0.2.1", "192.0.2.2", "192.0.2.3"], n_names=[5, None, 0])
    total = weigh(feed, "names", "192.0.2.0/24")
    assert (total, type(total)) == (6, int)
    assert weigh(inventory(address=["192.0.2.1", "2001:db8::1"]), "names", "::/0") == 1


def test_a_prefix_shares_its_names_among_its_addresses():
    feed = inventory(prefix=["192.0.2.0/24"], n_names=[3])
    assert weigh(feed, "names", "192.0.2.0/25") == 1.5
    assert weigh(feed, "names", "192.0.2.0/24") == 3


def test_a_business_is_shared_among_the_hosts_whose_address_is_known():
    feed = inventory(
        address=["192.0.2.1", "192.0.2.2", "", "192.0.2.4", "192.0.2.5"],
        name=["shop", "shop", "shop", "bank", ""],
    )
    assert weigh(feed, "businesses", "192.0.2.1") == 0.5
    assert weigh(feed, "businesses", "192.0.2.0/24") == 2
    assert "1 inventory rows have no name" in " ".join(units_of(feed)[1])


def test_revenue_of_a_business_is_repeated_not_added():
    feed = inventory(
        address=["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"],
        name=["shop", "shop", "", "", "bank"],
        revenue_usd_per_h=[100, 90, 7, 9, None],
    )
    assert "1 businesses give different revenues" in " ".join(units_of(feed)[1])
    assert weigh(feed, "usd", "192.0.2.2") == 50
    assert weigh(feed, "usd", "192.0.2.3") == 7
    assert weigh(feed, "usd", "192.0.2.0/24") == 116
    assert weigh(feed, "demand", "192.0.2.1") == pytest.approx(50 / 116)
    assert weigh(feed, "demand", "192.0.2.0/24") == pytest.approx(1)
    assert "1 inventory rows have no revenue" in " ".join(units_of(feed)[1])


def test_units_need_their_columns():
    assert set(units_of(None)[0]) == {"addresses4", "addresses6"}
    nothing = inventory(address=["192.0.2.1"], revenue_usd_per_h=[0])
    assert "demand" not in units_of(nothing)[0]
    without = units_of(inventory(address=["192.0.2.1"]))[0]
    assert set(without) == {"addresses4", "addresses6", "names"}


def test_every_distinct_row_is_one_target():
    feed = inventory(prefix=["192.0.2.0/24", "192.0.2.7", "192.0.2.7", "2001:db8::/48"])
    worth = row_worth(feed)
    assert worth.inside(AddressSet.of("192.0.2.0/24", "2001:db8::/32")) == 3
    assert worth.inside(AddressSet.of("192.0.2.7")) == 1 + 1 / 256
    # Repeated rows before another leave the other its worth.
    worth = row_worth(inventory(prefix=["192.0.2.9", "192.0.2.9", "192.0.2.1"]))
    assert [worth.inside(AddressSet.of(f"192.0.2.{host}")) for host in (9, 1)] == [1, 1]


def test_rules_are_distinct_prefixes_and_ranges_take_several():
    one = inventory(prefix=["192.0.2.0/24", "192.0.2.0/25", "192.0.2.0/24", "2001:db8::/48"])
    two = inventory(prefix=["192.0.2.0/24", "198.51.100.1-198.51.100.6", "2001:db8::/48"])
    assert count_rules([one]) == 3
    assert count_rules([one, two]) == 3 + 4
    assert count_rules([]) == 0


def test_a_record_of_several_rows_is_shared_among_them():
    rows = inventory(address=["192.0.2.1", "192.0.2.2"])
    names = {"n_names": np.array([4.0])}
    feed = replace(rows, n_records=1, record4=np.zeros(2, np.int64), numbers=names, labels={})
    assert weigh(feed, "names", "192.0.2.1") == 2
