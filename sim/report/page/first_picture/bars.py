"""Strategies side by side: a bar each for what they cost bystanders and the target.

In: rows of strategies. Out: lengths of bars, their numbers and ranges in words, and a finding. The
page draws them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from sim.catalogue.choices import (
    COLLATERAL,
    EFFICACY,
    HARM_PER_EFFECT,
    TARGET_LOST,
    label,
)
from sim.report.page.at_end import StillImpaired, still_of_hit
from sim.report.page.bands import lost_measure, share_of
from sim.report.page.head.how_sure import HIT_FOR, HIT_SHARE
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.money import PRIVATE
from sim.report.words.numbers import capitalised, number, percent, percent_span, span
from sim.report.words.plain import duration_words, strategy_names
from sim.results.tables import Row, text
from sim.results.tables import number as cell

NOBODY: Mapping[str, StillImpaired] = MappingProxyType({})


@dataclass(frozen=True)
class Bar:
    """One bar, in percent of the room it has.

    Attributes
    ----------
    value, range
        In figures; the range is over all that is not known, empty without draws.
    length
        From 0 to the mean.
    low, span
        Where the range begins, and how long it is.
    more
        What is said below it.
    """

    value: str
    range: str
    length: float
    low: float
    span: float
    more: str = ""


@dataclass(frozen=True)
class Bars:
    """Strategies side by side, a bar each for what they cost bystanders and the target.

    Attributes
    ----------
    title
        What they show, as a finding.
    heads
        What each column of bars shows.
    rows
        Of each strategy: what it blocks, its label, its bars.
    whose
        Of each column whose it is: 0 and 1 of bystanders, 2 of the target, 3 one for the other.
    """

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[Bar, ...]], ...]
    whose: tuple[int, ...] = ()


def bars_of_comparison(
    rows: Sequence[Row],
    strategies: Sequence[Mapping[str, Any]],
    baseline: str,
    words: Language = IN_ENGLISH,
    at_end: Mapping[str, StillImpaired] = NOBODY,
) -> Bars:
    """Harm to bystanders, its length, and effect on the target: a bar each for every strategy.

    Parameters
    ----------
    rows
        Rows of ``comparison.csv`` with both bands.
    strategies
        As in the manifest.
    at_end
        Who is still impaired when the run ends, by label.
    """
    known = {(text(row, "strategy"), text(row, "metric")): row for row in rows}
    # The baseline comes last: what the others are held against.
    shown = sorted(strategies, key=lambda one: one["label"] == baseline)
    labels = [str(one["label"]) for one in shown]
    harm = {name: cell(known.get((name, COLLATERAL), {}), "mean") for name in labels}
    heads, columns, whose = [], [], []
    lost, told = lost_measure(rows), {text(row, "metric") for row in rows}
    # A share says how long as well; money is easier to hold against what the target lost than a
    # ratio of the two, which stands in the tables.
    metrics = {
        COLLATERAL: 0,
        (HIT_SHARE if HIT_SHARE in told else HIT_FOR): 1,
        lost: 2,
        (PRIVATE if PRIVATE in told else HARM_PER_EFFECT): 1 if PRIVATE in told else 3,
    }
    for metric in sorted(metrics, key=metrics.__getitem__):
        own = [known.get((name, metric), {}) for name in labels]
        if metric == HIT_FOR:
            # Where the number that is said of harm is none, none was hit for long.
            own = [
                {"mean": math.nan} if row and not harm[name] > 0 else row
                for name, row in zip(labels, own, strict=True)
            ]
        if any(own):
            head, bars = _column(metric, own, words)
            if metric == HIT_SHARE:
                bars = [
                    replace(
                        bar,
                        more=_how_long(
                            known.get((name, HIT_FOR), {}), harm[name], at_end.get(name), words
                        ),
                    )
                    for name, bar in zip(labels, bars, strict=True)
                ]
            if metric == HIT_FOR:
                bars = [
                    replace(bar, more=still_of_hit(at_end.get(name), words))
                    for name, bar in zip(labels, bars, strict=True)
                ]
            heads.append(head)
            columns.append(bars)
            whose.append(metrics[metric])
    said = strategy_names(shown, words)
    idle = [str(one["label"]) for one in shown if one["id"] == "none"]
    return Bars(
        _finding(
            {name: known.get((name, COLLATERAL), {}) for name in labels if name not in idle},
            said,
            words,
        ),
        tuple(heads),
        tuple(
            (
                capitalised(said[name])
                + (f" ({words.say('baseline')})" if name == baseline else ""),
                name,
                tuple(column[row] for column in columns),
            )
            for row, name in enumerate(labels)
        ),
        tuple(whose),
    )


def _how_long(row: Row, harm: float, at_end: StillImpaired | None, words: Language) -> str:
    """For how long half of those hit were, where the number said of harm is not none."""
    hours = cell(row, "mean")
    if math.isnan(hours) or not harm > 0:
        return ""
    if still := still_of_hit(at_end, words):
        return still
    low, high = cell(row, "all_low"), cell(row, "all_high")
    range_ = f" ({_durations(low, high, words)})" if low < high else ""
    if at_end is not None and "all_low" not in row and at_end.median_h > 0:
        hours = at_end.median_h
    elif at_end is not None and at_end.is_range_cut and low < high:
        to_end = words.say("{low} to the simulation's end", low=duration_words(low, words))
        range_ = f" ({to_end})"
    return words.say(
        "half of them for {length} or more{range}",
        length=duration_words(hours, words),
        range=range_,
    )


def _finding(rows: Mapping[str, Row], said: Mapping[str, str], words: Language) -> str:
    """Which strategy impaired bystanders most, and which least, each with its range."""
    harm = {name: cell(row, "mean") for name, row in rows.items()}

    def counted(name: str) -> str:
        low, high = (cell(rows[name], f"all_{end}") for end in ("low", "high"))
        range_ = f" ({span(low, high)})" if low < high else ""
        return words.digits(f"{number(harm[name])}{range_}")

    by_harm = sorted((name for name in harm if not math.isnan(harm[name])), key=harm.__getitem__)
    if not by_harm:
        return words.say("What each strategy cost")
    least, most = by_harm[0], by_harm[-1]
    measure, highest = words.name(label(COLLATERAL)), counted(most)
    if harm[least] == harm[most]:
        return words.say("Bystanders: {n} {measure} with each", n=highest, measure=measure)
    return words.say(
        "Bystanders: {n} {measure} with {least}, {most_n} with {most}",
        n=counted(least),
        measure=measure,
        least=said[least],
        most_n=highest,
        most=said[most],
    )


def _column(metric: str, rows: Sequence[Row], words: Language) -> tuple[str, list[Bar]]:
    """Title and bars of one measure: hours denied as a share, a duration in words."""

    def said(value: float) -> str:
        return words.digits(number(value))

    def spanned(low: float, high: float) -> str:
        return words.digits(span(low, high))

    if metric == HIT_FOR:
        return words.say("Businesses hit: half of them for at least"), _bars(
            rows,
            lambda hours: words.say("none") if math.isnan(hours) else duration_words(hours, words),
            lambda low, high: _durations(low, high, words),
        )
    if metric == HIT_SHARE:
        return words.say("Businesses hit"), _bars_of_shares(rows, words)
    if metric == PRIVATE:
        return f"{capitalised(words.name(label(metric)))}, USD", _bars(rows, said, spanned)
    if metric == TARGET_LOST:
        return words.say("Target: share of its users' hours lost"), _bars_of_shares(rows, words)
    if metric == EFFICACY and all(cell(row, "denominator") > 0 for row in rows if row):
        title = words.say("Target: share of its users' hours denied")
        return title, _bars_of_shares([_as_share(row) for row in rows], words)
    return capitalised(words.name(label(metric))), _bars(rows, said, spanned)


def _bars_of_shares(rows: Sequence[Row], words: Language) -> list[Bar]:
    return _bars(
        rows,
        lambda share: words.digits(percent(share, 2)),
        lambda low, high: words.digits(percent_span(low, high)),
    )


def _as_share(row: Row) -> Row:
    """A row of which number and range are shares of what it is out of."""
    ends = {f"all_{end}": cell(row, f"all_share_{end}") for end in ("low", "high")}
    return {"mean": share_of(row), **ends} if row else row


def _durations(low: float, high: float, words: Language) -> str:
    first, last = duration_words(low, words), duration_words(high, words, rounded="up")
    return first if first == last else words.say("{low} to {high}", low=first, high=last)


def _bars(
    rows: Sequence[Row], said: Callable[[float], str], spanned: Callable[[float, float], str]
) -> list[Bar]:
    ends = [cell(row, name) for row in rows for name in ("mean", "all_high")]
    top = max((end for end in ends if math.isfinite(end)), default=0.0) or 1.0
    found = []
    for row in rows:
        mean, low, high = (cell(row, name) for name in ("mean", "all_low", "all_high"))
        is_wide = low < high
        found.append(
            Bar(
                said(mean),
                spanned(low, high) if is_wide else "",
                0.0 if math.isnan(mean) else round(100 * mean / top, 2),
                round(100 * low / top, 2) if is_wide else 0.0,
                round(100 * (min(high, top) - low) / top, 2) if is_wide else 0.0,
            )
        )
    return found
