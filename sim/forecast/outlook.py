"""Forecast of the next sessions: each address, its network, and their number.

Addresses listed before follow the pool. The number of new ones is negative binomial; its mean
weighs late sessions more, and grows with the level and the time since the last session. New ones
lie near those seen: counts of /24 networks, smoothed within /16 networks (hierarchical Dirichlet
smoothing; MacKay and Peto, Natural Language Engineering 1 (1995)). Starts, peaks and lengths are
drawn from earlier sessions, with more weight on late ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, gammaln, logit, ndtri

from sim.forecast.pool import (
    LEVELS,
    S_PER_DAY,
    TINY,
    Belief,
    Floats,
    Pool,
    Z,
    assumption,
    draw_members,
    estimate_pool,
    read_belief,
    turned,
)
from sim.forecast.record import SessionRecord, number_of
from sim.streams import Stream, Streams

N_PATHS = 32
"""Courses of sessions of each member."""
SHAPES = np.exp(np.linspace(-1.5, 1.5, 13))
"""Grid of the shape of the negative binomial."""
COUNTS = ("listed", "start", "distinct", "hours")
"""Most listed at a time; listed at the start; at any time; and length of the session, in h."""
N_16 = 2**16
LEAST_P = 1e-3
"""Probabilities are scored as at least this, and at most one less this: a sure one that fails would
score without end."""
MOST_SHIFT = 20.0
MOST_STEPS, NEAR = 20, 1e-6
"""Steps in which a mean is met, and how nearly."""


class Spread(NamedTuple):
    """Where new addresses lie: those seen, by network."""

    by_24: Mapping[int, int]
    by_16: Mapping[int, int]

    @classmethod
    def of(cls, addresses: Sequence[str]) -> Spread:
        """Count the addresses of each network."""
        numbers = [number_of(one) for one in addresses]
        return cls(Counter(one >> 8 for one in numbers), Counter(one >> 16 for one in numbers))

    def density(self, number: int) -> float:
        """Probability that a new address is this one, of those not seen in its network."""
        n_24 = self.by_24.get(number >> 8, 0)
        return self.of_24(number >> 8) / (256 - n_24) if n_24 < 256 else 0.0

    def of_24(self, network: int) -> float:
        """Probability that a new address lies in a /24 network."""
        n_16, within = self.by_16.get(network >> 8, 0), assumption("within_24").value
        seen = self.by_24.get(network, 0)
        return self.of_16(network >> 8) * (seen + within / 256) / (n_16 + within)

    def of_16(self, network: int) -> float:
        """Probability that a new address lies in a /16 network."""
        within, n = assumption("within_ipv4").value, sum(self.by_16.values())
        return (self.by_16.get(network, 0) + within / N_16) / (n + within)


class NewOnes(NamedTuple):
    """How many new addresses a session lists."""

    mean: float
    """At level 0, a day after the last session."""
    weight: Floats
    """Probability of each shape; shape (shapes,)."""

    @classmethod
    def of(cls, record: SessionRecord, pool: Pool, belief: Belief) -> NewOnes:
        """Estimate it from all sessions but the first."""
        n_new = np.bincount(record.is_listed.argmax(axis=0), minlength=record.n_sessions)[1:]
        share = share_of_level(pool, belief.past_level)[1:] * share_of_gap(np.diff(record.start_s))
        kept, prior = assumption("forget_new").value, assumption("new_per_session").value
        above, below, means = prior, 1.0, []
        for n, one in zip(n_new, share, strict=True):
            means.append(above / below)
            # The prior is worth one session, whenever it is.
            above = prior + kept * (above - prior) + n
            below = 1 + kept * (below - 1) + one
        expected = np.array(means) * share
        shape = SHAPES[:, np.newaxis]
        fit = gammaln(n_new + shape) - gammaln(shape) + shape * np.log(shape / (shape + expected))
        fit += n_new * np.log(expected / (shape + expected))
        total = fit.sum(axis=1) - np.log(SHAPES) ** 2 / 2
        weight = np.exp(total - total.max())
        return cls(above / below, weight / weight.sum())


def share_of_level(pool: Pool, level: Floats) -> Floats:
    """Listed share of the pool at a level, relative to level 0."""
    return np.asarray(expit(pool.propensity_logit + level) / expit(pool.propensity_logit))


def share_of_gap(gap_s: NDArray[np.int64]) -> Floats:
    """New addresses after some time without a session, relative to one day."""
    return np.asarray((gap_s / S_PER_DAY) ** assumption("new_power").value)


class Shift(NamedTuple):
    """Correction by the errors of earlier forecasts.

    Attributes
    ----------
    next, later
        Added to the logit of the probability that the next session lists an address, and that one
        after it does where the next does not.
    next_sd, later_sd
        Their standard errors.
    """

    next: float = 0.0
    later: float = 0.0
    next_sd: float = 0.0
    later_sd: float = 0.0


NO_SHIFT = Shift()


def estimate_shift(pairs: Sequence[tuple[Floats, NDArray[np.bool_]]]) -> tuple[float, float]:
    """Estimate what to add to logits so that forecasts come as often as they say.

    Maximum likelihood with a normal prior around 0 (recalibration in the large; Cox, Biometrika 45
    (1958)). All addresses of a session share its level, and weigh as few.

    Parameters
    ----------
    pairs
        Probabilities and what came of them, of one forecast each, from the first to the last.

    Returns
    -------
    shift, sd
        The estimate, and its standard error.
    """
    forget, worth, sd = (
        assumption(key).value for key in ("forget_errors", "errors_worth", "shift_sd")
    )
    weights = worth * forget ** np.arange(len(pairs))[::-1]
    logits = [logit(np.clip(p, LEAST_P, 1 - LEAST_P)) for p, _ in pairs]

    known = [one for one in zip(weights, logits, pairs, strict=True) if one[1].size]

    def slope(shift: float) -> float:
        each = (w * float(np.mean(expit(at + shift) - came)) for w, at, (_, came) in known)
        return sum(each, shift / sd**2)

    shift = float(brentq(slope, -MOST_SHIFT, MOST_SHIFT)) if known else 0.0
    spread = sum(w * float((p := expit(at + shift)) @ (1 - p)) / at.size for w, at, _ in known)
    return shift, float((1 / sd**2 + spread) ** -0.5) if known else 0.0


class Outlook(NamedTuple):
    """Forecast of the next sessions from a record."""

    record: SessionRecord
    """What was known."""
    start_s: NDArray[np.int64]
    length_h: Floats
    """When the sessions begin, and how long they last; shape (k,)."""
    p_next: Floats
    """Probability that the next session lists each address of the record; shape (members, n)."""
    none_next: Floats
    none_any: Floats
    """Probability, given the levels of a path, that the next session does not list it, and that
    none does; shape (members, paths, n)."""
    n_listed: Floats
    """Expected number of the sessions that list it; shape (members, paths, n)."""
    new_next: Floats
    new_any: Floats
    new_listed: Floats
    """Expected number of new addresses in the next session, in all, and of listings of these; shape
    (members, paths)."""
    counts: Mapping[str, Floats]
    """Draws of each of ``COUNTS`` for the next session."""
    share: Floats
    """Expected share of a session for which each address is listed, if it is, and a new one; shape
    (n + 1,)."""
    spread: Spread
    """Where new ones lie."""
    raw_within: Floats
    """Probability, not corrected, that one of the sessions up to each lists each address; shape
    (k, n)."""
    drawn: NDArray[np.int16]
    """Number of the sessions that list it in one course of each path, not corrected; shape
    (members, paths, n)."""
    drawn_next: NDArray[np.int16]
    new_drawn: Floats
    """The same of the next session alone, and number of its new addresses."""
    time: Floats
    time_next: Floats
    """Time for which they are in these courses, in whole sessions; shapes as of ``drawn``."""
    swing: Floats
    """Factor of the hours of a provider, whose addresses come together; shape (members, paths)."""


def forecast(
    record: SessionRecord,
    start_s: Sequence[int],
    streams: Streams,
    length_h: Sequence[float] | None = None,
    shift: Shift = NO_SHIFT,
) -> Outlook:
    """Forecast the sessions that begin at given times.

    Parameters
    ----------
    start_s
        When they begin, ascending, after the record's last.
    length_h
        How long they last; without it the mean of earlier ones.
    shift
        Correction of the addresses listed before.
    """
    members = draw_members(*estimate_pool(record), streams)
    # Later sessions change no draw of the next one.
    luck = [streams.generator(Stream.FORECAST_PATH, (row,)) for row in range(len(members) + 2)]
    parts = [_follow(*one, record, start_s) for one in zip(members, luck, strict=False)]
    course = _Course(record, luck[-2])
    *whole, within, drawn, drawn_next, new = (np.array(one) for one in zip(*parts, strict=True))
    # Not the number listed: where those listed before come less often, new ones come instead.
    normal = luck[-1].standard_normal((2, len(members), 1))
    mean, sd = np.array(shift).reshape(2, 2, 1, 1)
    whole[:4] = _correct(whole[0], *whole[1:4], shifts=mean + sd * normal)
    counts = course.counts(np.maximum((drawn_next.sum(axis=2) + new).ravel(), 1.0))
    swing = np.exp(assumption("provider_sd").value * luck[-1].standard_normal(new.shape))
    lengths = np.full(len(start_s), counts["hours"].mean())
    if length_h is not None:
        lengths = np.array(length_h)
        counts["hours"] = np.full(new.size, lengths[0])
    shares = Shares.of(record)
    rest = counts, shares.mean, Spread.of(record.addresses), within.mean(axis=0)
    times = (shares.draw(n, luck[-1]) for n in (drawn, drawn_next))
    draws = drawn, drawn_next, new, *times, swing
    return Outlook._make([record, np.array(start_s), lengths, *whole, *rest, *draws])


def _correct(
    p_next: Floats, none_next: Floats, none_any: Floats, n_listed: Floats, *, shifts: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Shift mean probabilities by those of each member; those of paths change in proportion.

    Any of several sessions is the next, or else a later one: each has a shift of its own.
    """
    raw = 1 - none_next
    of_next = _ratio(p_next.mean(axis=0), shifts[0])[:, np.newaxis]
    unlisted = np.maximum(none_next.mean(axis=(0, 1)), TINY)
    of_later = _ratio(1 - none_any.mean(axis=(0, 1)) / unlisted, shifts[1])[:, np.newaxis]
    listed = _scaled(raw, of_next)
    none = (1 - listed) * (1 - _scaled(1 - none_any / np.maximum(none_next, TINY), of_later))
    # How often it is listed if it ever is stays.
    n_listed = n_listed * (1 - none) / np.maximum(1 - none_any, TINY)
    # As much more as the paths have, which follow the exact one closely.
    more = listed.mean(axis=1) / np.maximum(raw.mean(axis=1), TINY)
    return np.minimum(p_next * more, 1.0), 1 - listed, none, n_listed


