"""``overblock overmatch``: which names of a list rules match that they were not meant for."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated

import typer

from sim.cli.inputs import Files, check_stdin
from sim.cli.options import Format, ListOptions, takes_shared_options
from sim.cli.terminal import console


@takes_shared_options
def overmatch(
    rules: Annotated[
        list[str],
        typer.Argument(
            metavar="RULES",
            help="Files with rules that block names, one a line, as blocklists have them: name, "
            "||name^, *.name, *word*, /expression/, address=/name/, 0.0.0.0 name; or - for stdin.",
        ),
    ],
    names: Annotated[
        str,
        typer.Option(
            "--names",
            metavar="LIST",
            help="Names to hold them against, one a line: plain, with a rank before them, or web "
            "addresses.",
        ),
    ],
    targets: Annotated[
        list[str],
        typer.Option(
            "--targets",
            metavar="FILE",
            help="Names that were meant, in the same forms as rules; left out, names equal to a "
            "rule's own. May be repeated.",
        ),
    ] = [],  # noqa: B006 - typer reads it, nobody writes it
    plain: Annotated[
        str,
        typer.Option(
            "--plain",
            metavar="exact|subdomains",
            help="What a name alone on its line is: that name, or all below it, too.",
        ),
    ] = "exact",
    universe: Annotated[
        int | None,
        typer.Option(
            "--universe",
            metavar="NAMES",
            min=1,
            help="Names there are in all, where the list is a random sample of them: shares have "
            "an interval then.",
        ),
    ] = None,
    top: Annotated[
        int, typer.Option("--top", min=1, max=10_000_000, help="Rules and names that are shown.")
    ] = 20,
    *,
    options: ListOptions,
) -> None:
    """Hold rules that block names against a list of names.

    Says how many names each rule matches, and what share of those that were not meant.

    Examples:

      overblock overmatch rules.txt --names top-1m.csv

      overblock overmatch rules.txt --names sample.txt --targets meant.txt --universe 359000000
    """
    is_json = options.format is Format.JSON
    with console.reports_errors(as_json=is_json), ExitStack() as stack:
        from sim.addresses.text.source import Limits
        from sim.blocklists.name_lists import Reading, read_name_list
        from sim.blocklists.overmatch import hold, plain_kind
        from sim.blocklists.rule_lists import NameRules, read_name_rules
        from sim.cli.tables import overmatch as tables
        from sim.cli.tables.sections import print_sections

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
            console.print_json(tables.document(found, rules, names, targets))
        else:
            print_sections(tables.sections(found, is_told=bool(targets)), options.format)
