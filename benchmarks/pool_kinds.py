"""Other kinds of addresses in forecasts of listings: ``python -m benchmarks.pool_kinds``.

In: the shipped record; each model is estimated from the sessions to 31 January 2026. Out: a table
of log likelihoods, shares of addresses that one session alone lists (median of courses of
February), new addresses of February (median and nine in ten), and Brier scores, not corrected, of
rolling forecasts from 13 December to 31 January, and of February.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from sim.forecast import pool as shipped
from sim.forecast.outlook import SHAPES, NewOnes, share_of_gap, share_of_level
from sim.forecast.pool import LEVELS, S_PER_DAY, Pool, Z, assumption, read_belief
from sim.forecast.record import SessionRecord, read_record

N_TO_JANUARY, FIRST, N_COURSES = 20, 6, 256
LOW, FAST = (1.8, 0.7), (-1.5, 1.0)
"""Weak priors (mean, sd) of the logarithm of how much lower a propensity is, and of a rate."""


class Kind(NamedTuple):
    """A second kind of addresses."""

    rest: tuple[float, float] | None = None
    """Prior of what distinguishes it; None without a second kind."""
    is_fast: bool = False
    """Whether it leaves faster, in place of being listed less often."""
    falls: bool = False
    """Whether propensities fall as more are known."""
    of_new: bool = True
    """Whether the first sessions have none of it."""


KINDS = {
    "one kind": Kind(),
    "later ones lower (shipped)": Kind(falls=True),
    "a share of new ones lower": Kind(LOW),
    "a share of all leaves faster": Kind(FAST, is_fast=True, of_new=False),
    "a share of new ones leaves faster": Kind(FAST, is_fast=True),
    "later ones lower, and a share of new ones": Kind(LOW, falls=True),
    "later ones lower, a share leaves faster": Kind(FAST, is_fast=True, falls=True, of_new=False),
}


class Mixed:
    """A pool with a second kind of addresses, for ``read_belief`` and ``NewOnes``."""

    def __init__(self, kind: Kind, point: Sequence[float]) -> None:
        self._kind, (share, rest) = kind, point[6:]
        self._pool = Pool.of(np.array(point[:6]), assumption("memory").value)
        if not kind.falls:
            self._pool = self._pool._replace(fall=0.0)
        self.propensity_logit, self.level_sd_logit = point[0], self._pool.level_sd_logit
        self.step_level, self.memory = self._pool.step_level, self._pool.memory
        self._share = expit(share) if kind.rest else 0.0
        lower = 0.0 if kind.is_fast or not kind.rest else np.exp(rest)
        self.logits = np.concatenate([self._pool.logits, self._pool.logits - lower])
        leaves = np.exp(rest) if kind.is_fast else self._pool.leave
        self._kinds = self._pool, self._pool._replace(leave=float(leaves))

    def turn(self, days: float) -> np.ndarray:
        return np.repeat([one.turn(days) for one in self._kinds], Z.size, axis=0).T

    def entry(self, grown: float) -> np.ndarray:
        share = self._share * (grown > 1 or not self._kind.of_new)
        cells = self._pool.entry(grown)
        return np.concatenate([cells * (1 - share), cells * share])


def estimate(kind: Kind, record: SessionRecord) -> tuple[Mixed, float]:
    """The most likely pool, and its log likelihood."""
    mean, sd = shipped._prior()
    mean = np.append(mean, [-1.4, (kind.rest or LOW)[0]])
    sd = np.append(sd, [1.5, (kind.rest or LOW)[1]])

    def lack(point: np.ndarray) -> float:
        found = read_belief(Mixed(kind, point), record).log_likelihood
        return float((((point - mean) / sd) ** 2).sum() / 2 - found)

    def best(start: np.ndarray) -> tuple[float, np.ndarray]:
        options = {"maxiter": 80, "eps": 1e-3, "ftol": 1e-7}
        found = minimize(lack, start, method="L-BFGS-B", options=options)
        return found.fun, found.x

    starts = mean, mean + sd * np.array([0] * 6 + [0.5] * 2)
    pool = Mixed(kind, min(map(best, starts), key=lambda one: one[0])[1])
    return pool, read_belief(pool, record).log_likelihood


def courses(
    pool: Mixed, record: SessionRecord, start_s: np.ndarray, n_new: Sequence[int] | None = None
) -> np.ndarray:
    """Shares listed once in the sessions ahead, and over the season; and number of new ones."""
    rng, belief = np.random.default_rng(1), read_belief(pool, record, start_s[0])
    new, before = NewOnes.of(record, pool, belief), record.is_listed.sum(axis=0)
    states = np.concatenate([belief.active, belief.inactive], axis=1).cumsum(axis=1)
    days = np.diff(start_s, prepend=record.start_s[-1]) / S_PER_DAY
    found = []
    for _ in range(N_COURSES):
        state = (rng.random((before.size, 1)) >= states[:, :-1]).sum(axis=1)
        cell, active = state % pool.logits.size, state < pool.logits.size
        n_listed, shape = np.zeros(before.size, int), rng.choice(SHAPES, p=new.weight)
        level = LEVELS[np.searchsorted(belief.level.cumsum()[:-1], rng.random())]
        for k, gap in enumerate(days):
            if k:
                gone, back = (one[cell] for one in pool.turn(gap))
                active ^= rng.random(active.size) < np.where(active, gone, back)
                kept = np.exp(-gap / pool.memory)
                level *= kept
                level += pool.level_sd_logit * np.sqrt(1 - kept**2) * rng.standard_normal()
            n_listed += active & (rng.random(active.size) < expit(pool.logits[cell] + level))
            mean = new.mean * share_of_level(pool, level) * share_of_gap(gap * S_PER_DAY)
            n = n_new[k] if n_new else rng.negative_binomial(shape, shape / (shape + mean))
            entry = pool.entry(cell.size / record.is_listed[0].sum())
            cell = np.append(cell, rng.choice(pool.logits.size, size=n, p=entry))
            active, n_listed = (np.append(one, np.ones(n, one.dtype)) for one in (active, n_listed))
        season = n_listed + np.pad(before, (0, n_listed.size - before.size))
        once = (n_listed == 1).sum() / max((n_listed > 0).sum(), 1)
        found.append((once, (season == 1).mean(), n_listed.size - before.size))
    return np.array(found)


def brier(kind: Kind, record: SessionRecord, sessions: Sequence[int]) -> float:
    """Mean Brier score of addresses listed before, each session from those before it."""
    scores = []
    for k in sessions:
        known = record.before(k)
        pool, _ = estimate(kind, known)
        belief = read_belief(pool, known, record.start_s[k])
        came = record.is_listed[k, record.is_listed[:k].any(axis=0)]
        p = belief.probability(pool) @ belief.level
        scores.append(((p - came) ** 2).mean())
    return float(np.mean(scores))


def main(out: Callable[[str], None] = print) -> None:
    record = read_record(None)
    known, ahead = record.before(N_TO_JANUARY), record.start_s[N_TO_JANUARY:]
    n_new = np.bincount(record.is_listed.argmax(axis=0), minlength=record.n_sessions)
    own = n_new[N_TO_JANUARY:].tolist()
    out("| kinds | log likelihood | once, February | season | new | season, new as came | Brier |")
    out("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, kind in KINDS.items():
        pool, log_likelihood = estimate(kind, known)
        found, as_came = courses(pool, known, ahead), courses(pool, known, ahead, own)
        once, season, _ = np.median(found, axis=0)
        low, new, high = np.quantile(found[:, 2], (0.05, 0.5, 0.95))
        spans = range(FIRST, N_TO_JANUARY), range(N_TO_JANUARY, record.n_sessions)
        scores = ", ".join(f"{brier(kind, record, one):.4f}" for one in spans)
        cells = f"{log_likelihood:.1f} | {once:.0%} | {season:.0%} | {new:.0f} ({low:.0f} to"
        out(f"| {name} | {cells} {high:.0f}) | {np.median(as_came[:, 1]):.0%} | {scores} |")


if __name__ == "__main__":
    main()