def _scaled(p: Floats, ratio: Floats) -> Floats:
    """Probabilities in proportion, none above 1, the mean of each member's paths by a ratio."""
    scaled, wanted = np.minimum(p * ratio, 1.0), (p * ratio).mean(axis=1, keepdims=True)
    for _ in range(MOST_STEPS):
        # What is cut off at 1 is made up for by the others.
        lacking = np.minimum(wanted, 1.0) / np.maximum(scaled.mean(axis=1, keepdims=True), TINY)
        if lacking.max() < 1 + NEAR:
            break
        scaled = np.minimum(scaled * lacking, 1.0)
    return scaled


def any_of(p_next: Floats, none_next: Floats, none_any: Floats) -> Floats:
    """Probability of any session, from the exact one of the next and means over paths."""
    return np.asarray(1 - (1 - p_next) * none_any / np.maximum(none_next, TINY))


def _ratio(p: Floats, shift: Floats) -> Floats:
    """Shifted probability over the given one; shape (members, n)."""
    odds = np.exp(shift)
    return np.asarray(odds / (1 - p + p * odds))


def _follow(
    pool: Pool, rng: np.random.Generator, record: SessionRecord, start_s: Sequence[int]
) -> tuple[NDArray[Any], ...]:
    """Follow the levels of some paths; given these, each address goes its own way.

    Returns ``p_next`` to ``new_listed``, and ``raw_within`` to ``new_drawn`` of ``Outlook``.
    """
    belief = read_belief(pool, record, start_s[0])
    new = NewOnes.of(record, pool, belief)
    n_old, n_sessions = len(belief.active), len(start_s)
    gaps = share_of_gap(np.diff(start_s, prepend=record.start_s[-1]))
    entry = pool.entry(n_old / record.is_listed[0].sum())
    # A last row for each session: an address that is new in it.
    fresh = np.zeros((n_sessions, belief.active.shape[1]))
    active = np.tile(np.concatenate([belief.active, fresh]), (N_PATHS, 1, 1))
    inactive = np.tile(np.concatenate([belief.inactive, fresh]), (N_PATHS, 1, 1))
    unlisted = active[:, :n_old].copy(), inactive[:, :n_old].copy()
    # One level of each equal part of its distribution.
    parts = (np.arange(N_PATHS) + rng.random(N_PATHS)) / N_PATHS
    level = LEVELS[np.searchsorted(belief.level.cumsum()[:-1], parts)]
    normal = ndtri((np.arange(N_PATHS) + 0.5) / N_PATHS)
    n_listed = np.zeros((N_PATHS, n_old + n_sessions))
    none_next, n_new = np.ones((N_PATHS, n_old)), np.zeros((N_PATHS, n_sessions))
    within = np.zeros((n_sessions, n_old))
    # One course of each address in each path: its propensity, and whether it is active.
    states = np.concatenate([belief.active, belief.inactive], axis=1).cumsum(axis=1)
    state = (rng.random((N_PATHS, n_old, 1)) >= states[:, :-1]).sum(axis=2)
    logits, is_active = pool.logits[state % Z.size], state < Z.size
    drawn = np.zeros((N_PATHS, n_old), np.int16)
    for k, at_s in enumerate(start_s):
        if k:
            days = (at_s - start_s[k - 1]) / S_PER_DAY
            gone, back = pool.turn(days)
            active, inactive = turned(active, inactive, gone, back)
            unlisted = turned(*unlisted, gone, back)
            is_active ^= rng.random(is_active.shape) < np.where(is_active, gone, back)
            kept = np.exp(-days / pool.memory)
            step = pool.level_sd_logit * np.sqrt(1 - kept**2)
            level = kept * level + step * rng.permutation(normal)
        chance = expit(pool.logits + level[:, np.newaxis])[:, np.newaxis]
        n_listed += (active * chance).sum(axis=2)
        unlisted = unlisted[0] * (1 - chance), unlisted[1]
        none = (unlisted[0] + unlisted[1]).sum(axis=2)
        within[k] = 1 - none.mean(axis=0)
        n_new[:, k] = new.mean * share_of_level(pool, level) * gaps[k]
        drawn += is_active & (rng.random(drawn.shape) < expit(logits + level[:, np.newaxis]))
        if not k:
            none_next, drawn_next = none, drawn.copy()
            shape = rng.choice(SHAPES, size=N_PATHS, p=new.weight)
            new_drawn = rng.negative_binomial(shape, shape / (shape + n_new[:, 0]))
        n_listed[:, n_old + k] = 1.0
        active[:, n_old + k] = entry
    return (
        belief.probability(pool) @ belief.level,
        none_next,
        none,
        n_listed[:, :n_old],
        n_new[:, 0],
        n_new.sum(axis=1),
        (n_new * n_listed[:, n_old:]).sum(axis=1),
        within,
        drawn,
        drawn_next,
        new_drawn,
    )


