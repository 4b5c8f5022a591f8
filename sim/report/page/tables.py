"""The tables of the report page: rows of a folder's tables as cells to read and to sort by.

In: rows and a manifest. Out: tables whose cells are plain text. Markup is the template's business.
It is one file, since it is the list of tables over all measures.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from sim.catalogue.choices import COLLATERAL, HEADLINES, RATIOS, label, says_unit
from sim.catalogue.measures import USD
from sim.report.page.bands import all_text, beyond, luck_text
from sim.report.page.cells import (
    Cell,
    Choice,
    Line,
    PageTable,
    columns,
    folded,
    sort_key,
    without_empty,
)
from sim.report.page.hangs_on import hangs_on_text
from sim.report.page.key_figures import as_shares, confidence_of, out_of
from sim.report.page.published import value_text
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import (
    NOT_KNOWN,
    capitalised,
    percent,
    quantity,
    quantity_span,
)
from sim.results.tables import Row, text
from sim.results.tables import number as cell

NO_NAMES: Mapping[str, str] = MappingProxyType({})
BOTH_RANGES = ("Range by luck", "Range with all that is not known")


def summary_table(
    rows: Sequence[Row], words: Language = IN_ENGLISH, called: Callable[[str], str] = str
) -> PageTable:
    """Every measure of one strategy; with draws, by luck and with all that is not known.

    Parameters
    ----------
    called
        What an unknown is called, by its key.
    """
    has_draws = any("all_low" in row for row in rows)
    nothing = {
        capitalised(words.name(label(text(row, "metric")))) for row in rows if _is_nothing(row)
    }
    lines = [
        Line.of(
            capitalised(words.name(label(text(row, "metric")))),
            _quantity_cell(row, "mean", words),
            *(
                (*_wide_cells(row, words, called), _given_cell(row, words))
                if has_draws
                else (_quantity_cell(row, "median", words),)
            ),
            _range_cell(row, words),
            words.name(text(row, "unit")),
            *(() if has_draws else (out_of(row, words),)),
            words.digits(value_text(text(row, "published"))) if text(row, "published") else "",
        )
        for row in rows
    ]
    drawn = ("Median of the draws", BOTH_RANGES[1], "Hangs on", "Mean as given", BOTH_RANGES[0])
    ranges = drawn if has_draws else ("Mean", "Median", "Range")
    titles = (
        "Measure",
        *ranges,
        "Unit",
        # With draws it stands below the mean as given: draws vary it as well.
        *(() if has_draws else ("Out of",)),
        "Published",
    )
    lines = folded(
        lines,
        lambda row: row.cells[0].text in nothing,
        lambda n, names: words.say(
            "0 in every case told of, {n}: {names}", n=words.digits(n), names=names
        ),
    )
    caption = (
        "Every measure over draws of all that is not known, and as given over replicates, each "
        "with the range of 90 %; it hangs on what brings most of the variance of its rank"
        if has_draws
        else "Every measure over replicates; the range holds 90 % of them, for money of draws; for "
        "harm for each user-hour denied it is a 90 % interval over resamples of the replicates"
    )
    numbers = (*((1, 2, 4, 5) if has_draws else (1, 2, 3)), len(titles) - 1)
    heads = columns(*map(words.say, titles), numbers=numbers)
    table = PageTable("measures", words.say(caption), heads, lines)
    return without_empty(table, words.say("Published"))


def _is_nothing(row: Row) -> bool:
    """Whether a measure is 0 in all that is told of it; what is not known is none of these."""
    told = ("mean", "median", "given", "low", "high", "all_low", "all_high")
    return all(row[name] == 0 for name in told if name in row) and not text(row, "published")


def strategy_table(
    rows: Sequence[Row],
    names: Mapping[str, str],
    baseline: str,
    words: Language = IN_ENGLISH,
) -> PageTable:
    """Key measures of every strategy, side by side.

    Parameters
    ----------
    names
        What each strategy is called, by its label.
    rows
        Of ``summary.csv``, in which the range of money is one over draws of prices unless there
        are draws of all that is not known.
    """
    by = {(text(row, "strategy"), text(row, "metric")): row for row in rows}
    metrics = as_shares([m for m in HEADLINES if any((name, m) in by for name in names)], rows)
    lines = [
        Line.of(
            Cell(capitalised(names[name]), range=words.say("baseline") if name == baseline else ""),
            *(_mean_cell(by.get((name, metric)), words) for metric in metrics),
        )
        for name in names
    ]
    units = {text(row, "metric"): text(row, "unit") for row in rows}
    titles = [words.say("Strategy")]
    for metric in metrics:
        unit = "" if says_unit(metric, units[metric]) else f", {words.name(units[metric])}"
        titles.append(f"{capitalised(words.name(label(metric)))}{unit}")
    heads = columns(*titles, numbers=range(1, len(titles)))
    caption = words.say(
        "Strategies compared; below each number its range over the draws, then the mean as given "
        "with its range by luck"
        if any("all_low" in row for row in rows)
        else "Strategies compared; below each number its range by luck, of money by prices and luck"
    )
    return PageTable("strategies", caption, heads, lines)


def _mean_cell(row: Row | None, words: Language) -> Cell:
    if row is None:
        return Cell(words.say(NOT_KNOWN), "")
    found = _estimate_cell(row, ("mean", "low", "high"), words, text(row, "unit"))
    if "all_low" not in row:
        return found
    given = words.digits(quantity(cell(row, "given"), text(row, "unit")))
    luck = words.say("as given {given}", given=given)
    if found.range:
        luck = words.say("as given {given}, by luck {range}", given=given, range=found.range)
    luck = "; ".join(filter(None, (luck, beyond(row, words, is_short=True))))
    # What each line of a cell is stands above the table, once.
    wide = "" if all_text(row) == NOT_KNOWN else all_text(row, words)
    return replace(found, range=wide, all=luck)


def difference_table(
    rows: Sequence[Row],
    baseline: str,
    words: Language = IN_ENGLISH,
    names: Mapping[str, str] = NO_NAMES,
    called: Callable[[str], str] = str,
) -> PageTable:
    """Every measure of every strategy, and its paired difference from the baseline.

    Parameters
    ----------
    names
        What strategies are called, by label; else they are called by it.
    called
        What an unknown is called, by its key.
    """
    first_name = names.get(baseline, baseline)
    has_draws = any("all_low" in row for row in rows)
    middle = "given" if has_draws else "mean"
    lines = []
    for row in rows:
        is_baseline = text(row, "strategy") == baseline
        names_of_mean = (middle, "mean_low", "mean_high")
        mean = _estimate_cell(row, names_of_mean, words, text(row, "unit"))
        lines.append(
            Line.of(
                text(row, "strategy"),
                replace(mean, all=beyond(row, words, is_short=True)),
                _range_cell(row, words),
                *(_wide_cells(row, words, called) if has_draws else ()),
                Cell("", "") if is_baseline else _difference_cell(row, words),
                group=text(row, "metric"),
            )
        )
    n_differences = sum(
        text(row, "strategy") != baseline and not math.isnan(cell(row, "difference_low"))
        for row in rows
    )
    metrics = list(dict.fromkeys(text(row, "metric") for row in rows))
    units = {text(row, "metric"): text(row, "unit") for row in rows}
    first = next((m for m in (COLLATERAL, *metrics) if m in units), "")
    choices = [
        Choice(
            metric,
            words.say(
                "{measure} ({unit}, mean of draws in each replicate)"
                if units[metric] == USD
                else "{measure} ({unit})",
                measure=capitalised(words.name(label(metric))),
                unit=words.name(units[metric]),
            ),
            metric == first,
        )
        for metric in metrics
    ]
    confidence = words.digits(confidence_of(rows))
    ranges = (*BOTH_RANGES, "Hangs on") if has_draws else ("Range over replicates",)
    heads = columns(
        words.say("Strategy"),
        words.say(
            "Mean as given, {level} interval" if has_draws else "Mean, {level} interval",
            level=confidence,
        ),
        *map(words.say, ranges),
        words.say(
            "Difference from {baseline}, {level} interval", baseline=first_name, level=confidence
        ),
        numbers=(1, 2, 3, 5) if has_draws else range(1, 4),
        strategies=(0,),
    )
    caption = words.say(
        "Means, and mean paired differences from {baseline}: their intervals are of luck alone, at "
        "the values as given, each for itself; of {n} differences some lie off zero by chance; "
        "differences are taken before rounding",
        baseline=first_name,
        n=words.digits(f"{n_differences:,}"),
    )
    return PageTable("measures", caption, heads, lines, choices=choices)


def _difference_cell(row: Row, words: Language) -> Cell:
    sign = "+" if cell(row, "difference") > 0 else ""
    names = ("difference", "difference_low", "difference_high")
    return _estimate_cell(row, names, words, text(row, "unit"), sign)


def _estimate_cell(
    row: Row, names: tuple[str, str, str], words: Language, unit: str = "", sign: str = ""
) -> Cell:
    """An estimate with its interval below it, where there is one that is no point."""
    value, low, high = (cell(row, name) for name in names)
    has_interval = not (math.isnan(low) or math.isnan(high) or low == high)
    interval = words.digits(quantity_span(low, high, unit)) if has_interval else ""
    return Cell(words.digits(f"{sign}{quantity(value, unit)}"), sort_key(value), interval)


def tradeoff_table(
    rows: Sequence[Row],
    words: Language = IN_ENGLISH,
    names: Mapping[str, str] = NO_NAMES,
    measured: Sequence[Row] = (),
) -> PageTable:
    """Effect and harm of every strategy, and which are beaten.

    Parameters
    ----------
    names
        What strategies are called, by label; else they are called by it.
    measured
        Rows of ``summary.csv`` with both bands, which say where the draws lie.
    """
    by = {(text(row, "strategy"), text(row, "metric")): row for row in measured}
    lines = []
    for row in rows:
        is_dominated = row.get("is_dominated") is True
        others = ", ".join(names.get(one, one) for one in text(row, "dominated_by").split(";"))
        share = cell(row, "share_of_draws_on_frontier")
        beaten = "beaten" if is_dominated else "not beaten"
        beaten = "not known" if row.get("is_dominated") is None else beaten
        effect_ends = ("efficacy", "efficacy_low", "efficacy_high")
        harm_ends = ("collateral", "collateral_low", "collateral_high")
        cells = (
            (_estimate_cell(row, effect_ends, words), text(row, "efficacy_metric")),
            (_estimate_cell(row, harm_ends, words), text(row, "collateral_metric")),
            (_ratio_cell(row, words), _ratio_of(row)),
        )
        lines.append(
            Line.of(
                text(row, "strategy"),
                *(
                    replace(
                        one,
                        all=beyond(by.get((text(row, "strategy"), of), {}), words, is_short=True),
                    )
                    for one, of in cells
                ),
                words.say("beaten by {names}" if others else beaten, names=others),
                Cell(words.digits(percent(share)), sort_key(share)),
                group=text(row, "collateral_metric"),
                is_dimmed=is_dominated,
            )
        )
    effect = label(text(rows[0], "efficacy_metric")) if rows else "effect"
    harms = list(dict.fromkeys(text(row, "collateral_metric") for row in rows))
    names = {harm: words.name(label(harm)) for harm in harms}
    choices = [Choice(harm, capitalised(names[harm]), harm == harms[0]) for harm in harms]
    heads = columns(
        words.say("Strategy"),
        words.say("Effect ({measure}), 95 % interval of the mean", measure=words.name(effect)),
        words.say("Harm ({measure}), 95 % interval of the mean", measure=names[harms[0]])
        if len(harms) == 1
        else words.say("Harm, as chosen, 95 % interval of the mean"),
        words.say("Harm per million user-hours denied (money: per user-hour)"),
        words.say("Beaten, as given"),
        words.say("How often unbeaten, by luck"),
        numbers=(1, 2, 3, 5),
        strategies=(0,),
    )
    caption = words.say("Effect on the target and harm to bystanders")
    return PageTable("tradeoff", caption, heads, lines, choices=choices)


def _ratio_of(row: Row) -> str:
    """The measure of harm per effect of a row of effect and harm; empty where there is none."""
    pair = text(row, "collateral_metric"), text(row, "efficacy_metric")
    return next((name for name, one in RATIOS.items() if (one.above, one.below) == pair), "")


def _ratio_cell(row: Row, words: Language) -> Cell:
    """Harm per effect, in the unit that the measure of it has elsewhere."""
    ratio = RATIOS.get(_ratio_of(row))
    per = ratio.per if ratio else 1.0
    names = ("collateral_per_efficacy", "ratio_low", "ratio_high")
    told: Row = {**row, **{name: cell(row, name) * per for name in names}}
    return _estimate_cell(told, names, words)


def _quantity_cell(row: Row, name: str, words: Language) -> Cell:
    value = cell(row, name)
    return Cell(words.digits(quantity(value, text(row, "unit"))), sort_key(value))


def _given_cell(row: Row, words: Language) -> Cell:
    """A mean as given, what it is out of, and whether the draws hold it."""
    of = out_of(row, words)
    return replace(
        _quantity_cell(row, "given", words),
        range=words.say("out of {n}", n=of) if of else "",
        all=beyond(row, words, is_short=True),
    )


def _range_cell(row: Row, words: Language) -> Cell:
    return Cell(luck_text(row, words), sort_key(cell(row, "low")))


def _wide_cells(row: Row, words: Language, called: Callable[[str], str]) -> tuple[Cell, Cell]:
    """Range over all that is not known, and what it hangs on."""
    wide = Cell(all_text(row, words), sort_key(cell(row, "all_low")))
    return wide, Cell(hangs_on_text(row, words, called))
