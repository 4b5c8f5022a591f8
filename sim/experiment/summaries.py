"""Finished runs to summary lines: measures, money and groups, strategy by strategy.

In: a plan, and the facts of the runs that are finished. Out: the rows of
``summary.csv``, ``money.csv``, ``providers.csv`` and ``groups.csv``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sim.catalogue.choices import PRICED, RATIOS, is_over_draws
from sim.experiment.plan import Plan
from sim.measure.facts import FactTables
from sim.measure.groups import GroupLine, summarise_groups
from sim.measure.measures import Measure
from sim.measure.money.accounts import MethodLine, draw_up_accounts
from sim.measure.money.providers import ProviderLine
from sim.measure.summary import SummaryLine, price_ratio, summarise, summarise_ratios


def summarise_runs(
    plan: Plan,
    facts: FactTables,
    measures: Mapping[str, Mapping[int, Sequence[Measure]]],
) -> tuple[tuple[SummaryLine, ...], tuple[MethodLine, ...], tuple[ProviderLine, ...]]:
    """Summarise strategy by strategy: loss sums of one are in memory at a time."""
    summary: list[SummaryLine] = []
    methods: list[MethodLine] = []
    providers: list[ProviderLine] = []
    for variant in plan.variants:
        runs, resolved = measures.get(variant.label, {}), variant.resolved
        if not runs:
            continue
        figures = resolved.figures.rows if resolved.figures else ()
        counted = [
            [measure for measure in found if not is_over_draws(measure.metric)]
            for found in runs.values()
        ]
        totals = facts.totals(variant.label)
        accounts = draw_up_accounts(
            resolved,
            plan.root_seed,
            [totals[replicate] for replicate in runs],
            numbers=list(runs),
        )
        lines = summarise(variant.label, counted, figures)
        lines = summarise_ratios(lines, counted, plan.root_seed)
        lines += [replace(line, strategy=variant.label) for line in accounts.summary]
        summary += [*lines, *_priced(lines)]
        methods += [replace(line, strategy=variant.label) for line in accounts.methods]
        providers += [replace(line, strategy=variant.label) for line in accounts.providers]
    return tuple(summary), tuple(methods), tuple(providers)


def count_groups_of(
    facts: FactTables, measures: Mapping[str, Mapping[int, Sequence[Measure]]]
) -> list[GroupLine]:
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
