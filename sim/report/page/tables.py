"""The tables of the report page: rows of a folder's tables as cells to read and to sort by.

In: rows and a manifest. Out: tables whose cells are plain text. Markup is the template's business.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sim.catalogue.choices import COLLATERAL, HEADLINES, label
from sim.catalogue.measures import USD
from sim.report.page.cells import Cell, Choice, Column, Line, PageTable
from sim.report.page.key_figures import capitalised, out_of, published_text
from sim.report.words.numbers import (
    NOT_KNOWN,
    number,
    p_value,
    percent,
    quantity,
    quantity_span,
)
from sim.results.tables import Row, text
from sim.results.tables import number as cell


def summary_table(rows: Sequence[Row]) -> PageTable:
    """Every measure of one strategy."""
    lines = [
        Line(
            (
                Cell(capitalised(label(text(row, "metric")))),
                _quantity_cell(row, "mean"),
                _quantity_cell(row, "median"),
                _range_cell(row, "low", "high"),
                Cell(text(row, "unit")),
                Cell(out_of(row).removeprefix("out of ")),
                Cell(published_text(text(row, "published")) if text(row, "published") else ""),
            )
        )
        for row in rows
    ]
    columns = (
        Column("Measure"),
        Column("Mean", True),
        Column("Median", True),
        Column("Range", True),
        Column("Unit"),
        Column("Out of"),
        Column("Published", True),
    )
    caption = (
        "Every measure over replicates; the range holds 90 % of them, for money of draws; for harm "
        "for each user-hour denied it is a 90 % interval over resamples of the replicates"
    )
    return PageTable("measures", caption, columns, lines)


def strategy_table(rows: Sequence[Row], strategies: Sequence[str], baseline: str) -> PageTable:
    """Key measures of every strategy, side by side.

    Parameters
    ----------
    rows
        Of ``summary.csv``, in which the range of money is one over draws of prices.
    """
    by = {(text(row, "strategy"), text(row, "metric")): row for row in rows}
    metrics = [metric for metric in HEADLINES if any((name, metric) in by for name in strategies)]
    lines = [
        Line(
            (
                Cell(f"{name} (baseline)" if name == baseline else name),
                *(_mean_cell(by.get((name, metric))) for metric in metrics),
            )
        )
        for name in strategies
    ]
    units = {text(row, "metric"): text(row, "unit") for row in rows}
    columns = [Column("Strategy")]
    for metric in metrics:
        is_said = units[metric].replace("-", " ") in metric.replace("_", " ")
        unit = "" if is_said else f", {units[metric]}"
        columns.append(Column(f"{capitalised(label(metric))}{unit}", True))
    return PageTable("strategies", "Strategies compared", columns, lines)


def _mean_cell(row: Row | None) -> Cell:
    if row is None:
        return Cell(NOT_KNOWN, "")
    unit = text(row, "unit")
    mean, low, high = (cell(row, name) for name in ("mean", "low", "high"))
    return Cell(quantity(mean, unit), sort_key(mean), _interval(low, high, unit))


def difference_table(rows: Sequence[Row], baseline: str) -> PageTable:
    """Every measure of every strategy, and its paired difference from the baseline."""
    lines = []
    for row in rows:
        unit = text(row, "unit")
        mean_low, mean_high = cell(row, "mean_low"), cell(row, "mean_high")
        lines.append(
            Line(
                (
                    Cell(text(row, "strategy")),
                    Cell(
                        quantity(cell(row, "mean"), unit),
                        sort_key(cell(row, "mean")),
                        _interval(mean_low, mean_high, unit),
                    ),
                    _range_cell(row, "low", "high"),
                    _difference_cell(row, unit, baseline),
                    _p_cell(cell(row, "p_holm"), text(row, "strategy") == baseline),
                ),
                group=text(row, "metric"),
            )
        )
    metrics = list(dict.fromkeys(text(row, "metric") for row in rows))
    units = {text(row, "metric"): text(row, "unit") for row in rows}
    first = next((m for m in (COLLATERAL, *metrics) if m in units), "")
    choices = [
        Choice(
            metric,
            f"{capitalised(label(metric))} ({units[metric]}"
            f"{', mean of draws in each replicate' if units[metric] == USD else ''})",
            metric == first,
        )
        for metric in metrics
    ]
    confidence = next(
        (percent(cell(r, "confidence"), 2) for r in rows if not math.isnan(cell(r, "confidence"))),
        "95 %",
    )
    columns = (
        Column("Strategy"),
        Column(f"Mean, {confidence} interval", True),
        Column("Range over replicates", True),
        Column(f"Difference from {baseline}, {confidence} interval", True),
        Column("p, Holm", True),
    )
    caption = f"Means, and mean paired differences from {baseline}"
    return PageTable("measures", caption, columns, lines, choices=choices)


def _difference_cell(row: Row, unit: str, baseline: str) -> Cell:
    if text(row, "strategy") == baseline:
        return Cell("", "")
    difference = cell(row, "difference")
    sign = "+" if difference > 0 else ""
    low, high = cell(row, "difference_low"), cell(row, "difference_high")
    return Cell(
        f"{sign}{quantity(difference, unit)}", sort_key(difference), _interval(low, high, unit)
    )


def _p_cell(p: float, is_baseline: bool) -> Cell:
    if is_baseline:
        return Cell("", "")
    if math.isnan(p):
        return Cell(NOT_KNOWN, "")
    return Cell(p_value(p), p)


def tradeoff_table(rows: Sequence[Row]) -> PageTable:
    """Effect and harm of every strategy, and which are beaten."""
    lines = []
    for row in rows:
        is_dominated = row.get("is_dominated") is True
        by = text(row, "dominated_by").replace(";", ", ")
        share = cell(row, "share_of_draws_on_frontier")
        ratio = cell(row, "collateral_per_efficacy")
        lines.append(
            Line(
                (
                    Cell(text(row, "strategy")),
                    _triple(row, "efficacy", "efficacy_low", "efficacy_high"),
                    _triple(row, "collateral", "collateral_low", "collateral_high"),
                    Cell(
                        number(ratio),
                        sort_key(ratio),
                        _interval(cell(row, "ratio_low"), cell(row, "ratio_high"), ""),
                    ),
                    Cell(f"beaten by {by}" if by else "beaten" if is_dominated else "not beaten"),
                    Cell(percent(share), sort_key(share)),
                ),
                group=text(row, "collateral_metric"),
                is_dimmed=is_dominated,
            )
        )
    effect = label(text(rows[0], "efficacy_metric")) if rows else "effect"
    harms = list(dict.fromkeys(text(row, "collateral_metric") for row in rows))
    choices = [Choice(harm, capitalised(label(harm)), harm == harms[0]) for harm in harms]
    said = f" ({label(harms[0])})" if len(harms) == 1 else ", as chosen"
    columns = (
        Column("Strategy"),
        Column(f"Effect ({effect})", True),
        Column(f"Harm{said}", True),
        Column("Harm per unit of effect", True),
        Column("Beaten"),
        Column("Share of draws unbeaten", True),
    )
    caption = "Effect on the target and harm to bystanders"
    return PageTable("tradeoff", caption, columns, lines, choices=choices)


def _triple(row: Row, name: str, low: str, high: str) -> Cell:
    value = cell(row, name)
    return Cell(number(value), sort_key(value), _interval(cell(row, low), cell(row, high), ""))


def assumption_table(assumptions: Iterable[Mapping[str, Any]]) -> PageTable:
    """Every number without a source."""
    lines = [
        Line(
            (
                Cell(str(one["key"])),
                Cell(value_text(one.get("value"))),
                Cell(range_text(one.get("range"))),
                Cell(str(one.get("unit", ""))),
                Cell(str(one.get("why", ""))),
            )
        )
        for one in assumptions
    ]
    columns = (
        Column("Number"),
        Column("Value", True),
        Column("Range", True),
        Column("Unit"),
        Column("Why this value"),
    )
    return PageTable("assumptions", "Numbers without a source", columns, lines)


def value_text(value: object) -> str:
    """One value of a scenario or table; many have no one text."""
    if value is None:
        return "by row"
    return f"{value:,.12g}" if isinstance(value, int | float) else str(value)


def range_text(limits: object) -> str:
    """Range of an assumption as a manifest states it; empty where it has none."""
    if not isinstance(limits, Mapping):
        return ""
    for kind, ends in limits.items():
        shown = " to ".join(
            f"{end:,.12g}" if isinstance(end, int | float) else str(end) for end in ends
        )
        if kind == "absolute":
            return shown
        return f"times {shown}" if kind == "times" else f"columns {shown}"
    return ""


def _quantity_cell(row: Row, name: str) -> Cell:
    return Cell(quantity(cell(row, name), text(row, "unit")), sort_key(cell(row, name)))


def _range_cell(row: Row, low: str, high: str) -> Cell:
    ends = cell(row, low), cell(row, high)
    return Cell(quantity_span(*ends, text(row, "unit")), sort_key(ends[0]))


def _interval(low: float, high: float, unit: str) -> str:
    if math.isnan(low) or math.isnan(high) or low == high:
        return ""
    return quantity_span(low, high, unit)


def sort_key(value: float) -> float | str:
    """What a column is sorted by; empty where it is not known."""
    return "" if math.isnan(value) else value
