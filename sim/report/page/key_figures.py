"""The numbers at the head of the page.

In: rows of ``summary.csv``. Out: figures with their intervals, denominators and published values.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from sim.catalogue.choices import KEY_FIGURES, RATIOS, label, measure_name
from sim.catalogue.measures import USD
from sim.measure.money.ceilings import Spread
from sim.report.page.at_end import StillImpaired, still_of_hit
from sim.report.page.bands import all_text, beyond, luck_text
from sim.report.page.cells import Figure
from sim.report.page.published import Published, published_text
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.money import amount_text
from sim.report.words.numbers import (
    NOT_KNOWN,
    capitalised,
    is_share,
    number,
    percent,
    quantity,
    quantity_span,
    rounded_down,
)
from sim.report.words.plain import days_words, is_in_days
from sim.results.tables import Row, text
from sim.results.tables import number as cell
from sim.scenario.tables.rows import RateRow

HIT, HIT_SHARE, HIT_FOR = map(
    measure_name,
    ("businesses_ever_impaired", "businesses_ever_impaired_share", "hours_impaired_median"),
)
NAMED = measure_name("affected_at_named_providers")
NOTHING_PUBLISHED: Mapping[str, Sequence[Published]] = MappingProxyType({})


def key_figures(
    rows: Mapping[str, Row],
    words: Language = IN_ENGLISH,
    rate: RateRow | None = None,
    beside: Mapping[str, Sequence[Published]] = NOTHING_PUBLISHED,
    at_end: StillImpaired | None = None,
) -> list[Figure]:
    """Key figures of one strategy, each with its ranges and what it is out of.

    Parameters
    ----------
    rate
        What a dollar is worth in the country's currency, in which money is said beside USD.
    beside
        What was published beside each measure. A number of businesses is so where somebody counted
        those of some providers: then it is among the key figures.
    at_end
        Who is still impaired when the run ends, which cuts how long they were.
    """
    shown = as_shares([metric for metric in KEY_FIGURES if metric in rows], rows.values())
    if not math.isnan(cell(rows.get(HIT_FOR, {}), "mean")):
        # It is said in words at the head, where it has no range.
        hit = next((at for at, metric in enumerate(shown) if metric in (HIT, HIT_SHARE)), -1)
        shown.insert(hit + 1, HIT_FOR)
    if NAMED in rows and NAMED in beside:
        shown.append(NAMED)
    figures = [_figure(rows[metric], words, rate, beside.get(metric, ())) for metric in shown]
    if HIT_FOR in shown:
        at = shown.index(HIT_FOR)
        figures[at] = _cut_at_end(figures[at], rows[HIT_FOR], at_end, words)
    return figures


def _cut_at_end(figure: Figure, row: Row, at_end: StillImpaired | None, words: Language) -> Figure:
    """How long who was hit was impaired; where half of them still are, how many."""
    still = still_of_hit(at_end, words)
    if not still:
        return figure
    # What was cut is a lower bound, in hours as in days.
    hours = rounded_down(cell(row, "mean"))
    n = words.amount(words.digits(number(hours)), text(row, "unit"))
    if is_in_days(hours):
        n = f"{n} ({days_words(hours, words, rounded='down')})"
    return replace(figure, value=words.say("at least {n}", n=n), of=capitalised(still))


def as_shares(metrics: Sequence[str], rows: Iterable[Row]) -> list[str]:
    """The same measures, with draws the share of the businesses hit in place of their number.

    Draws vary how many businesses there are, so that how many were hit says nothing by itself.
    """
    drawn = {text(row, "metric") for row in rows if "all_low" in row}
    shown = HIT_SHARE if HIT_SHARE in drawn else HIT
    return [shown if metric == HIT else metric for metric in metrics]


def _figure(row: Row, words: Language, rate: RateRow | None, beside: Sequence[Published]) -> Figure:
    unit = text(row, "unit")
    value = quantity(cell(row, "mean"), unit)
    has_unit = not (is_share(unit) or value == NOT_KNOWN)
    said = words.digits(value)
    if has_unit:
        said = words.amount(said, unit)
    if text(row, "metric") == HIT_FOR and is_in_days(cell(row, "mean")):
        said = f"{said} ({days_words(cell(row, 'mean'), words)})"
    low, high = cell(row, "low"), cell(row, "high")
    has_draws = "all_low" in row
    # A ratio says itself what it is for each of, and hours are out of no number of businesses.
    of = "" if text(row, "metric") in (*RATIOS, HIT_FOR) else out_of(row, words)
    wide = words.say("With all that is not known: {range}", range=all_text(row, words))
    wide = "; ".join(filter(None, (wide, beyond(row, words))))
    ends = ("all_low", "all_high") if has_draws else ("low", "high")
    usd = Spread(*(cell(row, name) for name in ("mean", *ends)))
    return Figure(
        label=capitalised(words.name(label(text(row, "metric")))),
        value=said,
        range=(
            words.say(
                # Draws vary what it is out of as well: that is of the values as given alone.
                "As given {given} out of {n}, by luck {range}"
                if of
                else "As given {given}, by luck {range}",
                given=words.digits(quantity(cell(row, "given"), unit)),
                n=of,
                range=luck_text(row, words),
            )
            if has_draws
            else words.say("range not known")
            if math.isnan(low)
            else words.say(
                _over_what(row),
                range=words.digits(quantity_span(low, high, unit)),
                level=words.digits(percent(cell(row, "level"), 2)),
            )
        ),
        all=wide if has_draws else "",
        of=words.say("out of {n}", n=of) if of and not has_draws else "",
        published=[(published_text(one, words), one.note) for one in beside],
        local=amount_text(rate, usd, words) if unit == USD else "",
    )


def _over_what(row: Row) -> str:
    """What the range of a figure without draws of all that is not known spans."""
    if text(row, "unit") == USD:
        return "{range} in {level} of draws"
    if text(row, "metric") in RATIOS:
        return "{range} by luck ({level})"
    if text(row, "metric") == HIT_FOR:
        return "mean of each replicate's median; {range} in {level} of replicates"
    return "{range} in {level} of replicates"


def out_of(row: Row, words: Language = IN_ENGLISH) -> str:
    """Say what a value is out of, as given; nothing where that is not known."""
    whole = cell(row, "denominator")
    # Out of nothing there is no share to think of.
    if math.isnan(whole) or whole == 0:
        return ""
    unit = text(row, "denominator_unit")
    return words.amount(words.digits(number(whole)), unit)


def confidence_of(rows: Iterable[Row]) -> str:
    """Level of the intervals of a comparison: ``95 %``."""
    levels = (cell(row, "confidence") for row in rows if "confidence" in row)
    return next((percent(level, 2) for level in levels if not math.isnan(level)), "95 %")
