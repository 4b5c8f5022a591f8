"""The tables of the page by operator and by cause: rows of ``groups.csv`` as cells.

In: rows. Out: tables, or nothing where a folder of an earlier version has no such rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from sim.catalogue.causes import CAUSES
from sim.catalogue.worst import WORST_PERCENT, worst_above
from sim.report.page.cells import Cell, Choice, Column, Line, PageTable, columns, sort_key
from sim.report.words.numbers import percent, quantity, quantity_span
from sim.results.tables import Row, text
from sim.results.tables import number as cell

_EVER = tuple(f"businesses_ever_{state}" for state in ("affected", "impaired", "down"))
_SHARE = "demand_lost_share"
_HOSTED = {"provider": "the front end", "component provider": "a component that was dropped"}
_HEADS = ("Ever affected", "Ever impaired", "Ever down")


def cause_table(rows: Sequence[Row], strategies: Sequence[str]) -> PageTable | None:
    """Businesses and demand that each cause hit, strategy by strategy."""
    by = _by_group(rows, "cause")
    lines = [
        Line.of(
            cause.label,
            cause.what,
            *(_cell(by[strategy, cause.name, metric]) for metric in (*_EVER, _SHARE)),
            group=strategy,
        )
        for strategy in strategies
        for cause in CAUSES
        if (strategy, cause.name, _SHARE) in by
    ]
    heads = columns("Cause", "What is blocked", *_HEADS, "Demand lost", numbers=range(2, 6))
    caption = "Businesses by the cause by which they lost most, and demand lost by each cause"
    return _table("causes", caption, heads, lines, strategies)


def worst_table(rows: Sequence[Row], strategies: Sequence[str]) -> PageTable | None:
    """Businesses by how much of their demand failed at once, by whose address was hit."""
    by = {kind: _by_group(rows, kind) for kind in _HOSTED}
    names = dict.fromkeys((kind, name) for kind in _HOSTED for _, name, _ in by[kind])
    first = worst_above(WORST_PERCENT[0])
    lines = [
        Line.of(
            name,
            _HOSTED[kind],
            *(_cell(by[kind][strategy, name, worst_above(percent)]) for percent in WORST_PERCENT),
            group=strategy,
        )
        for strategy in strategies
        for kind, name in names
        if (strategy, name, first) in by[kind]
    ]
    heads = columns(
        "Provider",
        "Of",
        *(f"Over {percent} %" for percent in WORST_PERCENT),
        numbers=range(2, 2 + len(WORST_PERCENT)),
    )
    caption = "Businesses by how much of their demand failed at once, and by provider"
    return _table("worst", caption, heads, lines, strategies)


def operator_table(rows: Sequence[Row], strategies: Sequence[str]) -> PageTable | None:
    """Businesses and demand hit at each operator, and by which cause most."""
    by, causes = _by_group(rows, "operator"), _by_group(rows, "operator and cause")
    names = dict.fromkeys(name for _, name, _ in by)
    lines = [
        Line.of(
            name,
            *(_cell(by[strategy, name, metric]) for metric in (*_EVER, _SHARE)),
            _first_cause(causes, strategy, name),
            group=strategy,
        )
        for strategy in strategies
        for name in names
        if (strategy, name, _SHARE) in by
    ]
    heads = columns("Operator", *_HEADS, "Demand lost", "Most of it by", numbers=range(1, 5))
    caption = "What the users of each operator met who were on no VPN"
    return _table("operators", caption, heads, lines, strategies)


def _table(
    id_: str,
    caption: str,
    heads: Sequence[Column],
    lines: Sequence[Line],
    strategies: Sequence[str],
) -> PageTable | None:
    if not lines:
        return None
    choices = [Choice(name, name, name == strategies[0]) for name in strategies]
    return PageTable(id_, caption, heads, lines, choices=choices)


def _by_group(rows: Sequence[Row], by: str) -> dict[tuple[str, str, str], Row]:
    """Rows of one kind of group, by strategy, group and metric."""
    return {
        (text(row, "strategy"), text(row, "group"), text(row, "metric")): row
        for row in rows
        if text(row, "by") == by
    }


def _first_cause(by: dict[tuple[str, str, str], Row], strategy: str, operator: str) -> str:
    """Cause of most of the demand lost at an operator, and its part."""
    lost = {
        cause.label: cell(by[strategy, f"{operator}/{cause.name}", _SHARE], "mean")
        for cause in CAUSES
    }
    first, whole = max(lost, key=lambda label: lost[label]), sum(lost.values())
    return f"{first}, {percent(lost[first] / whole, 2)}" if whole > 0 else "nothing was lost"


def _cell(row: Row) -> Cell:
    """A mean with its range over replicates below it."""
    mean, low, high = (cell(row, name) for name in ("mean", "low", "high"))
    unit = text(row, "unit")
    has_range = low < high
    return Cell(
        quantity(mean, unit), sort_key(mean), quantity_span(low, high, unit) if has_range else ""
    )
