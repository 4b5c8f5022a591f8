"""``overblock exposure``: what a blocklist hits, as tables and as one JSON document."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sim.cli import console
from sim.cli import options as cli
from sim.cli.console import print_tables
from sim.errors import UsageError
from sim.report.words.numbers import in_digits
from sim.report.words.tables import Column, Table, Value

if TYPE_CHECKING:
    from sim.addresses.feeds.feed import Feed
    from sim.addresses.feeds.name_lists import KnownNames
    from sim.blocklists.attribution import Breakdown, Group
    from sim.blocklists.exposure import Changes, Exposure, Listed
    from sim.blocklists.hosts import Tally
    from sim.blocklists.inventory import Business, InventoryHits
    from sim.names.listed import Expectation, ExpectedNames

SCHEMA = "overblock/exposure/2"
_STATES = (
    Column("wholly", "hit wholly"),
    Column("partly", "hit partly"),
    Column("not_listed", "not listed"),
    Column("not_known", "not known"),
    Column("of", "out of"),
)


def exposure(
    blocklists: list[str] = cli.argument(
        "BLOCKLIST",
        "Files with prefixes, addresses or ranges, in any format that 'import' reads; "
        "names of shipped tables; or - for stdin.",
    ),
    inventory: list[str] = cli.many("--inventory FILE", "Hosts to look up."),
    attribute: list[str] = cli.many(
        "--attribute TABLE",
        "Table of who holds which prefix; NAME=FILE gives the provider of a list that names none.",
    ),
    by: str = cli.option(
        "--by COLUMNS",
        "Columns to break down by, with commas: provider, region, service, asn, country, "
        "sector, name; provider+region for combinations.",
        default="",
    ),
    names: list[str] = cli.many(
        "--names ANSWERS",
        "Names and the addresses they resolve to (ZDNS, massdns, or CSV with the columns "
        "name and address), for rows that have a name and no address.",
    ),
    at: str | None = cli.AT,
    against: list[str] = cli.many("--against BLOCKLIST", "Compare with this list."),
    since: str | None = cli.option("--since TIME", "Compare with the orders of this time."),
    target: list[str] = cli.option(
        "--target TABLE",
        "The target's own ranges, counted apart; shipped orders name theirs.",
        default=[],
    ),
    explain: bool = cli.option(
        "--explain", "Print the rule and the list that hit each host.", default=False
    ),
    expect_names: bool = cli.option(
        "--expect-names",
        "Estimate how many names are on the listed addresses, with the range; --attribute names "
        "the holders of addresses, else cloud-prefixes-2018.",
        default=False,
    ),
    top: int = cli.option("--top", "Rows of each ranking.", default=20, min=1, max=10_000_000),
    read_as: str = cli.option("--as FORMAT", "Format of the blocklists.", default=""),
    *,
    options: cli.ListOptions,
) -> None:
    """Count what a blocklist lists, and what it hits.

    Every share comes with its denominator. A host without a usable address is unknown.

    Examples:

      overblock exposure blocklist.txt --inventory hosts.csv --by provider,sector --explain

      overblock exposure telegram-2018-orders --at 2018-04-20T12:00+03:00
      --attribute cloud-prefixes-2018 --by provider

      overblock exposure telegram-2018-orders --at 2018-04-20T12:00+03:00 --expect-names

      overblock exposure blocklist.txt --inventory sites.csv --names answers.jsonl
    """
    with ExitStack() as stack:
        from sim.addresses.feeds.feed import concatenate, special_note
        from sim.blocklists.blocklists import own_tables
        from sim.blocklists.exposure import OWNERS, assess, union

        when, earlier = (
            cli.read_time(option, text, quiet=options.quiet)
            for option, text in (("--at", at), ("--since", since))
        )
        tables_of = [cli.split_provider(text) for text in attribute]
        table_files = [file for _, file in tables_of]
        cli.check_stdin([*blocklists, *inventory, *table_files, *against, *target, *names])
        files = cli.Files(options, stack, when)
        answers = files.answers(names)
        inputs = files.find(blocklists)
        lists = files.blocklists(inputs, read_as, may_be_names=answers is not None)
        others = files.blocklists(files.find(against), read_as) if against else lists
        if earlier is not None and not others.are_dated:
            raise UsageError("--since: none of the blocklists compared with holds dated orders")
        in_force, known = cli.join_answers(lists.in_force(when), answers)
        cli.check_placed(in_force, options)
        before = None
        earlier_lists: list[Feed] = []
        if against or earlier:
            earlier_lists = others.in_force(earlier or when)
            name = " + ".join(against) if against else ""
            before = " ".join(filter(None, (name, since))), union(earlier_lists)
        owned = files.find(target) if target else own_tables(inputs)
        hosts = files.hosts(inventory, may_be_names=answers is not None)
        hosts, known_hosts = cli.join_answers(hosts, answers)
        known += known_hosts
        owners = [
            feed.with_provider(provider) if provider else feed
            for (provider, _), feed in zip(
                tables_of, files.feeds(files.find(table_files)), strict=True
            )
        ]
        own_feeds = files.feeds(owned, may_be_names=answers is not None)
        own_feeds, known_own = cli.join_answers(own_feeds, answers)
        known += known_own
        cli.check_placed(own_feeds, options)
        holders = owners or (files.feeds(files.find([OWNERS])) if expect_names else [])
        used = "name", *by.replace("+", ",").replace(" ", "").split(",")
        given = [feed.using(*used) for feed in (*in_force, *earlier_lists)]
        feeds = [*given, *hosts, *owners, *own_feeds]
        cli.check_dated(when, feeds)
        options.columns.check_met()
        found = assess(
            in_force,
            concatenate(hosts) if hosts else None,
            concatenate(owners) if owners else None,
            by=[name.strip() for name in by.split(",") if name.strip()],
            before=before,
            own=union(own_feeds) if own_feeds else None,
            explain=explain,
            top=top,
            names_at=concatenate(holders) if expect_names else None,
        )
        remarks = cli.list_remarks([*feeds, *([answers] if answers else [])])
        special = ((feed.origin.file, special_note(feed)) for feed in in_force)
        remarks += [f"{name}: {note}" for name, note in special if note]
        if not options.quiet:
            _report_files(found, feeds, remarks, [given.name for given in owned])
            for each in known:
                share = each.share_known
                of = "" if share is None else f" ({in_digits(100 * share, 3)} %)"
                placed = f"{each.file}: {each.n_joined:,} rows placed by --names; an address is"
                console.say(f"{placed} known of {each.n_known:,} of {each.n_names:,} names{of}")
        if options.as_json:
            console.print_json(exposure_document(found, blocklists, at, top, remarks, known))
        else:
            print_tables(exposure_tables(found, top), options.output_format)


def _report_files(
    found: Exposure, feeds: Sequence[Feed], remarks: Sequence[str], owned: Sequence[str]
) -> None:
    """Print on stderr the files that were read, and what to check before trusting the result."""
    for feed in feeds:
        parts = f"{feed.n_records:,} records, {len(feed.v4):,} IPv4 and {len(feed.v6):,} IPv6 rows"
        console.say(f"{feed.origin.file}: read as {feed.origin.format}: {parts}")
    for note in remarks:
        console.say(note)
    if owned:
        console.say(f"the target's own ranges: {', '.join(owned)}")
    for note in found.notes:
        console.say(f"note: {note}")
    if found.inventory is not None:
        shown = {note for feed in feeds for note in feed.notes}
        for note in found.inventory.notes:
            if not any(note.endswith(each) for each in shown):
                console.say(f"note: {note}")


def exposure_tables(found: Exposure, top: int) -> list[Table]:
    """Return all tables that have rows."""
    made = [_listed(found.listed)]
    if found.expected is not None:
        made.append(expected_table(found.expected, top))
    if len(found.listed.lists) > 1:
        columns = [
            Column("file", "list", "text"),
            Column("format", "format", "text"),
            Column("n_rules4", "IPv4 rules"),
            Column("n_addresses4", "IPv4 addresses"),
            Column("n_rules6", "IPv6 rules"),
            Column("n_addresses6", "IPv6 addresses"),
        ]
        made.append(Table.of_records("lists", "Each list alone", columns, found.listed.lists))
    made += [_breakdown(breakdown, found.listed, top) for breakdown in found.breakdowns]
    if found.inventory is not None:
        made += _inventory(found.inventory, top)
    if found.changes is not None:
        made += _changes(found.changes)
    return made


def _listed(listed: Listed) -> Table:
    rows: list[Sequence[Value]] = []
    for family, size, networks in ((4, 2**32, 0), (6, 2**128, 2**64)):
        n_rules = getattr(listed, f"n_rules{family}")
        if not n_rules and (family == 6 or listed.n_rules6):
            continue
        whose = f" IPv{family}" if networks else ""
        n_addresses, own = (getattr(listed, f"{name}{family}") for name in ("n_addresses", "n_own"))
        share = getattr(listed, f"share{family}")
        rows.append((f"IPv{family} addresses, distinct", n_addresses, size, share))
        if own is not None:
            outside = getattr(listed, f"n_outside{family}")
            rows.append((f"  outside the target's own{whose} ranges", outside, n_addresses, ""))
            rows.append((f"  the target's own{whose}", own, n_addresses, ""))
        if networks:
            rows.append(("IPv6 /64 networks touched", listed.n_networks6, networks, ""))
        for name, key in (
            ("addresses, summed over rules", "n_summed"),
            ("rules as listed", "n_rules"),
            ("prefixes after aggregation", "n_prefixes"),
        ):
            rows.append((f"IPv{family} {name}", getattr(listed, f"{key}{family}"), "", ""))
    if n_without := sum(each.n_without_address for each in listed.lists):
        n_entries = sum(each.n_entries for each in listed.lists)
        rows.append(("entries that list no address, not counted above", n_without, n_entries, ""))
    columns = [
        Column("measure", "listed", "text"),
        Column("value", "number"),
        Column("of", "out of"),
        Column("share", "share", "share"),
    ]
    return Table("listed", "What is listed", columns, rows)


def _breakdown(breakdown: Breakdown, listed: Listed, top: int) -> Table:
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
    # Addresses that are in no prefix are in no group.
    named = [group for group in touched if group.n_addresses4_of is not None]
    n_shown = sum(group in named for group in touched[:top])
    title = (
        f"Addresses by {breakdown.by} ({n_shown} of {len(named)} with a listed address; "
        f"{len(breakdown.groups) - len(touched)} without)"
    )
    return Table(f"addresses_by_{breakdown.by}", title, columns, rows)


def _group_row(group: Group, names: Sequence[str]) -> list[Value]:
    """Row of a group; addresses outside the table have no denominator and no prefixes."""
    if group.n_addresses4_of is None:
        names = [name if name in ("n_addresses4", "n_addresses6") else "" for name in names]
    values = (getattr(group, name) if name else "" for name in names)
    return [group.name, *("" if value is None else value for value in values)]


def _inventory(hits: InventoryHits, top: int) -> list[Table]:
    tallies = {
        "hosts": hits.hosts,
        "names on them": hits.names,
        "businesses": hits.businesses,
        "revenue, USD per hour": hits.revenue_usd_per_h,
    }
    known = {name: tally for name, tally in tallies.items() if tally is not None}
    columns = [Column("measure", "inventory", "text"), *_STATES]
    rows: list[list[Value]] = [[name, *_numbers(tally)] for name, tally in known.items()]
    if any(tally.n_without_weight for tally in known.values()):
        columns.append(Column("without", "without a figure"))
        for row, tally in zip(rows, known.values(), strict=True):
            row.append(tally.n_without_weight)
    made = [Table("inventory", "What is hit of the inventory", columns, rows)]
    for name, groups in hits.groups.items():
        columns = [Column(name, name, "text")]
        for of in ("hosts", "businesses") if hits.businesses is not None else ("hosts",):
            columns += [
                Column(f"{of}_{one.key}", f"{of} {one.heading}", group=of) for one in _STATES
            ]
        rows = [
            [group.name, *_numbers(group.hosts), *_numbers(group.businesses)]
            for group in groups[:top]
        ]
        title = f"Inventory by {name} ({len(rows)} of {len(groups)})"
        made.append(Table(f"inventory_by_{name}", title, columns, rows))
    if hits.businesses is not None:
        n_hit = int(hits.businesses.n_wholly + hits.businesses.n_partly)
        title = f"Businesses hit ({len(hits.ranked)} of {n_hit})"
        made.append(_businesses("businesses", title, hits.ranked))
    if hits.rules:
        columns = [
            Column("prefix", "rule", "text"),
            Column("place", "stands in", "text"),
            Column("n_hosts", "hosts hit"),
        ]
        made.append(Table.of_records("rules", "Rules by hosts hit", columns, hits.rules))
    if hits.explained:
        headings = {"address": "address", "name": "name", "id": "id", "state": "hit"}
        headings |= {"rule": "by rule", "place": "stands in"}
        columns = [
            Column(key, heading, "text")
            for key, heading in headings.items()
            if key != "id" or any(host.id for host in hits.explained)
        ]
        n_hit = int(hits.hosts.n_wholly + hits.hosts.n_partly)
        title = f"Hosts hit, and by which rule ({len(hits.explained)} of {n_hit})"
        made.append(Table.of_records("hosts", title, columns, hits.explained))
    return made


def _numbers(tally: Tally | None) -> list[Value]:
    if tally is None:
        return []
    return [tally.n_wholly, tally.n_partly, tally.n_not_listed, tally.n_not_known, tally.n]


def _businesses(key: str, title: str, ranked: Sequence[Business]) -> Table:
    columns = [
        Column("name", "business", "text"),
        Column("state", "hit", "text"),
        Column("n_hosts_hit", "hosts hit"),
        Column("n_hosts_not_known", "not known"),
        Column("n_hosts", "out of"),
        Column("n_names", "names"),
        Column("revenue_usd_per_h", "USD per hour"),
    ]
    rows = [
        [*(getattr(one, column.key) for column in columns), *one.labels.values()] for one in ranked
    ]
    columns += [Column(name, name, "text") for name in (ranked[0].labels if ranked else ())]
    return Table(key, title, columns, rows)


def _changes(changes: Changes) -> list[Table]:
    added, removed = changes.added, changes.removed
    families = (4, 6) if added.n_addresses6 or removed.n_addresses6 else (4,)
    rows: list[Sequence[Value]] = [
        (f"IPv{family} {what}", *(getattr(one, f"n_{what}{family}") for one in (added, removed)))
        for family in families
        for what in ("addresses", "prefixes")
    ]
    now, gone = changes.newly_hit, changes.no_longer_hit
    if now is not None and gone is not None:
        rows.append(("hosts hit", now.n_hosts, gone.n_hosts))
        if now.n_businesses is not None:
            rows.append(("businesses hit", now.n_businesses, gone.n_businesses))
    columns = [
        Column("measure", f"since {changes.before}", "text"),
        Column("added", "added"),
        Column("removed", "removed"),
    ]
    made = [Table("changes", "What changed", columns, rows)]
    for key, heading, change in (
        ("newly_hit", "Businesses newly hit", now),
        ("no_longer_hit", "Businesses no longer hit", gone),
    ):
        if change is not None and change.businesses:
            title = f"{heading} ({len(change.businesses)} of {change.n_businesses})"
            made.append(_businesses(key, title, change.businesses))
    return made


def expected_table(expectation: Expectation, top: int) -> Table:
    """Return expected names by provider, all of them first, cut at ``top`` providers."""
    columns = (
        Column("provider", "provider", "text"),
        Column("n_listed", "addresses"),
        Column("n_addresses", "of known use"),
        Column("share_known", "share", "share"),
        Column("state", "names are", "text"),
        Column("hit", "names hit", group="hit"),
        Column("hit_low", "90 % from", group="hit"),
        Column("hit_high", "to", group="hit"),
        Column("active", "active"),
        Column("wholly", "on no other address"),
    )
    rows = [_expected_row("all", expectation.all)]
    rows += [_expected_row(f"  {one.provider}", one) for one in expectation.providers[:top]]
    notes = [
        "medians of 20,000 draws of how providers use addresses, not looked up, and rounded to two "
        "figures, with the range of nine in ten of them (docs/explanation/names.md)",
        "a name is a domain name that resolves to the address, parked or not; active ones are not "
        "parked. The spread of names over one provider's addresses is unknown, and is assumed to "
        "be that of the world: of a few addresses listed one by one quote the range",
        "single addresses are assumed to have been found by a name in part, prefixes not: the same "
        "addresses listed as prefixes can have fewer names, so do not compare the two",
    ]
    if any(one.n_addresses and one.names is None for one in expectation.providers):
        notes.append(
            "not known: names at a provider with too few listed addresses. Most draws have no name "
            "on them, but one address can have millions"
        )
    if expectation.n_not_known:
        notes.append(
            f"not known: names on {expectation.n_not_known:,} listed addresses of providers "
            "whose use of addresses is in no table; the numbers exclude them, and so are a lower "
            "bound"
        )
    if expectation.n_not_known6:
        notes.append(f"not known: names on {expectation.n_not_known6:,} listed /64 of IPv6")
    return Table("expected_names", "Names expected on listed addresses", columns, rows, notes)


def _expected_row(name: str, found: ExpectedNames) -> tuple[Value, ...]:
    from sim.names.listed import LOWER_BOUND

    is_bound = found.state == LOWER_BOUND
    low, high = (found.hit.low, found.hit.high) if found.hit else (None, None)
    hit, active, wholly = (
        _rounded(band.median if band else None, is_bound=is_bound)
        for band in (found.hit, found.active, found.wholly)
    )
    ends = _rounded(low), _rounded(high)
    known = (found.n_listed, found.n_addresses, found.share_known, found.state)
    return (name, *known, hit, *ends, active, wholly)


def _rounded(value: float | None, *, is_bound: bool = False) -> int | None:
    """Round to whole names, and to as many figures as another random stream reproduces."""
    from sim.names.listed import rounded_names

    if value is None:
        return None
    # Rounded once: two figures of a small number are no whole one.
    figures = value if value < 10 else rounded_names(value, is_bound=is_bound)
    return math.floor(figures) if is_bound else round(figures)


def exposure_document(
    found: Exposure,
    blocklists: Sequence[str],
    at: str | None,
    top: int,
    remarks: Sequence[str],
    known: Sequence[KnownNames] = (),
) -> dict[str, Any]:
    """Return the JSON document; lists are cut at ``top`` and state how long they are."""
    expected = found.expected
    return {
        "schema": SCHEMA,
        "blocklists": list(blocklists),
        "at": at,
        "listed": {**asdict(found.listed), "n_addresses4_of": 2**32, "n_addresses6_of": 2**128},
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
        if expected is None
        else {
            **asdict(expected),
            "all": _with_share(expected.all),
            "providers": [_with_share(one) for one in expected.providers],
        },
        "names": [_with_share(each) for each in known],
        "notes": [*remarks, *found.notes],
    }


def _with_share(found: ExpectedNames | KnownNames) -> dict[str, Any]:
    return {**asdict(found), "share_known": found.share_known}


def _inventory_document(hits: InventoryHits, top: int) -> dict[str, Any]:
    tallies = ("hosts", "names", "businesses", "revenue_usd_per_h")
    return {
        **{name: asdict(one) if (one := getattr(hits, name)) else None for name in tallies},
        "by": {
            name: {"n_groups": len(groups), "groups": [asdict(group) for group in groups[:top]]}
            for name, groups in hits.groups.items()
        },
        "ranked": [asdict(business) for business in hits.ranked],
        "rules": [asdict(rule) for rule in hits.rules],
        "explained": [asdict(host) for host in hits.explained],
        "notes": list(hits.notes),
    }
