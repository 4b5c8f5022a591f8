"""Who is still impaired when a run ends, as the end is chosen and not what ends the harm.

In: a run folder. Out: a share of the businesses with both of its ranges, and a sentence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sim.catalogue.choices import curve_name
from sim.measure.summary import LEVEL
from sim.report.page.bands import draw_weights
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import percent, percent_span
from sim.results.parquet import numbers, read_columns
from sim.results.read import IS_WHOLE, RunFolder
from sim.statistics.ensembles import weighted_quantiles

IMPAIRED = curve_name("businesses_impaired")


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
    """

    said: float
    given: float
    low: float
    high: float


def still_impaired(run: RunFolder) -> StillImpaired | None:
    """Who is impaired at the end under the only strategy of a run; None where it is not kept."""
    (strategy,) = run.strategies
    as_given = read_columns(
        run.path / "curves.parquet",
        "SELECT max_by(value / denominator, t_s) AS share FROM data "
        f"WHERE metric = ? AND strategy = ? AND {IS_WHOLE} AND denominator > 0 GROUP BY replicate",
        [IMPAIRED, strategy],
    )
    shares = numbers(as_given["share"])
    if not shares.size:
        return None
    given = float(shares.mean())
    path = run.path / "draw_curves.parquet"
    if not (run.n_draws and path.is_file()):
        return StillImpaired(given, given, math.nan, math.nan)
    drawn = read_columns(
        path,
        "SELECT draw, avg(share) AS share FROM (SELECT draw, replicate, "
        "max_by(value / denominator, t_s) AS share FROM data WHERE metric = ? AND strategy = ? "
        "AND denominator > 0 GROUP BY ALL) GROUP BY draw ORDER BY draw",
        [IMPAIRED, strategy],
    )
    weights = draw_weights(run)
    weight = np.array([weights.get(draw, 0.0) for draw in drawn["draw"].tolist()])
    tail = (1 - LEVEL) / 2
    at = np.array([tail, 0.5, 1 - tail])
    low, middle, high = weighted_quantiles(numbers(drawn["share"]), weight, at).tolist()
    return StillImpaired(given if math.isnan(middle) else middle, given, low, high)


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
