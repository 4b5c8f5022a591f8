"""Score forecasts of records drawn from their model: ``python -m benchmarks.pool_true``.

In: the shipped record. Drawn records continue its first session, or all to 31 January 2026, by
likely pools to the end of February (an hour). Out: CRPS of February over that of the best simple
forecast, and the share of addresses that one session alone lists.
"""

import numpy as np
from scipy.special import expit

from sim.forecast import outlook, pool, scores
from sim.forecast.pool import LEVELS, Floats, Z, read_belief
from sim.forecast.record import SessionRecord, read_record, text_of
from sim.statistics.designs import crps
from sim.streams import Streams

N_TO_JANUARY, N_DRAWS, N_COURSES, N_SAMPLES = 20, 1024, 1024, 4000
# Sessions of the record that drawn ones continue, and number of records drawn.
BEGINS = {"drawn from 29 November": (1, 100), "drawn from 31 January": (20, 50)}
COUNTS, NINE_IN_TEN = ("listed", "start", "distinct"), (0.05, 0.5, 0.95)
ASKED, LEAST = 0.9, 0.28  # of ratios, at most; of shares listed once, at least


class Truth:
    """Process of drawn sessions: a pool, new addresses, and starts as in any past session."""

    def __init__(self, one: pool.Pool, record: SessionRecord, seed: int) -> None:
        self.pool, self.rng = one, (rng := np.random.default_rng((46, seed)))
        self.course = outlook._Course(record, rng)
        self.course._weight = np.full(record.n_sessions, 1 / record.n_sessions)
        self._mean, weight = outlook.NewOnes.of(record, one, read_belief(one, record))
        self._shape = rng.choice(outlook.SHAPES, p=weight)

    def draw_new(self, level: Floats, gap_s: np.ndarray) -> np.ndarray:
        mean = self._mean * outlook.share_of_level(self.pool, level) * outlook.share_of_gap(gap_s)
        return self.rng.negative_binomial(self._shape, self._shape / (self._shape + mean))

    def draw_next(self, known: SessionRecord, at_s: int) -> dict[str, Floats]:
        belief = read_belief(self.pool, known, at_s)
        level = self.rng.choice(LEVELS.size, size=N_DRAWS, p=belief.level)
        p = np.clip(belief.probability(self.pool), 0, 1)[:, level]
        new = self.draw_new(LEVELS[level], at_s - known.start_s[-1:])
        return self.course.counts(np.maximum(self.rng.binomial(1, p).sum(axis=0) + new, 1.0))

    def extend(self, known: SessionRecord, start_s: Floats, given: list) -> SessionRecord:
        """Continue a record, at given levels and numbers of new addresses if there are any."""
        one, rng, belief = self.pool, self.rng, read_belief(self.pool, known, start_s[0])
        states = np.concatenate([belief.active, belief.inactive], axis=1).cumsum(axis=1)
        state = (rng.random((len(states), 1)) >= states[:, :-1]).sum(axis=1)
        cell, active, rows = state % Z.size, state < Z.size, list(known.is_listed)
        level = LEVELS[np.searchsorted(belief.level.cumsum()[:-1], rng.random())]
        for k, gap_s in enumerate(np.diff(start_s, prepend=known.start_s[-1])):
            if k:
                gone, back = one.turn(days := gap_s / pool.S_PER_DAY)
                active ^= rng.random(active.size) < np.where(active, gone, back)
                kept = np.exp(-days / one.memory)
                level = kept * level + one.level_sd_logit * np.sqrt(1 - kept**2) * rng.normal()
            level, n = given[k] if given else (level, self.draw_new(level, gap_s))
            seen = active & (rng.random(active.size) < expit(one.logits[cell] + level))
            seen[0] |= not seen.any()
            entry = one.entry(cell.size / known.is_listed[0].sum())
            cell = np.append(cell, rng.choice(Z.size, size=n, p=entry))
            active, seen = (np.append(each, np.ones(n, np.bool_)) for each in (active, seen))
            rows.append(seen)
        listed = np.array([np.pad(row, (0, cell.size - row.size)) for row in rows])
        drawn = self.course.counts(np.maximum(listed[known.n_sessions :].sum(axis=1), 1.0))
        n_start = np.append(known.is_at_start.sum(axis=1), drawn["start"])[:, np.newaxis]
        at_start, times = np.arange(cell.size) < n_start, np.append(known.start_s, start_s)
        names, peaks = map(text_of, range(cell.size)), np.append(known.n_peak, drawn["listed"])
        rows = listed, at_start, listed * 1.0, peaks
        return SessionRecord(tuple(names), times, times + 3600, *rows)


