"""``overblock cover``: the block that hurts least, and how far a real order was from it."""

from __future__ import annotations

from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sim.cli.inputs import Files, check_dated, check_stdin, instant, told_of
from sim.cli.options import (
    AtOption,
    ForceFileOption,
    Format,
    TableListOptions,
    takes_shared_options,
)
from sim.cli.terminal import console


class Weight(StrEnum):
    """What collateral is counted in."""

    ADDRESSES = "addresses"
    NAMES = "names"
    BUSINESSES = "businesses"
    DEMAND = "demand"
    USD = "usd"


@takes_shared_options
def cover(
    targets: Annotated[
        list[str],
        typer.Option(
            "--targets",
            metavar="FILE",
            help="Addresses, prefixes or ranges to be blocked, in any format that 'import' reads; "
            "each distinct row is one target. - for stdin. May be repeated.",
        ),
    ],
    inventory: Annotated[
        list[str],
        typer.Option(
            "--inventory",
            metavar="FILE",
            help="Who else is there. A row without n_names is one name. May be repeated.",
        ),
    ] = [],  # noqa: B006 - typer reads it, nobody writes it
    weight: Annotated[
        Weight, typer.Option("--weight", help="What collateral is counted in.")
    ] = Weight.ADDRESSES,
    budget: Annotated[
        int | None,
        typer.Option(
            "--budget",
            min=1,
            max=1_000_000,
            metavar="K",
            help="Most rules; when left out, those of the order compared with, or one for each "
            "target prefix, at most 1,000.",
        ),
    ] = None,
    frontier: Annotated[
        int | None,
        typer.Option(
            "--frontier",
            min=1,
            max=1_000_000,
            metavar="K",
            help="Most rules of the frontier; the budget when left out or smaller.",
        ),
    ] = None,
    protect: Annotated[
        list[str],
        typer.Option(
            "--protect", metavar="FILE", help="Addresses no rule may touch. May be repeated."
        ),
    ] = [],  # noqa: B006
    shortest: Annotated[
        int, typer.Option("--shortest", min=0, max=32, help="Shortest IPv4 prefix allowed.")
    ] = 0,
    longest: Annotated[
        int, typer.Option("--longest", min=0, max=32, help="Longest IPv4 prefix allowed.")
    ] = 32,
    shortest_v6: Annotated[
        int, typer.Option("--shortest-v6", min=0, max=128, help="Shortest IPv6 prefix allowed.")
    ] = 0,
    longest_v6: Annotated[
        int, typer.Option("--longest-v6", min=0, max=128, help="Longest IPv6 prefix allowed.")
    ] = 128,
    family: Annotated[
        str, typer.Option("--family", metavar="4|6", help="Ignore the other family.")
    ] = "",
    against: Annotated[
        list[str],
        typer.Option(
            "--against",
            metavar="BLOCKLIST",
            help="A real order to compare with the best covers of as many rules. May be "
            "repeated; all together are one order.",
        ),
    ] = [],  # noqa: B006
    at: AtOption = None,
    figure: Annotated[
        Path | None,
        typer.Option("--figure", metavar="FILE", help="Draw the frontier as .png or .svg."),
    ] = None,
    force: ForceFileOption = False,
    *,
    options: TableListOptions,
) -> None:
    """Find the prefixes that block the targets at the least collateral.

    The answer is exact for every number of rules up to the budget. Targets are never their own
    collateral.

    Examples:

      overblock cover --targets fronts.txt --inventory hosts.csv --weight names --budget 60

      overblock cover --targets fronts.txt --against order.txt --figure frontier.png
    """
    is_json, quiet = options.format is Format.JSON, options.quiet
    with console.reports_errors(as_json=is_json), ExitStack() as stack:
        from sim.addresses.cover.tree import LengthLimits
        from sim.addresses.feeds.concatenation import concatenate
        from sim.addresses.sets.families import AddressSet
        from sim.blocklists.blocklists import own_addresses
        from sim.blocklists.covers import Question, answer
        from sim.cli.tables import cover as tables
        from sim.cli.tables.sections import print_sections
        from sim.errors import UsageError
        from sim.files import check_free, new_file

        if family not in ("", "4", "6"):
            raise UsageError(f"--family: expected 4 or 6, got {family!r}")
        if figure is not None and figure.suffix not in (".png", ".svg"):
            raise UsageError(f"--figure: expected a name in .png or .svg, got {str(figure)!r}")
        if figure is not None:
            check_free(figure, force=force)
        when = instant("--at", at)
        check_stdin([*targets, *inventory, *protect, *against])
        files = Files(options, stack, when)
        wanted, guards, in_force = (
            files.feeds(files.find(names)) for names in (targets, protect, against)
        )
        hosts = files.hosts(inventory)
        check_dated(when, [*wanted, *hosts, *guards, *in_force])
        options.columns.check_met()
        question = Question(
            str(weight),
            own_addresses(guards) or AddressSet.empty(),
            LengthLimits(shortest, longest),
            LengthLimits(shortest_v6, longest_v6),
            budget,
            int(family or 0),
            frontier,
        )
        found = answer(
            question,
            concatenate(wanted),
            concatenate(hosts) if hosts else None,
            in_force,
        )
        told = told_of([*wanted, *hosts, *guards, *in_force])
        for note in (*told, *(f"note: {one}" for one in found.units.notes)):
            console.say(note, quiet=quiet)
        if figure is not None:
            from sim.report.figures.frontier import draw_frontier

            with new_file(figure, force=force) as partial:
                draw_frontier(found, partial)
            console.say(f"figure: {figure}", quiet=quiet)
        if is_json:
            console.print_json(tables.document(found, question, told))
        else:
            shown = tables.sections(found, every_row=options.format is Format.CSV)
            print_sections(shown, options.format)
