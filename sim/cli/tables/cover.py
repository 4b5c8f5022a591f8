"""Covers and their frontier, as sections for people and as one JSON document.

In: what was found. Out: sections and plain values. No model logic.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sim.blocklists.units import UNIT_NAMES
from sim.cli.tables.sections import Column, Section, Value, shown

if TYPE_CHECKING:
    from sim.blocklists.covers import Answer, Comparison, Question

SCHEMA = "overblock/cover/2"
# Rows of the frontier that people see: the first ones, then ever wider steps.
_SHOWN = (*range(1, 11), 12, 15, 20, 25, 30, 40, 50, 60, 80)


def sections(found: Answer, *, every_row: bool = False) -> list[Section]:
    """Return all sections there is something to say in.

    Parameters
    ----------
    every_row
        Give the whole frontier, not only as many rows as people read.
    """
    made = [_prefixes(found), _collateral(found), _frontier(found, every_row=every_row)]
    if found.comparison is not None:
        made.append(_regret(found, found.comparison))
    return made


def document(found: Answer, question: Question, told: Sequence[str]) -> dict[str, Any]:
    """Return the JSON document; ``told`` is what to know of the files."""
    frontier = found.frontier
    columns = {
        "n_rules": frontier.n_rules,
        "collateral": frontier.collateral,
        "saved_by_next": frontier.saved_by_next,
    }
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    return {
        "schema": SCHEMA,
        "weight": found.unit,
        "budget": found.budget,
        "limits": {
            "shortest4": question.limits4.shortest,
            "longest4": question.limits4.longest,
            "shortest6": question.limits6.shortest,
            "longest6": question.limits6.longest,
        },
        "targets": {
            "n_targets": found.n_targets,
            "n_addresses4": found.targets.v4.n_addresses,
            "n_addresses6": found.targets.v6.n_addresses,
        },
        "prefixes": found.cover.texts(),
        "n_rules": found.cover.n_rules,
        "collateral": dict(found.collateral),
        "frontier": [dict(zip(columns, row, strict=True)) for row in rows],
        "against": None
        if found.comparison is None
        else _comparison_document(found, found.comparison),
        "notes": [*told, *found.units.notes],
    }


def _comparison_document(found: Answer, compared: Comparison) -> dict[str, Any]:
    return {
        "n_rules": compared.n_rules,
        "n_targets": found.n_targets,
        "n_targets_covered": compared.n_targets_covered,
        "same_targets": {
            name: {
                "collateral": each.collateral,
                "best": None if each.best is None else each.best.collateral,
                "regret": each.regret,
                "n_rules": None if each.best is None else each.best.n_rules,
                "prefixes": None if each.best is None else each.best.texts(),
                "reason": each.reason or None,
            }
            for name, each in compared.by_unit.items()
        },
    }


def _prefixes(found: Answer) -> Section:
    title = f"Best cover with at most {found.budget:,} rules: {found.cover.n_rules:,} rules"
    columns = (Column("rule", "rule", "text"), Column("prefix", "prefix", "text"))
    rows = [(f"{row}", text) for row, text in enumerate(found.cover.texts(), start=1)]
    return Section("prefixes", title, columns, rows)


def _collateral(found: Answer) -> Section:
    rows = [(UNIT_NAMES[name], amount) for name, amount in found.collateral.items()]
    columns = (Column("unit", "counted in", "text"), Column("collateral", "collateral"))
    return Section("collateral", "What it hits beside the targets", columns, rows)


def _frontier(found: Answer, *, every_row: bool) -> Section:
    frontier = found.frontier
    columns = (
        Column("n_rules", "rules", "text"),
        Column("collateral", "collateral"),
        Column("saved_by_next", "saved by one more rule"),
    )
    ends = (int(frontier.n_rules[0]), int(frontier.n_rules[-1]))
    shown = {*_SHOWN, *(step * 10**power for step in (1, 2, 5) for power in range(2, 6)), *ends}
    rows: list[Sequence[Value]] = [
        (f"{n_rules}", collateral, saved)
        for n_rules, collateral, saved in zip(
            frontier.n_rules.tolist(),
            frontier.collateral.tolist(),
            frontier.saved_by_next.tolist(),
            strict=True,
        )
        if every_row or n_rules in shown
    ]
    title = f"Least collateral by number of rules, in {UNIT_NAMES[found.unit]}"
    return Section("frontier", title, columns, rows)


def _regret(found: Answer, compared: Comparison) -> Section:
    rows: list[Sequence[Value]] = [
        (
            UNIT_NAMES[name],
            each.collateral,
            None if each.best is None else each.best.collateral,
            each.regret,
            compared.n_targets_covered,
            found.n_targets,
        )
        for name, each in compared.by_unit.items()
    ]
    columns = (
        Column("unit", "counted in", "text"),
        Column("collateral", "the order"),
        Column("best", "the best"),
        Column("regret", "regret"),
        Column("n_targets_covered", "targets covered"),
        Column("n_targets", "out of"),
    )
    title = (
        f"The order's {compared.n_rules:,} rules against the best as many for the same "
        f"{shown(compared.n_targets_covered)} of {shown(found.n_targets)} targets"
    )
    return Section("same_targets", title, columns, rows)
