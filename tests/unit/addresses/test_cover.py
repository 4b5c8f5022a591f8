"""Claims about covers that one small example each can show."""

import numpy as np
import pytest

from sim.addresses.cover.frontier import Frontier, find_covers
from sim.addresses.cover.tree import MAX_PIECES, LengthLimits, Targets, WeightedRanges, Weights
from sim.addresses.feeds.gather import parse_entries
from sim.addresses.sets.intervals import AddressSet
from sim.errors import UsageError


def weights(**total_by_text: float) -> Weights:
    """Weights on entries, one value each."""
    entries = parse_entries("\n".join(total_by_text))
    total = np.array([0, *total_by_text.values()])
    v4, v6 = entries.v4, entries.v6
    return Weights.on_rows(v4, total[v4.line], v6, total[v6.line])


def covers(*targets: str, budget: int = 10, weight: Weights | None = None, **options) -> Frontier:
    prepared = Targets.prepare(AddressSet.of(*targets))
    return find_covers(prepared, weight or Weights.per_address(), budget, **options)


def test_a_rule_for_every_target_has_no_collateral():
    frontier = covers("192.0.2.1", "192.0.2.2", "192.0.2.6", "2001:db8::7")
    assert frontier.n_rules.tolist() == [2, 3, 4]
    assert frontier.cover(4).texts() == [
        "192.0.2.1/32", "192.0.2.2/32", "192.0.2.6/32", "2001:db8::7/128",
    ]  # fmt: skip
    assert frontier.collateral.tolist() == [5, 2, 0]


def test_exempt_addresses_are_no_bystanders():
    targets = Targets.prepare(
        AddressSet.of("192.0.2.0", "192.0.2.3"), exempt=AddressSet.of("192.0.2.1")
    )
    assert find_covers(targets, Weights.per_address(), 1).collateral.tolist() == [1]


def test_ties_go_to_fewer_addresses_where_asked():
    weight = weights(**{"198.51.100.1": 3})
    frontier = covers(
        "192.0.2.0", "192.0.2.200", "192.0.2.255", weight=weight, breadth=Weights.per_address()
    )
    assert frontier.collateral.tolist() == [0, 0, 0]
    assert frontier.cover(1).texts() == ["192.0.2.0/24"]
    assert frontier.cover(2).texts() == ["192.0.2.0/32", "192.0.2.192/26"]
    assert frontier.cover(9).texts() == ["192.0.2.0/32", "192.0.2.200/32", "192.0.2.255/32"]


def test_mirrored_targets_have_mirrored_covers():
    """A fork whose lower half has more leaves adds up as one whose upper half has more."""
    targets, hosts = [0, 3, 6, 9, 33, 36, 120, 200], {1: 5, 4: 2, 7: 1, 35: 4, 121: 1, 201: 3}
    one, other = (
        covers(
            *(f"192.0.2.{abs(mirror - n)}" for n in targets),
            weight=weights(**{f"192.0.2.{abs(mirror - n)}": each for n, each in hosts.items()}),
            breadth=Weights.per_address(),
        )
        for mirror in (0, 255)
    )
    assert one.collateral.tolist() == other.collateral.tolist()
    assert len(set(one.collateral.tolist())) > 4
    for n_rules in one.n_rules.tolist():
        sets = [each.cover(n_rules).to_set().v4.n_addresses for each in (one, other)]
        assert sets[0] == sets[1]


def test_ties_go_to_more_rules_at_lower_addresses():
    frontier = covers("192.0.2.0", "192.0.2.3", "192.0.2.128", "192.0.2.131")
    assert frontier.cover(3).texts() == ["192.0.2.0/32", "192.0.2.3/32", "192.0.2.128/30"]


def test_ties_at_a_fork_go_to_the_rule_over_it():
    weight = weights(**{"192.0.2.1": 7})
    frontier = covers("192.0.2.0", "192.0.2.2", "192.0.2.3", weight=weight, budget=1)
    assert frontier.cover(1).texts() == ["192.0.2.0/30"]


def test_float_noise_does_not_buy_rules():
    weight = weights(**{"192.0.2.1": 0.3, "192.0.2.4": 1e-12})
    frontier = covers("192.0.2.0", "192.0.2.2", "192.0.2.8", weight=weight)
    assert frontier.n_used.tolist() == [1, 1, 3]
    assert frontier.cover(2).texts() == ["192.0.2.0/28"]
    weight = weights(**{"192.0.2.1": 0.3, "192.0.2.4": 1e-6})
    frontier = covers("192.0.2.0", "192.0.2.2", "192.0.2.8", weight=weight)
    assert frontier.n_used.tolist() == [1, 2, 3]


def test_weight_beside_something_far_larger_is_kept():
    weight = weights(**{"192.0.2.1": 1e-9, "192.0.2.255": 1e15})
    frontier = covers("192.0.2.0", "192.0.2.2", "192.0.2.254", weight=weight)
    assert frontier.cover(2).collateral == 1e-9


