"""A comparison as tables: one for each metric, and the trade-off.

In: an experiment. Out: text for a terminal of 80 columns, or Markdown. It computes nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.catalogue.choices import COMPARED
from sim.cli.terminal.console import number, short

if TYPE_CHECKING:
    from sim.experiment.comparison import ComparisonLine
    from sim.experiment.runs import RunsResult
    from sim.experiment.weighing import TradeoffLine


@dataclass(frozen=True)
class _Table:
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


def print_tables(experiment: RunsResult) -> None:
    """Print the tables on stdout."""
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 120, markup=False, highlight=False)
    for table in _tables(experiment):
        shown = Table(title=table.title, title_justify="left", box=None, pad_edge=False)
        for column, name in enumerate(table.header):
            shown.add_column(
                name, justify="right" if column else "left", overflow="fold", no_wrap=False
            )
        for row in table.rows:
            shown.add_row(*row)
        console.print(shown)
        for note in table.notes:
            console.print(note, soft_wrap=False)
        console.print()


def markdown(experiment: RunsResult) -> str:
    """Return the tables as Markdown."""
    parts = []
    for table in _tables(experiment):
        lines = [
            f"**{_escaped(table.title)}**",
            "",
            f"| {' | '.join(map(_escaped, table.header))} |",
            f"| --- |{' ---: |' * (len(table.header) - 1)}",
            *(f"| {' | '.join(_escaped(cell) for cell in row)} |" for row in table.rows),
        ]
        parts.append("\n".join([*lines, *(f"\n{_escaped(note)}" for note in table.notes)]))
    return "\n\n".join(parts)


def _tables(experiment: RunsResult) -> list[_Table]:
    lines = experiment.comparison
    metrics = list(dict.fromkeys(line.metric for line in lines))
    asked = experiment.manifest["metrics"]
    shown = [metric for metric in metrics if asked or metric in COMPARED]
    tables = [_metric_table([line for line in lines if line.metric == name]) for name in shown]
    weighed = experiment.tradeoff
    harms = dict.fromkeys(line.collateral_metric for line in weighed)
    tables += [
        _tradeoff_table([line for line in weighed if line.collateral_metric == harm])
        for harm in harms
    ]
    return tables


def _metric_table(lines: Sequence[ComparisonLine]) -> _Table:
    first = lines[0]
    unit = "" if first.metric.endswith(first.unit.lower()) else f", {first.unit}"
    of = "" if first.denominator != first.denominator else f", out of {short(first.denominator)}"
    level = f"{first.confidence:.0%}"
    return _Table(
        f"{first.metric.replace('_', ' ')}{unit}{of}",
        ("strategy", f"mean [{level}]", f"minus {first.baseline} [{level}]", "p (Holm)"),
        tuple(
            (
                line.strategy,
                _interval(line.mean, line.mean_low, line.mean_high),
                ""
                if line.strategy == line.baseline
                else _interval(line.difference, line.difference_low, line.difference_high),
                _p_value(line.p_holm),
            )
            for line in lines
        ),
    )


def _tradeoff_table(lines: Sequence[TradeoffLine]) -> _Table:
    first = lines[0]
    return _Table(
        f"trade-off in {first.collateral_metric.replace('_', ' ')}, "
        f"{first.n_replicates} replicates",
        ("strategy", "efficacy", "collateral", "collateral per efficacy", "", "on frontier"),
        tuple(
            (
                line.strategy,
                short(line.efficacy),
                short(line.collateral),
                _ratio(line),
                _mark(line),
                _share(line.share_of_draws_on_frontier),
            )
            for line in lines
        ),
        (
            f"efficacy: {first.efficacy_metric}; collateral: {first.collateral_metric}; on "
            f"frontier: share of {first.n_draws:,} bootstrap draws",
        ),
    )


def _mark(line: TradeoffLine) -> str:
    if line.is_dominated is None:
        return "not known"
    return f"dominated by {line.dominated_by}" if line.is_dominated else "frontier"


def _ratio(line: TradeoffLine) -> str:
    if line.collateral_per_efficacy != line.collateral_per_efficacy:
        return "no effect"
    if line.ratio_low != line.ratio_low:
        return f"{line.collateral_per_efficacy:.3g}"
    return f"{line.collateral_per_efficacy:.3g} [{line.ratio_low:.3g}, {line.ratio_high:.3g}]"


def _interval(mean: float, low: float, high: float) -> str:
    if mean != mean:
        return "not known"
    if low != low:
        return f"{_of(mean)} [not known]"
    return f"{_of(mean)} [{_of(low)}, {_of(high)}]"


def _of(value: float) -> str:
    return short(value) if abs(value) >= 1e6 else number(value)


def _p_value(p: float) -> str:
    if p != p:
        return ""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _share(share: float) -> str:
    return "not known" if share != share else f"{share:.1%}"


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    for letter in "\\`*_{}[]<>|#":
        text = text.replace(letter, f"\\{letter}")
    return text
