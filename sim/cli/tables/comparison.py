"""A comparison as tables: one for each metric, and the trade-off.

In: an experiment. Out: sections of texts. It computes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sim.catalogue.choices import COMPARED
from sim.cli.tables.sections import Column, Section
from sim.cli.terminal.tables import NOT_KNOWN, number, with_interval
from sim.report.words.numbers import count

if TYPE_CHECKING:
    from sim.experiment.comparison import ComparisonLine
    from sim.experiment.runs import RunsResult
    from sim.experiment.tradeoff import TradeoffLine
    from sim.experiment.verdicts import VerdictLine
    from sim.measure.expected_names import NamesLine

ROUNDED = "differences are taken before values are rounded, so a last digit may differ by one"


def sections(experiment: RunsResult) -> list[Section]:
    """Metrics that were asked for, or the main ones, and the trade-off for each kind of harm."""
    lines, weighed = experiment.comparison, experiment.tradeoff
    asked = experiment.manifest["metrics"]
    metrics = dict.fromkeys(line.metric for line in lines)
    harms = dict.fromkeys(line.collateral_metric for line in weighed)
    shown = [metric for metric in metrics if asked or metric in COMPARED]
    return [
        *_verdicts(experiment.verdicts),
        *(
            _metric([line for line in lines if line.metric == metric], (ROUNDED,) * is_last)
            for metric, is_last in ((metric, metric == shown[-1]) for metric in shown)
        ),
        *(
            _tradeoff([line for line in weighed if line.collateral_metric == harm])
            for harm in harms
        ),
        _names(experiment.names),
    ]


def _names(lines: Sequence[NamesLine]) -> Section:
    """Names expected behind what each strategy ever listed."""
    return Section(
        "expected_names",
        "Names expected behind all addresses ever listed",
        [
            *_columns("strategy"),
            Column("n_listed", "addresses"),
            Column("n_known", "of known use"),
            Column("state", "names are", "text"),
            Column("hit_mean", "names"),
            Column("hit_low", "90 % from"),
            Column("hit_high", "to"),
            Column("active_mean", "not parked"),
        ],
        [
            (line.strategy, line.n_listed, line.n_known, line.state, *_rounded(line))
            for line in lines
            if not line.provider
        ],
        (
            "from how providers use addresses, rounded to two figures; parked names count; a zero "
            "of the modelled businesses, which are a sample, says nothing of these",
        ),
    )


def _rounded(line: NamesLine) -> list[float | None]:
    from sim.names.listed import LOWER_BOUND, rounded_names

    is_bound = line.state == LOWER_BOUND
    means = (rounded_names(one, is_bound=is_bound) for one in (line.hit_mean, line.active_mean))
    ends = (rounded_names(one) for one in (line.hit_low, line.hit_high))
    mean, active = means
    return [None if math.isnan(one) else one for one in (mean, *ends, active)]


def said_of_pairs(experiment: RunsResult) -> str:
    """What intervals and verdicts of a comparison span, in a sentence or two."""
    luck = "Intervals of means and differences span luck alone, at the values as given."
    if not experiment.verdicts:
        return f"{luck} --draws N holds the strategies against each other over what is not known."
    return (
        f"{luck} Verdicts hold over {count(experiment.verdicts[0].n_draws, 'joint draw')} of all "
        "that is not known, or are not settled."
    )


def _verdicts(lines: Sequence[VerdictLine]) -> list[Section]:
    """Pairs of strategies, for each measure they are judged by; what it means below the last."""
    metrics = list(dict.fromkeys(line.metric for line in lines))
    return [
        Section(
            "verdicts",
            f"{metric.replace('_', ' ')}: which is better over all that is not known",
            [
                *_columns("strategy", "held against", "less in", "more in"),
                Column("verdict", "verdict", "text"),
            ],
            [
                (
                    line.strategy,
                    line.other,
                    _share(line.share_less),
                    _share(line.share_more),
                    _said(line),
                )
                for line in lines
                if line.metric == metric
            ],
            (f"shares of the weight of {count(lines[0].n_draws, 'draw')}; {_MEANS}",)
            if metric == metrics[-1]
            else (),
        )
        for metric in metrics
    ]


_MEANS = (
    "better or worse: so in at least 95 % of it, by the lower 95 % bound of that share; "
    "where not settled, the unknowns that decide it; not known where a sample could hardly be hit"
)


def _said(line: VerdictLine) -> str:
    if not line.region:
        return line.verdict
    return (
        f"{line.verdict}; {line.region_says} where {line.region} (coverage "
        f"{line.coverage:.0%}, density {line.density:.0%})"
    )


def _columns(*headings: str) -> list[Column]:
    """The first names the row; the others hold numbers."""
    first, *others = headings
    return [Column(first, first, "text"), *(Column(one, one) for one in others)]


def _metric(lines: Sequence[ComparisonLine], notes: tuple[str, ...]) -> Section:
    first = lines[0]
    unit = "" if first.metric.endswith(first.unit.lower()) else f", {first.unit}"
    of = "" if first.denominator != first.denominator else f", out of {number(first.denominator)}"
    level = f"{first.confidence:.0%}"
    return Section(
        first.metric,
        f"{first.metric.replace('_', ' ')}{unit}{of}",
        _columns("strategy", f"mean [{level}]", f"minus {first.baseline} [{level}]"),
        [
            (
                line.strategy,
                with_interval(line.mean, line.mean_low, line.mean_high),
                ""
                if line.strategy == line.baseline
                else with_interval(line.difference, line.difference_low, line.difference_high),
            )
            for line in lines
        ],
        notes,
    )


def _tradeoff(lines: Sequence[TradeoffLine]) -> Section:
    first = lines[0]
    return Section(
        "trade_off",
        f"trade-off in {first.collateral_metric.replace('_', ' ')}, "
        f"{first.n_replicates} replicates",
        _columns(
            "strategy", "efficacy", "collateral", "collateral per efficacy", "", "on frontier"
        ),
        [
            (
                line.strategy,
                number(line.efficacy),
                number(line.collateral),
                _ratio(line),
                _mark(line),
                _share(line.share_of_draws_on_frontier),
            )
            for line in lines
        ],
        (
            f"efficacy: {first.efficacy_metric}; collateral: {first.collateral_metric}; on "
            f"frontier: share of {first.n_draws:,} bootstrap draws",
        ),
    )


def _mark(line: TradeoffLine) -> str:
    if line.is_dominated is None:
        return NOT_KNOWN
    return f"dominated by {line.dominated_by}" if line.is_dominated else "frontier"


def _ratio(line: TradeoffLine) -> str:
    if line.collateral != line.collateral:
        return NOT_KNOWN
    if line.collateral_per_efficacy != line.collateral_per_efficacy:
        return "no effect"
    return with_interval(line.collateral_per_efficacy, line.ratio_low, line.ratio_high)


def _share(share: float) -> str:
    return NOT_KNOWN if share != share else f"{share:.1%}"
