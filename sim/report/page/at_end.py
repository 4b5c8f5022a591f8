"""Who is still impaired when a run ends, as the end is chosen and not what ends the harm.

In: a run folder. Out: a share of the businesses with both of its ranges, and a sentence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from sim.catalogue.choices import curve_name, measure_name
from sim.measure.summary import LEVEL
from sim.report.page.bands import draw_weights
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import percent, percent_span
from sim.report.words.plain import share_words
from sim.results.parquet import numbers, read_columns
from sim.results.read import IS_WHOLE, RunFolder
from sim.statistics.ensembles import weighted_quantiles

IMPAIRED = curve_name("businesses_impaired")
HIT = measure_name("businesses_ever_impaired")
MOST_STILL = 0.5
"""Share of who was hit that still is at the end, from which the end cuts their median time."""


@dataclass(frozen=True)
class StillImpaired:
    """Share of the businesses that are impaired when the run ends.

    Attributes
    ----------
    said
        The median of the draws, or without them ``given``: what other numbers of the page are.
    given
        Of the scenario as given, the mean over replicates; exact.
    low, high
        Of the draws, at the last of their moments that are kept; NaN without draws.
    of_hit, of_hit_high
        The same as a share of those that were ever impaired in the same simulations: the median of
        the draws and their upper end, or without draws all replicates together and NaN.
    median_h
        Hours for which half of those ever impaired were so within the run: the median over the
        businesses of all replicates as given.
    last_day
        The last day of the run.
    """

    said: float
    given: float
    low: float
    high: float
    of_hit: float = math.nan
    of_hit_high: float = math.nan
    median_h: float = math.nan
    last_day: datetime | None = None

    @property
    def is_median_cut(self) -> bool:
        """Whether for half of who was hit or more the end cuts how long they were."""
        return self.of_hit >= MOST_STILL

    @property
    def is_range_cut(self) -> bool:
        """Whether it does so at the upper end of the draws."""
        return self.is_median_cut or self.of_hit_high >= MOST_STILL


def last_day(run: RunFolder) -> datetime:
    """Return the last day of a run: of one that ends at midnight the day before."""
    return run.start + timedelta(seconds=max(run.horizon_s - 1, 0))


def still_impaired(run: RunFolder, strategy: str = "") -> StillImpaired | None:
    """Who is impaired at the end under a strategy, the first of a run; None where not kept."""
    strategy = strategy or run.strategies[0]
    as_given = read_columns(
        run.path / "curves.parquet",
        "SELECT max_by(value, t_s) AS n, max_by(value / denominator, t_s) AS share FROM data "
        f"WHERE metric = ? AND strategy = ? AND {IS_WHOLE} AND denominator > 0 GROUP BY replicate",
        [IMPAIRED, strategy],
    )
    shares = numbers(as_given["share"])
    if not shares.size:
        return None
    given = float(shares.mean())
    n_hit, median_h = _hit(run, strategy)
    of_hit = float(numbers(as_given["n"]).sum()) / n_hit if n_hit else math.nan
    found = StillImpaired(
        given, given, math.nan, math.nan, of_hit, median_h=median_h, last_day=last_day(run)
    )
    path = run.path / "draw_curves.parquet"
    if not (run.n_draws and path.is_file()):
        return found
    drawn = read_columns(
        path,
        "SELECT draw, avg(n) AS n, avg(share) AS share FROM (SELECT draw, replicate, "
        "max_by(value, t_s) AS n, max_by(value / denominator, t_s) AS share FROM data "
        "WHERE metric = ? AND strategy = ? AND denominator > 0 GROUP BY ALL) "
        "GROUP BY draw ORDER BY draw",
        [IMPAIRED, strategy],
    )
    weights = draw_weights(run)
    weight = np.array([weights.get(draw, 0.0) for draw in drawn["draw"].tolist()])
    tail = (1 - LEVEL) / 2
    at = np.array([tail, 0.5, 1 - tail])
    low, middle, high = weighted_quantiles(numbers(drawn["share"]), weight, at).tolist()
    n_hit_of = _hit_in_draws(run, strategy)
    hit = np.array([n_hit_of.get(draw, math.nan) for draw in drawn["draw"].tolist()])
    is_hit = hit > 0
    of_hit, of_hit_high = math.nan, math.nan
    if is_hit.any():
        ratio = np.minimum(numbers(drawn["n"])[is_hit] / hit[is_hit], 1.0)
        of_hit, of_hit_high = weighted_quantiles(ratio, weight[is_hit], at[1:]).tolist()
    return replace(
        found,
        said=given if math.isnan(middle) else middle,
        low=low,
        high=high,
        of_hit=of_hit,
        of_hit_high=of_hit_high,
    )


def still_of_each(run: RunFolder) -> dict[str, StillImpaired]:
    """The same by strategy, of those of which it is kept."""
    found = {strategy: still_impaired(run, strategy) for strategy in run.strategies}
    return {strategy: one for strategy, one in found.items() if one is not None}


def _hit(run: RunFolder, strategy: str) -> tuple[int, float]:
    """Businesses ever impaired in all replicates together, and their median in hours."""
    path = run.path / "businesses.parquet"
    if not path.is_file():
        return 0, math.nan
    found = read_columns(
        path,
        "SELECT count(*) AS n, median(impaired_s) AS middle_s FROM data "
        "WHERE impaired_s > 0 AND strategy = ?",
        [strategy],
    )
    return int(found["n"][0]), float(numbers(found["middle_s"])[0]) / 3600


def _hit_in_draws(run: RunFolder, strategy: str) -> dict[int, float]:
    """Businesses ever impaired in each draw."""
    path = run.path / "draw_measures.parquet"
    if not path.is_file():
        return {}
    found = read_columns(
        path,
        "SELECT draw, avg(value) AS n FROM data WHERE metric = ? AND strategy = ? GROUP BY draw",
        [HIT, strategy],
    )
    return dict(zip(found["draw"].tolist(), numbers(found["n"]).tolist(), strict=True))


def still_of_hit(
    found: StillImpaired | None, words: Language = IN_ENGLISH, *, is_short: bool = False
) -> str:
    """That half of who was hit or more still is at the end; empty where it is fewer."""
    if found is None or not found.is_median_cut or found.last_day is None:
        return ""
    if is_short:
        return words.say("most were still hit at the simulation's end")
    return words.say(
        "{share} of them were still hit when the simulation ends on {day}",
        share=share_words(min(found.of_hit, 1.0), words),
        day=words.date(found.last_day),
    )


def still_impaired_in_words(found: StillImpaired | None, words: Language = IN_ENGLISH) -> str:
    """That the end of the run cuts off what was impaired; empty where nobody was."""
    if found is None or not found.said > 0:
        return ""
    n, given = (words.digits(percent(one, 2)) for one in (found.said, found.given))
    text = (
        "When the run ended, {n} of the businesses were still impaired: its end is chosen, and "
        "how long they were impaired is at least what is told."
        if math.isnan(found.low)
        else "When the run ended, {n} of the businesses ({range} with all that is not known; as "
        "given {given}) were still impaired: its end is chosen, and how long they were impaired "
        "is at least what is told."
    )
    range_ = words.digits(percent_span(found.low, found.high, 2))
    return words.say(text, n=n, range=range_, given=given)
