"""What a blocklist hits, as sections for people and as one JSON document.

In: an exposure. Out: sections, and plain values under stable keys. It computes nothing; it is long
because the columns of every table stand in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sim.cli.tables import expected_names
from sim.cli.tables.sections import Column, Section, Value

if TYPE_CHECKING:
    from sim.blocklists.attribution import Breakdown, Group
    from sim.blocklists.changes import AddressChange, Changes, HitChange
    from sim.blocklists.exposure import Exposure
    from sim.blocklists.hosts import Tally
    from sim.blocklists.inventory import InventoryHits
    from sim.blocklists.listed import Listed
    from sim.blocklists.ranking import Business
    from sim.blocklists.resolved import KnownNames

SCHEMA = "overblock/exposure/2"
_N_NETWORKS6 = 2**64
_STATES = (
    Column("wholly", "hit wholly"),
    Column("partly", "hit partly"),
    Column("not_listed", "not listed"),
    Column("not_known", "not known"),
    Column("of", "out of"),
)


def sections(found: Exposure, top: int, known: Sequence[KnownNames] = ()) -> list[Section]:
    """Return all sections there is something to say in."""
    made = [_listed(found.listed)]
    if known:
        rows = [(each.file, each.n_known, each.n_names, each.share_known) for each in known]
        columns = [
            Column("file", "file", "text"),
            Column("n_known", "with an address"),
            Column("n_names", "out of"),
            Column("share_known", "share", "share"),
        ]
        made.append(Section("names", "Names with an address", columns, rows))
    if found.expected is not None:
        made.append(expected_names.section(found.expected, top))
    if len(found.listed.lists) > 1:
        made.append(_lists(found.listed))
    made += [_breakdown(breakdown, found.listed, top) for breakdown in found.breakdowns]
    if found.inventory is not None:
        made += _inventory(found.inventory, top)
    if found.changes is not None:
        made += _changes(found.changes)
    return made


def _listed(listed: Listed) -> Section:
    rows: list[Sequence[Value]] = []
    if listed.n_rules4 or not listed.n_rules6:
        rows.append(("IPv4 addresses, distinct", listed.n_addresses4, 2**32, listed.share4))
        if listed.n_own4 is not None:
            total = listed.n_addresses4
            rows.append(("  outside the target's own ranges", listed.n_outside4, total, ""))
            rows.append(("  the target's own", listed.n_own4, total, ""))
        rows.append(("IPv4 addresses, summed over rules", listed.n_summed4, "", ""))
        rows.append(("IPv4 rules as listed", listed.n_rules4, "", ""))
        rows.append(("IPv4 prefixes after aggregation", listed.n_prefixes4, "", ""))
    if listed.n_rules6:
        rows.append(("IPv6 addresses, distinct", listed.n_addresses6, 2**128, listed.share6))
        if listed.n_own6 is not None:
            total = listed.n_addresses6
            rows.append(("  outside the target's own IPv6 ranges", listed.n_outside6, total, ""))
            rows.append(("  the target's own IPv6", listed.n_own6, total, ""))
        rows.append(("IPv6 /64 networks touched", listed.n_networks6, _N_NETWORKS6, ""))
        rows.append(("IPv6 addresses, summed over rules", listed.n_summed6, "", ""))
        rows.append(("IPv6 rules as listed", listed.n_rules6, "", ""))
        rows.append(("IPv6 prefixes after aggregation", listed.n_prefixes6, "", ""))
    n_entries = sum(each.n_entries for each in listed.lists)
    n_without = sum(each.n_without_address for each in listed.lists)
    if n_without:
        rows.append(("entries that list no address, not counted above", n_without, n_entries, ""))
    columns = (
        Column("measure", "listed", "text"),
        Column("value", "number"),
        Column("of", "out of"),
        Column("share", "share", "share"),
    )
    return Section("listed", "What is listed", columns, rows)


def _lists(listed: Listed) -> Section:
    columns = (
        Column("list", "list", "text"),
        Column("format", "format", "text"),
        Column("n_rules4", "IPv4 rules"),
        Column("n_addresses4", "IPv4 addresses"),
        Column("n_rules6", "IPv6 rules"),
        Column("n_addresses6", "IPv6 addresses"),
    )
    rows = [
        (
            each.file,
            each.format,
            each.n_rules4,
            each.n_addresses4,
            each.n_rules6,
            each.n_addresses6,
        )
        for each in listed.lists
    ]
    return Section("lists", "Each list alone", columns, rows)


def _breakdown(breakdown: Breakdown, listed: Listed, top: int) -> Section:
    touched = [group for group in breakdown.groups if group.is_touched]
    columns = [Column(breakdown.by, breakdown.by, "text")]
    for family in (4, 6) if listed.n_addresses6 > 0 else (4,):
        listed_of, prefixes_of = f"addresses{family}", f"prefixes{family}"
        columns += [
            Column(f"n_addresses{family}", f"IPv{family} listed", group=listed_of),
            Column(f"n_addresses{family}_of", "out of", group=listed_of),
            Column(f"share{family}", "share", "share", listed_of),
            Column(f"n_prefixes{family}_wholly", f"IPv{family} prefixes wholly", group=prefixes_of),
            Column(f"n_prefixes{family}_partly", "partly", group=prefixes_of),
            Column(f"n_prefixes{family}_of", "out of", group=prefixes_of),
        ]
    rows = [_group_row(group, [column.key for column in columns[1:]]) for group in touched[:top]]
    title = f"Addresses by {breakdown.by} ({len(rows)} of {len(touched)} touched, "
    title += f"{len(breakdown.groups) - len(touched)} untouched)"
    return Section(f"addresses_by_{breakdown.by}", title, columns, rows)


def _group_row(group: Group, names: Sequence[str]) -> list[Value]:
    """What is listed of a group; what lies in none is out of nothing, and no prefix of it known."""
    if group.n_addresses4_of is None:
        names = [name if name in ("n_addresses4", "n_addresses6") else "" for name in names]
    values = (getattr(group, name) if name else "" for name in names)
    return [group.name, *("" if value is None else value for value in values)]


def _inventory(hits: InventoryHits, top: int) -> list[Section]:
    rows = [_tally("hosts", hits.hosts)]
    if hits.names is not None:
        rows.append(_tally("names on them", hits.names))
    if hits.businesses is not None:
        rows.append(_tally("businesses", hits.businesses))
    if hits.revenue_usd_per_h is not None:
        rows.append(_tally("revenue, USD per hour", hits.revenue_usd_per_h))
    has_weight = any(row[-1] for row in rows)
    columns = [Column("measure", "inventory", "text"), *_STATES]
    if has_weight:
        columns.append(Column("without", "without a figure"))
    else:
        rows = [row[:-1] for row in rows]
    made = [Section("inventory", "What is hit of the inventory", columns, rows)]
    for name, groups in hits.groups.items():
        has_names = hits.businesses is not None
        columns = [Column(name, name, "text"), *_prefixed("hosts", "hosts")]
        if has_names:
            columns += _prefixed("businesses", "businesses")
        rows = [
            [
                group.name,
                *_tally("", group.hosts)[1:-1],
                *(_tally("", group.businesses)[1:-1] if group.businesses is not None else ()),
            ]
            for group in groups[:top]
        ]
        title = f"Inventory by {name} ({len(rows)} of {len(groups)})"
        made.append(Section(f"inventory_by_{name}", title, columns, rows))
    if hits.businesses is not None:
        n_hit = int(hits.businesses.n_wholly + hits.businesses.n_partly)
        title = f"Businesses hit ({len(hits.ranked)} of {n_hit})"
        made.append(_businesses("businesses", title, hits.ranked))
    if hits.rules:
        columns = [
            Column("rule", "rule", "text"),
            Column("place", "stands in", "text"),
            Column("n_hosts", "hosts hit"),
        ]
        rows = [[rule.prefix, rule.place, rule.n_hosts] for rule in hits.rules]
        made.append(Section("rules", "Rules by hosts hit", columns, rows))
    if hits.explained:
        columns = [
            Column("address", "address", "text"),
            Column("name", "name", "text"),
            Column("state", "hit", "text"),
            Column("rule", "by rule", "text"),
            Column("place", "stands in", "text"),
        ]
        rows = [
            [host.address, host.name, host.state, host.rule, host.place] for host in hits.explained
        ]
        n_hit = int(hits.hosts.n_wholly + hits.hosts.n_partly)
        title = f"Hosts hit, and by which rule ({len(rows)} of {n_hit})"
        made.append(Section("hosts", title, columns, rows))
    return made


def _prefixed(key: str, heading: str) -> list[Column]:
    return [
        Column(f"{key}_{column.key}", f"{heading} {column.heading}", group=key)
        for column in _STATES
    ]


def _tally(name: str, tally: Tally) -> list[Value]:
    return [
        name,
        tally.n_wholly,
        tally.n_partly,
        tally.n_not_listed,
        tally.n_not_known,
        tally.n,
        tally.n_without_weight,
    ]


def _businesses(key: str, title: str, ranked: Sequence[Business]) -> Section:
    extra = list(ranked[0].labels) if ranked else []
    columns = [
        Column("name", "business", "text"),
        Column("state", "hit", "text"),
        Column("n_hosts_hit", "hosts hit"),
        Column("n_hosts_not_known", "not known"),
        Column("n_hosts", "out of"),
        Column("n_names", "names"),
        Column("revenue_usd_per_h", "USD per hour"),
        *(Column(name, name, "text") for name in extra),
    ]
    rows = [
        [
            business.name,
            business.state,
            business.n_hosts_hit,
            business.n_hosts_not_known,
            business.n_hosts,
            business.n_names,
            business.revenue_usd_per_h,
            *(business.labels[name] for name in extra),
        ]
        for business in ranked
    ]
    return Section(key, title, columns, rows)


def _changes(changes: Changes) -> list[Section]:
    columns = (
        Column("measure", f"since {changes.before}", "text"),
        Column("added", "added"),
        Column("removed", "removed"),
    )
    added, removed = changes.added, changes.removed
    rows: list[Sequence[Value]] = [
        ("IPv4 addresses", added.n_addresses4, removed.n_addresses4),
        ("IPv4 prefixes", added.n_prefixes4, removed.n_prefixes4),
    ]
    if _has6(added) or _has6(removed):
        rows.append(("IPv6 addresses", added.n_addresses6, removed.n_addresses6))
        rows.append(("IPv6 prefixes", added.n_prefixes6, removed.n_prefixes6))
    now, gone = changes.newly_hit, changes.no_longer_hit
    if now is not None and gone is not None:
        rows.append(("hosts hit", now.n_hosts, gone.n_hosts))
        if now.n_businesses is not None:
            rows.append(("businesses hit", now.n_businesses, gone.n_businesses))
    made = [Section("changes", "What changed", columns, rows)]
    for key, heading, change in (
        ("newly_hit", "Businesses newly hit", now),
        ("no_longer_hit", "Businesses no longer hit", gone),
    ):
        if change is not None and change.businesses:
            made.append(_businesses(key, _title(heading, change), change.businesses))
    return made


def _title(heading: str, change: HitChange) -> str:
    return f"{heading} ({len(change.businesses)} of {change.n_businesses})"


def _has6(change: AddressChange) -> bool:
    return change.n_addresses6 > 0


def document(
    found: Exposure,
    blocklists: Sequence[str],
    at: str | None,
    top: int,
    told: Sequence[str],
    known: Sequence[KnownNames] = (),
) -> dict[str, Any]:
    """Return the JSON document; lists are cut at ``top`` and say how long they are.

    ``told`` is what to know of the files.
    """
    return {
        "schema": SCHEMA,
        "blocklists": list(blocklists),
        "at": at,
        "listed": {
            **asdict(found.listed),
            "n_addresses4_of": 2**32,
            "n_addresses6_of": 2**128,
        },
        "breakdowns": [
            {
                "by": breakdown.by,
                "is_list": breakdown.is_list,
                "n_groups": len(breakdown.groups),
                "n_groups_touched": sum(group.is_touched for group in breakdown.groups),
                "groups": [
                    {**asdict(group), "share4": group.share4, "share6": group.share6}
                    for group in breakdown.groups[:top]
                ],
            }
            for breakdown in found.breakdowns
        ],
        "inventory": None if found.inventory is None else _inventory_document(found.inventory, top),
        "changes": None if found.changes is None else asdict(found.changes),
        "expected_names": None
        if found.expected is None
        else expected_names.document(found.expected),
        "names": [{**asdict(each), "share_known": each.share_known} for each in known],
        "notes": [*told, *found.notes],
    }


def names_line(known: KnownNames) -> str:
    """Say how many names of a file have an address."""
    share = "" if known.share_known is None else f" ({100 * known.share_known:.3g} %)"
    of = f"{known.n_known:,} of {known.n_names:,} names{share}"
    return f"{known.file}: {known.n_joined:,} rows placed by --names; an address is known of {of}"


def _inventory_document(hits: InventoryHits, top: int) -> dict[str, Any]:
    tallies = ("hosts", "names", "businesses", "revenue_usd_per_h")
    return {
        **{
            name: None if getattr(hits, name) is None else asdict(getattr(hits, name))
            for name in tallies
        },
        "by": {
            name: {"n_groups": len(groups), "groups": [asdict(group) for group in groups[:top]]}
            for name, groups in hits.groups.items()
        },
        "ranked": [asdict(business) for business in hits.ranked],
        "rules": [asdict(rule) for rule in hits.rules],
        "explained": [asdict(host) for host in hits.explained],
        "notes": list(hits.notes),
    }
