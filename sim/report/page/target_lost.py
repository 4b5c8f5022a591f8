"""What the target lost in all: in how many draws half of it, and how much of that was denied.

In: rows with both bands, and a run folder. Out: sentences. Hours denied are of users who still try;
a block that most leave under denies few of them (decision 0071). Beside them stands which figures
lie as given outside their draws, as what was lost may.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from sim.catalogue.choices import EFFICACY, KEY_FIGURES, TARGET_LOST, label, measure_name
from sim.report.page.bands import LEFT, beyond, draw_weights, share_of
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import percent, percent_span, quantity, quantity_span
from sim.results.parquet import read_columns
from sim.results.read import RunFolder
from sim.results.tables import Row, text
from sim.results.tables import number as cell

_TOLD = (*KEY_FIGURES, measure_name("hours_impaired_median"))
ENOUGH = 0.5
"""Share of their hours that users have to lose for a goal to count as reached."""
LEAST_LEFT = 0.001
"""Share of all hours below which hardly anybody is said to have left."""


def how_often_half(run: RunFolder, of: float = 1.0) -> dict[str, float]:
    """Weighted share of the draws in which the target lost ``ENOUGH``, by strategy.

    Parameters
    ----------
    of
        Share of all hours that it is held against, such as those of sessions.
    """
    path = run.path / "draw_measures.parquet"
    if not run.n_draws or not path.is_file():
        return {}
    found = read_columns(
        path,
        "SELECT draw, strategy, value FROM data WHERE metric = ? AND value IS NOT NULL",
        [TARGET_LOST],
    )
    weight_of = draw_weights(run)
    whole: dict[str, float] = {}
    half: dict[str, float] = {}
    for draw, strategy, share in zip(*(found[name].tolist() for name in found), strict=True):
        weight = weight_of.get(draw, 0.0)
        whole[strategy] = whole.get(strategy, 0.0) + weight
        half[strategy] = half.get(strategy, 0.0) + weight * (share >= ENOUGH * of)
    return {name: min(half[name] / whole[name], 1.0) for name in whole if whole[name] > 0}


def is_enough(
    rows: Sequence[Row],
    verdicts: Sequence[Row],
    often: Mapping[str, float],
    baseline: str,
    words: Language = IN_ENGLISH,
) -> str:
    """Say how much the target lost, in how many draws half of it, how much of that is more than
    with the baseline, and how much was denied; empty where it is not known, or nothing was lost.

    Parameters
    ----------
    rows
        Of ``comparison.csv`` with both bands.
    verdicts
        Rows of ``verdicts.csv``.
    often
        As of `how_often_half`.
    """
    by: dict[str, list[Row]] = {metric: [] for metric in (TARGET_LOST, EFFICACY, LEFT)}
    already = False
    for row in rows:
        if text(row, "strategy") != baseline and text(row, "metric") in by:
            by[text(row, "metric")].append(row)
        elif text(row, "metric") == TARGET_LOST:
            already = cell(row, "all_high") > 0
    lost, half = by[TARGET_LOST], [one for name, one in often.items() if name != baseline]
    if not lost or not half or not max(cell(row, "all_high") for row in lost) > 0:
        return ""
    said = [
        words.say(
            "With the strategies compared, the target lost {share} of all its users' hours, in the "
            "median of the draws ({range} in nine of ten); half of them or more in {often} of "
            "them.",
            share=_ends([share_of(row) for row in lost], words),
            range=_outer([(cell(row, "all_low"), cell(row, "all_high")) for row in lost], words),
            often=_ends(half, words),
        )
    ]
    known = [row for row in by[EFFICACY] if not math.isnan(share_of(row))]
    if known:
        text_ = (
            "Users who left are counted in that; those who still tried were denied {share} of all "
            "hours ({range})."
            if any(share_of(row) >= LEAST_LEFT for row in by[LEFT])
            else "Nobody, or hardly anybody, had left; denied were {share} of all hours ({range})."
        )
        ends = [(cell(row, "all_share_low"), cell(row, "all_share_high")) for row in known]
        share = _ends([share_of(row) for row in known], words)
        said.append(words.say(text_, share=share, range=_outer(ends, words)))
    more = [
        _difference(row, baseline)
        for row in verdicts
        if text(row, "metric") == TARGET_LOST
        and baseline in (text(row, "strategy"), text(row, "other"))
    ]
    if more and already:
        said.append(
            words.say(
                "Beyond what they lacked with {baseline} in the same draw, they lost {share} of "
                "all hours ({range}).",
                baseline=baseline,
                share=_ends([middle for middle, _, _ in more], words),
                range=_outer([(low, high) for _, low, high in more], words),
            )
        )
    return " ".join(said)


def _difference(row: Row, baseline: str) -> tuple[float, float, float]:
    """Median and ends of how much more is lost than with the baseline, in the same draw."""
    found = [cell(row, f"difference{end}") for end in ("", "_low", "_high")]
    if text(row, "strategy") == baseline:
        found = [-found[0], -found[2], -found[1]]
    return found[0], found[1], found[2]


def _ends(shares: Sequence[float], words: Language) -> str:
    """A share, or the least and the most of several, in two digits."""
    low, high = (percent(end(shares), 2) for end in (min, max))
    return words.digits(low if low == high else percent_span(min(shares), max(shares), 2))


def _outer(ends: Sequence[tuple[float, float]], words: Language) -> str:
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    return words.digits(percent_span(low, high))


def outside_in_words(
    rows: Sequence[Row],
    baseline: str = "",
    words: Language = IN_ENGLISH,
) -> str:
    """Say which key figures lie outside the range of the draws as given, by numbers.

    Parameters
    ----------
    rows
        With both bands.
    baseline
        The strategy that blocks nothing, of which nothing is said.
    """
    parts = "; ".join(outside_draws(rows, _TOLD, baseline, words).values())
    if not parts:
        return ""
    text_ = (
        "Of the key figures, the scenario as given lies outside what nine in ten draws have in "
        "these: {parts}. What is told as given, the map among it, shows another world there than "
        "these numbers."
        if len({row.get("strategy") for row in rows}) < 2
        else "Of the key figures, the scenario as given lies outside what nine in ten draws have "
        "in these, under all strategies or some: {parts}. What is told as given, the map among it, "
        "shows another world there than these numbers."
    )
    return words.say(text_, parts=parts)


def outside_draws(
    rows: Sequence[Row], metrics: Sequence[str], baseline: str, words: Language
) -> dict[str, str]:
    """Which of some measures lie outside the range of the draws as given, each with its numbers."""
    said = {}
    for metric in metrics:
        mine = [
            row
            for row in rows
            if text(row, "metric") == metric
            and text(row, "strategy") != baseline
            and beyond(row, words)
        ]
        if mine:
            unit = text(mine[0], "unit")
            given = sorted(cell(row, "given") for row in mine)
            low, high = (
                end(cell(row, f"all_{name}") for row in mine)
                for name, end in (("low", min), ("high", max))
            )
            as_given = quantity(given[0], unit)
            if len(given) > 1:
                as_given = quantity_span(given[0], given[-1], unit)
            said[metric] = _one(label(metric), as_given, quantity_span(low, high, unit), words)
    return said


def _one(name: str, as_given: str, ends: str, words: Language) -> str:
    return words.say(
        "{measure} ({given} as given, {range} in the draws)",
        measure=words.name(name),
        given=words.digits(as_given),
        range=words.digits(ends),
    )
