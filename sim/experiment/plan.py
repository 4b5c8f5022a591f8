"""Plans: points x strategies x replicates to be run, and the identity of the result.

In: a scenario, points that each change some of its values, strategies, and a root seed. Out: the
scenario at each point under each strategy, and the identity of the result. Nothing is simulated,
and how the points were chosen is not known here. It is one long file, since every part of a plan
has its say in the identity of the result.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sim.errors import Problem, ProblemsError, ScenarioError, UsageError
from sim.experiment.cases import Cases
from sim.experiment.draws import MOST_DRAWS, Draws, lay_draws
from sim.experiment.executors.task import Failure, Key
from sim.experiment.weighted_draws import (
    UNWEIGHTED,
    WeightedDraws,
    lay_weighted,
    read_weighted_draws,
    shipped_draws,
)
from sim.results.manifest import all_tables, canonical_json, scenario_hash
from sim.results.store import DRAW_CURVES, DRAW_SITES, RUN_TABLES, SITE_RUNS
from sim.scenario.changes import Point
from sim.scenario.resolve import Resolved
from sim.scenario.variants import Variant, choose_variants, own_variant, variant_of
from sim.version import __version__

RUN, COMPARISON = "run", "comparison"


class ImpossiblePointsError(ScenarioError):
    """The scenario is possible at none of the points.

    Parameters
    ----------
    problems
        What is wrong at all of them, each problem once.
    failures
        What is wrong at each, by ``(point,)``.
    """

    def __init__(self, problems: Sequence[Problem], failures: Mapping[Key, Failure]) -> None:
        super().__init__(problems)
        self.failures = failures


@dataclass(frozen=True)
class Plan:
    """Runs of a scenario, with the same luck at every point and under every strategy.

    Attributes
    ----------
    kind
        ``run`` or ``comparison``: the scenario as it is given, with the tables of every run. Or
        ``sweep``, ``sensitivity``, ``condition``: many points, with the measures of every run.
    resolved
        The scenario under its own strategy.
    root_seed, n_replicates
        Root of all random streams; replicates 0, 1, … at every point.
    variants
        Of a run or comparison: the strategies, in the order of all tables.
    baseline
        Of a comparison: label of the strategy that differences are taken to.
    metrics
        Of a comparison: metrics compared; all if empty.
    points
        How the scenario is changed; one point without changes for a run or comparison.
    strategies
        Strategies at the points, as for ``overblock compare``; the scenario's own if empty.
    design
        How the points were chosen, for the manifest: plain values.
    asked
        What the plan was made from, for resuming: plain values.
    warnings
        What to know before trusting the result.
    draws
        Of a run or comparison: joint draws of all that is not known, run beside the scenario as it
        is given; None for luck alone.
    n_per_draw
        Replicates of each draw.
    weighted
        The table that the draws were taken from; None for draws from all ranges as declared.
    """

    kind: str
    resolved: Resolved
    root_seed: int
    n_replicates: int
    variants: tuple[Variant, ...] = ()
    baseline: str | None = None
    metrics: tuple[str, ...] = ()
    points: tuple[Point, ...] = (Point(),)
    strategies: tuple[str, ...] = ()
    design: Mapping[str, Any] = field(default_factory=dict)
    asked: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    draws: Draws | None = None
    n_per_draw: int = 1
    weighted: WeightedDraws | None = None

    @classmethod
    def of_run(cls, resolved: Resolved, root_seed: int, n_replicates: int) -> Plan:
        """Plan the runs of a scenario under its own strategy."""
        return cls(RUN, resolved, root_seed, n_replicates, (own_variant(resolved),))

    @classmethod
    def of_comparison(
        cls,
        resolved: Resolved,
        variants: Sequence[Variant],
        baseline: str,
        metrics: Sequence[str],
        root_seed: int,
        n_replicates: int,
    ) -> Plan:
        """Plan the runs of a scenario under several strategies."""
        asked = {
            "strategies": [variant.description for variant in variants],
            "baseline": baseline,
            "metrics": list(metrics),
        }
        return cls(
            COMPARISON,
            resolved,
            root_seed,
            n_replicates,
            tuple(variants),
            baseline,
            tuple(metrics),
            asked=asked,
        )

    @classmethod
    def as_described(
        cls, resolved: Resolved, asked: Mapping[str, Any], root_seed: int, n_replicates: int
    ) -> Plan:
        """Plan a run or comparison again from its manifest, or from what was saved to resume it.

        Parameters
        ----------
        asked
            With ``strategies``, ``baseline`` and ``metrics`` for a comparison, and with ``draws``
            where there are any; see `with_table`.

        Raises
        ------
        KeyError, TypeError, AttributeError
            If ``asked`` has another form.
        """
        draws = asked.get("draws") or {"n": 0, "per_draw": 1}
        if not asked.get("strategies"):
            plan = cls.of_run(resolved, root_seed, n_replicates)
            return plan.with_draws(draws["n"], draws["per_draw"], draws.get("table"))
        variants = [
            variant_of(resolved, one["label"], {"id": one["id"], **one["parameters"]})
            for one in asked["strategies"]
        ]
        baseline, metrics = asked["baseline"], asked["metrics"]
        plan = cls.of_comparison(resolved, variants, baseline, metrics, root_seed, n_replicates)
        return plan.with_draws(draws["n"], draws["per_draw"], draws.get("table"))

    def with_draws(
        self, n_draws: int | None, n_per_draw: int = 1, table: WeightedDraws | None = None
    ) -> Plan:
        """Plan joint draws of all that is not known beside the scenario as it is given.

        Parameters
        ----------
        n_draws
            How many; with a table so many picks by weight, or all of it where None.
        table
            Weighted draws; from all ranges as declared when None.

        Raises
        ------
        UsageError
            If fewer than none are asked for, or more than ``MOST_DRAWS``.
        DataError
            If the table is not of this scenario's unknowns.
        """
        n = n_draws if n_draws is not None else table.draw.size if table is not None else 0
        if not 0 <= n <= MOST_DRAWS:
            raise UsageError(f"expected 0 to {MOST_DRAWS} draws, got {n}")
        if n_per_draw < 1:
            raise UsageError(f"expected at least one replicate of each draw, got {n_per_draw}")
        if n == 0:
            return self
        described: dict[str, Any] = {"n": n, "per_draw": n_per_draw}
        if table is None:
            draws = lay_draws(self.variants, n, self.root_seed)
        else:
            draws = lay_weighted(self.variants, self.resolved, table, self.root_seed, n)
            described["from"] = table.sha256
        asked = {**self.asked, "draws": described}
        return replace(self, draws=draws, n_per_draw=n_per_draw, asked=asked, weighted=table)

    def with_draws_from(
        self, source: str | Path | None, n_draws: int | None, n_per_draw: int = 1
    ) -> Plan:
        """Plan the draws that are asked for, else as many as a table has, else the scenario's.

        Parameters
        ----------
        source
            A table of weighted draws, or ``UNWEIGHTED``; the one shipped with the scenario when
            None, where there is one.

        Raises
        ------
        UsageError, DataError
            As for `with_draws`, and with the mistakes in the table.
        """
        if source is not None and str(source) != UNWEIGHTED:
            return self.with_draws(n_draws, n_per_draw, read_weighted_draws(Path(source)))
        table = shipped_draws(self.resolved) if source is None else None
        n = self.resolved.scenario.n_draws if n_draws is None else n_draws
        return self.with_draws(n, n_per_draw, table)

    @property
    def is_as_given(self) -> bool:
        """Whether it is a run or a comparison."""
        return self.kind in (RUN, COMPARISON)

    @property
    def run_tables(self) -> tuple[str, ...]:
        """Tables that each run of a run or comparison has a part of."""
        return (*RUN_TABLES, SITE_RUNS) if self.resolved.inventory else RUN_TABLES

    @property
    def draw_tables(self) -> tuple[str, ...]:
        """Tables that each run of a draw has a part of."""
        return (DRAW_CURVES, DRAW_SITES) if self.resolved.inventory else (DRAW_CURVES,)

    @property
    def scenarios(self) -> list[Resolved]:
        """The scenario under its own strategy, then under each of ``variants``."""
        return [self.resolved, *(variant.resolved for variant in self.variants)]

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the strategies of a run or comparison."""
        return tuple(variant.label for variant in self.variants)

    @property
    def name(self) -> str:
        """Name of the result: scenario, kind (of a study of many points) and identity."""
        kind = "" if self.is_as_given else f"-{self.kind}"
        return f"{self.resolved.scenario.name}{kind}-{self.result_id[:6]}"

    def described(self, labels: Sequence[str]) -> dict[str, Any]:
        """Entries of the manifest for this kind of plan."""
        if self.kind == RUN:
            return {"strategy": self.resolved.scenario.strategy.id, **self.asked}
        if self.is_as_given:
            return dict(self.asked)
        return {"strategies": [{"label": label} for label in labels], "design": dict(self.design)}

    @property
    def result_id(self) -> str:
        """Identity of the result: the same for the same plan, seed and version."""
        inputs = all_tables(self.scenarios) if self.kind == COMPARISON else self.resolved.tables
        made_from: dict[str, Any] = {
            "inputs": [[table.name, table.sha256] for table in inputs],
            "root_seed": self.root_seed,
            "n_replicates": self.n_replicates,
            "version": __version__,
        }
        if self.kind == COMPARISON:
            made_from["scenarios"] = [scenario_hash(resolved) for resolved in self.scenarios]
            made_from["comparison"] = self.asked
        else:
            made_from["scenario"] = scenario_hash(self.resolved)
            if "draws" in self.asked:
                made_from["draws"] = self.asked["draws"]
        if not self.is_as_given:
            made_from |= {"kind": self.kind, "design": self.design, "strategies": self.strategies}
        return hashlib.sha256(canonical_json(made_from).encode()).hexdigest()

    def where(self, key: Key) -> dict[str, int | str]:
        """Parts of a key by name; without the point where there is only one."""
        named = dict(zip(("point", "strategy", "replicate"), key, strict=False))
        if self.is_as_given:
            point = int(named.pop("point"))
            named = {"draw": point - 1, **named} if point else named
        return named

    def cases(self) -> Cases:
        """The scenario at every point under every strategy.

        Raises
        ------
        ImpossiblePointsError
            If the scenario is possible at none of the points.
        """
        scenarios: dict[Key, Resolved] = {}
        labels: tuple[str, ...] = ()
        impossible: dict[Key, Failure] = {}
        refused: list[ProblemsError] = []
        tables = {str(table.path) for table in self.resolved.tables}
        # Runs need no line numbers: all points share the document of the scenario. A draw is made
        # from the document of its strategy, which holds the strategy.
        document = self.resolved.loaded.document
        for row, point in enumerate(self.points):
            try:
                variants = self.variants or self._variants_at(point)
            except ProblemsError as error:
                impossible[(row,)] = Failure("", _reason(error, tables))
                refused.append(error)
                continue
            labels = tuple(variant.label for variant in variants)
            for variant in variants:
                if self.draws is not None:
                    scenarios[row, variant.label] = variant.resolved
                    continue
                loaded = replace(variant.resolved.loaded, document=document)
                scenarios[row, variant.label] = replace(variant.resolved, loaded=loaded)
        if not scenarios:
            once = {problem: None for error in refused for problem in error.problems}
            raise ImpossiblePointsError(list(once), impossible)
        return Cases(self.points, scenarios, labels, impossible, self.draws, self.n_per_draw)

    def _variants_at(self, point: Point) -> tuple[Variant, ...]:
        resolved = point.change(self.resolved)
        if not self.strategies:
            return (own_variant(resolved),)
        first = _label(self.strategies[0])
        return choose_variants(resolved, self.strategies, baseline=first)[0]


