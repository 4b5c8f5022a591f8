"""The tables of the report page: rows of a folder's tables as cells to read and to sort by.

In: rows and a manifest. Out: tables whose cells are plain text. Markup is the template's business.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sim.catalogue.choices import COLLATERAL, HEADLINES, label
from sim.catalogue.measures import USD
from sim.report.page.bands import hangs_on_text
from sim.report.page.cells import (
    Cell,
    Choice,
    Line,
    PageTable,
    columns,
    sort_key,
)
from sim.report.page.key_figures import all_text, confidence_of, out_of, published_text
from sim.report.words.numbers import (
    NOT_KNOWN,
    capitalised,
    p_value,
    percent,
    quantity,
    quantity_span,
)
from sim.results.tables import Row, text
from sim.results.tables import number as cell

BOTH_RANGES = ("Range by luck", "Range with all that is not known")


def summary_table(rows: Sequence[Row]) -> PageTable:
    """Every measure of one strategy; with draws, by luck and with all that is not known."""
    has_draws = any("all_low" in row for row in rows)
    lines = [
        Line.of(
            capitalised(label(text(row, "metric"))),
            _quantity_cell(row, "mean"),
            _quantity_cell(row, "median"),
            _range_cell(row),
            *(_wide_cells(row) if has_draws else ()),
            text(row, "unit"),
            out_of(row).removeprefix("out of "),
            published_text(text(row, "published")) if text(row, "published") else "",
        )
        for row in rows
    ]
    ranges = (*BOTH_RANGES, "Hangs on") if has_draws else ("Range",)
    titles = ("Measure", "Mean", "Median", *ranges, "Unit", "Out of", "Published")
    caption = (
        "Every measure as given, and 90 % ranges: by luck over replicates, and over draws of all "
        "that is not known; it hangs on what brings most of the variance of its rank"
        if has_draws
        else "Every measure over replicates; the range holds 90 % of them, for money of draws; for "
        "harm for each user-hour denied it is a 90 % interval over resamples of the replicates"
    )
    numbers = (1, 2, 3, *((4,) if has_draws else ()), len(titles) - 1)
    return PageTable("measures", caption, columns(*titles, numbers=numbers), lines)


def strategy_table(rows: Sequence[Row], strategies: Sequence[str], baseline: str) -> PageTable:
    """Key measures of every strategy, side by side.

    Parameters
    ----------
    rows
        Of ``summary.csv``, in which the range of money is one over draws of prices unless there
        are draws of all that is not known.
    """
    by = {(text(row, "strategy"), text(row, "metric")): row for row in rows}
    metrics = [metric for metric in HEADLINES if any((name, metric) in by for name in strategies)]
    lines = [
        Line.of(
            f"{name} (baseline)" if name == baseline else name,
            *(_mean_cell(by.get((name, metric))) for metric in metrics),
        )
        for name in strategies
    ]
    units = {text(row, "metric"): text(row, "unit") for row in rows}
    titles = ["Strategy"]
    for metric in metrics:
        is_said = units[metric].replace("-", " ") in metric.replace("_", " ")
        unit = "" if is_said else f", {units[metric]}"
        titles.append(f"{capitalised(label(metric))}{unit}")
    heads = columns(*titles, numbers=range(1, len(titles)))
    return PageTable("strategies", "Strategies compared", heads, lines)


def _mean_cell(row: Row | None) -> Cell:
    if row is None:
        return Cell(NOT_KNOWN, "")
    found = _estimate_cell(row, ("mean", "low", "high"), text(row, "unit"))
    if "all_low" not in row:
        return found
    luck = f"by luck {found.range}" if found.range else ""
    wide = all_text(row)
    return replace(found, range=luck, all="" if wide == NOT_KNOWN else f"in all {wide}")


def difference_table(rows: Sequence[Row], baseline: str) -> PageTable:
    """Every measure of every strategy, and its paired difference from the baseline."""
    has_draws = any("all_low" in row for row in rows)
    lines = []
    for row in rows:
        is_baseline = text(row, "strategy") == baseline
        lines.append(
            Line.of(
                text(row, "strategy"),
                _estimate_cell(row, ("mean", "mean_low", "mean_high"), text(row, "unit")),
                _range_cell(row),
                *(_wide_cells(row) if has_draws else ()),
                Cell("", "") if is_baseline else _difference_cell(row),
                Cell("", "") if is_baseline else _p_cell(cell(row, "p_holm")),
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
    confidence = confidence_of(rows)
    heads = columns(
        "Strategy",
        f"Mean, {confidence} interval",
        *((*BOTH_RANGES, "Hangs on") if has_draws else ("Range over replicates",)),
        f"Difference from {baseline}, {confidence} interval",
        "p, Holm",
        numbers=(1, 2, 3, 5, 6) if has_draws else range(1, 5),
    )
    caption = (
        f"Means, and mean paired differences from {baseline}: their intervals, and p, are of luck "
        "alone, at the values as given"
    )
    return PageTable("measures", caption, heads, lines, choices=choices)


def _difference_cell(row: Row) -> Cell:
    sign = "+" if cell(row, "difference") > 0 else ""
    names = ("difference", "difference_low", "difference_high")
    return _estimate_cell(row, names, text(row, "unit"), sign)


def _estimate_cell(row: Row, names: tuple[str, str, str], unit: str = "", sign: str = "") -> Cell:
    """An estimate with its interval below it, where there is one that is no point."""
    value, low, high = (cell(row, name) for name in names)
    has_interval = not (math.isnan(low) or math.isnan(high) or low == high)
    interval = quantity_span(low, high, unit) if has_interval else ""
    return Cell(f"{sign}{quantity(value, unit)}", sort_key(value), interval)


def _p_cell(p: float) -> Cell:
    return Cell(NOT_KNOWN, "") if math.isnan(p) else Cell(p_value(p), p)


def tradeoff_table(rows: Sequence[Row]) -> PageTable:
    """Effect and harm of every strategy, and which are beaten."""
    lines = []
    for row in rows:
        is_dominated = row.get("is_dominated") is True
        by = text(row, "dominated_by").replace(";", ", ")
        share = cell(row, "share_of_draws_on_frontier")
        lines.append(
            Line.of(
                text(row, "strategy"),
                _estimate_cell(row, ("efficacy", "efficacy_low", "efficacy_high")),
                _estimate_cell(row, ("collateral", "collateral_low", "collateral_high")),
                _estimate_cell(row, ("collateral_per_efficacy", "ratio_low", "ratio_high")),
                f"beaten by {by}" if by else "beaten" if is_dominated else "not beaten",
                Cell(percent(share), sort_key(share)),
                group=text(row, "collateral_metric"),
                is_dimmed=is_dominated,
            )
        )
    effect = label(text(rows[0], "efficacy_metric")) if rows else "effect"
    harms = list(dict.fromkeys(text(row, "collateral_metric") for row in rows))
    choices = [Choice(harm, capitalised(label(harm)), harm == harms[0]) for harm in harms]
    said = f" ({label(harms[0])})" if len(harms) == 1 else ", as chosen"
    heads = columns(
        "Strategy",
        f"Effect ({effect})",
        f"Harm{said}",
        "Harm per unit of effect",
        "Beaten, as given",
        "Unbeaten, of resamples",
        numbers=(1, 2, 3, 5),
    )
    caption = "Effect on the target and harm to bystanders"
    return PageTable("tradeoff", caption, heads, lines, choices=choices)


def assumption_table(assumptions: Iterable[Mapping[str, Any]]) -> PageTable:
    """Every number without a source."""
    lines = [
        Line.of(
            str(one["key"]),
            value_text(one.get("value")),
            range_text(one.get("range")),
            str(one.get("unit", "")),
            str(one.get("why", "")),
        )
        for one in assumptions
    ]
    titles = ("Number", "Value", "Range", "Unit", "Why this value")
    return PageTable(
        "assumptions", "Numbers without a source", columns(*titles, numbers=(1, 2)), lines
    )


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


def _range_cell(row: Row) -> Cell:
    low, high = cell(row, "low"), cell(row, "high")
    return Cell(quantity_span(low, high, text(row, "unit")), sort_key(low))


def _wide_cells(row: Row) -> tuple[Cell, Cell]:
    """Range over all that is not known, and what it hangs on."""
    return Cell(all_text(row), sort_key(cell(row, "all_low"))), Cell(hangs_on_text(row))
