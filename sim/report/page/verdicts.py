"""The page's tables of verdicts: which strategy is better over all that is not known, and regrets.

In: rows of ``verdicts.csv`` and ``regrets.csv``. Out: tables, and a sentence that sums them up.
"""

from __future__ import annotations

from collections.abc import Sequence

from sim.catalogue.choices import COLLATERAL, label
from sim.report.page.cells import Cell, Choice, Line, PageTable, columns, sort_key
from sim.report.words.numbers import (
    capitalised,
    listing,
    percent,
    quantity,
    quantity_span,
)
from sim.results.tables import Row, text
from sim.results.tables import number as cell

NOT_SETTLED = "not settled"
LEAST_SETTLING = 59
"""Fewest draws that can settle an order: 0.95 to the power of 58 is still above 0.05."""
MOST = 0.5
"""Share of the draws above which a strategy that denies nothing is said to do so in most."""


def verdict_table(rows: Sequence[Row]) -> PageTable:
    """Every pair of strategies in every measure they are judged by."""
    lines = [
        Line.of(
            text(row, "strategy"),
            text(row, "other"),
            Cell(text(row, "verdict"), range=_bounds(row)),
            *(_share(row, name) for name in ("share_less", "share_equal", "share_more")),
            _difference(row),
            _region(row),
            group=text(row, "metric"),
        )
        for row in rows
    ]
    heads = columns(
        "Strategy",
        "Held against",
        "Verdict",
        "Less in",
        "Same in",
        "More in",
        "Difference: median, 90 % range",
        "What decides it",
        numbers=(3, 4, 5, 6),
    )
    caption = "Which strategy is better over all that is not known"
    return PageTable("verdicts", caption, heads, lines, choices=_choices(rows))


def regret_table(rows: Sequence[Row]) -> PageTable:
    """How much worse each strategy is than the best of those that block."""
    lines = [
        Line.of(
            text(row, "strategy"),
            _regret(row, "expected_regret", "has_least_expected"),
            _regret(row, "most_regret", "has_least_most"),
            _without_effect(row),
            group=text(row, "metric"),
        )
        for row in rows
    ]
    heads = columns(
        "Strategy",
        "Expected regret",
        "Regret in the worst draw",
        "Denies the target's users nothing",
        numbers=(1, 2),
    )
    caption = "Regret: how much worse than the best of the strategies that block, draw by draw"
    return PageTable("regrets", caption, heads, lines, choices=_choices(rows))


def verdict_sentence(rows: Sequence[Row], n_draws: int) -> str:
    """What is settled of harm over all that is not known, and how much is not."""
    harm = [row for row in rows if text(row, "metric") == COLLATERAL]
    said = [
        f"{text(row, 'strategy')} is {text(row, 'verdict')} than {text(row, 'other')}"
        if text(row, "verdict") != "alike"
        else f"{text(row, 'strategy')} and {text(row, 'other')} are alike"
        for row in harm
        if text(row, "verdict") != NOT_SETTLED
    ]
    over = f"Over {n_draws:,} draws of all that is not known, by {label(COLLATERAL)}"
    if not said:
        few = (
            f"; {LEAST_SETTLING} draws at least are needed"
            if n_draws < LEAST_SETTLING
            else ": that needs the same order in 95 % of all draws, with room for chance"
        )
        return f"{over}, no strategy is settled to be better or worse than another{few}."
    n_open = len(harm) - len(said)
    rest = f"; {n_open} of {len(harm)} pairs are not settled" if n_open else ""
    return f"{over}, {listing(said)}{rest}."


def _choices(rows: Sequence[Row]) -> list[Choice]:
    metrics = dict.fromkeys(text(row, "metric") for row in rows)
    units = {text(row, "metric"): text(row, "unit") for row in rows}
    return [
        Choice(one, f"{capitalised(label(one))} ({units[one]})", one == COLLATERAL)
        for one in metrics
    ]


def _bounds(row: Row) -> str:
    better, worse = (percent(cell(row, f"share_{which}_bound"), 2) for which in ("better", "worse"))
    return f"better in at least {better}, worse in at least {worse}"


def _share(row: Row, name: str) -> Cell:
    return Cell(percent(cell(row, name), 2), sort_key(cell(row, name)))


def _difference(row: Row) -> Cell:
    unit, value = text(row, "unit"), cell(row, "difference")
    low, high = cell(row, "difference_low"), cell(row, "difference_high")
    return Cell(quantity(value, unit), sort_key(value), quantity_span(low, high, unit))


def _region(row: Row) -> Cell:
    region = text(row, "region")
    if not region:
        return Cell("not told" if text(row, "verdict") == NOT_SETTLED else "")
    says, coverage, density = (
        text(row, "region_says"),
        percent(cell(row, "coverage"), 2),
        percent(cell(row, "density"), 2),
    )
    return Cell(
        f"{says} where {region}",
        range=f"it holds in {density} of the draws there (density), which are {coverage} of all "
        "in which it does (coverage)",
    )


def _regret(row: Row, name: str, is_least: str) -> Cell:
    value = cell(row, name)
    least = "least of all" if row.get(is_least) is True else ""
    return Cell(quantity(value, text(row, "unit")), sort_key(value), least)


def _without_effect(row: Row) -> Cell:
    share = cell(row, "share_without_effect")
    which = "in most draws: " if share > MOST else "in "
    return Cell(f"{which}{percent(share, 2)}", sort_key(share))
