"""``overblock calibrate --draws``: weights for joint draws of all that is not known."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.cli.options import ExperimentOptions, given
from sim.cli.tables.results import result_document
from sim.cli.tables.sections import Column, Section, print_tables
from sim.cli.task import free_folder, leave_unless_complete, say_what_is_missing
from sim.cli.terminal import console
from sim.cli.terminal.progress import COMPILING, progress
from sim.cli.terminal.tables import number
from sim.errors import UsageError

if TYPE_CHECKING:
    from sim.backtest.calibrated_draws import DrawsResult

SCHEMA = "overblock/calibrated-draws/1"
MOST_UNKNOWNS = 10
"""Unknowns that a terminal shows, of those that moved most; the table has all."""


def calibrate_draws(
    scenario: str | None,
    n_draws: int,
    cases: Sequence[Path],
    discrepancy: float | None,
    options: ExperimentOptions,
) -> None:
    """Weigh draws, write their folder, and print what came of it."""
    from sim.backtest.calibrated_draws import DrawCalibration
    from sim.experiment.execution import carry_out, default_folder
    from sim.scenario.cases import read_files, shipped_cases

    if options.resume is not None:
        raise UsageError("--resume: what calibrate --draws began is not gone on with; start anew")
    if scenario is None:
        raise UsageError("expected SCENARIO, got nothing")
    overrides = list(options.overrides)
    if options.seed is not None:
        overrides.append(f"root_seed={options.seed}")
    files = read_files(list(cases)) if cases else shipped_cases()
    asked = DrawCalibration.of(
        scenario, overrides, files, n_draws, **given(discrepancy=discrepancy)
    )
    quiet = options.quiet
    folder = free_folder(options.output or default_folder(asked.plan), force=options.force)
    console.say(
        f"{len(asked.draws.unknowns)} unknowns by {len(asked.figures)} figures; "
        f"{asked.n_first:,} draws, then {asked.n_second:,} that these do not rule out; "
        f"discrepancy {asked.discrepancy:g} in log10",
        quiet=quiet,
    )
    executor = options.executor()
    with progress("runs", quiet=quiet) as on_progress:
        made = carry_out(
            asked.by(executor, on_progress, lambda: console.say(COMPILING, quiet=quiet)),
            folder=folder,
            force=options.force,
            argv=["overblock", *sys.argv[1:]],
            executor=executor,
        )
    say_what_is_missing(made, quiet=quiet)
    _print_result(made, as_json=options.as_json)
    leave_unless_complete(made)


def _print_result(made: DrawsResult, *, as_json: bool) -> None:
    from sim.statistics.ensembles import effective_size

    history = made.history
    figures: list[dict[str, Any]] = made.sheets["figures.csv"].records()
    unknowns: list[dict[str, Any]] = made.sheets["unknowns.csv"].records()
    n_effective = effective_size(history.weight)
    n_out = int(history.is_ruled_out[history.wave == 1].sum())
    if as_json:
        document = result_document(
            made,
            SCHEMA,
            {},
            design=made.manifest["design"],
            warnings=made.manifest["warnings"],
            n_effective=n_effective,
            n_ruled_out=n_out,
            figures=figures,
            unknowns=unknowns,
        )
        console.print_json(document)
        return
    n_first, n_second = (int((history.wave == wave).sum()) for wave in (1, 2))
    n_left = int((history.weight > 0).sum())
    said = (
        f"{n_out} of {n_first} draws ruled out; {n_left} of {n_first + n_second} weigh something, "
        f"as much as {n_effective:.1f} of equal weight; discrepancy {history.discrepancy:g} in "
        "log10, assumed"
    )
    if not sys.stdout.isatty():
        console.say(said)
        print(made.folder)
        return
    figure_columns = [
        Column("case", "figure", "text"),
        Column("published", "published"),
        Column("prior", "all ranges"),
        Column("posterior", "weighted"),
        Column("explained", "explained"),
        Column("ruled_out", "rules out"),
    ]
    figure_rows = [
        [
            one["case"],
            _span(one["published_low"], one["published_high"]),
            _three(one, "prior"),
            _three(one, "posterior"),
            number(one["explained"]),
            one["n_ruled_out"],
        ]
        for one in figures
    ]
    unknown_columns = [
        Column("unknown", "unknown", "text"),
        Column("prior", "all ranges"),
        Column("posterior", "weighted"),
        Column("distance", "distance"),
        Column("by_chance", "by chance"),
    ]
    unknown_rows = [
        [
            one["unknown"],
            _three(one, "prior"),
            _three(one, "posterior"),
            number(one["distance"]),
            number(one["by_chance"]),
        ]
        for one in unknowns[:MOST_UNKNOWNS]
    ]
    print_tables(
        [
            Section("figures", said, figure_columns, figure_rows),
            Section("unknowns", "Unknowns that moved most", unknown_columns, unknown_rows),
        ]
    )
    print(made.folder)


def _three(record: dict[str, Any], which: str) -> str:
    middle, low, high = (record[f"{which}_{name}"] for name in ("median", "low", "high"))
    return f"{number(middle)} [{number(low)}, {number(high)}]"


def _span(low: float | None, high: float | None) -> str:
    if low is None:
        return "" if high is None else f"≤ {number(high)}"
    if high is None:
        return f"≥ {number(low)}"
    return number(low) if low == high else f"{number(low)} to {number(high)}"
