"""``overblock cover``: the block that hurts least, and the distance of a real order from it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.cli import console
from sim.cli.inputs import Files, check_dated, check_stdin, instant, list_remarks
from sim.cli.options import (
    AT,
    FORCE_FILE,
    Format,
    ListOptions,
    check_output,
    many,
    option,
    takes_shared_options,
)
from sim.cli.tables import print_tables
from sim.errors import UsageError
from sim.files import new_file
from sim.report.words.tables import Column, Table, cell_text

if TYPE_CHECKING:
    from sim.blocklists.covers import Answer, Question

SCHEMA = "overblock/cover/2"
# Rows of the frontier that people see: the first ones, then ever wider steps.
_SHOWN = {*range(1, 11), 12, 15, 20, 25, 30, 40, 50, 60, 80}
_SHOWN |= {step * 10**power for step in (1, 2, 5) for power in range(2, 6)}
_UNIT = Column("unit", "counted in", "text")


class Weight(StrEnum):
    """Units of collateral."""

    ADDRESSES = "addresses"
    NAMES = "names"
    BUSINESSES = "businesses"
    DEMAND = "demand"
    USD = "usd"


@takes_shared_options
def cover(
    targets: list[str] = option(
        "--targets FILE",
        "Addresses, prefixes or ranges to be blocked, in any format that 'import' reads; "
        "each distinct row is one target. - for stdin. May be repeated.",
        default=...,
    ),
    inventory: list[str] = many(
        "--inventory FILE", "Other hosts there. A row without n_names is one name."
    ),
    weight: Weight = option("--weight", "Unit of collateral.", default=Weight.ADDRESSES),
    budget: int | None = option(
        "--budget K",
        "Most rules; by default, those of the order compared with, or one for each "
        "target prefix, at most 1,000.",
        min=1,
        max=1_000_000,
    ),
    frontier: int | None = option(
        "--frontier K",
        "Most rules of the frontier; the budget by default, or if K is smaller.",
        min=1,
        max=1_000_000,
    ),
    protect: list[str] = many("--protect FILE", "Addresses no rule may touch."),
    shortest: int = option("--shortest", "Shortest IPv4 prefix allowed.", default=0, min=0, max=32),
    longest: int = option("--longest", "Longest IPv4 prefix allowed.", default=32, min=0, max=32),
    shortest_v6: int = option(
        "--shortest-v6", "Shortest IPv6 prefix allowed.", default=0, min=0, max=128
    ),
    longest_v6: int = option(
        "--longest-v6", "Longest IPv6 prefix allowed.", default=128, min=0, max=128
    ),
    family: str = option("--family 4|6", "Ignore the other family.", default=""),
    against: list[str] = option(
        "--against BLOCKLIST",
        "A real order to compare with the best covers of as many rules. May be repeated; all "
        "together are one order.",
        default=[],
    ),
    at: str | None = AT,
    figure: Path | None = option("--figure FILE", "Draw the frontier as .png or .svg."),
    force: bool = FORCE_FILE,
    *,
    options: ListOptions,
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
        from sim.addresses.feeds.feed import concatenate
        from sim.blocklists.covers import Question, answer
        from sim.blocklists.exposure import union

        if family not in ("", "4", "6"):
            raise UsageError(f"--family: expected 4 or 6, got {family!r}")
        check_output(figure, ".png", ".svg", force=force)
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
            union(guards),
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
        remarks = list_remarks([*wanted, *hosts, *guards, *in_force])
        notes = (f"note: {one}" for one in found.units.notes)
        for remark in (*remarks, *notes):
            console.say(remark, quiet=quiet)
        if figure is not None:
            from sim.report.figures.scores import draw_frontier

            with new_file(figure, force=force) as partial:
                draw_frontier(found, partial)
            console.say(f"figure: {figure}", quiet=quiet)
        if is_json:
            console.print_json(_cover_document(found, question, remarks))
        else:
            every_row = options.format is Format.CSV
            print_tables(_cover_tables(found, every_row=every_row), options.format)


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
        "notes": [*remarks, *found.units.notes],
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