def ratios(record: SessionRecord, truth: Truth | None, samples: np.ndarray) -> Floats:
    """CRPS over that of the best simple forecast, by forecast, sample of sessions and count."""
    counts, found = scores.counts_of(record), []
    for k, at_s in enumerate(record.start_s.tolist()[N_TO_JANUARY:], N_TO_JANUARY):
        known, told = record.before(k), np.full(N_DRAWS, max(counts["distinct"][k], 1.0))
        course = outlook._Course(known, np.random.default_rng(at_s))
        draws = [outlook.forecast(known, [at_s], Streams(1, 0)).counts, course.counts(told)]
        draws += [truth.draw_next(known, at_s)] if truth else []
        for name in COUNTS:
            before, came = counts[name][:k], counts[name][k]
            weighted = scores._crps_weighted(before, scores.forgetting_weights(k), came)
            each = *(one[name] for one in draws), before[-1:], before
            found.append([*(crps(one, came) for one in each), weighted])
    mean = np.reshape(found, (-1, len(COUNTS), len(draws) + 3))[samples].mean(axis=1)
    return np.moveaxis(mean[..., :-3] / mean[..., -3:].min(axis=-1, keepdims=True), -1, 0)


def main() -> None:
    real, every = read_record(None), np.arange(9)[np.newaxis]
    known, start_s = real.before(N_TO_JANUARY), real.start_s
    members = pool.draw_members(*pool.estimate_pool(known), Streams(46, 0), n=N_COURSES)

    def show(name: str, found: Floats) -> None:
        for who, each in zip(("estimated", "number told", "all known"), found, strict=False):
            ends = (*np.quantile(each, NINE_IN_TEN, axis=0), (each <= ASKED).mean(axis=0))
            cells = map("{1:.2f} ({0:.2f} to {2:.2f}), {3:.0%} |".format, *ends)
            print("|", name, who, "|", *cells, f"{(each <= ASKED).all(axis=1).mean():.0%} |")

    print("| record", *COUNTS, "all |\n| --- | --- | --- | --- | ---: |", sep=" | ")
    samples = np.random.default_rng(2).integers(0, every.size, (N_SAMPLES, every.size))
    show("the record", ratios(real, None, every))
    show("its sessions sampled", ratios(real, None, samples))
    for name, (begin, n_records) in BEGINS.items():
        by = [Truth(one, known, n) for n, one in enumerate(members[:n_records])]
        drawn = ((one.extend(real.before(begin), start_s[begin:], []), one) for one in by)
        show(name, np.concatenate([ratios(*one, every) for one in drawn], axis=1))
    for name, is_given in {"courses": False, "levels and new ones as came": True}.items():
        found = []
        for n, one in enumerate(members):
            level, n_new = read_belief(one, real).past_level, np.bincount(real.is_listed.argmax(0))
            given = list(zip(level, n_new, strict=True))[N_TO_JANUARY:] if is_given else []
            listed = Truth(one, known, n).extend(known, start_s[N_TO_JANUARY:], given).is_listed
            found.append(((listed.sum(axis=0) == 1).mean(), len(listed[0]) - len(known.addresses)))
        ends, reach = np.quantile(found, NINE_IN_TEN, axis=0), np.array(found)[:, 0] >= LEAST
        print(f"{name}: once and new {ends.round(3).tolist()}, {reach.mean():.0%} reach {LEAST}")


if __name__ == "__main__":
    main()
