"""The scenario at every point under every strategy, and the key and name of each of its runs.

In: resolved scenarios by point and strategy. Out: keys in the order of running, and names that find
a finished run again wherever its point stands in a later design.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sim.experiment.draws import Draws
from sim.experiment.executors.task import Failure, Key
from sim.results.manifest import canonical_json
from sim.scenario.resolve import Resolved
from sim.scenario.variants import Point


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
    draws
        As for `Plan`.
    """

    points: tuple[Point, ...]
    scenarios: Mapping[Key, Resolved]
    labels: tuple[str, ...]
    impossible: Mapping[Key, Failure]
    draws: Draws | None = None

    def keys(self, n_replicates: int) -> list[Key]:
        """Keys ``(point, strategy, replicate)`` of all runs; those of one world are together."""
        return [
            (row, label, replicate)
            for row in sorted({int(case[0]) for case in self.scenarios})
            for replicate in range(n_replicates)
            for label in self.labels
        ]

    def names(self, n_replicates: int) -> dict[Key, str]:
        """Names of all runs among the checkpoints, in the order of the rows of tables.

        A name is a hash of all that makes a run differ from others of its experiment. It does not
        depend on where the point is in a design, so that a later design finds the run again.
        """
        if self.draws is not None:
            return self._names_of_members(self.draws)
        named: dict[Key, str] = {}
        for row, label in self.scenarios:
            point = self.points[int(row)]
            differs = [point.keys, [asdict(column) for column in point.columns], label]
            digest = hashlib.sha256(canonical_json(differs).encode()).hexdigest()[:24]
            for replicate in range(n_replicates):
                named[row, label, replicate] = f"{digest}-{replicate:07d}"
        return named

    def _names_of_members(self, draws: Draws) -> dict[Key, str]:
        named: dict[Key, str] = {}
        keys = [factor.key for factor in draws.unknowns]
        for label in self.labels:
            for member in range(draws.n):
                amounts = [amount[member].tolist() for amount in draws.amounts]
                differs = canonical_json([keys, amounts, draws.root_seed, label])
                digest = hashlib.sha256(differs.encode()).hexdigest()[:24]
                named[0, label, member] = f"{digest}-{draws.streams(member).replicate:07d}"
        return named
