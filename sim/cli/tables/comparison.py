"""A comparison as tables: one for each metric, the verdicts, and expected names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sim.catalogue.choices import COMPARED
from sim.cli.tables.sections import Column, Section
from sim.cli.terminal.tables import number, with_interval

if TYPE_CHECKING:
    from sim.experiment.comparison import ComparisonLine
    from sim.experiment.runs import RunsResult
    from sim.experiment.verdicts import VerdictLine
    from sim.measure.names import NamesLine


def sections(experiment: RunsResult) -> list[Section]:
    """Verdicts, the metrics that were asked for or the main ones, and expected names."""
    lines, asked = experiment.comparison, experiment.manifest["metrics"]
    metrics = dict.fromkeys(line.metric for line in lines)
    return [
        *([_verdicts(experiment.verdicts)] if experiment.verdicts else []),
        *(
            _metric([line for line in lines if line.metric == metric])
            for metric in metrics
            if asked or metric in COMPARED
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
            Column("hit", "names"),
            Column("hit_low", "90 % from"),
            Column("hit_high", "to"),
            Column("active", "not parked"),
        ],
        [
            (line.strategy, line.n_listed, line.n_known, line.state, *_rounded(line))
            for line in lines
            if not line.provider
        ],
        (
            "from how providers use addresses, rounded to two figures; parked names count; the "
            "modelled businesses are a sample, so none among them does not mean none here",
        ),
    )


def _rounded(line: NamesLine) -> list[float | None]:
    from sim.names.listed import LOWER_BOUND, rounded_names

    is_bound = line.state == LOWER_BOUND
    hit, active = (rounded_names(one, is_bound=is_bound) for one in (line.hit, line.active))
    ends = (rounded_names(one) for one in (line.hit_low, line.hit_high))
    return [None if math.isnan(one) else one for one in (hit, *ends, active)]


def _verdicts(lines: Sequence[VerdictLine]) -> Section:
    first = lines[0]
    return Section(
        "verdicts",
        "Do all simulations agree?",
        [
            Column("strategy", "strategy", "text"),
            Column("other", "compared with", "text"),
            Column("metric", "measure", "text"),
            *(Column(key, key.removeprefix("n_")) for key in ("n_less", "n_equal", "n_more")),
            Column("n_not_known", "not known"),
            Column("verdict", "verdict", "text"),
        ],
        [
            (
                line.strategy,
                line.other,
                line.metric,
                line.n_less,
                line.n_equal,
                line.n_more,
                line.n_not_known,
                f"{line.verdict}; depends most on {line.depends_on_1}"
                if line.depends_on_1
                else line.verdict,
            )
            for line in lines
        ],
        (
            f"of {first.n_simulations} simulations; at least "
            f"{min(line.n_needed for line in lines)} that agree certify each of these verdicts, "
            "more where it is not known in some",
        ),
    )


def _columns(*headings: str) -> list[Column]:
    """The first names the row; the others hold numbers."""
    first, *others = headings
    return [Column(first, first, "text"), *(Column(one, one) for one in others)]


def _metric(lines: Sequence[ComparisonLine]) -> Section:
    first = lines[0]
    unit = "" if first.metric.endswith(first.unit.lower()) else f", {first.unit}"
    of = "" if first.denominator != first.denominator else f", out of {number(first.denominator)}"
    level = f"{first.level:.0%}"
    return Section(
        first.metric,
        f"{first.metric.replace('_', ' ')}{unit}{of}",
        _columns("strategy", f"median [{level}]", f"minus {first.baseline} [{level}]"),
        [
            (
                line.strategy,
                with_interval(line.median, line.low, line.high),
                ""
                if line.strategy == line.baseline
                else with_interval(line.difference, line.difference_low, line.difference_high),
            )
            for line in lines
        ],
        ("a difference is the median of the differences of single simulations",),
    )
