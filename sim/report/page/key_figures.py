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
    is_share,
    number,
    percent,
    quantity,
    quantity_span,
)
from sim.results.tables import Row, text
from sim.results.tables import number as cell


def key_figures(rows: Mapping[str, Row]) -> list[Figure]:
    """Key figures of one strategy, each with its range and what it is out of."""
    return [_figure(rows[metric]) for metric in KEY_FIGURES if metric in rows]


def _figure(row: Row) -> Figure:
    unit = text(row, "unit")
    is_money = unit == USD
    value = quantity(cell(row, "mean"), unit)
    low, high = cell(row, "low"), cell(row, "high")
    is_ratio = text(row, "metric") in RATIOS
    what = "draws" if is_money else "resamples of the replicates" if is_ratio else "replicates"
    noun = "" if is_share(unit) or value == NOT_KNOWN else f" {unit}"
    published = text(row, "published")
    return Figure(
        label=capitalised(label(text(row, "metric"))),
        value=f"{value}{noun}",
        range=(
            f"range {NOT_KNOWN}"
            if math.isnan(low)
            else f"{quantity_span(low, high, unit)} in {percent(cell(row, 'level'), 2)} of {what}"
        ),
        of=out_of(row),
        published=(
            f"published beside it: {published_text(published)} ({text(row, 'published_source')})"
            if published
            else ""
        ),
    )


def out_of(row: Row) -> str:
    """Say what a value is out of; nothing where that is not known."""
    whole = cell(row, "denominator")
    return "" if math.isnan(whole) else f"out of {number(whole)} {text(row, 'denominator_unit')}"


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


def capitalised(words: str) -> str:
    """Words with a capital at their beginning."""
    return words[:1].upper() + words[1:]
