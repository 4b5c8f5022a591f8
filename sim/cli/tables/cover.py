"""Covers and their frontier, as sections for people and as one JSON document.

In: what was found. Out: sections and plain values. No model logic.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sim.blocklists.units import UNIT_NAMES
from sim.cli.tables.sections import Column, Section, Value, shown

if TYPE_CHECKING:
    from sim.addresses.cover.frontier import Cover
    from sim.addresses.cover.regret import Constraints, Judgement
    from sim.blocklists.covers import Answer

SCHEMA = "overblock/cover/1"
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
    if found.trade_off is not None:
        made.append(_trade_off(found))
    if found.judgement is not None:
        made += [_regret(found.judgement), _same_collateral(found, found.judgement)]
    return made


def document(
    found: Answer, constraints: Constraints, miss_price: float | None, told: Sequence[str]
) -> dict[str, Any]:
    """Return the JSON document; ``told`` is what to know of the files."""
    frontier = found.frontier
    columns = {
        "n_rules": frontier.n_rules,
        "collateral": frontier.collateral,
        "n_targets_missed": frontier.missed,
        "cost": frontier.cost,
        "saved_by_next": frontier.saved_by_next,
    }
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    return {
        "schema": SCHEMA,
        "weight": found.unit,
        "budget": found.budget,
        "miss_price": miss_price,
        "limits": {
            "shortest4": constraints.limits4.shortest,
            "longest4": constraints.limits4.longest,
            "shortest6": constraints.limits6.shortest,
            "longest6": constraints.limits6.longest,
        },
        "targets": {
            "n_targets": found.n_targets,
            "n_addresses4": found.targets.v4.n_addresses,
            "n_addresses6": found.targets.v6.n_addresses,
        },
        "prefixes": found.cover.texts(),
        "n_rules": found.cover.n_rules,
        "n_targets_missed": found.cover.missed,
        "collateral": dict(found.collateral),
        "frontier": [dict(zip(columns, row, strict=True)) for row in rows],
        "trade_off": None
        if found.trade_off is None
        else {
            "is_complete": found.trade_off.is_complete,
            "corners": [_cover_document(corner) for corner in found.trade_off.corners],
        },
        "against": None
        if found.judgement is None
        else _judgement_document(found.judgement, found.unit),
        "notes": [*told, *found.units.notes, *found.conflicts],
    }


def _cover_document(cover: Cover) -> dict[str, Any]:
    return {
        "n_rules": cover.n_rules,
        "collateral": cover.collateral,
        "n_targets_missed": cover.missed,
        "prefixes": cover.texts(),
    }


def _judgement_document(judged: Judgement, unit: str) -> dict[str, Any]:
    return {
        "n_rules": judged.n_rules,
        "n_targets": judged.worth,
        "n_targets_covered": judged.covered,
        "same_targets": {
            name: {
                "collateral": each.collateral,
                "best": None if each.best is None else each.best.collateral,
                "regret": each.regret,
                "n_rules": None if each.best is None else each.best.n_rules,
                "prefixes": None if each.best is None else each.best.texts(),
                "reason": each.reason or None,
            }
            for name, each in judged.by_unit.items()
        },
        "same_collateral": {
            "weight": unit,
            **_cover_document(judged.widest.cover),
            "n_targets_covered": judged.worth - judged.widest.cover.missed,
            "n_targets_covered_at_most": judged.worth - judged.widest.missed_at_least,
        },
    }


def _prefixes(found: Answer) -> Section:
    missed = found.cover.missed
    hit = f", {shown(found.n_targets - missed)} of {shown(found.n_targets)} targets covered"
    title = f"Best cover with at most {found.budget:,} rules: {found.cover.n_rules:,} rules{hit}"
    columns = (Column("rule", "rule", "text"), Column("prefix", "prefix", "text"))
    rows = [(f"{row}", text) for row, text in enumerate(found.cover.texts(), start=1)]
    return Section("prefixes", title, columns, rows)


def _collateral(found: Answer) -> Section:
    rows = [(UNIT_NAMES[name], amount) for name, amount in found.collateral.items()]
    columns = (Column("unit", "counted in", "text"), Column("collateral", "collateral"))
    return Section("collateral", "What it hits beside the targets", columns, rows)


def _frontier(found: Answer, *, every_row: bool) -> Section:
    frontier = found.frontier
    columns = [
        Column("n_rules", "rules", "text"),
        Column("collateral", "collateral"),
        Column("saved_by_next", "saved by one more rule"),
    ]
    has_misses = bool((frontier.missed != 0).any())
    if has_misses:
        columns.insert(2, Column("n_targets_missed", "targets missed"))
        columns.insert(3, Column("cost", "cost with misses"))
    rows: list[Sequence[Value]] = []
    last = int(frontier.n_rules[-1])
    shown = {*_SHOWN, *(step * 10**power for step in (1, 2, 5) for power in range(2, 6))}
    for n_rules, collateral, missed, cost, saved in zip(
        frontier.n_rules.tolist(),
        frontier.collateral.tolist(),
        frontier.missed.tolist(),
        frontier.cost.tolist(),
        frontier.saved_by_next.tolist(),
        strict=True,
    ):
        if every_row or n_rules in shown or n_rules in (int(frontier.n_rules[0]), last):
            misses = (missed, cost) if has_misses else ()
            rows.append((f"{n_rules}", collateral, *misses, saved))
    title = f"Least collateral by number of rules, in {UNIT_NAMES[found.unit]}"
    return Section("frontier", title, columns, rows)


def _trade_off(found: Answer) -> Section:
    assert found.trade_off is not None
    rows = [
        (shown(found.n_targets - each.missed), found.n_targets, each.collateral, each.n_rules)
        for each in found.trade_off.corners
    ]
    columns = (
        Column("n_targets_covered", "targets covered", "text"),
        Column("n_targets", "out of"),
        Column("collateral", "collateral"),
        Column("n_rules", "rules"),
    )
    more = "" if found.trade_off.is_complete else " (more corners lie between)"
    title = f"Targets covered against collateral, at most {found.budget:,} rules{more}"
    return Section("trade_off", title, columns, rows)


def _regret(judged: Judgement) -> Section:
    rows: list[Sequence[Value]] = [
        (
            UNIT_NAMES[name],
            each.collateral,
            None if each.best is None else each.best.collateral,
            each.regret,
        )
        for name, each in judged.by_unit.items()
    ]
    columns = (
        Column("unit", "counted in", "text"),
        Column("collateral", "the order"),
        Column("best", "the best"),
        Column("regret", "regret"),
    )
    title = (
        f"The order's {judged.n_rules:,} rules against the best as many for the same "
        f"{shown(judged.covered)} of {shown(judged.worth)} targets"
    )
    return Section("same_targets", title, columns, rows)


def _same_collateral(found: Answer, judged: Judgement) -> Section:
    widest = judged.widest
    row = (
        UNIT_NAMES[found.unit],
        judged.covered,
        judged.worth - widest.cover.missed,
        judged.worth - widest.missed_at_least,
        judged.worth,
        widest.cover.collateral,
    )
    columns = (
        Column("unit", "counted in", "text"),
        Column("n_targets_covered", "the order covers"),
        Column("n_targets_covered_best", "could cover"),
        Column("n_targets_covered_at_most", "no cover more than"),
        Column("n_targets", "out of"),
        Column("collateral", "with collateral"),
    )
    title = "Targets within the order's own collateral and number of rules"
    return Section("same_collateral", title, columns, [row])
