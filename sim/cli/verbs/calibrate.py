"""``overblock calibrate``: which values of some assumptions agree with published figures."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli.options import (
    ExperimentOptions,
    OptionalScenarioArgument,
    PointReplicatesOption,
    given,
    takes_shared_options,
)
from sim.cli.tables.results import study_document
from sim.cli.tables.sections import Column, Section, print_tables
from sim.cli.task import Task, choose_root_seed, leave_unless_complete, load_resolved
from sim.cli.terminal import console
from sim.cli.terminal.tables import number
from sim.cli.verbs.calibrate_draws import calibrate_draws
from sim.errors import UsageError

if TYPE_CHECKING:
    from sim.experiment.study import Study

SCHEMA = "overblock/calibration/1"
N_REPLICATES = 4


@takes_shared_options
def calibrate(
    scenario: OptionalScenarioArgument = None,
    fit: Annotated[
        list[str],
        typer.Option(
            "--fit",
            metavar="KEY[=LOW..HIGH]",
            help="An assumption to be fitted, and the range to search; its own range when left "
            "out. May be repeated.",
        ),
    ] = [],  # noqa: B006 - typer reads it, nobody writes it
    target: Annotated[
        list[str],
        typer.Option(
            "--target",
            metavar="METRIC[@TIME]=VALUE±TOLERANCE[%]",
            help="What the mean over replicates must meet; VALUE is a number or TABLE:ROW of a "
            "seed table; +- stands for ±. May be repeated.",
        ),
    ] = [],  # noqa: B006
    trials: Annotated[
        int | None,
        typer.Option(
            "--trials", min=1, max=100_000, help="How many settings are tried; 64 when left out."
        ),
    ] = None,
    replicates: PointReplicatesOption = None,
    draws: Annotated[
        int | None,
        typer.Option(
            "--draws",
            min=1,
            max=2**16,
            help="Weigh this many joint draws of all that is not known by the scenario's "
            "calibration figures, in place of --fit and --target.",
        ),
    ] = None,
    cases: Annotated[
        list[Path],
        typer.Option(
            "--cases",
            metavar="FILE",
            help="With --draws: take the calibration figures from this case file in place of the "
            "shipped ones. May be repeated.",
        ),
    ] = [],  # noqa: B006
    discrepancy: Annotated[
        float | None,
        typer.Option(
            "--discrepancy",
            metavar="LOG10",
            help="With --draws: standard deviation, in log10, of how far the model itself is held "
            "to be off; 0.15 when left out.",
        ),
    ] = None,
    *,
    options: ExperimentOptions,
) -> None:
    """Find the settings of assumptions that agree with published figures.

    With --fit and --target: the set of all trials within the tolerances, as a range for each
    assumption; it says when there is none. With --draws: weights for joint draws of all that is not
    known, which run and compare take by --draws-from. Nothing is written back to the scenario.

    Examples:

      overblock calibrate telegram-2018 --draws 320 -o calibrated

      overblock calibrate telegram-2018 --fit censor.discovery_lag_h
      --target "addresses_listed_peak=article-figures:blacklisted_addresses±10%"

      overblock calibrate my.yaml --fit fronts.n_fronts=3..30 --target
      "addresses_listed@2018-04-18T12:00+03:00=16300000±500000" --trials 200
    """
    quiet, output, force = options.quiet, options.output, options.force
    with console.reports_errors(as_json=options.as_json):
        from sim.uncertainty.calibration import Calibration

        if draws is not None:
            if fit or target or trials or replicates:
                raise UsageError("--draws: expected no --fit, --target, --trials or -n, got some")
            calibrate_draws(scenario, draws, cases, discrepancy, options)
            return
        if cases or discrepancy is not None:
            raise UsageError("--cases and --discrepancy belong to --draws, got none")
        if options.resume is None:
            resolved = load_resolved(scenario, options.overrides)
            if not fit or not target:
                raise UsageError("expected --fit KEY and --target METRIC=VALUE±TOLERANCE, got less")
            asked = Calibration.of(
                resolved,
                choose_root_seed(options.seed, resolved.scenario.root_seed, quiet=quiet),
                replicates or N_REPLICATES,
                fit=fit,
                targets=target,
                **given(n_trials=trials),
            )
            task = Task.new(asked.plan, output, force=force)
        else:
            changes = (scenario, fit, target, trials, replicates)
            asked, task = Task.resumed(options, "calibration", Calibration.of, *changes)
        n_trials, n = asked.n_trials, asked.plan.n_replicates
        console.say(f"{n_trials:,} trials x {n:,} replicates = {n_trials * n:,} runs", quiet=quiet)
        study = task.carry_out(asked, options.executor(), quiet=quiet)
        _print_result(study, as_json=options.as_json)
        leave_unless_complete(study)


def _print_result(study: Study, *, as_json: bool) -> None:
    if as_json:
        console.print_json(study_document(study, SCHEMA, "calibration", "targets"))
        return
    records: list[dict[str, Any]] = study.sheets["calibration.csv"].records()
    n, of = records[0]["n_acceptable"], records[0]["n_trials"]
    said = (
        f"{n} of {of} trials meet every target"
        if n
        else f"none of {of} trials meets every target; trials.csv says how near each came"
    )
    if not sys.stdout.isatty():
        console.say(said)
        print(study.folder)
        return
    columns = [
        Column("factor", "assumption", "text"),
        Column("asked", "searched"),
        Column("given", "given"),
        Column("acceptable", "acceptable"),
        Column("reaches", "reaches end"),
    ]
    rows = [
        [
            record["factor"],
            _range(record, "asked"),
            number(record["given"]),
            _range(record, "acceptable") if n else "none",
            " and ".join(end for end in ("low", "high") if record[f"reaches_{end}"]),
        ]
        for record in records
    ]
    numbers = ("value", "tolerance", "as_given", "nearest")
    targets: list[dict[str, Any]] = study.sheets["targets.csv"].records()
    target_columns = [
        Column("target", "target", "text"),
        *(Column(name, name.replace("_", " ")) for name in numbers),
        Column("n_met", "met by"),
    ]
    target_rows = [
        [one["target"], *(number(one[name]) for name in numbers), one["n_met"]] for one in targets
    ]
    print_tables(
        [
            Section("calibration", said, columns, rows),
            Section("targets", "Targets", target_columns, target_rows),
        ]
    )
    print(study.folder)


def _range(record: Mapping[str, Any], name: str) -> str:
    return f"{number(record[f'{name}_low'])} to {number(record[f'{name}_high'])}"
