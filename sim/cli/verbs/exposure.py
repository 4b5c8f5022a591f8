"""``overblock exposure``: what a blocklist hits."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.inputs import (
    Files,
    check_dated,
    check_placed,
    check_stdin,
    instant,
    joined,
    named_file,
    told_of,
)
from sim.cli.options import AtOption, Format, TableListOptions, takes_shared_options
from sim.cli.terminal import console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sim.addresses.feeds.feed import Feed
    from sim.blocklists.exposure import Exposure


@takes_shared_options
def exposure(
    blocklists: Annotated[
        list[str],
        typer.Argument(
            metavar="BLOCKLIST",
            help="Files with prefixes, addresses or ranges, in any format that 'import' reads; "
            "names of shipped tables; or - for stdin.",
        ),
    ],
    inventory: Annotated[
        list[str],
        typer.Option("--inventory", metavar="FILE", help="Hosts to look up. May be repeated."),
    ] = [],  # noqa: B006 - typer reads it, nobody writes it
    attribute: Annotated[
        list[str],
        typer.Option(
            "--attribute",
            metavar="TABLE",
            help="Table of who holds which prefix; NAME=FILE gives the provider of a list that "
            "names none. May be repeated.",
        ),
    ] = [],  # noqa: B006
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="COLUMNS",
            help="Columns to break down by, with commas: provider, region, service, asn, country, "
            "sector, name; provider+region for combinations.",
        ),
    ] = "",
    names: Annotated[
        list[str],
        typer.Option(
            "--names",
            metavar="ANSWERS",
            help="Names and the addresses they resolve to (ZDNS, massdns, or CSV with the columns "
            "name and address), for rows that have a name and no address. May be repeated.",
        ),
    ] = [],  # noqa: B006
    at: AtOption = None,
    against: Annotated[
        list[str],
        typer.Option(
            "--against", metavar="BLOCKLIST", help="Compare with this list. May be repeated."
        ),
    ] = [],  # noqa: B006
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="Compare with the orders of this time."),
    ] = None,
    target: Annotated[
        list[str],
        typer.Option(
            "--target",
            metavar="TABLE",
            help="The target's own ranges, counted apart; shipped orders name theirs.",
        ),
    ] = [],  # noqa: B006
    explain: Annotated[
        bool, typer.Option("--explain", help="Say which rule of which list hits each host.")
    ] = False,
    expect_names: Annotated[
        bool,
        typer.Option(
            "--expect-names",
            help="Say how many names are expected on the listed addresses, with the band of what "
            "is not known; whose addresses they are comes from --attribute, else from "
            "cloud-prefixes-2018.",
        ),
    ] = False,
    universe: Annotated[
        int | None,
        typer.Option(
            "--universe", metavar="NAMES", min=1, help="Names a study counts, of all there are."
        ),
    ] = None,
    top: Annotated[
        int, typer.Option("--top", min=1, max=10_000_000, help="Rows of each ranking.")
    ] = 20,
    read_as: Annotated[
        str, typer.Option("--as", metavar="FORMAT", help="Format of the blocklists.")
    ] = "",
    *,
    options: TableListOptions,
) -> None:
    """Say what a blocklist lists, and what it hits.

    Every share comes with its denominator. A host without a usable address is not known.

    Examples:

      overblock exposure blocklist.txt --inventory hosts.csv --by provider,sector --explain

      overblock exposure telegram-2018-orders --at 2018-04-20T12:00+03:00
      --attribute cloud-prefixes-2018 --by provider

      overblock exposure telegram-2018-orders --at 2018-04-20T12:00+03:00 --expect-names

      overblock exposure blocklist.txt --inventory sites.csv --names answers.jsonl
    """
    is_json = options.format is Format.JSON
    with console.reports_errors(as_json=is_json), ExitStack() as stack:
        from sim.addresses.feeds.concatenation import concatenate
        from sim.blocklists.blocklists import own_addresses, own_tables
        from sim.blocklists.expected_names import OWNERS
        from sim.blocklists.exposure import assess
        from sim.cli.tables import exposure as tables
        from sim.cli.tables.sections import print_sections
        from sim.errors import UsageError

        when, earlier = instant("--at", at), instant("--since", since)
        tables_of = [named_file(text) for text in attribute]
        table_files = [file for _, file in tables_of]
        check_stdin([*blocklists, *inventory, *table_files, *against, *target, *names])
        files = Files(options, stack, when)
        answers = files.answers(names)
        inputs = files.find(blocklists)
        lists = files.blocklists(inputs, read_as, may_be_names=answers is not None)
        others = files.blocklists(files.find(against), read_as) if against else lists
        if earlier is not None and not others.are_dated:
            raise UsageError("--since: none of the blocklists compared with holds dated orders")
        in_force, known = joined(lists.in_force(when), answers)
        check_placed(in_force, options)
        before = None
        earlier_lists: list[Feed] = []
        if against or earlier:
            earlier_lists = others.in_force(earlier or when)
            listed_before = own_addresses(earlier_lists)
            assert listed_before is not None
            name = " + ".join(against) if against else ""
            before = (" ".join(part for part in (name, since or "") if part), listed_before)
        owned = files.find(target) if target else own_tables(inputs)
        hosts = files.hosts(inventory, may_be_names=answers is not None)
        hosts, known_hosts = joined(hosts, answers)
        known += known_hosts
        owners = [
            feed.with_provider(provider) if provider else feed
            for (provider, _), feed in zip(
                tables_of, files.feeds(files.find(table_files)), strict=True
            )
        ]
        own_feeds = files.feeds(owned)
        places = owners
        if expect_names and not owners:
            places = files.feeds(files.find([OWNERS]))
        feeds = [*in_force, *earlier_lists, *hosts, *owners, *own_feeds]
        check_dated(when, feeds)
        options.columns.check_met()
        found = assess(
            in_force,
            concatenate(hosts) if hosts else None,
            concatenate(owners) if owners else None,
            by=[name.strip() for name in by.split(",") if name.strip()],
            before=before,
            own=own_addresses(own_feeds),
            explain=explain,
            top=top,
            names_at=concatenate(places) if expect_names else None,
            universe=universe,
        )
        told = _told([*feeds, *([answers] if answers else [])], in_force)
        if not options.quiet:
            _say(found, feeds, told, [given.name for given in owned])
            for each in known:
                console.say(tables.names_line(each))
        if is_json:
            console.print_json(tables.document(found, blocklists, at, top, told, known))
        else:
            print_sections(tables.sections(found, top, known), options.format)


def _told(feeds: Sequence[Feed], lists: Sequence[Feed]) -> list[str]:
    """What to know of the files before trusting what comes of them."""
    from sim.addresses.feeds.special import special_note

    special = ((feed.origin.file, special_note(feed.v4)) for feed in lists)
    return [*told_of(feeds), *(f"{name}: {note}" for name, note in special if note)]


def _say(found: Exposure, feeds: Sequence[Feed], told: Sequence[str], owned: Sequence[str]) -> None:
    """Say on stderr what was read, and what to know before trusting it."""
    for feed in feeds:
        parts = f"{feed.n_records:,} records, {len(feed.v4):,} IPv4 and {len(feed.v6):,} IPv6 rows"
        console.say(f"{feed.origin.file}: read as {feed.origin.format}: {parts}")
    for note in told:
        console.say(note)
    if owned:
        console.say(f"the target's own ranges: {', '.join(owned)}")
    for note in found.notes:
        console.say(f"note: {note}")
    if found.inventory is not None:
        shown = {note for feed in feeds for note in feed.notes}
        for note in found.inventory.notes:
            if note not in shown and not any(note.endswith(each) for each in shown):
                console.say(f"note: {note}")
