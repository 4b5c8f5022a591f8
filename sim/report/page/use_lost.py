"""What the target lost in all: the hours that its users were denied, and those of who had left.

In: a run folder. Out: for each strategy a share with its range over the draws, and sentences. Hours
denied are of users who still try; a block that most leave under denies few of them (decision 0071).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.choices import measure_name
from sim.measure.summary import LEVEL
from sim.report.page.bands import LEFT, draw_weights, share_of
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import percent, percent_span
from sim.results.parquet import numbers, read_columns
from sim.results.read import RunFolder
from sim.results.tables import Row
from sim.results.tables import number as cell
from sim.scenario.strategies import DECLARED, NoBlocking
from sim.statistics.ensembles import weighted_quantiles

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
    """

    low: float
    middle: float
    high: float
    often: float
    left: float


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
    drawn = bool(run.n_draws) and (run.path / "draw_measures.parquet").is_file()
    table, luck = ("draw_measures", "draw") if drawn else ("measures", "0")
    path = run.path / f"{table}.parquet"
    if not path.is_file():
        return {}
    found = read_columns(
        path,
        f"SELECT {luck} AS draw, strategy, sum(value) FILTER (metric IN (?, ?)) AS kept, "
        "sum(value) FILTER (metric = ?) AS gone, sum(denominator) FILTER (metric = ?) AS whole "
        "FROM data WHERE metric IN (?, ?, ?) GROUP BY ALL ORDER BY ALL",
        [*_KEPT, LEFT, LEFT, *_KEPT, LEFT],
    )
    kept, gone, whole = (numbers(found[name]) for name in ("kept", "gone", "whole"))
    draws, strategies = found["draw"].tolist(), found["strategy"].tolist()
    of = whole
    if has_nothing_as_baseline(run):
        baseline = run.manifest["baseline"]
        without = {
            draw: value
            for draw, name, value in zip(draws, strategies, kept.tolist(), strict=True)
            if name == baseline
        }
        of = np.array([without.get(draw, math.nan) for draw in draws])
    with np.errstate(invalid="ignore", divide="ignore"):
        lost, left = 1 - kept / of, gone / whole
    weights = draw_weights(run) if drawn else {0: 1.0}
    weight = np.array([weights.get(draw, 0.0) for draw in draws])
    told = {}
    for strategy in dict.fromkeys(strategies):
        mine = np.array([name == strategy for name in strategies]) & np.isfinite(lost)
        if (weight[mine] > 0).any():
            told[str(strategy)] = _lost(lost[mine], left[mine], weight[mine], drawn=drawn)
    return told


def _lost(lost: Values, left: Values, weight: Values, *, drawn: bool) -> Lost:
    tail = (1 - LEVEL) / 2
    low, middle, high = weighted_quantiles(lost, weight, np.array([tail, 0.5, 1 - tail])).tolist()
    (gone,) = weighted_quantiles(left, weight, np.array([0.5])).tolist()
    if not drawn:
        return Lost(math.nan, middle, math.nan, math.nan, gone)
    often = float(weight[lost >= ENOUGH].sum() / weight.sum())
    return Lost(low, middle, high, min(often, 1.0), gone)


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
    text = (
        "With the strategies compared, the target lost {share} of the use there would have been "
        "with {baseline}, in the median of the draws ({range} in nine of ten); half of it or more "
        "in {often} of them."
        if is_against_nothing
        else "With the strategies compared, the target lost {share} of all its users' hours, in "
        "the median of the draws ({range} in nine of ten); half of them or more in {often} of them."
    )
    said = [
        words.say(
            text,
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
