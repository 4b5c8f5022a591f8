"""The scenario at every point under every strategy, and the key and name of each of its runs.

In: resolved scenarios by point and strategy. Out: keys in the order of running, and names that find
a finished run again wherever its point stands in a later design.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sim.experiment.draws import Draws, luck_of_draw
from sim.experiment.executors.task import Failure, Key
from sim.results.manifest import canonical_json
from sim.scenario.changes import Point
from sim.scenario.resolve import Resolved


@dataclass(frozen=True, eq=False)
class Cases:
    """The scenario at every point under every strategy.

    Attributes
    ----------
    points
        All points.
    scenarios
        Resolved scenarios by point and label of the strategy.
    labels
        Labels of the strategies.
    impossible
        Why the scenario is not possible, by ``(point,)``.
    draws, n_per_draw
        As for `Plan`.
    """

    points: tuple[Point, ...]
    scenarios: Mapping[Key, Resolved]
    labels: tuple[str, ...]
    impossible: Mapping[Key, Failure]
    draws: Draws | None = None
    n_per_draw: int = 1

    def keys(self, n_replicates: int) -> list[Key]:
        """Keys ``(point, strategy, replicate)`` of all runs; those of one world are together.

        Draws follow as the points from 1 on.
        """
        n_of = dict.fromkeys(sorted({int(case[0]) for case in self.scenarios}), n_replicates)
        n_draws = 0 if self.draws is None else self.draws.n
        n_of |= {draw + 1: self.n_per_draw for draw in range(n_draws)}
        return [
            (row, label, replicate)
            for row, n in n_of.items()
            for replicate in range(n)
            for label in self.labels
        ]

    def names(self, n_replicates: int) -> dict[Key, str]:
        """Names of all runs among the checkpoints, in the order of the rows of tables.

        A name is a hash of all that makes a run differ from others of its experiment. It does not
        depend on where the point is in a design, so that a later design finds the run again.
        """
        named: dict[Key, str] = {}
        for row, label in self.scenarios:
            point = self.points[int(row)]
            differs = [point.keys, [asdict(column) for column in point.columns], label]
            digest = hashlib.sha256(canonical_json(differs).encode()).hexdigest()[:24]
            for replicate in range(n_replicates):
                named[row, label, replicate] = f"{digest}-{replicate:07d}"
        return named | self._names_of_draws()

    def _names_of_draws(self) -> dict[Key, str]:
        named: dict[Key, str] = {}
        if self.draws is None:
            return named
        keys = [factor.key for factor in self.draws.unknowns]
        for draw in range(self.draws.n):
            amounts = [amount[draw].tolist() for amount in self.draws.amounts]
            drawn = canonical_json([keys, amounts])
            for label in self.labels:
                digest = hashlib.sha256(f"{drawn}{label}".encode()).hexdigest()[:24]
                for replicate in range(self.n_per_draw):
                    luck = luck_of_draw(draw, replicate)
                    named[draw + 1, label, replicate] = f"{digest}-{luck:07d}"
        return named
