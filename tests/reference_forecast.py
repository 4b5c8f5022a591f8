"""The pool of addresses again, as docs/explanation/forecasts.md says it: by all hidden courses.

In: listings of some addresses, times in days, parameters, and the level of each session. Out: the
probability that the next session lists each, and the likelihood of what was listed after the first
time. It goes through every course of active and inactive sessions of every cell, which is slow.
"""

from itertools import product
from math import exp, log

from scipy.stats import norm

N_CELLS = 12


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


def next_probability(listed, days, next_day, pool, level, next_level):
    """Probability of the next listing, and log likelihood, of one address."""
    m, s, leave, back = pool
    first = listed.index(True)
    total = with_next = 0.0
    for logit in propensities(m, s):
        # It is active when it is first listed; each later state is free.
        for course in product((True, False), repeat=len(listed) - first):
            weight, state, at = 1 / N_CELLS, True, days[first]
            for k, now in enumerate(course[:-1], first + 1):
                weight *= turn(leave, back, days[k] - at, was=state, now=now)
                p = expit(logit + level[k]) if now else 0.0
                weight *= p if listed[k] else 1 - p
                state, at = now, days[k]
            weight *= turn(leave, back, next_day - at, was=state, now=course[-1])
            total += weight
            with_next += weight * (expit(logit + next_level) if course[-1] else 0.0)
    return with_next / total, log(total)
