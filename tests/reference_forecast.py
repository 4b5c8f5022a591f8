"""The pool of addresses again, as docs/explanation/forecasts.md says it: by all hidden courses.

In: listings of some addresses, times in days, parameters, and the level of each session. Out: the
probability that the next session lists each, and the likelihood of what was listed after the first
time. It goes through every course of active and inactive sessions of every cell, which is slow.
"""

from dataclasses import replace
from itertools import product
from math import exp, log

import numpy as np
from scipy.stats import norm

from sim.forecast.pool import Pool
from sim.forecast.record import SessionRecord, text_of

N_CELLS = 12
DAY = 86_400
FIRST_S = 1_764_421_200
BASE = 0x68150000
"""104.21.0.0"""
POOL = Pool(1.5, 1.2, 0.04, 0.02, 0.7, 7.0)
"""Parameters of tests."""


def shuffle(record, rng):
    """Each session's listings handed to addresses at random: a record without any memory."""
    order = np.array([rng.permutation(len(record.addresses)) for _ in record.start_s])
    rows = np.arange(record.n_sessions)[:, np.newaxis]
    mixed = ("is_listed", "is_at_start", "hours")
    return replace(record, **{name: getattr(record, name)[rows, order] for name in mixed})


def propensities(m, s):
    """Logits in the middle of equal parts of the normal distribution."""
    return [m + s * norm.ppf((part + 0.5) / N_CELLS) for part in range(N_CELLS)]


def expit(x):
    return 1 / (1 + exp(-x))


def turn(leave, back, days, *, was, now):
    """Probability of a state after some days: the two-state Markov chain in closed form."""
    both = leave + back
    at_rest = back / both
    active = at_rest + ((1.0 if was else 0.0) - at_rest) * exp(-both * days)
    return active if now else 1 - active


def next_probability(listed, days, next_day, pool, level, next_level, tilt=0.0):
    """Probability of the next listing, and log likelihood, of one address.

    ``tilt`` is the fall times the logarithm of how many times those at first were known.
    """
    m, s, leave, back = pool
    chances = [exp(-tilt * norm.ppf((part + 0.5) / N_CELLS)) for part in range(N_CELLS)]
    first = listed.index(True)
    total = with_next = 0.0
    for logit, chance in zip(propensities(m, s), chances, strict=True):
        # It is active when it is first listed; each later state is free.
        for course in product((True, False), repeat=len(listed) - first):
            weight, state, at = chance / sum(chances), True, days[first]
            for k, now in enumerate(course[:-1], first + 1):
                weight *= turn(leave, back, days[k] - at, was=state, now=now)
                p = expit(logit + level[k]) if now else 0.0
                weight *= p if listed[k] else 1 - p
                state, at = now, days[k]
            weight *= turn(leave, back, next_day - at, was=state, now=course[-1])
            total += weight
            with_next += weight * (expit(logit + next_level) if course[-1] else 0.0)
    return with_next / total, log(total)


def weigh_levels(pool, seen, days, step=0.02):
    """A fine grid of the second session's level, and its posterior weight (sum: likelihood).

    All addresses were listed in the first of two sessions.
    """
    grid = np.arange(-6, 4 + step / 2, step)
    weight = norm.pdf(grid, 0, pool.level_sd_logit) * step
    for one in seen:
        weight = weight * [
            exp(next_probability(list(one), days, days[-1] + 1, pool[:4], (0.0, level), 0.0)[1])
            for level in grid
        ]
    return grid, weight


def simulate(
    pool: Pool, n_sessions: int, n_addresses: int, seed: int, every_d: float = 3.5
) -> SessionRecord:
    """A record from the model itself; addresses are first listed in its first half."""
    rng = np.random.default_rng(seed)
    logit = rng.normal(pool.propensity_logit, pool.propensity_sd_logit, n_addresses)
    first = rng.integers(0, max(n_sessions // 2, 1), n_addresses)
    first[:30] = 0
    kept = np.exp(-every_d / pool.memory)
    level, active = 0.0, np.zeros(n_addresses, bool)
    back, stay = (
        turn(pool.leave, pool.return_, every_d, was=was, now=True) for was in (False, True)
    )
    listed = np.zeros((n_sessions, n_addresses), bool)
    for k in range(n_sessions):
        spread = pool.level_sd_logit * (np.sqrt(1 - kept**2) if k else 1)
        level = kept * level + spread * rng.normal()
        active = (rng.random(n_addresses) < np.where(active, stay, back)) & (first < k)
        active |= first == k
        listed[k] = active & (rng.random(n_addresses) < 1 / (1 + np.exp(-logit - level)))
        listed[k] |= first == k
    return record_of(listed, every_d)


def record_of(listed: np.ndarray, every_d: float = 3.5) -> SessionRecord:
    """A record with sessions of five hours, equally apart; all are listed from their start on."""
    numbers = np.arange(listed.shape[1])
    start = FIRST_S + (np.arange(len(listed)) * every_d * DAY).astype(np.int64)
    # A /24 has ten addresses, so that sites and networks have several.
    addresses = tuple(text_of(BASE + 256 * (n // 10) + n % 10) for n in numbers.tolist())
    n_listed = listed.sum(axis=1).astype(np.int64)
    return SessionRecord(
        addresses, start, start + 5 * 3600, listed, listed.copy(), 5.0 * listed, n_listed
    )
