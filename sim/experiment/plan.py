"""Plans: points x strategies x replicates to be run, and the identity of the result.

Nothing is simulated here. It is one long file, since every part of a plan enters the identity of
the result.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from sim.catalogue.choices import HEADLINES
from sim.catalogue.measures import MEASURES
from sim.errors import Problem, ProblemsError, ScenarioError, UsageError
from sim.experiment.draws import (
    ALL_ASKED,
    MOST_DRAWS,
    NONE_KEPT,
    OTHER_MODEL,
    PRIOR,
    Draws,
    Kept,
    kept_by_name,
    lay_draws,
    read_kept,
    shipped_kept,
)
from sim.experiment.executors.task import Failure, Key
from sim.measure.money.pricing import named_by
from sim.results.manifest import all_tables, canonical_json, scenario_hash
from sim.results.store import RUN_TABLES, SITE_RUN_TABLES
from sim.scenario.document import hint
from sim.scenario.resolve import Resolved
from sim.scenario.variants import (
    AS_IS,
    Point,
    Variant,
    choose_variants,
    choose_what_ifs,
    own_variant,
    variant_of,
    what_if,
)
from sim.version import __version__


class Cases(NamedTuple):
    """The scenario at every point under every strategy, by point and label of the strategy."""

    scenarios: Mapping[Key, Resolved]
    labels: tuple[str, ...]
    impossible: Mapping[Key, Failure]
    """Why the scenario is not possible, by ``(point,)``."""


RUN, COMPARISON = "run", "comparison"
N_MEMBERS, N_COMPARED = 64, 128
"""Members of a run, and of a comparison, by default."""


@dataclass(frozen=True)
class Plan:
    """Runs of a scenario, with the same chance at every point and under every strategy."""

    kind: str
    """``run`` or ``comparison``: the scenario itself, with the tables of every run. Or
    ``sweep``, ``sensitivity``, ``condition``: many points, with the measures of every run."""
    resolved: Resolved
    """The scenario under its own strategy."""
    root_seed: int
    n_replicates: int
    """Root of all random streams; replicates 0, 1, … at every point."""
    variants: tuple[Variant, ...] = ()
    """Of a run or comparison: the strategies, in the order of all tables."""
    baseline: str | None = None
    """Of a comparison: label of the strategy that differences are taken to."""
    metrics: tuple[str, ...] = ()
    """Of a comparison: metrics compared; all if empty."""
    points: tuple[Point, ...] = (Point(),)
    """How the scenario is changed; one point without changes for a run or comparison."""
    design: Mapping[str, Any] = field(default_factory=dict)
    """How the points were chosen, for the manifest: plain values."""
    asked: Mapping[str, Any] = field(default_factory=dict)
    """What the plan was made from, for resuming: plain values."""
    draws: Draws | None = None
    """Of an ensemble: the joint draw of the uncertain inputs of each replicate, which is then a
    member; None where all replicates are of the point values."""

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
            With ``strategies``, ``baseline`` and ``metrics`` for a comparison, and with
            ``ensemble`` unless its replicates are of the point values.

        Raises
        ------
        KeyError, TypeError, AttributeError
            If ``asked`` has another form.
        """
        if asked.get("strategies"):
            variants = list[Variant]()
            for one in asked["strategies"]:
                variant = variant_of(resolved, one["label"], {"id": one["id"], **one["parameters"]})
                variants.append(what_if(variant, one["what_if"]) if "what_if" in one else variant)
            how = (variants, asked["baseline"], asked["metrics"])
            plan = cls.of_comparison(resolved, *how, root_seed, n_replicates)
        else:
            plan = cls.of_run(resolved, root_seed, n_replicates)
        return plan.with_ensemble(asked["ensemble"]) if "ensemble" in asked else plan

    def of_size(
        self, n: int | None, *, fixed: bool, source: str | Path | None = None, pairs: bool = False
    ) -> Plan:
        """Plan so many members, or so many replicates of the point values where ``fixed``.

        Parameters
        ----------
        n
            As many as usual when None.
        source
            A table of kept simulations, a folder of ``condition``, or ``PRIOR``; what is shipped
            with the scenario when None.
        pairs
            Plan two members of each draw, so that the share of chance can be estimated.

        Raises
        ------
        UsageError, DataError
            If there are not so many kept simulations, or they are of another scenario.
        """
        if n is not None and n < 1:
            raise UsageError(f"expected at least one simulation, got {n}")
        if fixed:
            for option, is_given in (("--kept", source is not None), ("--pairs", pairs)):
                if is_given:
                    raise UsageError(f"{option}: expected an ensemble, got --fixed")
            return self if n is None else replace(self, n_replicates=n)
        usual = N_MEMBERS if self.kind == RUN else N_COMPARED
        kept, why = self._kept(source)
        if pairs and (kept is not None or (n or usual) % 2):
            # The record was compared with one simulation of each draw, not with a second.
            raise UsageError(
                "--pairs: expected --kept none and an even number of simulations, got "
                + (f"{n or usual}" if kept is None else "simulations kept by the record")
            )
        ensemble: dict[str, Any] = {"n_members": n or usual, "is_conditioned": kept is not None}
        if kept is None:
            ensemble |= {"not_conditioned": why} if why else {}
            ensemble |= {"is_paired": True} if pairs else {}
            return self.with_ensemble(ensemble)
        chosen = kept.first(min(usual, len(kept.draw)) if n is None else n)
        ensemble |= {"n_members": len(chosen), "root_seed": kept.root_seed, "draws": list(chosen)}
        ensemble |= {"list": Path(kept.file).name} if source is not None else {}
        return self.with_ensemble(ensemble)

    def _kept(self, source: str | Path | None) -> tuple[Kept | None, str]:
        """Kept simulations to take, or why there are none though the scenario has evidence."""
        if str(source) == PRIOR:
            return None, ALL_ASKED
        kept = (
            shipped_kept(self.resolved, self.root_seed)
            if source is None
            else read_kept(Path(source))
        )
        if kept is None:
            why = OTHER_MODEL if kept_by_name(self.resolved) else NONE_KEPT
            return None, why if self.resolved.scenario.evidence else ""
        if not (why := kept.why_not(self.resolved, self.root_seed)):
            return kept, ""
        if source is not None:
            raise UsageError(f"{kept.file}: expected simulations of this scenario; {why}")
        return None, why

    def with_ensemble(self, ensemble: Mapping[str, Any]) -> Plan:
        """Plan an ensemble: each replicate is a member, with its own draw of the uncertain inputs.

        Parameters
        ----------
        ensemble
            As in the manifest: ``n_members``; ``is_conditioned``, whether they agree with the
            record, with ``draws``, their numbers in the sequence of ``root_seed``, and ``list``,
            the user's list that claims it, where none is shipped; ``not_conditioned``, why those
            that agree are not taken, if there are any; ``is_paired``, whether each draw is
            simulated twice.

        Raises
        ------
        UsageError
            If there is no member, or more than ``MOST_DRAWS``.
        """
        n, is_paired = int(ensemble["n_members"]), bool(ensemble.get("is_paired"))
        if not 1 <= n <= MOST_DRAWS:
            raise UsageError(f"expected 1 to {MOST_DRAWS} members, got {n}")
        numbers = ensemble.get("draws") or range(n // (2 if is_paired else 1))
        draws = lay_draws(self.variants, numbers, ensemble.get("root_seed", self.root_seed))
        draws = draws.paired() if is_paired else draws
        asked = {**self.asked, "ensemble": dict(ensemble)}
        return replace(self, draws=draws, n_replicates=n, asked=asked)

    @property
    def is_as_given(self) -> bool:
        """Whether it is a run or a comparison."""
        return self.kind in (RUN, COMPARISON)

    @property
    def run_tables(self) -> tuple[str, ...]:
        """Tables that each run of a run or comparison has a part of."""
        return (*RUN_TABLES, *SITE_RUN_TABLES) if self.resolved.inventory else RUN_TABLES

    @property
    def scenarios(self) -> list[Resolved]:
        """The scenario under its own strategy, then under each of ``variants``."""
        return [self.resolved, *(variant.resolved for variant in self.variants)]

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the strategies; of many points that of the scenario's own."""
        variants = self.variants or (own_variant(self.resolved),)
        return tuple(variant.label for variant in variants)

    @property
    def name(self) -> str:
        """Name of the result: scenario, kind (of a study of many points) and identity."""
        kind = "" if self.is_as_given else f"-{self.kind}"
        return f"{self.resolved.scenario.name}{kind}-{self.result_id[:6]}"

    def described(self) -> dict[str, Any]:
        """Entries of the manifest for this kind of plan."""
        if self.kind == RUN:
            return {"strategy": self.labels[0], **self.asked}
        if self.is_as_given:
            return dict(self.asked)
        strategies = [{"label": label} for label in self.labels]
        return {"strategies": strategies, "design": dict(self.design)}

    @property
    def result_id(self) -> str:
        """Identity of the result: the same for the same plan, seed and version."""
        inputs = all_tables(self.scenarios) if self.kind == COMPARISON else self.resolved.tables
        made_from: dict[str, Any] = {
            "inputs": [[table.name, table.sha256, table.drawn] for table in inputs],
            "root_seed": self.root_seed,
            "n_replicates": self.n_replicates,
            "version": __version__,
        }
        if self.kind == COMPARISON:
            made_from["scenarios"] = [scenario_hash(resolved) for resolved in self.scenarios]
            made_from["comparison"] = self.asked
        else:
            made_from["scenario"] = scenario_hash(self.resolved)
            if "ensemble" in self.asked:
                made_from["ensemble"] = self.asked["ensemble"]
        if not self.is_as_given:
            made_from |= {"kind": self.kind, "design": self.design}
        return hashlib.sha256(canonical_json(made_from).encode()).hexdigest()

    def where(self, key: Key) -> dict[str, int | str]:
        """Parts of a key by name; without the point where there is only one."""
        named = dict(zip(("point", "strategy", "replicate"), key, strict=False))
        if self.is_as_given:
            named.pop("point")
        return named

    def cases(self) -> Cases:
        """The scenario at every point under every strategy.

        Raises
        ------
        ScenarioError
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
                variants = self.variants or (own_variant(point.change(self.resolved)),)
            except ProblemsError as error:
                # The same wherever tables lie: they are named without their folder.
                local = (
                    replace(one, file=Path(one.file).name) if one.file in tables else one
                    for one in error.problems
                )
                impossible[(row,)] = Failure("", " ".join(" ".join(map(str, local)).split()))
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
            raise ScenarioError(list(once))
        return Cases(scenarios, labels, impossible)

    def run_keys(self, cases: Cases) -> list[Key]:
        """Keys ``(point, strategy, replicate)`` of all runs; those of one world are together."""
        return [
            (row, label, replicate)
            for row in sorted({int(case[0]) for case in cases.scenarios})
            for replicate in range(self.n_replicates)
            for label in cases.labels
        ]


def metrics_of(resolved: Resolved) -> tuple[str, ...]:
    """Names of the metrics of a scenario, in the order of the tables."""
    shipped = (
        name
        for name, entry in MEASURES.items()
        if (not entry.needs or resolved.scenario.has(entry.needs))
        and (not entry.is_beside_figure or named_by(resolved, name).size)
    )
    return *shipped, *(one.name for one in resolved.scenario.measures or ())


def choose_metrics(
    resolved: Resolved, asked: Sequence[str], otherwise: Sequence[str] = HEADLINES
) -> list[str]:
    """Return the metrics asked for, each once; if none, those of ``otherwise`` that are known.

    Raises
    ------
    ScenarioError
        With every name that is no metric of the scenario.
    """
    known = metrics_of(resolved)
    problems = [
        Problem(
            f"--metric {name}",
            f"expected one of the metrics {', '.join(known)}, got {name!r}{hint(name, known)}",
        )
        for name in asked
        if name not in known
    ]
    ScenarioError.raise_any(problems)
    return list(dict.fromkeys(asked)) or [name for name in otherwise if name in known]


def choose_root_seed(resolved: Resolved, given: int | None) -> int:
    """Return the seed given, else the scenario's own, else one drawn at random."""
    if given is not None:
        return given
    own = resolved.scenario.root_seed
    return secrets.randbelow(2**32) if own is None else own


def plan_comparison(
    resolved: Resolved,
    strategies: Sequence[str],
    baseline: str | None,
    metrics: Sequence[str],
    root_seed: int,
    moves: Sequence[str | Path] = (),
    without: Sequence[str] = (),
) -> Plan:
    """Plan a comparison as a user asks for it.

    Parameters
    ----------
    strategies
        Each as ``[label=]id[:parameter=value,…]``.
    baseline
        Label of the strategy that differences are taken to.
    moves, without
        Of what if: tables of other addresses of sites, and providers that sites leave. The
        scenario's own strategy is compared with itself.

    Raises
    ------
    ScenarioError
        With the mistakes in all strategies, or in all metrics.
    UsageError, DataError
        If there is no such what-if, or strategies are compared as well.
    """
    if moves or without:
        if strategies or baseline is not None:
            raise UsageError(
                "--move, --without-provider: expected no --strategy and no --baseline: the "
                "scenario's own strategy is compared with sites as they are; got one"
            )
        variants, against = choose_what_ifs(resolved, moves, without), AS_IS
    else:
        variants, against = choose_variants(resolved, strategies, baseline)
    choose_metrics(resolved, metrics)
    n_replicates = resolved.scenario.n_replicates
    return Plan.of_comparison(resolved, variants, against, tuple(metrics), root_seed, n_replicates)
