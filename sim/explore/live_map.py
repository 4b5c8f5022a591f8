"""The map of what is listed: of runs so far while more are computed, and of the finished result.

In: the register of a run. Out: pixels of the whole IPv4 space, one for each /16, on the curve of
the report's map. Under way it shows the first replicate of the scenario as given; of a finished
result the one that the report shows.
"""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.record.curves import Series
from sim.engine.state.tally import Group
from sim.experiment.executors.task import Key
from sim.report.figures.hilbert import Window, shares
from sim.report.figures.map_frames import WINDOW, levels_of, shown_replicates
from sim.report.page.over_time.panels import LISTED
from sim.report.words.numbers import count, number
from sim.results.read import RunFolder
from sim.results.register import RegisterHistory, read_register, register_in

_TABLES = ("events.parquet", "entries.parquet")
_NETWORK8 = (Window(order=4).first_address >> 24).tolist()


class LiveMap:
    """A map for each strategy whose first replicate is finished.

    Parameters
    ----------
    labels
        Strategies, in the order in which they are shown.
    start
        Start of the run, in the zone in which days are told.
    """

    def __init__(self, labels: Sequence[str], start: datetime) -> None:
        self._labels, self._start = tuple(labels), start
        self._key: Key | None = None
        self._most, self._at_s = -1.0, 0
        self._drawn: dict[str, dict[str, Any]] = {}

    def note(
        self,
        key: Key,
        t_s: Sequence[int],
        values: NDArray[np.float64],
        series: tuple[Series, ...],
    ) -> None:
        """Take in what the engine has worked out of a run: when most was listed so far."""
        if not _is_first(key):
            return
        if key != self._key:
            self._key, self._most = key, -1.0
        column = next(
            row for row, one in enumerate(series) if one.metric == LISTED and one.group == Group()
        )
        row = int(values[:, column].argmax())
        if values[row, column] > self._most:
            self._most, self._at_s = float(values[row, column]), int(t_s[row])

    def finish(self, key: Key, tables: Mapping[str, bytes]) -> None:
        """Take in the tables of a finished run."""
        if key != self._key or not all(Path(name).stem in tables for name in _TABLES):
            return
        label, replicate = str(key[1]), int(key[-1])
        with tempfile.TemporaryDirectory() as folder:
            for name in _TABLES:
                (Path(folder) / name).write_bytes(tables[Path(name).stem])
            history = register_in(Path(folder), label, replicate)
        note = "Of the first replicate, when most was listed; the others follow."
        self._drawn[label] = _map(label, history, self._start, self._at_s, note)
        self._key = None

    def maps(self) -> list[dict[str, Any]]:
        """Maps so far."""
        return [self._drawn[label] for label in self._labels if label in self._drawn]


def maps_of(run: RunFolder) -> list[dict[str, Any]]:
    """Map of each strategy of a finished result, when most was listed.

    Raises
    ------
    DataError
        If its curves or its register cannot be read.
    """
    curves = {label: run.curve(LISTED, label) for label in run.strategies}
    shown = shown_replicates(curves)
    found = []
    for label, points in curves.items():
        replicate = shown[label]
        mine = points.replicate == replicate
        at_s = int(points.t_s[mine][np.argmax(points.value[mine])])
        history = read_register(run, label, replicate)
        note = f"Of replicate {replicate}, when most was listed; the report has all times."
        found.append(_map(label, history, run.start, at_s, note))
    return found


def _is_first(key: Key) -> bool:
    """Whether a run is the first replicate of the scenario as given."""
    return int(key[0]) == 0 and int(key[-1]) == 0


def _map(
    label: str, history: RegisterHistory, start: datetime, at_s: int, note: str
) -> dict[str, Any]:
    listed = history.listed_at(at_s)
    level = levels_of(shares(listed, WINDOW).ravel())
    pixel = np.flatnonzero(level)
    at = start + timedelta(seconds=at_s)
    n = count(number(float(listed.n_addresses)), "IPv4 address")
    return {
        "strategy": label,
        "title": f"{n} listed on {at.day} {at:%B}",
        "note": f"{note} The target's own addresses are among them.",
        "side": WINDOW.shape[0],
        "network8": _NETWORK8,
        "pixel": base64.b64encode(pixel.astype("<u2").tobytes()).decode("ascii"),
        "level": base64.b64encode(level[pixel].tobytes()).decode("ascii"),
    }