def choose_root_seed(resolved: Resolved, given: int | None) -> int:
    """Return the seed given, else the scenario's own, else one drawn at random."""
    if given is not None:
        return given
    own = resolved.scenario.root_seed
    return secrets.randbelow(2**32) if own is None else own


def choose_n_replicates(resolved: Resolved, given: int | None) -> int:
    """Return the number of replicates given, else the scenario's own.

    Raises
    ------
    UsageError
        If it is below 1.
    """
    n = resolved.scenario.n_replicates if given is None else given
    if n < 1:
        raise UsageError(f"expected at least one replicate, got {n}")
    return n


def plan_comparison(
    resolved: Resolved,
    strategies: Sequence[str],
    baseline: str | None,
    metrics: Sequence[str],
    root_seed: int,
    n_replicates: int | None,
) -> Plan:
    """Plan a comparison as a user asks for it.

    What is left out (empty, or None) is taken from the scenario's section ``experiment``, then from
    the scenario itself. Metrics are not checked here; see `check_metrics`.

    Parameters
    ----------
    strategies
        Each as ``[label=]id[:parameter=value,…]``.
    baseline
        Label of the strategy that differences are taken to.

    Raises
    ------
    ScenarioError
        With the mistakes in all strategies.
    UsageError
        If fewer than one replicate is asked for.
    """
    variants, against = choose_variants(resolved, strategies, baseline)
    own = resolved.scenario.experiment
    chosen = tuple(metrics or (own.metrics if own else ()))
    if n_replicates is None and own is not None:
        n_replicates = own.n_replicates
    n_replicates = choose_n_replicates(resolved, n_replicates)
    return Plan.of_comparison(resolved, variants, against, chosen, root_seed, n_replicates)


def _reason(error: ProblemsError, tables: Collection[str]) -> str:
    """An error on one line, the same wherever tables lie: they are named without their folder."""
    said: list[Problem] = [
        replace(one, file=Path(one.file).name) if one.file in tables else one
        for one in error.problems
    ]
    return " ".join(" ".join(str(one) for one in said).split())


def _label(text: str) -> str:
    """Label of a strategy written as ``[label=]id[:parameter=value,…]``."""
    match = re.fullmatch(r"([^=:]*)=.*", text.strip(), re.DOTALL)
    return (match[1] if match else text).strip()
