"""What the target lost in all: the hours that its users were denied, and those of who had left.

In: a run folder. Out: for each strategy a share with its range over the draws, and sentences. Hours
denied are of users who still try; a block that most leave under denies few of them (decision 0071).
Beside them stands which figures lie as given outside their draws, as what was lost may.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.choices import KEY_FIGURES, label, measure_name
from sim.measure.summary import LEVEL
from sim.report.page.bands import LEFT, beyond, draw_weights, share_of
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import percent, percent_span, quantity, quantity_span
from sim.results.parquet import numbers, read_columns
from sim.results.read import RunFolder
from sim.results.tables import Row, text
from sim.results.tables import number as cell
from sim.scenario.strategies import DECLARED, NoBlocking
from sim.statistics.ensembles import weighted_quantiles

_TOLD = (*KEY_FIGURES, measure_name("hours_impaired_median"))
USE_LOST = "target: use lost"
"""What is said of `use_lost`, which is no measure: it follows from several."""
ENOUGH = 0.5
"""Share of its use that a target has to lose for a goal to count as reached."""
LEAST_LEFT = 0.001
"""Share of all hours below which hardly anybody is said to have left."""
_KEPT = tuple(map(measure_name, ("target_user_hours_reached", "target_user_hours_by_vpn")))
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Lost:
    """What the target lost under a strategy, denied or left, as a share.

    Attributes
    ----------
    low, middle, high
        Of the draws; without draws ``middle`` is of the scenario as given and the ends are NaN.
    often
        Weighted share of the draws in which it is ``ENOUGH`` or more; NaN without draws.
    left
        Share of all hours that users who had left would have had: the median of the draws.
    given, luck_low, luck_high
        As given: the mean over replicates, and the range that luck alone gives it.
    """

    low: float
    middle: float
    high: float
    often: float
    left: float
    given: float = math.nan
    luck_low: float = math.nan
    luck_high: float = math.nan


def has_nothing_as_baseline(run: RunFolder) -> bool:
    """Whether what was lost is held against what there was with no blocking."""
    baseline = run.manifest.get("baseline")
    return any(
        one["label"] == baseline and DECLARED.get(str(one["id"])) is NoBlocking
        for one in run.manifest.get("strategies") or ()
    )


def use_lost(run: RunFolder) -> dict[str, Lost]:
    """What the target lost under each strategy; empty where a folder does not keep it.

    It is out of the hours of use there were with no blocking, draw by draw, where that was
    compared, and out of all hours of its users otherwise.
    """
    given = _shares(run, "measures", "replicate")
    if given is None:
        return {}
    drawn = bool(run.n_draws) and (run.path / "draw_measures.parquet").is_file()
    found = _shares(run, "draw_measures", "draw") if drawn else None
    weights = draw_weights(run) if drawn else {}
    told = {}
    for strategy, (_, lost, left) in given.items():
        mean = float(lost.mean())
        tail = (1 - LEVEL) / 2
        ends = np.quantile(lost, [tail, 1 - tail]).tolist() if lost.size > 1 else [math.nan] * 2
        luck = dict(zip(("given", "luck_low", "luck_high"), (mean, *ends), strict=True))
        told[strategy] = Lost(math.nan, mean, math.nan, math.nan, float(left.mean()), **luck)
        if found is not None and strategy in found:
            draws, drawn_lost, drawn_left = found[strategy]
            weight = np.array([weights.get(draw, 0.0) for draw in draws])
            if (weight > 0).any():
                told[strategy] = replace(told[strategy], **_drawn(drawn_lost, drawn_left, weight))
    return told


def _shares(
    run: RunFolder, table: str, luck: str
) -> dict[str, tuple[list[int], Values, Values]] | None:
    """Of each strategy its draws or replicates, what the target lost in each, and who had left."""
    path = run.path / f"{table}.parquet"
    if not path.is_file():
        return None
    found = read_columns(
        path,
        f"SELECT {luck} AS luck, strategy, sum(value) FILTER (metric IN (?, ?)) AS kept, "
        "sum(value) FILTER (metric = ?) AS gone, sum(denominator) FILTER (metric = ?) AS whole "
        "FROM data WHERE metric IN (?, ?, ?) GROUP BY ALL ORDER BY ALL",
        [*_KEPT, LEFT, LEFT, *_KEPT, LEFT],
    )
    kept, gone, whole = (numbers(found[name]) for name in ("kept", "gone", "whole"))
    each, strategies = found["luck"].tolist(), found["strategy"].tolist()
    of = whole
    if has_nothing_as_baseline(run):
        baseline = run.manifest["baseline"]
        without = {
            one: value
            for one, name, value in zip(each, strategies, kept.tolist(), strict=True)
            if name == baseline
        }
        of = np.array([without.get(one, math.nan) for one in each])
    with np.errstate(invalid="ignore", divide="ignore"):
        lost, left = 1 - kept / of, gone / whole
    told = {}
    for strategy in dict.fromkeys(strategies):
        mine = np.array([name == strategy for name in strategies]) & np.isfinite(lost)
        if mine.any():
            which = [one for one, is_mine in zip(each, mine, strict=True) if is_mine]
            told[str(strategy)] = which, lost[mine], left[mine]
    return told


def _drawn(lost: Values, left: Values, weight: Values) -> dict[str, float]:
    tail = (1 - LEVEL) / 2
    low, middle, high = weighted_quantiles(lost, weight, np.array([tail, 0.5, 1 - tail])).tolist()
    (gone,) = weighted_quantiles(left, weight, np.array([0.5])).tolist()
    often = min(float(weight[lost >= ENOUGH].sum() / weight.sum()), 1.0)
    return {"low": low, "middle": middle, "high": high, "often": often, "left": gone}


def is_enough(
    lost: Mapping[str, Lost],
    effect: Mapping[str, Row],
    baseline: str,
    words: Language = IN_ENGLISH,
    *,
    is_against_nothing: bool = True,
) -> str:
    """Say how much of its use the target lost, in how many draws half of it, and how much of that
    was denied; empty where it is not known, or where nothing was lost.

    Parameters
    ----------
    lost
        With draws.
    effect
        Rows of the hours denied, with both bands, by strategy.
    is_against_nothing
        Whether it is out of the use there was with the baseline.
    """
    mine = [one for name, one in lost.items() if name != baseline]
    if not mine or not max(one.high for one in mine) > 0:
        return ""
    told = (
        "With the strategies compared, the target lost {share} of the use there would have been "
        "with {baseline}, in the median of the draws ({range} in nine of ten); half of it or more "
        "in {often} of them."
        if is_against_nothing
        else "With the strategies compared, the target lost {share} of all its users' hours, in "
        "the median of the draws ({range} in nine of ten); half of them or more in {often} of them."
    )
    said = [
        words.say(
            told,
            baseline=baseline,
            share=_ends([one.middle for one in mine], words),
            range=_outer([(one.low, one.high) for one in mine], words),
            often=_ends([one.often for one in mine], words),
        )
    ]
    rows = [row for name, row in effect.items() if name != baseline]
    known = [row for row in rows if not math.isnan(share_of(row))]
    if known:
        denied = (
            "Users who left are counted in that; those who still tried were denied {share} of all "
            "hours ({range})."
            if any(one.left >= LEAST_LEFT for one in mine)
            else "Nobody, or hardly anybody, had left; denied were {share} of all hours ({range})."
        )
        ends = [(cell(row, "all_share_low"), cell(row, "all_share_high")) for row in known]
        share = _ends([share_of(row) for row in known], words)
        said.append(words.say(denied, share=share, range=_outer(ends, words)))
    return " ".join(said)


def _ends(shares: Sequence[float], words: Language) -> str:
    """A share, or the least and the most of several, in two digits."""
    low, high = (percent(end(shares), 2) for end in (min, max))
    return words.digits(low if low == high else percent_span(min(shares), max(shares), 2))


def _outer(ends: Sequence[tuple[float, float]], words: Language) -> str:
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    return words.digits(percent_span(low, high))


def outside_in_words(
    rows: Sequence[Row],
    lost: Mapping[str, Lost],
    baseline: str = "",
    words: Language = IN_ENGLISH,
) -> str:
    """Say which key figures lie outside the range of the draws as given, by numbers.

    Parameters
    ----------
    rows
        With both bands.
    lost
        What the target lost with each strategy.
    baseline
        The strategy that the others are held against, of which nothing is said.
    """
    shares = [one for name, one in lost.items() if name != baseline and is_outside(one)]
    said = []
    if shares:
        given = sorted(one.given for one in shares)
        ends = min(one.low for one in shares), max(one.high for one in shares)
        as_given = percent_span(given[0], given[-1], 2) if len(given) > 1 else percent(given[0], 2)
        said.append(_one(USE_LOST, as_given, percent_span(*ends, 2), words))
    for metric in _TOLD:
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
            said.append(_one(label(metric), as_given, quantity_span(low, high, unit), words))
    if not said:
        return ""
    text_ = (
        "Of the key figures, the scenario as given lies outside what nine in ten draws have in "
        "these: {parts}. What is told as given, charts and map among it, shows another world there "
        "than these numbers."
        if not baseline
        else "Of the key figures, the scenario as given lies outside what nine in ten draws have "
        "in these, under all strategies or some: {parts}. What is told as given, charts and map "
        "among it, shows another world there than these numbers."
    )
    return words.say(text_, parts="; ".join(said))


def is_outside(lost: Lost) -> bool:
    """Whether what the target lost as given lies outside the range of the draws."""
    return lost.given < lost.low or lost.given > lost.high


def _one(name: str, as_given: str, ends: str, words: Language) -> str:
    return words.say(
        "{measure} ({given} as given, {range} in the draws)",
        measure=words.name(name),
        given=words.digits(as_given),
        range=words.digits(ends),
    )
