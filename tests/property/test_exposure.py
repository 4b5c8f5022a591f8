"""What a blocklist hits, against plain sets of addresses and the standard library."""

import ipaddress
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sim import exposure
from sim.blocklists.attribution import NOT_COVERED, NOT_KNOWN
from sim.blocklists.hosts import State

# Small corners of each family, so that rules meet, nest and repeat; edges of the space among them,
# and IPv6 with the numbers that IPv4 has.
_BASES = (
    "192.0.2.0", "0.0.0.0", "255.255.255.240", "::", "::c000:200", "::ffff:fff0", "64:ff9b::",
    "2001:db8::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0",
)  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def _hosts_may_be_at_the_edges_of_the_space():
    """Keep hosts at addresses where no public host is: they are left out before any is counted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sim.api.runs.without_sinkholes", lambda hosts: hosts)
        yield


@st.composite
def networks(draw: st.DrawFn):
    base = ipaddress.ip_address(draw(st.sampled_from(_BASES)))
    length = draw(st.integers(base.max_prefixlen - 4, base.max_prefixlen))
    address = base + draw(st.integers(0, 15))
    return ipaddress.ip_network(f"{address}/{length}", strict=False)


LISTS = st.lists(networks(), max_size=8)
LABELS = st.sampled_from(["", "a", "b", "c"])
HOSTS = st.lists(st.tuples(st.none() | networks(), LABELS, LABELS), min_size=1, max_size=10)
TABLES = st.lists(st.tuples(networks(), LABELS), max_size=8)


def addresses(networks_of) -> set:
    return {address for network in networks_of for address in network}


def texts(rules) -> np.ndarray:
    return np.array([str(rule) for rule in rules], object)


def inventory(hosts) -> dict[str, list]:
    return {
        "address": ["" if network is None else str(network) for network, _, _ in hosts],
        "name": [name for _, name, _ in hosts],
        "sector": [sector for _, _, sector in hosts],
    }


def state_of(known: set, listed: set, *, is_partly_unknown: bool = False) -> State:
    if known & listed:
        is_whole = known <= listed and not is_partly_unknown
        return State.WHOLLY if is_whole else State.PARTLY
    return State.NOT_KNOWN if is_partly_unknown or not known else State.NOT_LISTED


def count(states) -> tuple[int, int, int, int]:
    listed = list(states)
    wanted = (State.WHOLLY, State.PARTLY, State.NOT_LISTED, State.NOT_KNOWN)
    return tuple(listed.count(state) for state in wanted)


def tally(found) -> tuple[float, float, float, float]:
    return found.n_wholly, found.n_partly, found.n_not_listed, found.n_not_known


@given(LISTS)
def test_counts_are_those_of_a_set(blocklist):
    listed = exposure(texts(blocklist)).listed
    for version, n_distinct, n_summed, n_rules, n_prefixes in (
        (4, listed.n_addresses4, listed.n_summed4, listed.n_rules4, listed.n_prefixes4),
        (6, listed.n_addresses6, listed.n_summed6, listed.n_rules6, listed.n_prefixes6),
    ):
        mine = [rule for rule in blocklist if rule.version == version]
        assert n_distinct == len(addresses(mine))
        assert n_summed == sum(rule.num_addresses for rule in mine)
        assert n_rules == len(mine)
        assert n_prefixes == len(list(ipaddress.collapse_addresses(mine)))


def firsts(hosts):
    """Whether each row repeats none before it; one without an address never does."""
    return [host[0] is None or host not in hosts[:at] for at, host in enumerate(hosts)]


@given(LISTS, HOSTS)
def test_states_of_hosts_and_businesses_are_those_of_sets(blocklist, hosts):
    found = exposure([str(rule) for rule in blocklist] or np.empty(0, object), inventory(hosts))
    listed = addresses(blocklist)
    states = [
        state_of(set() if network is None else addresses([network]), listed)
        for network, _, _ in hosts
    ]
    assert found.inventory.host_state.tolist() == states
    assert tally(found.inventory.hosts) == count(
        state for state, is_first in zip(states, firsts(hosts), strict=True) if is_first
    )
    names = list(dict.fromkeys(name for _, name, _ in hosts if name))
    expected = [
        state_of(
            addresses(net for net, its, _ in hosts if its == name and net is not None),
            listed,
            is_partly_unknown=any(net is None for net, its, _ in hosts if its == name),
        )
        for name in names
    ]
    if names:
        assert found.inventory.business_state.tolist() == expected
        assert tally(found.inventory.businesses) == count(expected)
        assert {business.name for business in found.inventory.ranked} == {
            name for name, state in zip(names, expected, strict=True) if state >= State.PARTLY
        }
    else:
        assert found.inventory.businesses is None


@given(LISTS, HOSTS)
def test_groups_of_an_inventory_are_those_of_a_loop(blocklist, hosts):
    found = exposure(texts(blocklist), inventory(hosts), by=["sector"])
    listed = addresses(blocklist)
    if not any(sector for _, _, sector in hosts):
        assert "sector" not in found.inventory.groups
        return
    grouped = defaultdict(list)
    for network, name, sector in hosts:
        grouped[sector or NOT_KNOWN].append((network, name))
    assert {group.name for group in found.inventory.groups["sector"]} == set(grouped)
    for group in found.inventory.groups["sector"]:
        # The sector is that of the group.
        rows = grouped[group.name]
        mine = [one for one, is_first in zip(rows, firsts(rows), strict=True) if is_first]
        states = [state_of(addresses([net] if net else []), listed) for net, _ in mine]
        assert tally(group.hosts) == count(states)
        if group.businesses is not None:
            assert tally(group.businesses) == count(
                state_of(
                    addresses(net for net, its in mine if its == name and net),
                    listed,
                    is_partly_unknown=any(net is None for net, its in mine if its == name),
                )
                for name in {name for _, name in mine if name}
            )


@given(LISTS, HOSTS)
def test_the_rule_that_hits_a_host_is_the_most_specific_over_its_first_listed_address(
    blocklist, hosts
):
    rules = [str(rule) for rule in blocklist]
    found = exposure(np.array(rules, object), inventory(hosts), explain=True).inventory
    v4 = [rule for rule in blocklist if rule.version == 4]
    ordered = v4 + [rule for rule in blocklist if rule.version == 6]
    for (network, _, _), rule in zip(hosts, found.host_rule.tolist(), strict=True):
        mine = [] if network is None else sorted(addresses([network]) & addresses(blocklist))
        if not mine:
            assert rule == -1
            continue
        longest = max(each.prefixlen for each in blocklist if mine[0] in each)
        assert mine[0] in ordered[rule]
        assert ordered[rule].prefixlen == longest
    # Rows that say the same are one host.
    assert sum(rule.n_hosts for rule in found.rules) == found.hosts.n_wholly + found.hosts.n_partly


@example([], [(ipaddress.IPv4Network("192.0.2.0/28"), each) for each in ("a", "")])
@given(LISTS, TABLES)
def test_groups_of_a_table_are_those_of_longest_match_address_by_address(blocklist, table):
    attribute = {
        "prefix": np.array([str(network) for network, _ in table], object),
        "provider": np.array([name for _, name in table], object),
    }
    found = exposure(texts(blocklist), None, attribute, by=["provider"])
    if not any(name for _, name in table):
        assert not found.breakdowns
        return
    listed = addresses(blocklist)
    owner = {}
    for network, name in sorted(table, key=lambda row: -row[0].prefixlen):
        for address in network:
            owner.setdefault(address, name or NOT_KNOWN)
    groups = {group.name: group for group in found.breakdowns[0].groups}
    # Of a prefix that comes twice the first row counts, as for addresses.
    first = {network: its or NOT_KNOWN for network, its in reversed(table)}
    # That nothing is known of a prefix is no group of its own where a row before knows more.
    assert (NOT_KNOWN in groups) == (NOT_KNOWN in first.values())
    for name in {name for _, name in table if name} | (groups.keys() & {NOT_KNOWN}):
        mine = {address for address, its in owner.items() if its == name}
        for version in (4, 6):
            family = {address for address in mine if address.version == version}
            rows = [
                addresses([network])
                for network, its in first.items()
                if its == name and network.version == version
            ]
            expected = {
                f"n_addresses{version}": len(family & listed),
                f"n_addresses{version}_of": len(family),
                f"n_prefixes{version}_of": len(rows),
                f"n_prefixes{version}_wholly": sum(row <= listed for row in rows),
                f"n_prefixes{version}_partly": sum(
                    bool(row & listed) and not row <= listed for row in rows
                ),
            }
            assert {key: getattr(groups[name], key) for key in expected} == expected
    outside = groups.get(NOT_COVERED)
    n_outside = (outside.n_addresses4 + outside.n_addresses6) if outside else 0
    assert n_outside == len(listed - set(owner))


@given(LISTS, LISTS, HOSTS)
def test_what_changed_is_the_difference_of_sets(before, now, hosts):
    found = exposure(texts(now), inventory(hosts), against=texts(before), own=texts(before))
    old, new = addresses(before), addresses(now)
    for change, expected in ((found.changes.added, new - old), (found.changes.removed, old - new)):
        n4 = sum(address.version == 4 for address in expected)
        assert (change.n_addresses4, change.n_addresses6) == (n4, len(expected) - n4)
    hosts_of = [addresses([network] if network else []) for network, _, _ in dict.fromkeys(hosts)]
    assert found.changes.newly_hit.n_hosts == sum(
        bool(host & new) and not host & old for host in hosts_of
    )
    assert found.changes.no_longer_hit.n_hosts == sum(
        bool(host & old) and not host & new for host in hosts_of
    )
    n_own4 = sum(address.version == 4 for address in old & new)
    assert found.listed.n_own4 == n_own4
    assert found.listed.n_outside4 == found.listed.n_addresses4 - n_own4


@given(LISTS, LISTS, HOSTS)
def test_blocking_more_never_frees_a_host(blocklist, more, hosts):
    fewer = exposure(texts(blocklist), inventory(hosts))
    wider = exposure(texts(blocklist + more), inventory(hosts))
    assert np.all(wider.inventory.host_state >= fewer.inventory.host_state)


def test_an_address_with_several_origins_counts_under_each():
    attribute = {"prefix": ["192.0.2.0/24"], "asn": ["64496_64497"]}
    found = exposure(["192.0.2.0/25"], None, attribute, by=["asn"])
    assert [(group.name, group.n_addresses4) for group in found.breakdowns[0].groups] == [
        ("64496", 128),
        ("64497", 128),
    ]
    assert found.breakdowns[0].is_list
    assert any("may not be added up" in note.replace("\n", " ") for note in found.notes)


def test_columns_together_are_one_group_for_each_combination():
    attribute = {
        "prefix": ["192.0.2.0/25", "192.0.2.128/25", "198.51.100.0/25", "203.0.113.0/24"],
        "provider": ["p", "p", "", ""],
        "region": ["r1", "r2", "", "r1"],
    }
    listed = ["192.0.2.0/25", "198.51.100.0/26"]
    found = exposure(listed, None, attribute, by=["provider+region"])
    groups = {group.name: group.n_addresses4 for group in found.breakdowns[0].groups}
    # Where neither is known, there is one group, as for one column.
    assert groups == {"p / r1": 128, "p / r2": 0, NOT_KNOWN: 64, f"{NOT_KNOWN} / r1": 0}
    assert len(found.breakdowns[0].groups) == 4


def test_hosts_take_the_provider_of_the_table_where_they_have_none_of_their_own():
    found = exposure(
        ["192.0.2.0/25"],
        {"address": ["192.0.2.1", "198.51.100.1", ""]},
        {"prefix": ["192.0.2.0/24"], "provider": ["p"]},
        by=["provider"],
    )
    hosts = {group.name: tally(group.hosts) for group in found.inventory.groups["provider"]}
    assert hosts == {"p": (1, 0, 0, 0), NOT_COVERED: (0, 0, 1, 0), NOT_KNOWN: (0, 0, 0, 1)}


def test_revenue_of_a_business_counts_once_and_what_has_none_is_not_zero():
    found = exposure(
        ["192.0.2.0/25"],
        {
            "address": ["192.0.2.1", "192.0.2.2", "192.0.2.200", "192.0.2.3"],
            "name": ["a", "a", "b", "c"],
            "revenue_usd_per_h": [10, 10, 5, np.nan],
            "n_names": [1, 2, 3, None],
        },
    ).inventory
    assert (found.revenue_usd_per_h.n_wholly, found.revenue_usd_per_h.n) == (10, 15)
    assert found.revenue_usd_per_h.n_without_weight == 1
    assert (found.names.n_wholly, found.names.n, found.names.n_without_weight) == (3, 6, 1)
    assert [business.name for business in found.ranked] == ["a", "c"]
    assert found.ranked[1].revenue_usd_per_h is None
