"""Rankings over cases: is the predicted sequence the published one?

In: rankings of case files, and scores of their cases. Out: Spearman's rank correlation of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sim.backtest.prediction import Prediction
from sim.backtest.verdicts import ROLES, Score, ScoredRole
from sim.measure.summary import LEVEL
from sim.scenario.cases import FEWEST_RANKED, CaseFile, Ranking
from sim.statistics.scores import rank_correlation


@dataclass(frozen=True)
class RankingScore:
    """One ranking, scored.

    Attributes
    ----------
    ranking
        The ranking.
    role
        The first of ``ROLES`` that one of its cases has.
    n_computable
        Cases with a prediction; the others are left out of the sequence.
    rho
        Rank correlation of predicted medians and what was published: 1 for the same sequence, 0
        for a random one, -1 for the reverse. NaN with fewer than three cases, or all equal.
    low, high
        5th and 95th percentile of the same over simulations; NaN where the cases have
        none, or not as many.
    """

    ranking: Ranking
    role: ScoredRole
    n_computable: int
    rho: float
    low: float
    high: float


def score_rankings(files: Sequence[CaseFile], scores: Sequence[Score]) -> tuple[RankingScore, ...]:
    """Score the rankings all of whose cases were scored."""
    by_id = {score.placed.case.id: score for score in scores}
    return tuple(
        _score(ranking, by_id)
        for file in files
        for ranking in file.content.rankings
        if all(name in by_id for name in ranking.cases)
    )


def _score(ranking: Ranking, by_id: Mapping[str, Score]) -> RankingScore:
    members = [by_id[name] for name in ranking.cases]
    role = min((each.role for each in members), key=ROLES.index)
    pairs = [
        (each.placed.case.published, each.prediction)
        for each in members
        if isinstance(each.prediction, Prediction)
    ]
    if len(pairs) < FEWEST_RANKED:
        return RankingScore(ranking, role, len(pairs), *[float("nan")] * 3)
    # Rank 1 is the greatest.
    sequence = [
        -published.value if published.relation == "rank" else published.value
        for published, _ in pairs
    ]
    rho = rank_correlation([predicted.median for _, predicted in pairs], sequence)
    low = high = float("nan")
    lengths = {len(predicted.by_member) for _, predicted in pairs}
    if len(lengths) == 1 and min(lengths) > 1:
        by_member = [
            rank_correlation(values, sequence)
            for values in zip(*(predicted.by_member for _, predicted in pairs), strict=True)
        ]
        tail = (1 - LEVEL) / 2
        low, high = np.quantile(by_member, [tail, 1 - tail]).tolist()
    return RankingScore(ranking, role, len(pairs), rho, low, high)
