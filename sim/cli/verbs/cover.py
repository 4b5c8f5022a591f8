"""``overblock cover``, the block that hurts least, and ``import``, of a file of addresses."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.cli import console
from sim.cli import options as cli
from sim.cli.console import Format, print_tables
from sim.errors import UsageError
from sim.files import check_free, hash_of, new_file
from sim.report.words.tables import Column, Table, cell_text
from sim.version import __version__

if TYPE_CHECKING:
    from sim.addresses.feeds.feed import Feed
    from sim.blocklists.covers import Answer, Question

SCHEMA = "overblock/cover/2"
# Rows of the frontier that people see: the first ones, then ever wider steps.
_SHOWN = {*range(1, 11), 12, 15, 20, 25, 30, 40, 50, 60, 80}
_SHOWN |= {step * 10**power for step in (1, 2, 5) for power in range(2, 6)}
_UNIT = Column("unit", "counted in", "text")


def cover(
    targets: list[str] = cli.option(
        "--targets FILE",
        "Addresses, prefixes or ranges to be blocked, in any format that 'import' reads; "
        "each distinct row is one target. - for stdin. May be repeated.",
        default=...,
    ),
    inventory: list[str] = cli.many(
        "--inventory FILE", "Hosts near the targets. A row without n_names is one name."
    ),
    weight: str = cli.option(
        "--weight addresses|names|businesses|demand|usd", "Unit of collateral.", default="addresses"
    ),
    budget: int | None = cli.option(
        "--budget K",
        "Most rules; by default, those of the order compared with, or one for each "
        "target prefix, at most 1,000.",
        min=1,
        max=1_000_000,
    ),
    frontier: int | None = cli.option(
        "--frontier K",
        "Most rules of the frontier; by default, and at least, the budget.",
        min=1,
        max=1_000_000,
    ),
    protect: list[str] = cli.many("--protect FILE", "Addresses no rule may touch."),
    shortest: int = cli.option(
        "--shortest", "Shortest IPv4 prefix allowed.", default=0, min=0, max=32
    ),
    longest: int = cli.option(
        "--longest", "Longest IPv4 prefix allowed.", default=32, min=0, max=32
    ),
    shortest_v6: int = cli.option(
        "--shortest-v6", "Shortest IPv6 prefix allowed.", default=0, min=0, max=128
    ),
    longest_v6: int = cli.option(
        "--longest-v6", "Longest IPv6 prefix allowed.", default=128, min=0, max=128
    ),
    family: str = cli.option("--family 4|6", "Ignore the other family.", default=""),
    against: list[str] = cli.option(
        "--against BLOCKLIST",
        "A real order to compare with the best covers of as many rules. May be repeated; all "
        "together are one order.",
        default=[],
    ),
    at: str | None = cli.AT,
    figure: Path | None = cli.option("--figure FILE", "Draw the frontier as .png or .svg."),
    output: Path | None = cli.option(
        "-o --output FILE", "Write the prefixes as a list, for compare --strategy orders:FILE."
    ),
    force: bool = cli.FORCE_FILE,
    *,
    options: cli.ListOptions,
) -> None:
    """Find the prefixes that block targets with least collateral.

    The answer is exact for every number of rules up to the budget. Targets are never their own
    collateral.

    Examples:

      overblock cover --targets fronts.txt --inventory hosts.csv --weight names --budget 60

      overblock cover --targets fronts.txt --against order.txt --figure frontier.png
    """
    form, quiet = options.output_format, options.quiet
    with ExitStack() as stack:
        from sim.addresses.cover.tree import LengthLimits
        from sim.addresses.feeds.feed import concatenate
        from sim.blocklists.covers import Question, answer
        from sim.blocklists.exposure import union

        if family not in ("", "4", "6"):
            raise UsageError(f"--family: expected 4 or 6, got {family!r}")
        cli.check_output(figure, ".png", ".svg", force=force)
        if output is not None:
            check_free(output, force=force)
        when = cli.read_time("--at", at, quiet=quiet)
        cli.check_stdin([*targets, *inventory, *protect, *against])
        files = cli.Files(options, stack, when)
        wanted, guards, in_force = (
            [feed.using("name") for feed in files.feeds(files.find(names))]
            for names in (targets, protect, against)
        )
        hosts = files.hosts(inventory)
        cli.check_dated(when, [*wanted, *hosts, *guards, *in_force])
        options.columns.check_met()
        question = Question(
            weight,
            union(guards),
            LengthLimits(shortest, longest),
            LengthLimits(shortest_v6, longest_v6),
            budget,
            int(family or 0),
            frontier,
        )
        found = answer(
            question, concatenate(wanted), concatenate(hosts) if hosts else None, in_force
        )
        remarks = cli.list_remarks([*wanted, *hosts, *guards, *in_force])
        notes = (f"note: {one}" for one in found.notes)
        for remark in (*remarks, *notes):
            console.say(remark, quiet=quiet)
        if figure is not None:
            from sim.report.figures.scores import draw_frontier

            with new_file(figure, force=force) as partial:
                draw_frontier(found, partial)
            console.say(f"figure: {figure}", quiet=quiet)
        if output is not None:
            with new_file(output, force=force) as partial:
                partial.write_text("\n".join([*found.cover.texts(), ""]), encoding="ascii")
        if options.as_json:
            console.print_json(_cover_document(found, question, remarks))
        else:
            print_tables(_cover_tables(found, every_row=form is Format.CSV), form)


def _cover_document(found: Answer, question: Question, remarks: Sequence[str]) -> dict[str, Any]:
    """Return the JSON document."""
    limits4, limits6, compared = question.limits4, question.limits6, found.comparison
    return {
        "schema": SCHEMA,
        "weight": found.unit,
        "budget": found.budget,
        "limits": {
            "shortest4": limits4.shortest,
            "longest4": limits4.longest,
            "shortest6": limits6.shortest,
            "longest6": limits6.longest,
        },
        "targets": {
            "n_targets": found.n_targets,
            "n_addresses4": found.targets.v4.n_addresses,
            "n_addresses6": found.targets.v6.n_addresses,
        },
        "prefixes": found.cover.texts(),
        "n_rules": found.cover.n_rules,
        "collateral": dict(found.collateral),
        "frontier": [
            dict(zip(("n_rules", "collateral", "saved_by_next"), row, strict=True))
            for row in _steps(found)
        ],
        "against": compared
        and {
            "n_rules": compared.n_rules,
            "n_targets": found.n_targets,
            "n_targets_covered": compared.n_targets_covered,
            "same_targets": {
                name: {
                    "collateral": one.collateral,
                    "best": one.best and one.best.collateral,
                    "regret": one.regret,
                    "n_rules": one.best and one.best.n_rules,
                    "prefixes": one.best and one.best.texts(),
                    "reason": one.reason or None,
                }
                for name, one in compared.by_unit.items()
            },
        },
        "notes": [*remarks, *found.notes],
    }


def _cover_tables(found: Answer, *, every_row: bool) -> list[Table]:
    """All tables that have rows, with the whole frontier or as much as people read."""
    from sim.blocklists.covers import UNIT_NAMES

    title = f"Best cover with at most {found.budget:,} rules: {found.cover.n_rules:,} rules"
    columns = [Column("rule", "rule", "text"), Column("prefix", "prefix", "text")]
    rules = [(f"{row}", text) for row, text in enumerate(found.cover.texts(), start=1)]
    made = [Table("prefixes", title, columns, rules)]
    title, columns = "Collateral: addresses hit besides the targets", [_UNIT]
    columns.append(Column("collateral", "collateral"))
    amounts = [(UNIT_NAMES[name], amount) for name, amount in found.collateral.items()]
    made.append(Table("collateral", title, columns, amounts))
    columns = [
        Column("n_rules", "rules", "text"),
        Column("collateral", "collateral"),
        Column("saved_by_next", "saved by one more rule"),
    ]
    steps = _steps(found)
    shown = {*_SHOWN, steps[0][0], steps[-1][0]}
    rows = [(f"{n}", *others) for n, *others in steps if every_row or n in shown]
    title = f"Least collateral by number of rules, in {UNIT_NAMES[found.unit]}"
    made.append(Table("frontier", title, columns, rows))
    if (compared := found.comparison) is not None:
        counts = compared.n_targets_covered, found.n_targets
        title = (
            f"The order's {compared.n_rules:,} rules against the best as many for the same "
            f"{cell_text(counts[0])} of {cell_text(counts[1])} targets"
        )
        columns = [
            _UNIT,
            Column("collateral", "the order"),
            Column("best", "the best"),
            Column("regret", "regret"),
            Column("n_targets_covered", "targets covered"),
            Column("n_targets", "out of"),
        ]
        rows = [
            (UNIT_NAMES[name], one.collateral, one.best and one.best.collateral, one.regret)
            for name, one in compared.by_unit.items()
        ]
        made.append(Table("same_targets", title, columns, [(*row, *counts) for row in rows]))
    return made


def _steps(found: Answer) -> list[tuple[Any, ...]]:
    """Number of rules, least collateral and what one more rule saves, by number of rules."""
    frontier = found.frontier
    columns = frontier.n_rules, frontier.collateral, frontier.saved_by_next
    return list(zip(*(column.tolist() for column in columns), strict=True))


IMPORT_SCHEMA = "overblock/import/1"


def import_file(
    file: list[str] = cli.argument(
        "[NAME=]FILE",
        "Local files, or shipped tables; several only for a table of ranges. NAME is the provider "
        "of a file that names none.",
    ),
    output: Path = cli.option(
        "-o --output TABLE",
        "Table to write: TABLE.parquet, or TABLE.csv for dated orders with their times or for "
        "ranges of providers.",
        default=...,
    ),
    day: str = cli.option("--date DAY", "Day of files of ranges that state none.", default=""),
    read_as: str = cli.option(
        "--as FORMAT",
        "Format of the file, such as aws, zone or list; by default its content shows it. "
        "'overblock doctor' names all.",
        default="",
    ),
    force: bool = cli.FORCE_FILE,
    as_json: bool = cli.JSON,
    quiet: bool = cli.QUIET,
    *,
    options: cli.TableOptions,
) -> None:
    """Read a list of addresses and write it as one table.

    The table has a row per prefix, dated orders, or the ranges of providers for a scenario
    (providers.prefixes), with a note of their sources. Nothing is fetched. Files may be compressed
    with gzip.

    Examples:

      overblock import ip-ranges.json -o aws.parquet

      overblock import data.json -o orders.csv

      overblock import ip-ranges.json Cloudflare=ips-v4 --date 2026-10-26 -o ranges.csv
    """
    from sim.addresses.feeds.feed import Feed
    from sim.addresses.feeds.formats import read_file
    from sim.addresses.feeds.normal import write_normal
    from sim.addresses.feeds.orders import COLUMNS, Orders, order_rows
    from sim.addresses.text.source import Limits
    from sim.blocklists.blocklists import find_input
    from sim.results.csvtext import csv_text

    if output.suffix not in (".parquet", ".csv"):
        raise UsageError(f"{output}: expected a table TABLE.parquet or TABLE.csv, got neither")
    check_free(output, force=force)
    is_text = output.suffix == ".csv"
    named = [cli.split_provider(one) for one in file]
    inputs = [replace(find_input(one), columns=options.columns) for _, one in named]
    found = [
        read_file(
            given,
            read_as,
            skip_bad=options.skip_bad,
            limits=Limits(max_bytes=options.max_bytes),
            allow_empty=options.allow_empty,
        )
        for given in inputs
    ]
    options.columns.check_met()
    feeds = [one for one in found if isinstance(one, Feed)]
    if len(found) > 1 and not (is_text and len(feeds) == len(found)):
        message = "expected a table TABLE.csv of the ranges of providers where there are several"
        raise UsageError(f"{output}: {message} files, none of them dated orders")
    if len(feeds) < len(found) and not is_text:
        message = "expected a table TABLE.csv of dated orders, whose times it keeps"
        raise UsageError(f"{output}: {message}, got .parquet")
    sha256 = [hash_of(given.path) for given in inputs]
    feeds = [
        feed.with_provider(_known_provider(provider)) if provider else feed
        for (provider, _), feed in zip(named, feeds, strict=False)
    ]
    if isinstance(found[0], Orders):
        feeds, rows = [found[0].feed], order_rows(found[0])
        n_rows = len(rows)
        with new_file(output, force=force) as partial:
            partial.write_bytes(csv_text(COLUMNS, rows).encode("utf-8", "backslashreplace"))
    elif is_text:
        n_rows, n_narrow = _write_ranges(feeds, sha256, day, output, force=force)
        if n_narrow:
            told = "ranges of IPv6 are /64 or narrower: excluded, as a scenario gives out networks"
            console.say(f"note: {n_narrow:,} {told}", quiet=quiet)
    else:
        (feed,) = feeds
        n_rows = write_normal(feed, output, sha256=sha256[0], version=__version__, force=force)
    understood = [_understood(feed, one, n_rows) for feed, one in zip(feeds, sha256, strict=True)]
    for one, feed in zip(understood, feeds, strict=True):
        if len(feeds) > 1:
            console.say(f"{feed.origin.file}:", quiet=quiet)
        for line in _in_words(one, feed):
            console.say(line, quiet=quiet)
    console.say(f"rows written, one per prefix: {n_rows:,}", quiet=quiet)
    if as_json:
        of_files = understood[0] if len(feeds) == 1 else {"files": understood}
        console.print_json({"schema": IMPORT_SCHEMA, "table": str(output), **of_files})
    else:
        print(output)


def _known_provider(name: str) -> str:
    """The name of a provider; refuses one that a shipped table writes in other capitals."""
    from sim.scenario.tables.lists import TODAY
    from sim.scenario.tables.rows import CloudPrefixRow
    from sim.scenario.tables.seeds import read_shipped

    known = {row.provider for row in read_shipped(TODAY, CloudPrefixRow).rows}
    if name not in known:
        for one in known:
            if one.casefold() == name.casefold():
                raise UsageError(f"{name}=: expected {one}, as the shipped tables call it")
    return name


def _write_ranges(
    feeds: Sequence[Feed], sha256: Sequence[str], day: str, output: Path, *, force: bool
) -> tuple[int, int]:
    """Write ranges of providers with a note of their sources; count rows, and ranges excluded."""
    from sim.scenario.tables.lists import disjoint, ranges_note, ranges_text, read_ranges
    from sim.scenario.tables.seeds import note_path

    claims, references, n_narrow = [], {}, 0
    for feed, digest in zip(feeds, sha256, strict=True):
        name = Path(feed.origin.file).name
        source_id = feed.origin.file if name in references else name
        more, told, n = read_ranges(feed, source_id, day)
        references[source_id] = f"{told}; SHA-256 {digest}"
        claims += more
        n_narrow += n
    rows = disjoint(claims)
    if lost := {owner.provider for owner, _ in claims} - {owner.provider for owner, _ in rows}:
        given = ", ".join(sorted(lost))
        raise UsageError(f"{given}: expected a range that no earlier file has, got none")
    licences = dict.fromkeys(feed.origin.licence or "not stated" for feed in feeds)
    with new_file(note_path(output), force=force) as note, new_file(output, force=force) as partial:
        note.write_text(ranges_note(rows, references, "; ".join(licences)), encoding="utf-8")
        partial.write_text(ranges_text(rows), encoding="utf-8")
    return len(rows), n_narrow


def _understood(feed: Feed, sha256: str, n_rows: int) -> dict[str, Any]:
    """Summary of the file."""
    from sim.addresses.feeds.feed import special_note

    addresses = feed.to_set()
    special = special_note(feed)
    return {
        "file": feed.origin.file,
        "format": feed.origin.format,
        "date": feed.origin.date or None,
        "licence": feed.origin.licence or None,
        "sha256": sha256,
        "n_lines": feed.n_lines,
        "n_bad": feed.n_bad,
        "n_records": feed.n_records,
        "n_records_without_address": feed.n_unplaced,
        "n_entries4": len(feed.v4),
        "n_entries6": len(feed.v6),
        "n_addresses4": addresses.v4.n_addresses,
        "n_addresses6": addresses.v6.n_addresses,
        "n_networks6": addresses.v6.n_networks,
        "n_rows": n_rows,
        "columns": [*feed.labels, *feed.numbers],
        "notes": [*feed.notes, *([special] if special else [])],
    }


def _in_words(understood: dict[str, Any], feed: Feed) -> list[str]:
    """The same for people, line by line."""
    lines = [
        f"format: {understood['format']}",
        f"records: {understood['n_records']:,} in {understood['n_lines']:,} lines or entries",
        f"IPv4: {understood['n_entries4']:,} entries, "
        f"{understood['n_addresses4']:,} distinct addresses",
        f"IPv6: {understood['n_entries6']:,} entries, "
        f"{understood['n_networks6']:,} distinct /64 networks",
    ]
    if understood["date"]:
        lines.insert(1, f"date: {understood['date']}")
    if understood["licence"]:
        lines.append(f"licence: {understood['licence']}")
    if understood["columns"]:
        lines.append(f"columns: {', '.join(understood['columns'])}")
    if understood["n_bad"]:
        lines.append(f"bad lines ignored: {understood['n_bad']:,}, such as")
        lines += [f"  {problem}" for problem in feed.problems[:5]]
    return lines + [f"note: {note}" for note in understood["notes"]]
