"""Tables over replicates, computed from the finished runs of a folder.

In: a plan, and the tables of its runs. Out: bands, summary, money, groups, comparison and trade-
off, as files and as lines, and what the manifest says of them. Nothing is simulated. It is one
file, since it is the sequence in which these tables are computed and written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from sim.catalogue.choices import PRICED, RATIOS, is_over_draws
from sim.experiment.comparison import ComparisonLine, Measured, compare_strategies
from sim.experiment.ensemble import (
    DRAW_MEASURES,
    Ensemble,
    UncertaintyLine,
    draw_columns,
    read_ensemble,
    uncertainty_lines,
    wide_bands,
)
from sim.experiment.outputs import Outputs, manifest_of, metadata_of
from sim.experiment.plan import RUN, Plan
from sim.experiment.tradeoff import TradeoffLine, weigh_strategies
from sim.experiment.verdicts import RegretLine, VerdictLine, judge_pairs, weigh_regrets
from sim.measure.even_bands import even_bands
from sim.measure.expected_names import NamesLine, expected_names
from sim.measure.facts import FactTables
from sim.measure.groups import GroupLine, summarise_groups
from sim.measure.measures import Measure
from sim.measure.money.accounts import Accounts, MethodLine, draw_up_accounts
from sim.measure.money.providers import ProviderLine
from sim.measure.nothing import say_nothing
from sim.measure.site_bands import with_wide_bands
from sim.measure.site_lines import SiteLine, summarise_sites
from sim.measure.summary import SummaryLine, price_ratio, summarise, summarise_ratios
from sim.results.columns import (
    COMPARISON,
    COMPARISON_TABLES,
    DRAW_SITE_TABLES,
    DRAW_TABLES,
    EXPECTED_NAMES,
    GROUPS,
    MONEY,
    PROVIDERS,
    REGRETS,
    SITE_TABLES,
    SITES,
    SUMMARY,
    TABLES,
    TRADEOFF,
    UNCERTAINTY,
    VERDICT_TABLES,
    VERDICTS,
    Column,
)
from sim.results.csvtext import lines_text
from sim.results.parquet import ColumnData, PartWriter, merge_parts
from sim.results.read import RunFolder
from sim.scenario.dump import scenario_tree
from sim.scenario.strategies import NoBlocking
from sim.statistics.paired import warn_of_few

ByRun: TypeAlias = "Mapping[str, Mapping[int, Sequence[Measure]]]"
"""Measures by strategy and replicate."""


@dataclass(frozen=True)
class Findings:
    """Results over replicates of a run or a comparison.

    Attributes
    ----------
    summary
        Measures over replicates, money last.
    methods
        Loss by each method of pricing it.
    providers
        Loss and gain of each provider.
    comparison, tradeoff
        Rows of ``comparison.csv`` and ``tradeoff.csv``; none for a single run.
    uncertainty
        Rows of ``uncertainty.csv``; none without draws.
    verdicts, regrets
        Rows of ``verdicts.csv`` and ``regrets.csv``; none but for a comparison with draws.
    sites
        Rows of ``sites.csv``; none without an inventory.
    names
        Rows of ``expected_names.csv``.
    """

    summary: tuple[SummaryLine, ...]
    methods: tuple[MethodLine, ...]
    providers: tuple[ProviderLine, ...]
    comparison: tuple[ComparisonLine, ...]
    tradeoff: tuple[TradeoffLine, ...]
    uncertainty: tuple[UncertaintyLine, ...] = ()
    verdicts: tuple[VerdictLine, ...] = ()
    regrets: tuple[RegretLine, ...] = ()
    sites: tuple[SiteLine, ...] = ()
    names: tuple[NamesLine, ...] = ()


@dataclass(frozen=True)
class Derived:
    """Tables over replicates that were written.

    Attributes
    ----------
    runs
        Finished replicates, by strategy.
    nothing
        What no run of a strategy did, and why: one sentence each.
    outputs
        Path and number of rows of each table, by its name.
    findings
        The lines of these tables.
    n_draws
        Draws that are finished under every strategy.
    has_draws
        Whether any run of a draw is finished: interrupted before, a folder has no tables of draws.
    """

    runs: Mapping[str, tuple[int, ...]]
    nothing: tuple[str, ...]
    outputs: Outputs
    findings: Findings
    n_draws: int = 0
    has_draws: bool = False

    def n_whole(self, plan: Plan) -> int:
        """How many replicates are finished under every strategy."""
        return len(set.intersection(*(set(self.runs.get(label, ())) for label in plan.labels)))

    def is_whole(self, plan: Plan) -> bool:
        """Whether all replicates and all draws are finished."""
        n_draws = 0 if plan.draws is None else plan.draws.n
        return (self.n_whole(plan), self.n_draws) == (plan.n_replicates, n_draws)


def derive(folder: Path, into: Path, plan: Plan, scratch: Path) -> Derived:
    """Compute the tables over replicates, and write them.

    Parameters
    ----------
    folder
        Where the tables of the runs are.
    into
        Where the tables over replicates go.
    scratch
        Folder for temporary files.

    Raises
    ------
    DataError
        If the tables of the runs cannot be read.
    OSError
        If a file cannot be written.
    """
    facts = FactTables(folder)
    measures = facts.measures()
    has_draws = has_drawn_runs(folder, plan)
    ensemble = read_ensemble(folder, plan) if has_draws else None
    outputs: Outputs = {}
    uncertainty: tuple[UncertaintyLine, ...] = ()
    verdicts: tuple[VerdictLine, ...] = ()
    regrets: tuple[RegretLine, ...] = ()
    wide = {}
    if ensemble is not None:
        uncertainty = uncertainty_lines(ensemble, measures)
        wide = {label: wide_bands(folder, plan, ensemble, label) for label in measures}
        values = draw_columns(ensemble)
        outputs["draw_values.parquet"] = _write(into, "draw_values", plan, values, scratch)
    run = _folder_of(folder, plan, list(measures))
    bands = even_bands(run, list(measures), wide)
    outputs["bands.parquet"] = _write(into, "bands", plan, bands, scratch)
    accounts = _summarise(plan, facts, measures)
    comparison, tradeoff = _compare(plan, measures)
    names = [
        line
        for variant in plan.variants
        for line in expected_names(
            folder, variant.resolved, variant.label, tuple(measures.get(variant.label, ()))
        )
    ]
    written: dict[str, tuple[Sequence[Column], Sequence[Any]]] = {
        "summary.csv": (SUMMARY, accounts.summary),
        "money.csv": (MONEY, accounts.methods),
        "groups.csv": (GROUPS, _count_groups(facts, measures)),
        "providers.csv": (PROVIDERS, accounts.providers),
        "expected_names.csv": (EXPECTED_NAMES, names),
    }
    if plan.kind != RUN:
        written["comparison.csv"] = COMPARISON, comparison
        written["tradeoff.csv"] = TRADEOFF, tradeoff
    if ensemble is not None:
        written["uncertainty.csv"] = UNCERTAINTY, uncertainty
        if plan.kind != RUN:
            verdicts, regrets = judge_pairs(ensemble), weigh_regrets(ensemble)
            written |= {"verdicts.csv": (VERDICTS, verdicts), "regrets.csv": (REGRETS, regrets)}
    sites: list[SiteLine] = []
    if plan.resolved.inventory is not None:
        for variant in plan.variants:
            known = tuple(measures.get(variant.label, ()))
            sites += summarise_sites(folder, variant.resolved, plan.root_seed, variant.label, known)
            if ensemble is not None and known:
                sites = _widened(sites, folder, ensemble, variant.label)
        written["sites.csv"] = SITES, sites
    for file, (columns, lines) in written.items():
        (into / file).write_text(lines_text(columns, lines), encoding="utf-8", newline="")
        outputs[file] = into / file, len(lines)
    runs = {label: tuple(found) for label, found in measures.items()}
    nothing = tuple(_say_nothing(plan, facts, runs))
    findings = Findings(
        **vars(accounts),
        comparison=comparison,
        tradeoff=tradeoff,
        uncertainty=uncertainty,
        verdicts=verdicts,
        regrets=regrets,
        sites=tuple(sites),
        names=tuple(names),
    )
    n_draws = 0 if ensemble is None else ensemble.n_finished
    return Derived(runs, nothing, outputs, findings, n_draws, has_draws)


def _widened(lines: list[SiteLine], folder: Path, ensemble: Ensemble, label: str) -> list[SiteLine]:
    """Lines of which those of a strategy's sites have their wide bands."""
    weight = ensemble.weight_of(ensemble.is_finished[:, ensemble.labels.index(label)])
    return with_wide_bands(lines, folder, label, weight, ensemble.plan.n_per_draw)


