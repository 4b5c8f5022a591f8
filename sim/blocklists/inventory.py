"""Hits of a list in an inventory: by rule, ranked, and by group of hosts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.feed import Feed, Labels
from sim.addresses.feeds.inventories import domain_of
from sim.addresses.sets.blocks import format_prefixes
from sim.addresses.sets.intervals import AddressSet
from sim.addresses.sets.prefixes import PrefixTable, PrefixTable6
from sim.addresses.text.reading import Entries4, Entries6
from sim.blocklists.attribution import NOT_COVERED, Attributes, first_held, labels_of, overlap
from sim.blocklists.hosts import (
    Hits,
    HostGroup,
    State,
    Tally,
    business_revenue,
    business_values,
    count_states,
    group_hits,
    names_once,
    weigh_states,
)


@dataclass(frozen=True, eq=False)
class Rules:
    """The prefixes of several blocklists as one table."""

    table4: PrefixTable
    table6: PrefixTable6
    """The rules of each family, IPv4 first; a range of a list is several rules."""
    file: Sequence[str]
    """Names of the lists."""
    file_row: NDArray[np.int64]
    line: NDArray[np.int64]
    """Where each rule stands; line 0 where the format has no lines; shape (n_rules,), int64."""

    @classmethod
    def of(cls, feeds: Sequence[Feed]) -> Rules:
        """Prepare the rules of blocklists; of equal rules the first one counts."""
        v4 = Entries4.concatenate([feed.v4 for feed in feeds])
        v6 = Entries6.concatenate([feed.v6 for feed in feeds])
        row4, address4, length4 = v4.to_prefixes()
        row6, address6, length6 = v6.to_prefixes()
        file4 = np.repeat(np.arange(len(feeds)), [len(feed.v4) for feed in feeds])[row4]
        file6 = np.repeat(np.arange(len(feeds)), [len(feed.v6) for feed in feeds])[row6]
        return cls(
            PrefixTable.from_prefixes(address4, length4),
            PrefixTable6.from_prefixes(address6, length6),
            [feed.origin.file for feed in feeds],
            np.concatenate((file4, file6)),
            np.concatenate((v4.line[row4], v6.line[row6])),
        )

    def prefix(self, rule: int) -> str:
        """Text of a rule."""
        n4 = self.table4.address.size
        table, at = (self.table4, rule) if rule < n4 else (self.table6, rule - n4)
        (text,) = format_prefixes(table.address[at : at + 1], table.length[at : at + 1])
        return text

    def hitting(self, inventory: Feed, listed: AddressSet) -> NDArray[np.int64]:
        """Rule that hits each host.

        Returns
        -------
        rule : shape (n_records,)
            Row of the rules; -1 where no address of the host is listed.
        """
        rule = np.full(inventory.n_records, -1, np.int64)
        families = (
            (self.table6, inventory.v6, inventory.record6, listed.v6, self.table4.address.size),
            (self.table4, inventory.v4, inventory.record4, listed.v4, 0),
        )
        for table, hosts, record, addresses, n_before in families:
            at = first_held(hosts, addresses)
            row = np.flatnonzero((at >= hosts.start) & (at < hosts.stop))
            # Of ten million hosts every column counts: this one is let go before the next is made.
            at = at[row]
            found = table.longest_match(at)
            del at
            # The first row of each record is put there last.
            hit = np.flatnonzero(found >= 0)[::-1]
            rule[record[row[hit]]] = found[hit] + n_before
        return rule

    def location(self, rule: int) -> str:
        """Where a rule stands, as ``file:line``."""
        line = int(self.line[rule])
        file = self.file[int(self.file_row[rule])]
        return f"{file}:{line}" if line else file


@dataclass(frozen=True)
class RuleHits:
    """Hosts one rule hits."""

    prefix: str
    place: str
    """The rule and where it stands."""
    n_hosts: int
    """Hosts it hits, each counted under its most specific rule."""


_TEXTS = ("sector", "provider", "region", "country")


@dataclass(frozen=True)
class Business:
    """One business hit."""

    name: str
    """As in the inventory."""
    state: str
    """``wholly`` or ``partly``."""
    n_hosts_hit: int
    n_hosts_not_known: int
    n_hosts: int
    """Hosts hit wholly or partly, hosts without a usable address, and all."""
    n_names: float | None
    revenue_usd_per_h: float | None
    """Names on its hosts, and its revenue; None where not known."""
    labels: dict[str, str]
    """Sector, provider, region and country of its first host, where the inventory has them."""


@dataclass(frozen=True)
class Host:
    """One host hit, and the rule that hits it."""

    address: str
    """Its first address or prefix with a listed address."""
    name: str
    """Its business; empty where the inventory has no names."""
    id: str
    """Its identifier in an export of a cloud; empty where that is its name, or there is none."""
    state: str
    """``wholly`` or ``partly``."""
    rule: str
    place: str
    """Most specific rule over its first listed address, and where it stands."""


def rank_businesses(
    inventory: Feed, hits: Hits, wanted: NDArray[np.bool_], top: int
) -> list[Business]:
    """Rank businesses.

    Parameters
    ----------
    wanted : shape (n_names,), bool
        Which to rank.
    top
        How many to return.
    """
    assert hits.business_state is not None
    name = inventory.labels["name"]
    n_names, revenue = _value(inventory, "n_names"), _value(inventory, "revenue_usd_per_h")
    n_hosts = _hosts_of(name, np.ones(inventory.n_records, np.bool_))
    n_hit = _hosts_of(name, hits.is_hit)
    n_unknown = _hosts_of(name, hits.host_state == State.NOT_KNOWN)
    chosen = np.flatnonzero(wanted)
    order = np.lexsort(
        (
            chosen,
            -n_hit[chosen],
            -np.nan_to_num(n_names[chosen]),
            -np.nan_to_num(revenue[chosen]),
            -hits.business_state[chosen],
        )
    )
    chosen = chosen[order[:top]]
    first_host = np.full(len(name.names), -1, np.int64)
    row = np.flatnonzero(name.code >= 0)[::-1]
    first_host[name.code[row]] = row
    return [
        Business(
            name.names[at],
            State(int(hits.business_state[at])).name.lower().replace("_", " "),
            int(n_hit[at]),
            int(n_unknown[at]),
            int(n_hosts[at]),
            _or_none(n_names[at]),
            _or_none(revenue[at]),
            {
                column: _label(inventory, column, int(host))
                for column in _TEXTS
                if column in inventory.labels
            },
        )
        for at, host in zip(chosen.tolist(), first_host[chosen].tolist(), strict=True)
    ]


def explain_hosts(
    inventory: Feed,
    hits: Hits,
    listed: AddressSet,
    rules: Rules,
    hitting: NDArray[np.int64],
    top: int,
) -> list[Host]:
    """Return hosts hit, in the order of the inventory, with the rule that hits each."""
    chosen = np.flatnonzero(hits.is_hit)[:top].tolist()
    text = _address_texts(inventory, chosen, listed)
    return [
        Host(
            text.get(at, ""),
            _label(inventory, "name", at),
            _label(inventory, "id", at),
            State(int(hits.host_state[at])).name.lower(),
            rules.prefix(int(hitting[at])),
            rules.location(int(hitting[at])),
        )
        for at in chosen
    ]


def _value(inventory: Feed, column: str) -> NDArray[np.float64]:
    """Value of each business: the names on its addresses; the largest revenue its rows give."""
    name = inventory.labels["name"]
    if column not in inventory.numbers:
        return np.full(len(name.names), np.nan)
    if column == "n_names":
        return business_values(inventory, names_once(inventory, name.code)[0], adds_up=True)
    return business_values(inventory, inventory.numbers[column], adds_up=False)


def _hosts_of(name: Labels, wanted: NDArray[np.bool_]) -> NDArray[np.int64]:
    row = np.flatnonzero(wanted & (name.code >= 0))
    return np.bincount(name.code[row], minlength=len(name.names)).astype(np.int64)


def _label(inventory: Feed, column: str, record: int) -> str:
    if (labels := inventory.labels.get(column)) is None or labels.code[record] < 0:
        return ""
    return labels.names[int(labels.code[record])]


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _address_texts(inventory: Feed, chosen: Sequence[int], listed: AddressSet) -> dict[int, str]:
    """Text of the first address or prefix of each chosen record with a listed address."""
    text: dict[int, str] = {}
    for rows, record, addresses in (
        (inventory.v4, inventory.record4, listed.v4),
        (inventory.v6, inventory.record6, listed.v6),
    ):
        at = np.flatnonzero(np.isin(record, np.array(chosen, np.int64)))
        row, address, length = rows.take(at).to_prefixes()
        _, is_any = overlap(rows.take(at), addresses)
        for each, line in zip(row.tolist(), format_prefixes(address, length), strict=True):
            if is_any[each]:
                text.setdefault(int(record[at[each]]), line.removesuffix(f"/{addresses.BITS}"))
    return text


@dataclass(frozen=True, eq=False)
class InventoryHits:
    """What is hit of an inventory."""

    hosts: Tally
    """Tally of hosts, the distinct rows of the inventory."""
    names: Tally | None
    """Names on them (``n_names``); None where the inventory does not say."""
    businesses: Tally | None
    """Tally of distinct ``name`` values; None where the inventory has none."""
    revenue_usd_per_h: Tally | None
    """Revenue of businesses, and of hosts without a name, by state; None where the inventory does
    not say."""
    groups: Mapping[str, Sequence[HostGroup]]
    """Hosts and businesses by each column asked for that the inventory or a table has."""
    ranked: Sequence[Business]
    """Businesses hit, most important first."""
    host_state: NDArray[np.int8]
    """`sim.blocklists.hosts.State` of each row: 0 not known, 1 not listed, 2 partly, 3 wholly;
    shape (n_hosts,), int8."""
    business_state: NDArray[np.int8] | None
    """The same of each distinct name, in the order of first appearance; shape (n_businesses,),
    int8."""
    host_rule: NDArray[np.int64] | None
    """Row of the rule that hits each host, -1 for none; None unless explained; shape (n_hosts,),
    int64."""
    rules: Sequence[RuleHits]
    explained: Sequence[Host]
    """Rules by hosts hit, and hosts with the rule that hits each; empty unless explained."""
    notes: Sequence[str]
    """Cautions about the numbers."""


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
        weight, note = names_once(inventory)
        names = weigh_states(state, weight)
        notes += [note] if note else []
    ranked: Sequence[Business] = ()
    if hits.business_state is not None:
        businesses = count_states(hits.business_state)
        spelt = inventory.labels["name"].names
        if n_unnamed := int(np.count_nonzero(inventory.labels["name"].code < 0)):
            notes.append(f"{n_unnamed:,} inventory rows have no name and count as no business")
        if n_more := len(spelt) - len(set(map(domain_of, spelt))):
            notes.append(f"{n_more:,} names are another one, spelt otherwise: they count apart")
        ranked = rank_businesses(inventory, hits, hits.business_state >= State.PARTLY, top)
    if "revenue_usd_per_h" in inventory.numbers:
        revenue = _revenue(inventory, hits, notes)
    groups = {}
    for name in by:
        labels = labels_of(inventory, name)
        if labels is None and attributes is not None:
            labels = _attributed(inventory, attributes, name)
        if labels is not None:
            groups[name] = group_hits(inventory, hits, labels)
    rule = None
    rule_hits: Sequence[RuleHits] = ()
    explained: Sequence[Host] = ()
    if rules is not None:
        rule = rules.hitting(inventory, listed)
        count = np.bincount(rule[rule >= 0], minlength=rules.line.size)
        order = np.argsort(-count, kind="stable")
        rule_hits = [
            RuleHits(rules.prefix(at), rules.location(at), int(count[at]))
            for at in order[count[order] > 0][:top].tolist()
        ]
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


def _revenue(inventory: Feed, hits: Hits, notes: list[str]) -> Tally:
    """Revenue by state, a row without a name having its own; a note on rows that disagree."""
    given = inventory.numbers["revenue_usd_per_h"]
    if hits.business_state is None:
        return weigh_states(hits.host_state, given)
    alone = inventory.labels["name"].code < 0
    states = np.concatenate((hits.business_state, hits.host_state[alone]))
    of_business = business_revenue(inventory, given, notes)
    return weigh_states(states, np.concatenate((of_business, given[alone])))


def _attributed(inventory: Feed, attributes: Attributes, by: str) -> Labels | None:
    """Column of the attribute table for each host, by its first address."""
    labels = labels_of(attributes.feed, by)
    if labels is None:
        return None
    # The record of the most specific prefix over each address; -1 where there is none.
    found4 = np.append(attributes.record4, -1)[attributes.table4.longest_match(inventory.v4.start)]
    found6 = np.append(attributes.record6, -1)[attributes.table6.longest_match(inventory.v6.start)]
    code = np.full(inventory.n_records, -1, np.int32)
    coded = np.append(labels.code, np.int32(len(labels.names)))
    for record, found in ((inventory.record6, found6), (inventory.record4, found4)):
        # Reversed, so that a record's first address is written last.
        code[record[::-1]] = coded[found[::-1]]
    lists = None if labels.lists is None else [*labels.lists, (NOT_COVERED,)]
    return Labels(code, [*labels.names, NOT_COVERED], lists)
