"""What a blocklist hits: the whole answer.

In: blocklists, an inventory and an attribute table, as feeds or as columns. Out: one frozen value
with counts, breakdowns, states of all hosts, and what changed. It reads no file and prints nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.addresses.families import AddressSet
from sim.addresses.feeds.columns import feed_of_columns
from sim.addresses.feeds.feed import Feed, Labels
from sim.measure.attribution import (
    NOT_COVERED,
    NOT_KNOWN,
    Attributes,
    Breakdown,
    break_down,
    check_columns,
    labels_of,
)
from sim.measure.changes import Changes, compare
from sim.measure.hosts import (
    Hits,
    HostGroup,
    State,
    Tally,
    business_values,
    count_states,
    find_hits,
    group_hits,
    weigh_states,
)
from sim.measure.listed import Listed, count_listed, union
from sim.measure.ranking import Business, Host, explain_hosts, rank_businesses
from sim.measure.rules import RuleHits, Rules, rank_rules

DEFAULT_TOP = 20


@dataclass(frozen=True, eq=False)
class InventoryHits:
    """What is hit of an inventory.

    Attributes
    ----------
    hosts
        Tally of hosts, the rows of the inventory.
    names
        Names on them (``n_names``); None where the inventory does not say.
    businesses
        Tally of distinct ``name`` values; None where the inventory has none.
    revenue_usd_per_h
        Revenue of businesses by state, or of hosts where there are no names; None where the
        inventory does not say.
    groups
        Hosts and businesses by each column asked for that the inventory or a table has.
    ranked
        Businesses hit, most important first.
    host_state : shape (n_hosts,), int8
        `sim.measure.hosts.State` of each row: 0 not known, 1 not listed, 2 partly, 3 wholly.
    business_state : shape (n_businesses,), int8
        The same of each distinct name, in the order of first appearance.
    host_rule : shape (n_hosts,), int64
        Row of the rule that hits each host, -1 for none; None unless explained.
    rules, explained
        Rules by hosts hit, and hosts with the rule that hits each; empty unless explained.
    notes
        What to know before trusting the numbers.
    """

    hosts: Tally
    names: Tally | None
    businesses: Tally | None
    revenue_usd_per_h: Tally | None
    groups: Mapping[str, Sequence[HostGroup]]
    ranked: Sequence[Business]
    host_state: NDArray[np.int8]
    business_state: NDArray[np.int8] | None
    host_rule: NDArray[np.int64] | None
    rules: Sequence[RuleHits]
    explained: Sequence[Host]
    notes: Sequence[str]


@dataclass(frozen=True, eq=False)
class Exposure:
    """What a blocklist hits.

    Attributes
    ----------
    listed
        Addresses and rules.
    breakdowns
        Addresses by provider, region, country or network.
    inventory
        What is hit of the inventory; None without one.
    changes
        What was added and removed; None without anything to compare with.
    notes
        What to know before trusting the numbers.
    """

    listed: Listed
    breakdowns: Sequence[Breakdown]
    inventory: InventoryHits | None
    changes: Changes | None
    notes: Sequence[str]


def exposure(
    blocklist: ArrayLike,
    inventory: Mapping[str, ArrayLike] | None = None,
    attribute: Mapping[str, ArrayLike] | None = None,
    *,
    by: Sequence[str] = (),
    against: ArrayLike | None = None,
    own: ArrayLike | None = None,
    explain: bool = False,
    top: int = DEFAULT_TOP,
) -> Exposure:
    """Return what a blocklist hits, from columns.

    Parameters
    ----------
    blocklist : shape (n_rules,)
        Prefixes, addresses or ``first-last`` ranges as text, or IPv4 addresses as integers.
    inventory
        Columns of equal length by name: ``address`` (or ``prefix``) as for ``blocklist``, and any
        of ``name, provider, region, service, country, sector, asn, n_names, revenue_usd_per_h``.
        Empty text and NaN are not known.
    attribute
        Columns of equal length: ``prefix``, and any of ``provider, region, service, country,
        asn``.
    by
        Columns to break down by; ``provider+region`` for combinations.
    against : shape (n_rules_before,)
        A blocklist to compare with.
    own : shape (n,)
        The target's own addresses.
    explain
        Find the rule that hits each host.
    top
        How many businesses, hosts and rules to name.

    Raises
    ------
    DataError
        With every value that cannot be read, row by row.
    UsageError
        If ``by`` names no column.

    Examples
    --------
    >>> import sim
    >>> found = sim.exposure(["198.51.100.0/24"], {"address": ["198.51.100.7", "192.0.2.1"]})
    >>> found.listed.n_addresses4, found.inventory.host_state.tolist()
    (256, [3, 1])
    """
    return assess(
        [feed_of_columns({"prefix": blocklist}, "blocklist")],
        None if inventory is None else feed_of_columns(inventory, "inventory"),
        None if attribute is None else feed_of_columns(attribute, "attribute"),
        by=by,
        before=None
        if against is None
        else ("against", feed_of_columns({"prefix": against}, "against").to_set()),
        own=None if own is None else feed_of_columns({"prefix": own}, "own").to_set(),
        explain=explain,
        top=top,
    )


def assess(
    blocklists: Sequence[Feed],
    inventory: Feed | None,
    attribute: Feed | None,
    *,
    by: Sequence[str] = (),
    before: tuple[str, AddressSet] | None = None,
    own: AddressSet | None = None,
    explain: bool = False,
    top: int = DEFAULT_TOP,
) -> Exposure:
    """Return what blocklists hit, from feeds; see `exposure`.

    Parameters
    ----------
    before
        What to compare with: its name and its addresses.
    """
    check_columns(by)
    listed = union(blocklists)
    notes = []
    attributes = None if attribute is None else Attributes.of(attribute)
    breakdowns: Sequence[Breakdown] = ()
    if attributes is not None:
        breakdowns = break_down(listed, attributes, by)
        if attributes.n_repeated:
            notes.append(
                f"{attributes.n_repeated:,} prefixes of the attribute table come more than once: "
                "the first row counts"
            )
        notes += [
            f"{found.by} is a list: an address with several counts under each, so that rows may "
            "not be added up"
            for found in breakdowns
            if found.is_list
        ]
    hits = None if inventory is None else find_hits(inventory, listed)
    found_hits = None
    if inventory is not None and hits is not None:
        rules = Rules.of(blocklists) if explain else None
        found_hits = _inventory_hits(inventory, hits, listed, attributes, by, rules, top)
    for name in by:
        is_known = any(found.by == name for found in breakdowns)
        if not is_known and (found_hits is None or name not in found_hits.groups):
            notes.append(f"neither the attribute table nor the inventory has {name}: left out")
    changes = None
    if before is not None:
        changes = compare(before[1], listed, before[0], inventory, hits, top)
    return Exposure(
        count_listed(blocklists, listed, own), breakdowns, found_hits, changes, tuple(notes)
    )


def _inventory_hits(
    inventory: Feed,
    hits: Hits,
    listed: AddressSet,
    attributes: Attributes | None,
    by: Sequence[str],
    rules: Rules | None,
    top: int,
) -> InventoryHits:
    """Count and rank what is hit of an inventory."""
    notes = list(inventory.notes)
    state = hits.host_state
    names = revenue = businesses = None
    if "n_names" in inventory.numbers:
        names = weigh_states(state, inventory.numbers["n_names"])
    ranked: Sequence[Business] = ()
    if hits.business_state is not None:
        businesses = count_states(hits.business_state)
        ranked = rank_businesses(inventory, hits, hits.business_state >= State.PARTLY, top)
    if "revenue_usd_per_h" in inventory.numbers:
        revenue, note = _revenue(inventory, hits)
        notes += [note] if note else []
    groups = {}
    for name in by:
        labels = labels_of(inventory, name)
        if labels is None and attributes is not None:
            labels = _attributed(inventory, attributes, name)
        if labels is not None:
            groups[name] = group_hits(inventory, hits, labels, NOT_KNOWN)
    rule = None
    rule_hits: Sequence[RuleHits] = ()
    explained: Sequence[Host] = ()
    if rules is not None:
        rule = rules.hitting(inventory, listed)
        rule_hits = rank_rules(rules, rule, top)
        explained = explain_hosts(inventory, hits, listed, rules, rule, top)
    return InventoryHits(
        count_states(state),
        names,
        businesses,
        revenue,
        groups,
        ranked,
        state,
        hits.business_state,
        rule,
        rule_hits,
        explained,
        tuple(notes),
    )


def _revenue(inventory: Feed, hits: Hits) -> tuple[Tally, str]:
    """Revenue by state, and a note where rows of one business disagree."""
    given = inventory.numbers["revenue_usd_per_h"]
    if hits.business_state is None:
        return weigh_states(hits.host_state, given), ""
    value = business_values(inventory, "revenue_usd_per_h", adds_up=False)
    code = inventory.labels["name"].code
    row = np.flatnonzero((code >= 0) & ~np.isnan(given))
    differing = np.unique(code[row[given[row] != value[code[row]]]]).size
    note = (
        f"{differing:,} businesses give different revenues on their rows: the largest counts"
        if differing
        else ""
    )
    return weigh_states(hits.business_state, value), note


def _attributed(inventory: Feed, attributes: Attributes, by: str) -> Labels | None:
    """Column of the attribute table for each host, by its first address."""
    labels = labels_of(attributes.feed, by)
    if labels is None:
        return None
    found4, found6 = attributes.records_of(inventory.v4.start, inventory.v6.first)
    code = np.full(inventory.n_records, -1, np.int32)
    outside = len(labels.names)
    coded = np.append(labels.code, np.int32(outside))
    for record, found in ((inventory.record6, found6), (inventory.record4, found4)):
        # Reversed, so that a record's first address is written last.
        code[record[::-1]] = coded[found[::-1]]
    return Labels(code, [*labels.names, NOT_COVERED])
