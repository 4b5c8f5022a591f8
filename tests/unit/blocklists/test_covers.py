"""Covers of what users bring: where nobody is, the narrow rule is the better one."""

from ipaddress import IPv4Address

import pytest

from sim.addresses.cover.tree import LengthLimits
from sim.addresses.feeds.frames import feed_of_columns
from sim.addresses.sets.intervals import AddressSet
from sim.blocklists.covers import Question, answer
from sim.errors import UsageError


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
