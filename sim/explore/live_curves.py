"""Curves of runs under way, and the picture they make so far.

In: values of all curves of a run, as the engine works them out. Out: bands of one curve by
strategy, and pictures. A run that is not finished counts as far as it has come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.record.curves import Series
from sim.engine.state.tally import Group
from sim.experiment.executors.task import Key
from sim.measure.bands import Band, over_replicates, step_values
from sim.report.page.first_picture.curve import LOST, picture_of_run

MOST_TIMES = 240
"""Times of a picture under way: it is drawn some times a second."""
_EVERYBODY = Group()


@dataclass
class _Curve:
    """One curve of one run, so far."""

    t_s: list[NDArray[np.int64]] = field(default_factory=list)
    value: list[NDArray[np.float64]] = field(default_factory=list)

    def at(self, at_s: NDArray[np.int64]) -> NDArray[np.float64]:
        """Values at some times; NaN after the last one that is known."""
        t_s, value = np.concatenate(self.t_s), np.concatenate(self.value)
        return step_values(t_s, value, at_s)

    @property
    def known_to_s(self) -> int:
        return int(self.t_s[-1][-1]) if self.t_s else -1


class LiveCurves:
    """The share of demand that is lost, in every run so far.

    Parameters
    ----------
    labels
        Strategies; of several with the same harm the first is shown first.
    n_replicates
        How many of each are asked for.
    """

    def __init__(
        self, labels: Sequence[str], start: datetime, horizon_s: int, n_replicates: int
    ) -> None:
        self._labels, self._n_replicates = tuple(labels), n_replicates
        self._start, self._horizon_s = start, horizon_s
        self._at_s = np.linspace(0, horizon_s, MOST_TIMES, endpoint=False).astype(np.int64)
        self._finished: dict[tuple[str, bool], list[NDArray[np.float64]]] = {}
        self._key: Key | None = None
        self._curve = _Curve()
        self._row = 0

    def note(
        self,
        key: Key,
        t_s: Sequence[int],
        values: NDArray[np.float64],
        series: tuple[Series, ...],
    ) -> None:
        """Take in what the engine has worked out of a run."""
        if key != self._key:
            self._key, self._curve = key, _Curve()
            self._row = next(
                row
                for row, one in enumerate(series)
                if one.metric == LOST and one.group == _EVERYBODY
            )
        self._curve.t_s.append(np.array(t_s, np.int64))
        self._curve.value.append(values[:, self._row].copy())

    def finish(self, key: Key) -> None:
        """Take a run for finished."""
        if key == self._key and self._curve.t_s:
            where = str(key[1]), int(key[0]) > 0
            self._finished.setdefault(where, []).append(self._curve.at(self._at_s))
            self._key, self._curve = None, _Curve()

    def pictures(self) -> list[dict[str, Any]]:
        """A picture for each strategy of which anything is known, that of most harm first."""
        known = {one: band for one in self._labels if (band := self.band(one)) is not None}
        found = []
        for label in most_harm_first(known):
            band = known[label]
            n_draws = len(self._finished.get((label, True), ()))
            picture = picture_of_run(band, self._start, self._horizon_s, n_draws)
            found.append(
                {
                    "strategy": label,
                    "title": picture.title,
                    "svg": str(picture.svg),
                    "note": f"{self._so_far(label, band)} {picture.note}",
                }
            )
        return found

    def _so_far(self, label: str, band: Band) -> str:
        """What the picture under way rests on, so that nobody takes it for the answer."""
        n, n_all = len(self._finished.get((label, False), ())), self._n_replicates
        if n == 0:
            until = self._start + timedelta(seconds=int(band.t_s[-1]))
            day = f"{until.day} {until:%B}"
            return f"So far one replicate of {n_all}, up to {day}; the rest follows."
        return f"So far {n} of {n_all} replicates." if n < n_all else "All replicates as given."

    def band(self, label: str) -> Band | None:
        """Mean and bands so far; of the first run what is known of it."""
        runs = self._finished.get((label, False), [])
        at_s = self._at_s
        if not runs:
            is_mine = self._key is not None and self._key[1] == label and self._key[0] == 0
            if not is_mine or self._curve.known_to_s <= 0:
                return None
            at_s = at_s[at_s <= self._curve.known_to_s]
            value = self._curve.at(at_s)
            unknown = np.full(value.size, np.nan)
            return Band(at_s, value, unknown, unknown, np.nan, 1)
        mean, low, high = over_replicates(np.array(runs))
        draws = self._finished.get((label, True), [])
        wide = np.quantile(np.array(draws), [0.05, 0.5, 0.95], axis=0) if len(draws) > 1 else None
        return Band(at_s, mean, low, high, np.nan, len(runs), wide)


def most_harm_first(bands: Mapping[str, Band]) -> list[str]:
    """Strategies in the sequence in which they are shown: what blocks before what does not.

    Parameters
    ----------
    bands
        Share of demand lost under each; its mean at the worst moment is the harm.
    """
    return sorted(bands, key=lambda label: -float(bands[label].mean.max()))


def beside(
    maps: Sequence[dict[str, Any]], pictures: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Maps in the sequence of the pictures, and behind them those of which there is none."""
    order = [one["strategy"] for one in pictures]
    return sorted(maps, key=lambda one: [*order, one["strategy"]].index(one["strategy"]))
