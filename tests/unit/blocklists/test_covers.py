"""What an inventory weighs, unit by unit."""

from dataclasses import replace
from ipaddress import IPv4Address

import numpy as np
import pytest

from sim.addresses.cover.tree import LengthLimits
from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.frames import feed_of_columns
from sim.addresses.sets.intervals import AddressSet
from sim.blocklists.covers import Question, answer, count_rules, row_worth, units_of
from sim.errors import UsageError


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


# Covers of what users bring: where nobody is, the narrow rule is the better one.


def test_of_rules_that_hit_nobody_the_narrowest_are_taken():
    targets = feed_of_columns({"address": ["192.0.2.1", "192.0.2.9"]}, "targets")
    # The only neighbour is far away: one /28 would cost the same, nothing, and be one rule less.
    inventory = feed_of_columns({"address": ["203.0.113.1"]}, "inventory")
    found = answer(Question("names", AddressSet.empty(), budget=2), targets, inventory)
    assert found.collateral["names"] == 0
    assert found.cover.address4.tolist() == [int(IPv4Address(f"192.0.2.{one}")) for one in (1, 9)]
    assert found.cover.length4.tolist() == [32, 32]


def test_targets_the_order_missed_are_no_collateral_of_the_best():
    """The best joins two targets around a third that the order left, and splits the first pair."""
    rows = ["192.0.2.0", "192.0.2.2", "198.51.100.0/31", "198.51.100.2"]
    targets = feed_of_columns({"address": rows}, "targets")
    order = feed_of_columns(
        {"address": ["192.0.2.0/30", "198.51.100.0", "198.51.100.2"]}, "against"
    )
    inventory = feed_of_columns(
        {"address": ["192.0.2.1", "198.51.100.1"], "n_names": [10, 50]}, "inventory"
    )
    found = answer(Question("names", AddressSet.empty()), targets, inventory, [order])
    regret = found.comparison.by_unit["names"]
    assert regret.best.texts() == ["192.0.2.0/32", "192.0.2.2/32", "198.51.100.0/30"]
    assert (regret.collateral, regret.regret) == (10, 10)


def test_an_order_that_broke_the_constraints_may_do_better():
    host = feed_of_columns({"address": ["192.0.2.0"]}, "targets")
    inventory = feed_of_columns({"address": ["192.0.2.1"], "n_names": [5]}, "inventory")
    question = Question("names", AddressSet.empty(), limits4=LengthLimits(0, 30))
    found = answer(question, host, inventory, [host])
    assert found.comparison.by_unit["names"].regret == -5


def test_an_order_without_a_better_one_says_why():
    target = feed_of_columns({"address": ["192.0.2.0", "198.51.100.0"]}, "targets")
    inventory = feed_of_columns({"address": ["192.0.2.1"], "n_names": [5]}, "inventory")
    elsewhere = feed_of_columns({"address": ["192.0.2.1"]}, "against")
    question = Question("names", AddressSet.empty())
    regret = answer(question, target, inventory, [elsewhere]).comparison.by_unit["names"]
    assert (regret.collateral, regret.best, regret.regret) == (5, None, None)
    assert regret.reason == "the order covers no target"
    # One rule over both targets is shorter than the constraint allows.
    question = Question("names", AddressSet.empty(), limits4=LengthLimits(8, 32), budget=2)
    both = feed_of_columns({"address": ["192.0.0.0/5"]}, "against")
    regret = answer(question, target, inventory, [both]).comparison.by_unit["names"]
    assert regret.best is None
    assert regret.reason.startswith("expected a budget of at least 2 rules")
    with pytest.raises(UsageError, match="allowed, got 1, the rules of the order: give --budget"):
        answer(replace(question, budget=None), target, inventory, [both])


def test_a_weight_that_there_is_not_is_refused():
    target = feed_of_columns({"address": ["192.0.2.0"]}, "targets")
    with pytest.raises(UsageError, match=r"one of the weights addresses, .* got 'people'"):
        answer(Question("people", AddressSet.empty()), target, None)


@pytest.mark.parametrize(("family", "four", "six", "n_rules"), [(4, [24], [], 1), (6, [], [48], 2)])
def test_one_family_is_asked_for_with_lengths_of_its_own(family, four, six, n_rules):
    targets = feed_of_columns({"address": ["192.0.2.9", "2001:db8::1"]}, "targets")
    order = feed_of_columns(
        {"address": ["192.0.2.0/25", "2001:db8::/64", "2001:db8:0:1::/64"]}, "against"
    )
    limits = {"limits4": LengthLimits(0, 24), "limits6": LengthLimits(0, 48)}
    asked = Question("addresses", AddressSet.empty(), budget=2, family=family, **limits)
    found = answer(asked, targets, None, [order])
    assert found.cover.length4.tolist() == four
    assert found.cover.length6.tolist() == six
    assert found.comparison.n_rules == n_rules
