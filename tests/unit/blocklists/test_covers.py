"""Covers of what users bring: where nobody is, the narrow rule is the better one."""

from __future__ import annotations

from ipaddress import IPv4Address

from sim.addresses.cover.regret import Constraints
from sim.addresses.feeds.columns import feed_of_columns
from sim.addresses.sets.families import AddressSet
from sim.blocklists.covers import Question, answer


def test_of_rules_that_hit_nobody_the_narrowest_are_taken() -> None:
    targets = feed_of_columns({"address": ["192.0.2.1", "192.0.2.9"]}, "targets")
    # The only neighbour is far away: one /28 would cost the same, nothing, and be one rule less.
    inventory = feed_of_columns({"address": ["203.0.113.1"]}, "inventory")
    found = answer(Question("names", Constraints(AddressSet.empty()), budget=2), targets, inventory)
    assert found.collateral["names"] == 0
    assert found.cover.address4.tolist() == [int(IPv4Address(f"192.0.2.{one}")) for one in (1, 9)]
    assert found.cover.length4.tolist() == [32, 32]