def has_drawn_runs(folder: Path, plan: Plan) -> bool:
    """Whether the folder of a run or a comparison holds any run of a draw."""
    return plan.draws is not None and (folder / f"{DRAW_MEASURES}.parquet").is_file()


def columns_of(plan: Plan, *, has_draws: bool) -> Mapping[str, tuple[Column, ...]]:
    """Columns of the tables that the folder of a run or a comparison has."""
    has_sites = plan.resolved.inventory is not None
    sites = (DRAW_SITE_TABLES if has_draws else SITE_TABLES) if has_sites else {}
    if not has_draws:
        return {**(TABLES if plan.kind == RUN else COMPARISON_TABLES), **sites}
    drawn = DRAW_TABLES if plan.kind == RUN else {**COMPARISON_TABLES, **VERDICT_TABLES}
    return {**drawn, **sites}


def derived_manifest(
    plan: Plan,
    derived: Derived,
    outputs: Outputs,
    *,
    status: str,
    failures: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Return the manifest of a folder by what follows from its runs."""
    n_whole = derived.n_whole(plan)
    manifest = manifest_of(
        plan,
        outputs,
        labels=plan.labels,
        n_replicates=n_whole,
        status=status,
        warnings=[*_warnings(plan, derived, n_whole), *derived.nothing],
        failures=failures,
    )
    return manifest | ({} if plan.draws is None else {"n_draws": derived.n_draws})


def _folder_of(folder: Path, plan: Plan, labels: Sequence[str]) -> RunFolder:
    """The folder, which has no manifest yet."""
    named = {"strategies": [{"label": label} for label in labels]}
    return RunFolder(folder, named, scenario_tree(plan.resolved.scenario))


def _write(
    into: Path, table: str, plan: Plan, columns: Mapping[str, ColumnData], scratch: Path
) -> tuple[Path, int]:
    """Write a table of columns; return its path and its number of rows."""
    part, path = scratch / table, into / f"{table}.parquet"
    writer = PartWriter()
    writer.write(part, columns)
    writer.close()
    return path, merge_parts([part], path, metadata_of(plan))


def _summarise(plan: Plan, facts: FactTables, measures: ByRun) -> Accounts:
    """Summarise strategy by strategy: loss sums of one are in memory at a time."""
    parts = []
    for variant in plan.variants:
        runs, resolved = measures.get(variant.label, {}), variant.resolved
        if not runs:
            continue
        counted = [
            [measure for measure in found if not is_over_draws(measure.metric)]
            for found in runs.values()
        ]
        lines = summarise(variant.label, counted, resolved.figures.rows if resolved.figures else ())
        lines = summarise_ratios(lines, counted, plan.root_seed)
        totals = facts.totals(variant.label)
        money = draw_up_accounts(
            resolved,
            plan.root_seed,
            [totals[replicate] for replicate in runs],
            numbers=list(runs),
            label=variant.label,
        )
        lines += money.summary
        parts.append(replace(money, summary=(*lines, *_priced(lines))))
    return Accounts.joined(parts)


def _count_groups(facts: FactTables, measures: ByRun) -> list[GroupLine]:
    """Businesses hit by group, strategy by strategy."""
    lines: list[GroupLine] = []
    for label, runs in measures.items():
        counts = facts.groups(label)
        lines += summarise_groups(label, [counts.get(replicate, []) for replicate in runs])
    return lines


def _priced(lines: Sequence[SummaryLine]) -> list[SummaryLine]:
    """Ratios of money, of which both parts are summarised."""
    by = {line.metric: line for line in lines}
    return [
        price_ratio(ratio, by[ratio.above], by[ratio.below])
        for ratio in RATIOS.values()
        if ratio.above in PRICED and ratio.above in by and ratio.below in by
    ]


def _compare(
    plan: Plan, measures: ByRun
) -> tuple[tuple[ComparisonLine, ...], tuple[TradeoffLine, ...]]:
    if plan.baseline is None:
        return (), ()
    measured = {label: Measured.of(runs) for label, runs in measures.items() if runs}
    return (
        compare_strategies(measured, plan.baseline, plan.metrics, plan.root_seed),
        weigh_strategies(measured, plan.root_seed, plan.resolved.scenario.population.n_businesses),
    )


def _warnings(plan: Plan, derived: Derived, n_whole: int) -> list[str]:
    """What an unfinished experiment lacks, strategy by strategy; and few replicates compared."""
    runs = derived.runs
    few = [] if plan.kind == RUN else [*warn_of_few(n_whole)]
    if plan.draws is not None and derived.n_draws < plan.draws.n:
        few.append(f"{derived.n_draws} of {plan.draws.n} draws are finished")
    if n_whole == plan.n_replicates:
        return few
    return [
        *few,
        *(
            f"{label}: {n} of {plan.n_replicates} replicates are finished"
            for label in plan.labels
            if (n := len(runs.get(label, ()))) < plan.n_replicates
        ),
    ]


def _say_nothing(plan: Plan, facts: FactTables, runs: Mapping[str, Sequence[int]]) -> Iterator[str]:
    """What no run of a strategy did, and why; of the strategy none only where it stands alone."""
    for variant in plan.variants:
        if plan.kind != RUN and isinstance(variant.resolved.scenario.strategy, NoBlocking):
            continue
        found = facts.nothing(variant.label)
        label = "" if plan.kind == RUN else f"{variant.label} "
        said = say_nothing([found.get(replicate, {}) for replicate in runs.get(variant.label, ())])
        yield from (f"{label}{sentence}" for sentence in said)