def test_every_conflict_names_target_and_protection():
    with pytest.raises(UsageError) as caught:
        Targets.prepare(
            AddressSet.of("192.0.2.7", "198.51.100.0/30", "203.0.113.9", "2001:db8::1"),
            protected=AddressSet.of(
                "192.0.2.0/28", "198.51.100.2", "203.0.113.0/29", "2001:db8::/64"
            ),
        )
    assert str(caught.value).splitlines() == [
        "target 192.0.2.7/32 is protected",
        "target 198.51.100.2/32 is protected",
        "target 2001:db8::1/128 is protected",
        "take the address off one of the two lists",
    ]


def test_targets_whose_rules_hold_protected_addresses_are_refused_and_counted():
    for hosts, protected, limits, told in (
        (["203.0.113.9"], "203.0.113.0/29", LengthLimits(0, 24),
         r"203\.0\.113\.0/24, the longest prefix allowed"),
        ([f"192.0.2.{n}" for n in range(0, 100, 2)], "192.0.2.0/24", LengthLimits(0, 32),
         "and 45 more"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=told):
            Targets.prepare(
                AddressSet.of(*hosts), protected=AddressSet.of(protected), limits4=limits
            )


def test_too_small_a_budget_says_what_is_needed():
    targets = Targets.prepare(
        AddressSet.of("192.0.2.1", "192.0.2.3", "192.0.2.5"), protected=AddressSet.of("192.0.2.4")
    )
    with pytest.raises(UsageError, match="at least 2 rules"):
        find_covers(targets, Weights.per_address(), 1)
    frontier = find_covers(targets, Weights.per_address(), 3)
    with pytest.raises(UsageError, match="at least 2 rules"):
        frontier.cover(1)
    with pytest.raises(UsageError, match="at least 1 rule"):
        covers("192.0.2.1", budget=0)


@pytest.mark.parametrize(
    ("targets", "limits", "told"),
    [
        *(
            (["192.0.2.1"], {"limits4": LengthLimits(*ends)}, "IPv4 prefix lengths")
            for ends in ((-1, 24), (25, 24), (0, 33))
        ),
        (["2001:db8::/32"], {"limits6": LengthLimits(64, 128)},
         f"at most {MAX_PIECES:,} prefixes of length 64"),
        ([], {}, "at least one target"),
    ],
)  # fmt: skip
def test_impossible_lengths_too_many_pieces_and_no_target_are_refused(targets, limits, told):
    with pytest.raises(UsageError, match=told):
        Targets.prepare(AddressSet.of(*targets), **limits)


@pytest.mark.parametrize(
    ("start", "stop", "total", "told"),
    [
        *((0, 1, total, "finite and not negative") for total in (-1, -0.5, np.nan, np.inf)),
        *((*ends, 1, "0 <= start < stop") for ends in ((-1, 4), (4, 4), (5, 4), (0, 2**32 + 1))),
    ],
)
def test_weights_that_are_no_amounts_or_outside_the_space_are_refused(start, stop, total, told):
    with pytest.raises(ValueError, match=told):
        WeightedRanges.of(np.array([start]), np.array([stop]), [total])


def test_ipv6_addresses_are_counted_exactly():
    frontier = covers("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", budget=1)
    assert frontier.collateral.tolist() == [2**128 - 2]
    assert frontier.cover(1).texts() == ["::/0"]


@pytest.mark.parametrize("n_targets", [47, 48, 49, 50])
def test_sizes_around_those_done_in_batches(n_targets):
    hosts = [f"192.0.{n % 7}.{5 * n}" for n in range(n_targets)]
    frontier = covers(*hosts, budget=n_targets)
    assert frontier.collateral[-1] == 0
    assert frontier.cover(n_targets).texts() == sorted(
        (f"{host}/32" for host in hosts), key=lambda text: tuple(map(int, text[:-3].split(".")))
    )


def test_whole_numbers_that_overflow_only_together_are_added_exactly():
    none = WeightedRanges.none(128)
    three = WeightedRanges.of(np.array([1, 2, 9]), np.array([2, 3, 10]), [2**62, 2**62, 1])
    hosts = Weights(three, none)
    assert hosts.inside(AddressSet.of("0.0.0.0/28")) == 2**63 + 1
    frontier = covers("0.0.0.0", "0.0.0.3", "0.0.0.8", weight=hosts)
    assert frontier.collateral.tolist() == [2**63 + 1, 2**63, 0]
    wide = WeightedRanges.of(np.zeros(16, np.int64), np.full(16, 16), [2**62] * 16)
    frontier = covers("0.0.0.0", "0.0.0.3", "0.0.0.8", weight=Weights(wide, none))
    assert frontier.collateral.tolist() == [13 * 2**62, 2 * 2**62, 0]
