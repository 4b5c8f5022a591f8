"""``overblock overmatch``: names of a list that rules match although they were not meant."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sim.cli import console
from sim.cli.inputs import Files, check_stdin
from sim.cli.options import Format, ListOptions, argument, many, option, takes_shared_options
from sim.cli.tables import print_tables
from sim.report.words.tables import Column, Table, Value

if TYPE_CHECKING:
    from sim.blocklists.overmatch import Matched, Overmatch

SCHEMA = "overblock/overmatch/1"


@takes_shared_options
def overmatch(
    rules: list[str] = argument(
        "RULES",
        "Files with rules that block names, one a line, as blocklists have them: name, "
        "||name^, *.name, *word*, /expression/, address=/name/, 0.0.0.0 name; or - for stdin.",
    ),
    names: str = option(
        "--names LIST",
        "Names to compare them with, one a line: plain, with a rank before them, or web addresses.",
        default=...,
    ),
    targets: list[str] = many(
        "--targets FILE",
        "Intended names, in the same forms as rules; by default names equal to a rule's own.",
    ),
    plain: str = option(
        "--plain exact|subdomains",
        "Meaning of a name alone on its line: that name, or all names below it as well.",
        default="exact",
    ),
    universe: int | None = option(
        "--universe NAMES",
        "Number of all names, where the list is a random sample of them: shares then have an "
        "interval.",
        min=1,
    ),
    top: int = option(
        "--top", "Rules and names that are shown.", default=20, min=1, max=10_000_000
    ),
    *,
    options: ListOptions,
) -> None:
    """Compare rules that block names with a list of names.

    Prints the number of names that each rule matches, and the share of those that were not meant.

    Examples:

      overblock overmatch rules.txt --names top-1m.csv

      overblock overmatch rules.txt --names sample.txt --targets meant.txt --universe 359000000
    """
    is_json = options.format is Format.JSON
    with console.reports_errors(as_json=is_json), ExitStack() as stack:
        from sim.addresses.text.source import Limits
        from sim.blocklists.overmatch import hold, plain_kind
        from sim.blocklists.rule_lists import NameRules, Reading, read_name_list, read_name_rules

        kind = plain_kind(plain)
        check_stdin([*rules, names, *targets])
        files = Files(options, stack)
        reading = Reading(
            Limits(max_bytes=options.max_bytes),
            skip_bad=options.skip_bad,
            allow_empty=options.allow_empty,
        )
        given = [read_name_rules(one, kind, reading) for one in files.find(rules)]
        meant = [read_name_rules(one, kind, reading) for one in files.find(targets)]
        (listed,) = (read_name_list(one, reading) for one in files.find([names]))
        found = hold(
            NameRules.together(given),
            listed,
            NameRules.together(meant) if targets else None,
            universe=universe,
            top=top,
        )
        if not options.quiet:
            for note in found.notes:
                console.say(note)
        if is_json:
            console.print_json(overmatch_document(found, rules, names, targets))
        else:
            print_tables(overmatch_tables(found, are_given=bool(targets)), options.format)


def overmatch_tables(found: Overmatch, *, are_given: bool) -> list[Table]:
    """Return matches by kind, by rule, and some names; no empty table.

    Parameters
    ----------
    are_given
        Whether the user named the targets.
    """
    counted = [
        Column("n_matched", "names matched"),
        Column("n_targets", "of these meant"),
        Column("n", "not meant", group="overmatch"),
        Column("of", "out of", group="overmatch"),
        Column("share", "overmatch", "share", "overmatch"),
    ]
    if found.universe is not None:
        counted += [
            Column("low", "90 % from", "share", "overmatch"),
            Column("high", "to", "share", "overmatch"),
        ]

    def numbers(one: Matched) -> tuple[Value, ...]:
        share = one.overmatch
        ends = (share.n, share.of, share.share, share.low, share.high)
        return (one.n_matched, one.n_targets, *ends)[: len(counted)]

    kinds = (("all", found.all), *((f"  {one.kind}", one) for one in found.kinds))
    made = [
        Table(
            "matched",
            f"Names matched, of {found.n_names:,} in the list",
            [Column("kind", "kind", "text"), Column("n_rules", "rules"), *counted],
            [(name, one.n_rules, *numbers(one)) for name, one in kinds],
            _notes(found, are_given=are_given),
        )
    ]
    place = Column("place", "stands in", "text")
    if found.rules:
        columns = [Column("rule", "rule", "text"), place, Column("kind", "kind", "text"), *counted]
        rows = [(one.text, one.place, one.kind, *numbers(one)) for one in found.rules]
        title = f"Rules by names not meant ({len(rows)} of {found.all.n_rules:,})"
        made.append(Table("rules", title, columns, rows))
    if found.collateral:
        columns = [Column("name", "name", "text"), Column("rule", "by rule", "text"), place]
        n = len(found.collateral)
        title = f"Names matched and not meant ({n} of {found.all.overmatch.n:,})"
        made.append(Table.of_records("collateral", title, columns, found.collateral))
    return made


def _notes(found: Overmatch, *, are_given: bool) -> list[str]:
    how = "those that --targets matches" if are_given else "equal to a rule's own"
    notes = [
        f"meant are {found.n_targets:,} names, {how}; overmatch: names matched and not meant, out "
        "of all that were not meant"
    ]
    if found.n_let_through:
        notes.append(
            f"let through by exceptions: {found.n_let_through:,} of the names that rules match"
        )
    if found.n_others_in_universe is not None and found.universe is not None:
        middle, low, high = (f"{round(each):,}" for each in found.n_others_in_universe)
        notes.append(
            f"of {found.universe:,} names: {middle} not meant would be matched [{low}, {high}], if "
            "the list is a random sample of them; one of popular names is none"
        )
    return notes


def overmatch_document(
    found: Overmatch, rules: Sequence[str], names: str, targets: Sequence[str]
) -> dict[str, Any]:
    """Return the JSON document; unknown numbers are None."""
    return {
        "schema": SCHEMA,
        "rules_of": list(rules),
        "names_of": names,
        "targets_of": list(targets),
        **asdict(found),
        "all": _matched(found.all),
        "kinds": [_matched(one) for one in found.kinds],
        "rules": [_matched(one) for one in found.rules],
    }


def _matched(one: Matched) -> dict[str, Any]:
    values = asdict(one)
    return {**values, "overmatch": {**values["overmatch"], "share": one.overmatch.share}}
