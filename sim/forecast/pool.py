"""A pool of addresses that come, go and return, and the level that all of a session share.

An address has a propensity to be listed, is active or not, and a session has a level:

- logit of the propensity: ``propensity_logit + propensity_sd_logit * z``, z normal with the mean
  ``-fall * log(n / n_first)``, where n are known before, and n_first is those of the first session;
- an active address becomes inactive at the rate ``leave``, and an inactive one active at the rate
  ``return_``; it is active when it is first listed;
- the level u is a stationary Gaussian process with standard deviation ``level_sd_logit`` and
  correlation ``exp(-days / memory)`` between sessions;
- a session lists an active address with probability ``expit(logit of its propensity + u)``.

That is the beta-geometric/beta-binomial model of customers (Fader, Hardie and Shang, Marketing
Science 29 (2010)) in time, with a return and a common level. The posterior of each address is kept
on a grid of propensities, and that of the level on a grid of its own.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, ndtri

from sim.forecast.record import SessionRecord
from sim.scenario.tables.rows import AssumptionRow
from sim.scenario.tables.seeds import read_shipped
from sim.streams import Stream, Streams

Floats = NDArray[np.float64]

S_PER_DAY = 24 * 3600
Z = ndtri((np.arange(12) + 0.5) / 12)
"""Grid of propensities: midpoints of equal parts of the normal distribution."""
LEVELS = np.linspace(-6, 4, 41)
LEAST_SD = 0.15
"""Below which steps of the level fall between the points of its grid."""
FITTED = ("propensity_logit", "propensity_sd_logit", "leave", "return", "level_sd_logit", "fall")
N_MEMBERS = 64
TINY = 1e-12
IMPOSSIBLE = -1e9
"""Log-likelihood of what cannot be."""


class Pool(NamedTuple):
    """Parameters of the model; rates per day, memory in days."""

    propensity_logit: float
    propensity_sd_logit: float
    leave: float
    return_: float
    level_sd_logit: float
    memory: float
    fall: float = 0.0

    @classmethod
    def of(cls, point: Floats, memory: float) -> Pool:
        """Parameters of a point: all but the first are logarithms."""
        spread, leave, back, sd, fall = np.exp(point[1:]).tolist()
        return cls(float(point[0]), spread, leave, back, sd, memory, fall)

    @property
    def logits(self) -> Floats:
        """Propensity of each cell of the grid."""
        return np.asarray(self.propensity_logit + self.propensity_sd_logit * Z)

    def entry(self, grown: float) -> Floats:
        """Probability of each cell of a new address, ``grown`` times those at first being known."""
        weight = grown ** (-self.fall * Z)
        return np.asarray(weight / weight.sum())

    def turn(self, days: float) -> tuple[float, float]:
        """Probabilities that an active address becomes inactive, and the other way."""
        both = self.leave + self.return_
        turned = (1 - np.exp(-both * days)) / both
        return self.leave * turned, self.return_ * turned

    def step_level(self, days: float) -> Floats:
        """Probability of each level (row) after each level (column)."""
        kept = np.exp(-days / self.memory)
        sd = max(self.level_sd_logit * np.sqrt(1 - kept**2), LEAST_SD)
        density = np.exp(-(((LEVELS[:, np.newaxis] - kept * LEVELS) / sd) ** 2) / 2)
        return np.asarray(density / density.sum(axis=0))


class Belief(NamedTuple):
    """Posterior distribution of a pool at the start of a session."""

    active: Floats
    inactive: Floats
    """Probability of each state and propensity of each address; shape (n, cells)."""
    level: Floats
    """Probability of each level; shape (levels,)."""
    past_level: Floats
    """Mean level of each session; 0 of the first; shape (k,)."""
    log_likelihood: float
    """Log-likelihood of the listings of addresses that were listed before."""

    def probability(self, pool: Pool) -> Floats:
        """Probability at each level that the session lists each address; shape (n, levels)."""
        return np.asarray(self.active @ expit(pool.logits[:, np.newaxis] + LEVELS))


@cache
def assumption(key: str) -> AssumptionRow:
    """A value that the record does not determine, with its range."""
    rows = read_shipped("forecast-assumptions", AssumptionRow).rows
    return {row.key: row for row in rows}[f"forecast.{key}"]


def turned(active: Floats, inactive: Floats, gone: float, back: float) -> tuple[Floats, Floats]:
    """Probabilities of both states after some time."""
    return active * (1 - gone) + inactive * back, inactive * (1 - back) + active * gone


def read_belief(pool: Pool, record: SessionRecord, next_s: float | None = None) -> Belief:
    """Follow a record session by session, up to the last or to the start of the next one."""
    # Addresses of one history have one posterior.
    listed, of, n_like = record.histories
    active = np.zeros((listed.shape[1], pool.logits.size))
    inactive, known = np.zeros_like(active), np.zeros(len(active), np.bool_)
    level = np.exp(-((LEVELS / max(pool.level_sd_logit, LEAST_SD)) ** 2) / 2)
    level /= level.sum()
    n_first = record.is_listed[0].sum()
    past, log_likelihood = np.zeros(record.n_sessions), 0.0
    times = np.append(record.start_s, [] if next_s is None else next_s) / S_PER_DAY
    chance = expit(pool.logits[:, np.newaxis] + LEVELS)
    for k, at in enumerate(times):
        if k:
            gone, back = pool.turn(at - times[k - 1])
            active, inactive = turned(active, inactive, gone, back)
            level = pool.step_level(at - times[k - 1]) @ level
        if k == record.n_sessions:
            break
        seen = listed[k]
        if known.any():
            each = active @ chance
            fit = np.log(level + TINY**2)
            for some, odds in ((known & seen, each), (known & ~seen, 1 - each)):
                fit = fit + n_like[some] @ np.log(odds[some] + TINY)
            most = fit.max()
            level = np.exp(fit - most)
            log_likelihood += float(most + np.log(level.sum()))
            level /= level.sum()
            past[k] = level @ LEVELS
            here = expit(pool.logits + past[k])
            active = active * np.where(seen[:, np.newaxis], here, 1 - here)
            inactive = np.where(seen[:, np.newaxis], 0.0, inactive)
            whole = (active + inactive).sum(axis=1, keepdims=True)
            whole[whole == 0] = 1.0
            active, inactive = active / whole, inactive / whole
        active[seen & ~known] = pool.entry(max(n_like[known].sum() / n_first, 1.0))
        known = known | seen
    return Belief(active[of], inactive[of], level, past, log_likelihood)


def _prior() -> tuple[Floats, Floats]:
    """Mean and standard deviation of the prior of each point."""
    rows = [assumption(key) for key in FITTED]
    ends = np.array([(one.value, one.low, one.high) for one in rows]).T
    ends[:, 1:] = np.log(ends[:, 1:])
    return ends[0], (ends[2] - ends[1]) / 4


def estimate_pool(record: SessionRecord) -> tuple[Floats, Floats]:
    """Estimate the parameters of a record.

    Returns
    -------
    point : shape (parameters,)
        Most likely one, with weak priors.
    covariance : shape (parameters, parameters)
        Of the normal distribution that is as curved there (Laplace's approximation).
    """
    mean, sd = _prior()
    memory = assumption("memory").value

    def lack(point: Floats) -> float:
        with np.errstate(over="ignore", invalid="ignore"):
            found = read_belief(Pool.of(point, memory), record).log_likelihood
        # So steep a fall that no propensity has any weight is as good as impossible.
        found = found if np.isfinite(found) else IMPOSSIBLE
        return float((((point - mean) / sd) ** 2).sum() / 2 - found)

    best = minimize(
        lack, mean, method="L-BFGS-B", options={"maxiter": 60, "eps": 1e-3, "ftol": 1e-7}
    ).x
    steps, here = 0.05 * np.eye(mean.size), lack(best)
    curved = np.empty((mean.size, mean.size))
    for i, one in enumerate(steps):
        for j, other in enumerate(steps[: i + 1]):
            ends = lack(best + one + other), lack(best - one - other)
            apart = (lack(best + one - other), lack(best - one + other)) if i != j else (here, here)
            curved[i, j] = curved[j, i] = (sum(ends) - sum(apart)) / (4 * 0.05**2)
    values, vectors = np.linalg.eigh(curved)
    # No direction is known worse than before.
    values = np.maximum(values, 1 / sd.max() ** 2)
    return best, vectors @ np.diag(1 / values) @ vectors.T


def draw_members(
    point: Floats, covariance: Floats, streams: Streams, n: int = N_MEMBERS
) -> list[Pool]:
    """Members of the ensemble: parameters as likely as the record leaves them, and memories."""
    rng = streams.generator(Stream.FORECAST_MEMBER)
    # What comes leaves and returns at other rates than what was: its own period, its own rates.
    drift = np.diag([key in ("leave", "return") for key in FITTED])
    covariance = covariance + assumption("rates_sd").value ** 2 * drift
    points = rng.multivariate_normal(point, covariance, size=n, method="cholesky")
    memory = assumption("memory")
    # Two standard deviations of the logarithm on each side, as of the priors.
    low, high = np.log([memory.low, memory.high])
    spread = np.exp(np.log(memory.value) + (high - low) / 4 * rng.standard_normal(n))
    memories = np.clip(spread, memory.low, memory.high)
    return [Pool.of(one, float(of)) for one, of in zip(points, memories, strict=True)]
