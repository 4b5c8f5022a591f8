"""Rolling forecasts of a record, one session ahead, and their scores beside simple ones.

Each forecast knows the sessions before it alone, and the time at which its session begins: fixtures
are published before they are played.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.errors import UsageError
from sim.forecast.outlook import (
    COUNTS,
    LEAST_P,
    N_16,
    Outlook,
    Shift,
    any_of,
    estimate_shift,
    forecast,
)
from sim.forecast.pool import S_PER_DAY, TINY, Floats, assumption
from sim.forecast.record import LEAST_SESSIONS, SessionRecord, instant, number_of
from sim.results.csvtext import csv_text
from sim.statistics.designs import crps
from sim.streams import Streams

WEEKS = 4
HORIZON_S = WEEKS * 7 * S_PER_DAY
MOST_EARLIER = 16
"""Sessions whose forecasts correct a later one: those before them would weigh next to nothing."""
MOST_APART_S = 3 * S_PER_DAY
"""Between when a session was expected and when it began, for a forecast of it to be scored."""
QUANTILES = (0.05, 0.5, 0.95)
MODELS = ("pool", "last", "frequency", "forgetting")
"""The shipped model; as in the last session; frequency so far; a frequency that forgets."""
BINS = np.array([0, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0])
"""Edges of the bins of the reliability diagram."""


class SessionForecast(NamedTuple):
    """Forecasts of one session, by everyone, and what came."""

    start_s: int
    """When it begins."""
    addresses: tuple[str, ...]
    """Those listed before it."""
    p: Floats
    """Probability of each, by model; shape (models, n)."""
    counts: Mapping[str, tuple[float, ...]]
    """Quantiles of each of ``COUNTS`` by the pool."""
    sha256: str
    """Hash of the forecast as it is stored."""
    is_listed: NDArray[np.bool_]
    """What came; shape (n,)."""
    p_any: Floats
    is_any: NDArray[np.bool_]
    """Probability by the pool that one of the sessions of four weeks lists it, and what came; shape
    (n,)."""
    came: Mapping[str, float]
    """Each of ``COUNTS``."""
    scores: Mapping[tuple[str, str], tuple[float, ...]]
    """By kind, quantity and model; lower is better."""


def roll(
    record: SessionRecord, from_s: float, streams: Streams, watch: Callable[[int, int], None]
) -> tuple[list[SessionForecast], Shift]:
    """Forecast each session that begins at a time or later, from those before it.

    Each is corrected by the errors of those before it. The correction of the session after the
    record is returned as well.

    Raises
    ------
    UsageError
        If there is none, or too few before the first.
    """
    first = int(np.searchsorted(record.start_s, from_s))
    if first >= record.n_sessions:
        last = instant(record.start_s[-1])
        raise UsageError(f"--from: expected a time before the last session, {last}")
    if record.n_sessions <= LEAST_SESSIONS:
        raise UsageError(
            f"expected a record of more than {LEAST_SESSIONS} sessions, got {record.n_sessions}"
        )
    if first < LEAST_SESSIONS:
        at = instant(record.start_s[LEAST_SESSIONS])
        message = f"expected at least {LEAST_SESSIONS} sessions before it, got {first}"
        raise UsageError(f"--from: {message}; use {at} or later")
    begin = max(LEAST_SESSIONS, first - MOST_EARLIER)
    found, earlier = [], _Earlier(record)
    for session in range(begin, record.n_sessions):
        watch(session - begin, record.n_sessions - begin)
        known, start_s = record.before(session), record.start_s[session:]
        ahead_s = start_s[start_s < start_s[0] + HORIZON_S].tolist()
        outlook = forecast(known, ahead_s, streams, shift=earlier.shift_at(session))
        earlier.raw[session] = outlook.raw_within
        if session >= first:
            found.append(_compare(record, session, outlook))
    watch(record.n_sessions - begin, record.n_sessions - begin)
    return found, earlier.shift_at(record.n_sessions)


class _Earlier:
    """Forecasts of earlier sessions before their correction, and the shift that follows."""

    def __init__(self, record: SessionRecord) -> None:
        self._record = record
        self.raw: dict[int, Floats] = {}

    def shift_at(self, session: int) -> Shift:
        """Estimate the correction from what came before a session."""
        record = self._record
        pairs_next: list[tuple[Floats, NDArray[np.bool_]]] = []
        pairs_later: list[tuple[Floats, NDArray[np.bool_]]] = []
        for earlier in range(max(session - MOST_EARLIER, 0), session):
            if earlier in self.raw:
                old = record.is_listed[:earlier].any(axis=0)
                within = self.raw[earlier]
                came = record.is_listed[earlier:session, old][: len(within)]
                rest = ~came[0]
                pairs_next.append((within[0], came[0]))
                if len(came) > 1:
                    after = 1 - (1 - within[len(came) - 1]) / np.maximum(1 - within[0], TINY)
                    pairs_later.append((after[rest], np.logical_or.reduce(came[1:, rest], axis=0)))
        (of_next, next_sd), (later, later_sd) = map(estimate_shift, (pairs_next, pairs_later))
        return Shift(of_next, later, next_sd, later_sd)


def _compare(record: SessionRecord, session: int, outlook: Outlook) -> SessionForecast:
    """Compare a forecast with what came."""
    known, n_ahead = outlook.record, len(outlook.start_s)
    row = {address: n for n, address in enumerate(record.addresses)}
    old = np.array([row[one] for one in known.addresses])
    ahead = record.is_listed[session : session + n_ahead][:, old]
    is_listed, is_any = ahead[0], np.logical_or.reduce(ahead, axis=0)
    means = (one.mean(axis=(0, 1)) for one in (outlook.none_next, outlook.none_any))
    p_any = any_of(outlook.p_next.mean(axis=0), *means)
    came = {name: float(one[session]) for name, one in counts_of(record).items()}
    p = probabilities(outlook)
    # Simple forecasts take sessions for independent.
    four_weeks = np.array([p_any, *(1 - (1 - p[1:]) ** n_ahead)])
    return SessionForecast(
        int(record.start_s[session]),
        known.addresses,
        p,
        {name: quantiles_of(outlook.counts[name]) for name in COUNTS},
        hashlib.sha256(stored_text(outlook).encode()).hexdigest(),
        is_listed,
        p_any,
        is_any,
        came,
        _score(record, session, known, outlook, p, is_listed, came)
        | {("Brier", "within four weeks"): _of_listed(four_weeks, is_any)["Brier"]},
    )


def counts_of(record: SessionRecord) -> dict[str, Floats]:
    """Each of ``COUNTS`` by session."""
    return {
        "listed": record.n_peak.astype(np.float64),
        "start": record.is_at_start.sum(axis=1).astype(np.float64),
        "distinct": record.is_listed.sum(axis=1).astype(np.float64),
        "hours": record.length_h,
    }


def quantiles_of(draws: Floats) -> tuple[float, ...]:
    """Ends and median of nine draws in ten."""
    return tuple(np.quantile(draws, QUANTILES).tolist())


def forgetting_weights(n_sessions: int) -> Floats:
    """Weights of sessions of a frequency that forgets; they sum to one."""
    weight = assumption("simple_forget").value ** np.arange(n_sessions)[::-1]
    return np.asarray(weight / weight.sum())


def probabilities(outlook: Outlook) -> Floats:
    """Probability of each address by each of ``MODELS``."""
    return np.array([outlook.p_next.mean(axis=0), *simple_probabilities(outlook.record.is_listed)])


def simple_probabilities(is_listed: NDArray[np.bool_]) -> Sequence[Floats]:
    """Probability of each address by each simple forecast."""
    weight = forgetting_weights(len(is_listed))
    return is_listed[-1].astype(np.float64), is_listed.mean(axis=0), weight @ is_listed


def stored_text(outlook: Outlook) -> str:
    """The forecast of the next session as CSV: what can be registered before it begins."""
    start = instant(outlook.start_s[0])
    rows: list[Sequence[object]] = [
        (start, "address", address, f"{one:.4f}", "", "")
        for address, one in zip(outlook.record.addresses, outlook.p_next.mean(axis=0), strict=True)
    ]
    for name in COUNTS:
        low, median, high = (f"{one:.6g}" for one in quantiles_of(outlook.counts[name]))
        rows.append((start, "count", name, median, low, high))
    return csv_text(("session", "kind", "name", "value", "low", "high"), rows)


def _score(
    record: SessionRecord,
    session: int,
    known: SessionRecord,
    outlook: Outlook,
    p: Floats,
    is_listed: NDArray[np.bool_],
    came: Mapping[str, float],
) -> dict[tuple[str, str], tuple[float, ...]]:
    scores = {(score, "listed before"): each for score, each in _of_listed(p, is_listed).items()}
    weights = forgetting_weights(known.n_sessions)
    for name, before in counts_of(known).items():
        each = (
            crps(outlook.counts[name], came[name]),
            abs(float(before[-1]) - came[name]),
            crps(before, came[name]),
            _crps_weighted(before, weights, came[name]),
        )
        scores["CRPS", name] = each
    first = record.is_listed.argmax(axis=0)
    new = [record.addresses[n] for n in np.flatnonzero(first == session).tolist()]
    scores["log", "new, per address"] = _score_new(known, outlook, new)
    return scores


def _of_listed(p: Floats, is_listed: NDArray[np.bool_]) -> dict[str, tuple[float, ...]]:
    """Scores of each model over addresses."""
    sure = np.clip(p, LEAST_P, 1 - LEAST_P)
    missed = -np.log(np.where(is_listed, sure, 1 - sure))
    brier = ((p - is_listed) ** 2).mean(axis=1)
    return {"Brier": tuple(brier.tolist()), "log": tuple(missed.mean(axis=1).tolist())}


def _crps_weighted(values: Floats, weights: Floats, came: float) -> float:
    apart = np.abs(values[:, np.newaxis] - values)
    return float(weights @ np.abs(values - came) - weights @ apart @ weights / 2)


def _score_new(known: SessionRecord, outlook: Outlook, new: Sequence[str]) -> tuple[float, ...]:
    """Log score of the addresses that were never listed, over how many are: a Poisson process.

    The first simple forecast has no rate; both frequencies are the base rate of new addresses in
    each /16 network, of all sessions and of later ones.
    """
    numbers = [number_of(one) for one in new]
    rate = float(outlook.new_next.mean())
    ours = sum(np.log(rate * outlook.spread.density(one)) for one in numbers) - rate
    first = known.is_listed.argmax(axis=0)
    of_16 = np.array([number_of(one) >> 16 for one in known.addresses])
    scores = [ours, np.nan]
    even = np.full(known.n_sessions, 1 / known.n_sessions)
    for weight in (even, forgetting_weights(known.n_sessions)):
        by_address = np.where(first > 0, weight[first], 0.0)
        # The other networks weigh as much as in the pool, so that no rate is zero.
        other, total = assumption("within_ipv4").value * weight.mean(), by_address.sum()
        rates = [
            (by_address[of_16 == one >> 16].sum() + other / N_16) * total / (total + other) / N_16
            for one in numbers
        ]
        scores.append(float(np.log(np.maximum(rates, TINY**3)).sum() - total))
    return tuple(-one / max(len(numbers), 1) for one in scores)


class ScoreRow(NamedTuple):
    """Mean score of one quantity."""

    score: str
    quantity: str
    by_model: tuple[float, ...]
    """Score of each of ``MODELS``; NaN where it has none."""
    skill: float
    """One less the ratio of the pool's score to that of the best simple forecast; NaN where that is
    0."""
    inside: int | None
    """Sessions inside the band of nine in ten; None where it has none."""
    n_sessions: int


def mean_scores(rolled: Sequence[SessionForecast]) -> list[ScoreRow]:
    """Mean over sessions of each score."""
    rows = []
    for score, quantity in rolled[0].scores:
        mean = np.array([one.scores[score, quantity] for one in rolled]).mean(axis=0)
        inside = None
        if quantity in COUNTS:
            ends = [(one.counts[quantity], one.came[quantity]) for one in rolled]
            inside = sum(low <= came <= high for (low, _, high), came in ends)
        rows.append(_row(score, quantity, mean, inside, len(rolled)))
    return rows


def _row(score: str, quantity: str, mean: Floats, inside: int | None, n_sessions: int) -> ScoreRow:
    best = np.nanmin(mean[1:])
    # A log score has no zero to compare with.
    share = 1 - mean[0] / best if best > 0 else np.nan
    skill = best - mean[0] if score == "log" else share
    return ScoreRow(score, quantity, tuple(mean.tolist()), float(skill), inside, n_sessions)


def score_registered(
    record: SessionRecord, stored: Mapping[str, float], last_s: float, start_s: float
) -> tuple[int, list[ScoreRow]]:
    """Score a stored forecast by the first session of a later record that it did not know.

    Parameters
    ----------
    stored
        Probability of each address.
    last_s, start_s
        Start of the last session that it knew, and of the one that it is for.

    Returns
    -------
    start_s
        When that session began.
    rows
        Its scores over the addresses of the forecast, beside simple forecasts of the same.

    Raises
    ------
    UsageError
        If the record has no such session within ``MOST_APART_S`` of the one that it is for, or
        others than the forecast knew before it.
    """
    session = int(np.searchsorted(record.start_s, last_s, side="right"))
    if session >= record.n_sessions:
        raise UsageError("--registered: expected a record with a session after the forecast")
    if abs(record.start_s[session] - start_s) > MOST_APART_S:
        wanted, got = map(instant, (start_s, record.start_s[session]))
        raise UsageError(f"--registered: expected the session of {wanted} as the next, got {got}")
    known = record.before(session)
    if set(known.addresses) != set(stored):
        raise UsageError(
            f"--registered: expected a record that lists the {len(stored):,} addresses of the "
            f"forecast before it, got one with {len(known.addresses):,} others or fewer"
        )
    row = {address: n for n, address in enumerate(record.addresses)}
    is_listed = record.is_listed[session, [row[one] for one in known.addresses]]
    ours = np.array([stored[one] for one in known.addresses])
    p = np.array([ours, *simple_probabilities(known.is_listed)])
    rows = [
        _row(score, "listed before", np.array(mean), None, 1)
        for score, mean in _of_listed(p, is_listed).items()
    ]
    return int(record.start_s[session]), rows


class ReliabilityRow(NamedTuple):
    """Addresses forecast alike, and the share of them that were listed."""

    low: float
    high: float
    n: int
    forecast: float
    listed: float


def reliability(pairs: Iterable[tuple[Floats, NDArray[np.bool_]]]) -> list[ReliabilityRow]:
    """How often what was forecast with a probability came."""
    p, came = (np.concatenate(one) for one in zip(*pairs, strict=True))
    of = np.clip(np.searchsorted(BINS, p, side="right") - 1, 0, BINS.size - 2)
    rows = []
    for n in range(BINS.size - 1):
        mine = of == n
        if mine.any():
            ends = float(BINS[n]), float(BINS[n + 1])
            mean = float(p[mine].mean()), float(came[mine].mean())
            rows.append(ReliabilityRow(*ends, int(mine.sum()), *mean))
    return rows
