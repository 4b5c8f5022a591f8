"""``overblock calibrate``: weights for joint draws of all that is not known."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli.options import (
    ExperimentOptions,
    OptionalScenarioArgument,
    given,
    takes_shared_options,
)
from sim.cli.tables.results import result_document
from sim.cli.tables.sections import Column, Section, print_tables
from sim.cli.task import Task, leave_unless_complete
from sim.cli.terminal import console
from sim.cli.terminal.tables import number
from sim.errors import UsageError

if TYPE_CHECKING:
    from sim.backtest.calibrated_draws import DrawsResult

SCHEMA = "overblock/calibrated-draws/1"
MOST_UNKNOWNS = 10
"""Unknowns that a terminal shows, of those that moved most; the table has all."""


@takes_shared_options
def calibrate(
    scenario: OptionalScenarioArgument = None,
    draws: Annotated[
        int | None,
        typer.Option(
            "--draws",
            min=1,
            max=2**16,
            help="How many joint draws of all that is not known are run; 320 when left out.",
        ),
    ] = None,
    cases: Annotated[
        list[Path],
        typer.Option(
            "--cases",
            metavar="FILE",
            help="Take the calibration figures from this case file in place of the shipped ones. "
            "May be repeated.",
        ),
    ] = [],  # noqa: B006 - typer reads it, nobody writes it
    discrepancy: Annotated[
        float | None,
        typer.Option(
            "--discrepancy",
            metavar="LOG10",
            help="Standard deviation, in log10, of how far the model itself is held to be off; "
            "0.15 when left out.",
        ),
    ] = None,
    *,
    options: ExperimentOptions,
) -> None:
    """Weigh joint draws of all that is not known by published figures.

    The figures are those of the scenario's calibration cases. Writes weights, which run, compare
    and backtest take by --draws-from, and what the figures told of each unknown. Nothing is
    written back to the scenario.

    Examples:

      overblock calibrate telegram-2018 -o calibrated

      overblock calibrate my.yaml --cases my-figures.yaml --draws 640

      overblock calibrate --resume calibrated
    """
    quiet, output, force = options.quiet, options.output, options.force
    with console.reports_errors(as_json=options.as_json):
        from sim.backtest.calibrated_draws import DrawCalibration
        from sim.scenario.cases import read_files, shipped_cases

        if options.resume is None:
            if scenario is None:
                raise UsageError("expected SCENARIO, or --resume RUN, got neither")
            overrides = list(options.overrides)
            if options.seed is not None:
                overrides.append(f"root_seed={options.seed}")
            files = read_files(cases) if cases else shipped_cases()
            chosen = given(n_draws=draws, discrepancy=discrepancy)
            asked = DrawCalibration.of(scenario, overrides, files, **chosen)
            task = Task.new(asked.plan, output, force=force)
        else:
            changes = (scenario, draws, cases, discrepancy)
            asked, task = Task.resumed(options, "calibration", DrawCalibration.again, *changes)
        console.say(
            f"{len(asked.draws.unknowns)} unknowns by {len(asked.figures)} figures; "
            f"{asked.n_first:,} draws, then {asked.n_second:,} that these do not rule out; "
            f"discrepancy {asked.discrepancy:g} in log10",
            quiet=quiet,
        )
        made = task.carry_out(asked, options.executor(), quiet=quiet)
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
