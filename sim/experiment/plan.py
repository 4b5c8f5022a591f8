"""What is to be run: which strategies, how often, with what luck, and what they are held against.

In: a scenario under one or several strategies. Out: the keys of all runs, and what identifies the
result. It runs nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sim import __version__
from sim.experiment.executors.task import Key
from sim.results.manifest import all_tables, canonical_json, result_id, scenario_hash
from sim.scenario.resolve import Resolved
from sim.scenario.variants import Variant, own_variant

RUN, COMPARISON = "run", "comparison"


@dataclass(frozen=True)
class Plan:
    """Runs of one scenario under one or several strategies, with the same luck for each.

    Attributes
    ----------
    resolved
        The scenario under its own strategy.
    variants
        The strategies, in the sequence of all tables.
    baseline
        Label of the one that differences are taken to; None for a single run.
    metrics
        Metrics compared; all if empty.
    root_seed, n_replicates
        Root of all luck; replicates 0, 1, …
    """

    resolved: Resolved
    variants: tuple[Variant, ...]
    baseline: str | None
    metrics: tuple[str, ...]
    root_seed: int
    n_replicates: int

    @classmethod
    def of_run(cls, resolved: Resolved, root_seed: int, n_replicates: int) -> Plan:
        """Plan the runs of a scenario under its own strategy."""
        return cls(resolved, (own_variant(resolved),), None, (), root_seed, n_replicates)

    @property
    def kind(self) -> str:
        """``run`` or ``comparison``."""
        return RUN if self.baseline is None else COMPARISON

    @property
    def scenarios(self) -> list[Resolved]:
        """The scenario under its own strategy, then under each of the strategies."""
        return [self.resolved, *(variant.resolved for variant in self.variants)]

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the strategies."""
        return tuple(variant.label for variant in self.variants)

    @property
    def cases(self) -> Mapping[Key, Resolved]:
        """Resolved scenarios by the key of their case."""
        return {(variant.label,): variant.resolved for variant in self.variants}

    @property
    def keys(self) -> list[Key]:
        """Keys of all runs, replicate by replicate: strategies of one share its world."""
        return [
            (label, replicate) for replicate in range(self.n_replicates) for label in self.labels
        ]

    def part_name(self, key: Key) -> str:
        """Name of a run's files among the parts; sorts as its rows do in the tables."""
        label, replicate = key
        return f"{self.labels.index(str(label)):03d}-{replicate:07d}"

    @property
    def comparison(self) -> dict[str, Any]:
        """What a comparison adds to the manifest; empty for a single run."""
        if self.baseline is None:
            return {}
        return {
            "strategies": [variant.description for variant in self.variants],
            "baseline": self.baseline,
            "metrics": list(self.metrics),
        }

    @property
    def result_id(self) -> str:
        """Identity of the result: the same for the same question, luck and version."""
        if self.baseline is None:
            return result_id(self.resolved, self.root_seed, self.n_replicates)
        made_from = {
            "scenarios": [scenario_hash(resolved) for resolved in self.scenarios],
            "inputs": [[table.name, table.sha256] for table in all_tables(self.scenarios)],
            "comparison": self.comparison,
            "root_seed": self.root_seed,
            "n_replicates": self.n_replicates,
            "version": __version__,
        }
        return hashlib.sha256(canonical_json(made_from).encode()).hexdigest()
