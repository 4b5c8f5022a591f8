"""What a blocklist hits of an inventory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.feed import Feed, Labels
from sim.addresses.sets.families import AddressSet
from sim.blocklists.attribution import NOT_COVERED, NOT_KNOWN, Attributes, labels_of
from sim.blocklists.hosts import (
    Hits,
    HostGroup,
    State,
    Tally,
    business_values,
    count_states,
    group_hits,
    weigh_states,
)
from sim.blocklists.ranking import Business, Host, explain_hosts, rank_businesses
from sim.blocklists.rules import RuleHits, Rules, rank_rules


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
        `sim.blocklists.hosts.State` of each row: 0 not known, 1 not listed, 2 partly, 3 wholly.
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


def assess_inventory(
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
    lists = None if labels.lists is None else [*labels.lists, (NOT_COVERED,)]
    return Labels(code, [*labels.names, NOT_COVERED], lists)
