"""What ``sensitivity`` prints: assumptions, and the measures that depend on them."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from sim.cli.tables.results import study_document
from sim.cli.tables.sections import Column, Section, print_tables
from sim.cli.terminal import console
from sim.cli.terminal.tables import interval, number, open_console

if TYPE_CHECKING:
    from sim.scenario.unknowns import Factor, LeftOut
    from sim.uncertainty.influence import Line
    from sim.uncertainty.sensitivity import Influences

SCHEMA = "overblock/sensitivity/1"
FACTORS_SCHEMA = "overblock/factors/1"
MOST_ROWS = 15


def print_result(study: Influences, n_left_out: int, *, as_json: bool, quiet: bool) -> None:
    """Print the measures and the assumptions they hang on, those they hang on most first."""
    if as_json:
        console.print_json(study_document(study, SCHEMA, "sensitivity", "stages", "left-out"))
        return
    if not sys.stdout.isatty():
        print(study.folder)
        return
    for mine in _by_metric(study.lines):
        rows = [
            [
                line.factor,
                number(line.at_low),
                number(line.at_high),
                number(line.mu_star),
                _interval(line.mu_star_low, line.mu_star_high),
                "" if math.isnan(line.total) else f"{line.total:.2f}",
                _interval(line.total_low, line.total_high),
                line.range,
            ]
            for line in mine[:MOST_ROWS]
        ]
        header = ["assumption", "at low", "at high", "change", "", "total", "", "range"]
        title = (
            f"{mine[0].metric.replace('_', ' ')}: {number(mine[0].given)} {mine[0].unit} as given"
        )
        # On a narrow terminal intervals and ranges stay in sensitivity.csv.
        is_wide = open_console().width >= 120
        shown = list(range(len(header)) if is_wide else (0, 1, 2, 3, 5))
        shown = [at for at in shown if any(row[at] for row in rows)]
        columns = [Column(header[at], header[at], "number" if at else "text") for at in shown]
        cells = [[row[at] for at in shown] for row in rows]
        print_tables([Section(mine[0].metric, title, columns, cells)])
    print(study.folder)
    console.say(
        "change: mean size over the whole range, others anywhere in theirs (Morris mu*), with its "
        "95 % interval; total: share of variance in which it has a part (Sobol'). "
        f"{n_left_out} assumptions are not varied: left-out.csv",
        quiet=quiet,
    )


def _interval(low: float, high: float) -> str:
    """Empty where there is none, or only a point."""
    return "" if math.isnan(low) or low == high else interval(low, high)


def _by_metric(lines: Sequence[Line]) -> list[list[Line]]:
    metrics = dict.fromkeys(line.metric for line in lines)
    return [[line for line in lines if line.metric == metric] for metric in metrics]


def print_factors(factors: Sequence[Factor], left_out: Sequence[LeftOut], *, as_json: bool) -> None:
    """Print the assumptions that can be varied, and those that cannot."""
    if as_json:
        document = {
            "schema": FACTORS_SCHEMA,
            "factors": [asdict(factor) for factor in factors],
            "left_out": [asdict(one) for one in left_out],
        }
        console.print_json(document)
        return
    columns = [*(Column(name, name, "text") for name in ("key", "range", "unit"))]
    columns.append(Column("dials", "dials"))
    rows = [(f.key, f.range_text, f.unit, f.n_dials) for f in factors]
    print_tables([Section("factors", f"{len(factors)} assumptions with a range", columns, rows)])
    for one in left_out:
        console.say_out(f"not varied: {one.key}: {one.why}")
