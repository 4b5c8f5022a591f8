"""Finished runs of a study, kept one by one until it is whole.

In: measures of runs as they arrive. Out: the same measures for whoever asks again. A run is known
by what it was, not by when it was asked: a point is found wherever it stands in a later design.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from sim.experiment.points import Point
from sim.experiment.question import Begun, write_begun
from sim.measure.measures import Measure
from sim.results.checkpoints import Checkpoints
from sim.results.manifest import canonical_json
from sim.scenario.resolve import Resolved


class Kept:
    """Measures of the runs that are finished.

    Parameters
    ----------
    folder
        The folder ``parts``, which is made if it is not there.
    begun
        What is studied, which is written beside the runs.
    """

    def __init__(self, folder: Path, begun: Begun) -> None:
        self._checkpoints = Checkpoints(folder, ())
        self._begun = begun
        self._scenarios = [begun.resolved]
        self._tables = {table.name for table in begun.resolved.tables}
        write_begun(begun, (), folder)

    def take_over(self, parts: Path) -> None:
        """Take what is finished from an earlier attempt at the same study."""
        earlier = Checkpoints(parts, ())
        self._checkpoints.take_over(earlier, earlier.names)

    def hold_tables(self, scenarios: Iterable[Resolved]) -> None:
        """Keep copies of the tables of further scenarios, so that they are as they are now."""
        more = []
        for resolved in scenarios:
            names = {table.name for table in resolved.tables}
            if not names <= self._tables:
                more.append(resolved)
                self._tables |= names
        if more:
            self._scenarios += more
            write_begun(self._begun, self._scenarios, self._checkpoints.folder)

    def find(self, point: Point, label: str, replicate: int) -> tuple[Measure, ...] | None:
        """Measures of a run; None if it is not finished."""
        name = _name_of(point, label, replicate)
        if not self._checkpoints.has(name):
            return None
        return tuple(Measure(*row) for row in self._checkpoints.facts(name)["measures"])

    def keep(self, point: Point, label: str, replicate: int, measures: Sequence[Measure]) -> None:
        """Keep the measures of one finished run.

        Raises
        ------
        OSError
            If there is no room; then the run counts as not finished.
        """
        rows = [[m.metric, m.unit, m.value, m.denominator, m.denominator_unit] for m in measures]
        self._checkpoints.keep(_name_of(point, label, replicate), {}, {"measures": rows})


def _name_of(point: Point, label: str, replicate: int) -> str:
    """Name of a run's file: all that makes it differ from the other runs of its study."""
    differs = [point.keys, [asdict(column) for column in point.columns], label]
    digest = hashlib.sha256(canonical_json(differs).encode()).hexdigest()
    return f"{digest[:24]}-{replicate:07d}"
