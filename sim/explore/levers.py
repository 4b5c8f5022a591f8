"""The levers: the assumptions on which harm and effect hang most, among those that can be set.

In: a run with draws, or its plan and folder. Out: levers, the most influential first. The draws say
which assumptions these are; nobody chooses them.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.choices import COLLATERAL, EFFECTS
from sim.experiment.ensemble import Ensemble, read_ensemble
from sim.experiment.folder_plan import plan_of_folder
from sim.experiment.plan import Plan
from sim.results.read import RunFolder
from sim.scenario.changes import is_whole
from sim.scenario.meanings import meaning_of
from sim.scenario.unknowns import Factor
from sim.statistics.ensembles import rank_shares, ranks_of

MOST = 6
"""Levers that are shown."""
ANSWERS = (COLLATERAL, *EFFECTS)


@dataclass(frozen=True)
class Lever:
    """An assumption that can be moved.

    Attributes
    ----------
    key
        Its path in the scenario, or table and column.
    meaning, unit
        What it is.
    scale
        As of `Factor`: what its numbers mean.
    low, given, high
        Ends of its range, and where it stands.
    is_log, is_whole
        How it moves.
    share
        Largest share of the variance of the rank of harm or effect that it explains, over
        strategies.
    is_told
        Whether that share is told from chance.
    """

    key: str
    meaning: str
    unit: str
    scale: str
    low: float
    given: float
    high: float
    is_log: bool
    is_whole: bool
    share: float
    is_told: bool

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def levers_of_run(run: RunFolder) -> list[Lever]:
    """Levers of a folder with draws; none without.

    Raises
    ------
    OverblockError
        If the folder cannot be read.
    """
    if not run.n_draws:
        return []
    with tempfile.TemporaryDirectory() as scratch:
        return levers_of(plan_of_folder(run, Path(scratch)), run.path)


def levers_of(plan: Plan, folder: Path) -> list[Lever]:
    """Levers of a plan whose draws are in a folder.

    Raises
    ------
    DataError
        If the draws cannot be read.
    """
    ensemble = read_ensemble(folder, plan)
    keys, inputs, owner = ensemble.inputs()
    told, plain = np.zeros(len(keys)), np.zeros(len(keys))
    for result, is_known in _answers(ensemble):
        weight = ensemble.weight_of(is_known)[is_known]
        ranks = ranks_of(inputs[is_known], weight)
        shares = rank_shares(result[is_known], ranks, weight)
        told = np.maximum(told, np.bincount(owner, shares, minlength=len(keys)))
        plain = np.maximum(plain, _squared_correlations(result[is_known], inputs[is_known], owner))
    return _chosen(plan, dict(zip(keys, zip(told, plain, strict=True), strict=True)))


def _answers(ensemble: Ensemble) -> list[tuple[NDArray[np.float64], NDArray[np.bool_]]]:
    """Harm and effect of each strategy by draw, and in which draws they are known and differ."""
    found = []
    names = {measure.metric for measure in ensemble.measures}
    for row, label in enumerate(ensemble.labels):
        for metric in ANSWERS:
            if metric not in names:
                continue
            value = ensemble.of(metric, label)[:, 0]
            is_known = ensemble.is_finished[:, row] & ~np.isnan(value)
            if is_known.sum() > 2 and np.ptp(value[is_known]) > 0:
                found.append((value, is_known))
    return found


def _squared_correlations(
    result: NDArray[np.float64], inputs: NDArray[np.float64], owner: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Largest squared rank correlation (Spearman) of the result with the dials of each key."""
    # All of scipy's statistics takes most of a second to import.
    from scipy.stats import rankdata

    ranks, own = rankdata(inputs, axis=0), rankdata(result)
    ranks, own = ranks - ranks.mean(axis=0), own - own.mean()
    scale = (ranks**2).sum(axis=0) * (own**2).sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        squared = np.where(scale > 0, (own @ ranks) ** 2 / scale, 0.0)
    largest = np.zeros(int(owner.max(initial=-1)) + 1)
    np.maximum.at(largest, owner, squared)
    return largest


def _chosen(plan: Plan, shares: dict[str, tuple[float, float]]) -> list[Lever]:
    """Levers by the share that is told, then by their correlation."""
    assert plan.draws is not None
    settable = [one for one in plan.draws.unknowns if _can_be_set(one)]
    order = sorted(settable, key=lambda one: tuple(-part for part in shares[one.key]))
    return [_lever(plan, one, shares[one.key]) for one in order[:MOST]]


def _can_be_set(factor: Factor) -> bool:
    """Whether one number is meant, as ``--set`` takes it: of a key, or of a shipped table."""
    is_of_file = factor.scale != "value" and factor.key.rpartition(".")[0].endswith(".csv")
    return factor.n_dials == 1 and factor.low < factor.high and not is_of_file


def _lever(plan: Plan, factor: Factor, shares: Sequence[float]) -> Lever:
    told, plain = shares
    scenario = plan.resolved.scenario
    name = factor.key.rpartition(".")[0]
    paths = {table.name: table.path for table in plan.resolved.tables}
    path = paths[name] if factor.scale != "value" else None
    return Lever(
        factor.key,
        meaning_of(factor.key, path).replace("`", ""),
        factor.unit,
        factor.scale,
        factor.low,
        min(max(factor.given, factor.low), factor.high),
        factor.high,
        factor.is_log,
        factor.is_whole or (factor.scale == "value" and is_whole(scenario, factor.key)),
        float(told if told > 0 else plain),
        bool(told > 0) and not math.isnan(told),
    )