def late_ones(record: SessionRecord) -> Floats:
    """Weight of each session's course beside that of the next one."""
    return np.asarray(assumption("forget_course").value ** np.arange(record.n_sessions)[::-1])


class Shares(NamedTuple):
    """Shares of a session for which addresses are listed: each has its own, and those of all.

    A Pólya urn (Blackwell and MacQueen, Annals of Statistics 1 (1973)): the next share is one of
    the address's own, or of all, which together are worth some sessions.
    """

    mean: Floats
    """As ``share`` of ``Outlook``."""
    own: Floats
    """Probability of one of its own; shape (n,)."""
    share: Floats
    edge: Floats
    """Every share, address by address, and the sum of the weights up to it."""
    first: Floats
    """Sum of the weights before each address, and of all; shape (n + 1,)."""

    @classmethod
    def of(cls, record: SessionRecord) -> Shares:
        """Take the shares of a record."""
        address, session = record.is_listed.T.nonzero()
        share = record.hours[session, address] / record.length_h[session]
        weight = late_ones(record)[session]
        n, worth = len(record.addresses), assumption("share_worth").value
        of_own, in_own = (np.bincount(address, one, n) for one in (weight, weight * share))
        of_all = in_own.sum() / of_own.sum()
        mean = np.append((in_own + worth * of_all) / (of_own + worth), of_all)
        first = np.concatenate([[0.0], of_own.cumsum()])
        return cls(mean, of_own / (of_own + worth), share, weight.cumsum(), first)

    def draw(self, n_listed: NDArray[np.int16], rng: np.random.Generator) -> Floats:
        """Draw for how long addresses are listed, in sessions, given in how many they are.

        The mean of several shares lies as much nearer to the expected one as that of independent
        ones does.
        """
        at = n_listed.nonzero()
        address, n = at[-1], n_listed[at]
        is_own, place = rng.random((2, address.size))
        low, high = self.first[address], self.first[address + 1]
        own = is_own < self.own[address]
        place = np.where(own, low + place * (high - low), place * self.first[-1])
        row = np.minimum(self.edge.searchsorted(place, side="right"), self.edge.size - 1)
        mean = self.mean[address]
        time = np.zeros(n_listed.shape)
        time[at] = n * (mean + (self.share[row] - mean) / np.sqrt(n))
        return np.asarray(time)


class _Course:
    """Starts, peaks and lengths of earlier sessions."""

    def __init__(self, record: SessionRecord, rng: np.random.Generator) -> None:
        self._rng, self._record = rng, record
        self._n = record.is_listed.sum(axis=1).astype(np.float64)
        weight = late_ones(record)
        self._weight = weight / weight.sum()

    def counts(self, distinct: Floats) -> dict[str, Floats]:
        """Draw how a session goes, given how many addresses it lists."""
        like = self._rng.choice(self._n.size, size=distinct.size, p=self._weight)
        power = assumption("start_power").value
        start = self._record.is_at_start.sum(axis=1)[like] * (distinct / self._n[like]) ** power
        listed = self._record.n_peak[like] / self._n[like] * distinct
        return {
            "listed": np.round(listed),
            "start": np.round(np.minimum(start, distinct)),
            "distinct": distinct,
            "hours": self._record.length_h[like],
        }
