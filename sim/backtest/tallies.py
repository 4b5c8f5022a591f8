"""Scores of many cases in one line: for each role, and for each subject in it.

Cases that show one number are counted once in every mean.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sim.backtest.verdicts import INSIDE, OUTSIDE, ROLES, Score, ScoredRole
from sim.scenario.cases import BOUNDS
from sim.statistics.resampling import bootstrap_means
from sim.streams import Stream, Streams

FEWEST_RESAMPLED = 3
"""Numbers below which a mean has no interval: of two, a resample is one of them, or both."""
RESAMPLED = Streams(root_seed=0, replicate=0)
"""Random numbers of resampling; fixed, so that intervals change with the scores alone."""
OF_FIGURES = ("crps", "crps_guess", "coverage")
OF_BOUNDS = ("probability", "brier", "brier_guess")


@dataclass(frozen=True)
class Tally:
    """Scores of one role, over all subjects or one.

    Attributes
    ----------
    role
        One of ``ROLES``.
    subject
        The scenario, method, law or list; empty for all of them.
    n_cases, n_computable, n_inside
        How many cases there are, how many of them are computable, and how many of those inside.
    n_computable_bounds, n_inside_bounds
        The same of those that were published as a bound, which is easily kept.
    median_abs_log10_error
        Median of the absolute log errors that are known; NaN without any.
    n_errors
        How many are known.
    n_figures
        Numbers with a CRPS, each counted once.
    crps
        Mean of the CRPS of log10 over these numbers.
    crps_guess
        The same of the guess; NaN unless every one of them states a range.
    coverage
        Share of these numbers inside.
    log10_width
        Median log10 of the upper over the lower end of their intervals.
    n_bounds
        Bounds with a probability, each counted once.
    probability, brier, brier_guess
        Means over them.
    intervals
        Ends of the 95 % interval of each mean, by its name: BCa, by resampling numbers, each with
        all cases that show it. None for a mean of fewer than ``FEWEST_RESAMPLED`` numbers. They
        span which figures happened to be published, not what cases of one scenario share.
    """

    role: ScoredRole
    subject: str
    n_cases: int
    n_computable: int
    n_inside: int
    n_computable_bounds: int
    n_inside_bounds: int
    median_abs_log10_error: float
    n_errors: int
    n_figures: int
    crps: float
    crps_guess: float
    coverage: float
    log10_width: float
    n_bounds: int
    probability: float
    brier: float
    brier_guess: float
    intervals: Mapping[str, tuple[float, float]]


def tallies_of(scores: Sequence[Score]) -> tuple[Tally, ...]:
    """Each role over all subjects, then each role of each subject, in the sequence they come."""
    subjects = dict.fromkeys(["", *(each.placed.case.subject for each in scores)])
    found = (tally(role, subject, scores) for subject in subjects for role in ROLES)
    return tuple(each for each in found if each.n_cases)


def tally(role: ScoredRole, subject: str, scores: Sequence[Score]) -> Tally:
    """Count the scores of one role; of one subject, where it is named."""
    mine = [
        each for each in scores if each.role == role and subject in ("", each.placed.case.subject)
    ]
    errors = [abs(each.log10_error) for each in mine if not math.isnan(each.log10_error)]
    computable = [each for each in mine if each.verdict in (INSIDE, OUTSIDE)]
    bounds = [each for each in computable if each.placed.case.published.relation in BOUNDS]
    figures = [each for each in computable if not math.isnan(each.quality.crps)]
    means = {name: (figures, _reader(name)) for name in OF_FIGURES}
    means |= {name: (bounds, _reader(name)) for name in OF_BOUNDS}
    return Tally(
        role=role,
        subject=subject,
        n_cases=len(mine),
        n_computable=len(computable),
        n_inside=sum(each.verdict == INSIDE for each in computable),
        n_computable_bounds=len(bounds),
        n_inside_bounds=sum(each.verdict == INSIDE for each in bounds),
        median_abs_log10_error=float(np.median(errors)) if errors else math.nan,
        n_errors=len(errors),
        n_figures=n_numbers(figures),
        log10_width=_median([each.quality.log10_width for each in figures]),
        n_bounds=n_numbers(bounds),
        intervals={
            name: ends
            for name, (of, value) in means.items()
            if (ends := interval_once(of, value)) is not None
        },
        **{name: mean_once(of, value) for name, (of, value) in means.items()},
    )


def _reader(name: str) -> Callable[[Score], float]:
    if name == "coverage":
        return lambda each: float(each.verdict == INSIDE)
    return lambda each: float(getattr(each.quality, name))


def _number(score: Score) -> str:
    """The number a case shows: a name that several may share, or its own id."""
    case = score.placed.case
    return f"number {case.counts_as}" if case.counts_as else f"case {case.id}"


def n_numbers(scores: Sequence[Score]) -> int:
    """Different numbers that cases show."""
    return len({_number(each) for each in scores})


def mean_once(scores: Sequence[Score], value: Callable[[Score], float]) -> float:
    """Mean over numbers, each the mean of the cases that show it; NaN without any."""
    if not scores:
        return math.nan
    count = Counter(_number(each) for each in scores)
    weight = [1 / count[_number(each)] for each in scores]
    return float(np.average([value(each) for each in scores], weights=weight))


def interval_once(
    scores: Sequence[Score], value: Callable[[Score], float]
) -> tuple[float, float] | None:
    """95 % interval of that mean: numbers are resampled, each with all cases that show it.

    Returns
    -------
    ends
        None for fewer than ``FEWEST_RESAMPLED`` numbers, and where one has no score.

    References
    ----------
    Davison and Hinkley, Bootstrap Methods and their Application (1997), section 3.8, for
    resampling clusters whole; `bootstrap_means` for the interval.
    """
    of: dict[str, list[float]] = {}
    for each in scores:
        of.setdefault(_number(each), []).append(value(each))
    numbers = np.array([[np.mean(members) for members in of.values()]])
    if numbers.size < FEWEST_RESAMPLED or np.isnan(numbers).any():
        return None
    low, high = bootstrap_means(numbers, RESAMPLED.generator(Stream.BOOTSTRAP))
    return float(low[0]), float(high[0])


def _median(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return float(np.median(known)) if known else math.nan
