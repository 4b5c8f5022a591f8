"""The numbers at the head of the page.

In: rows of ``summary.csv``. Out: figures with their intervals, denominators and published values.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from sim.catalogue.choices import KEY_FIGURES, RATIOS, label
from sim.catalogue.measures import USD
from sim.report.page.cells import Figure
from sim.report.words.numbers import (
    NOT_KNOWN,
    capitalised,
    is_share,
    number,
    percent,
    quantity,
    quantity_span,
)
from sim.results.tables import Row, text
from sim.results.tables import number as cell


def key_figures(rows: Mapping[str, Row]) -> list[Figure]:
    """Key figures of one strategy, each with its ranges and what it is out of."""
    return [_figure(rows[metric]) for metric in KEY_FIGURES if metric in rows]


def _figure(row: Row) -> Figure:
    unit = text(row, "unit")
    is_money = unit == USD
    value = quantity(cell(row, "mean"), unit)
    low, high = cell(row, "low"), cell(row, "high")
    has_draws = "all_low" in row
    is_ratio = text(row, "metric") in RATIOS
    what = "draws" if is_money else "resamples of the replicates" if is_ratio else "replicates"
    luck = _range(low, high, unit) if has_draws else quantity_span(low, high, unit)
    noun = "" if is_share(unit) or value == NOT_KNOWN else f" {unit}"
    published = text(row, "published")
    return Figure(
        label=capitalised(label(text(row, "metric"))),
        value=f"{value}{noun}",
        range=(
            f"By luck: {luck}"
            if has_draws
            else f"range {NOT_KNOWN}"
            if math.isnan(low)
            else f"{luck} in {percent(cell(row, 'level'), 2)} of {what}"
        ),
        all=f"With all that is not known: {all_text(row)}" if has_draws else "",
        of=out_of(row),
        published=(
            f"published beside it: {published_text(published)} ({text(row, 'published_source')})"
            if published
            else ""
        ),
    )


def all_text(row: Row) -> str:
    """Range of a measure over all that is not known."""
    return _range(cell(row, "all_low"), cell(row, "all_high"), text(row, "unit"))


def _range(low: float, high: float, unit: str) -> str:
    return f"always {quantity(low, unit)}" if low == high else quantity_span(low, high, unit)


def out_of(row: Row) -> str:
    """Say what a value is out of; nothing where that is not known."""
    whole = cell(row, "denominator")
    if math.isnan(whole):
        return ""
    unit = text(row, "denominator_unit")
    # What is out of an assumed number may exceed it where that number is drawn as well.
    drawn = ", a number that is drawn as well" if cell(row, "all_high") > whole else ""
    return f"out of {number(whole)} {unit}{drawn}"


def confidence_of(rows: Iterable[Row]) -> str:
    """Level of the intervals of a comparison: ``95 %``."""
    levels = (cell(row, "confidence") for row in rows if "confidence" in row)
    return next((percent(level, 2) for level in levels if not math.isnan(level)), "95 %")


def published_text(value: str) -> str:
    """A published value as it is written: a number, or its words."""
    try:
        return number(float(value))
    except ValueError:
        return value
