"""``overblock condition``: simulations that agree with the record."""

from __future__ import annotations

import math
import sys
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
from sim.cli.task import Task, choose_root_seed, leave_unless_complete, load_resolved
from sim.cli.terminal import console
from sim.cli.terminal.tables import number
from sim.errors import UsageError

if TYPE_CHECKING:
    from sim.backtest.conditioning import Conditioned

SCHEMA = "overblock/conditioned/1"


@takes_shared_options
def condition(
    scenario: OptionalScenarioArgument = None,
    keep: Annotated[
        int | None,
        typer.Option("--keep", min=1, help="Simulations to keep; 300 when left out."),
    ] = None,
    most: Annotated[
        int | None,
        typer.Option(
            "--most", min=1, help="Most draws that are run for them; 20,000 when left out."
        ),
    ] = None,
    *,
    options: ExperimentOptions,
) -> None:
    """Keep the simulations of a scenario that agree with its evidence.

    Draws all uncertain inputs, runs each draw until the early evidence has been read, and those
    that agree to the end. Writes kept.csv, which run and compare take by --kept,
    and what each piece of evidence does to the answer. Nothing is written back to the scenario.

    Examples:

      overblock condition telegram-2018 -o kept

      overblock condition my.yaml --keep 100 --most 5000

      overblock condition --resume kept
    """
    quiet, output, force = options.quiet, options.output, options.force
    with console.reports_errors(as_json=options.as_json):
        from sim.backtest.conditioning import Conditioning

        if options.resume is None:
            resolved = load_resolved(scenario, options.overrides)
            root_seed = choose_root_seed(options.seed, resolved.scenario.root_seed, quiet=quiet)
            asked = Conditioning.of(resolved, root_seed, **given(n_keep=keep, n_most=most))
            task = Task.new(asked.plan, output, force=force)
        else:
            changes = (scenario, keep, most)
            asked, task = Task.resumed(options, "condition", Conditioning.again, *changes)
        made = task.carry_out(asked, options.executor(), quiet=quiet)
        _print_result(made, as_json=options.as_json)
        leave_unless_complete(made)


def refuse_calibrate(
    words: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
) -> None:
    """Say what took the place of ``calibrate``."""
    with console.reports_errors(as_json=False):
        raise UsageError(
            "calibrate is gone: overblock condition SCENARIO keeps the simulations that agree with "
            "the scenario's evidence"
        )


def _print_result(made: Conditioned, *, as_json: bool) -> None:
    found = made.manifest["conditioned"]
    evidence: list[dict[str, Any]] = made.sheets["evidence.csv"].records()
    rests_on: list[dict[str, Any]] = made.sheets["rests_on.csv"].records()
    if as_json:
        document = result_document(
            made,
            SCHEMA,
            found,
            design=made.manifest["design"],
            warnings=made.manifest["warnings"],
            evidence=evidence,
            inputs=made.sheets["inputs.csv"].records(),
            rests_on=rests_on,
        )
        console.print_json(document)
        return
    low, high = found["acceptance_95"]
    said = (
        f"{found['n_agreeing']} of {found['n_draws']} draws agree with all evidence: "
        f"{found['acceptance']:.1%} [{low:.1%}, {high:.1%}]; {found['n_kept']} are kept"
    )
    if not sys.stdout.isatty():
        console.say(said)
        print(made.folder)
        return
    print_tables(
        [
            Section(
                "evidence",
                said,
                [
                    Column("evidence", "evidence", "text"),
                    Column("n_met", "agree with it"),
                    Column("n_read", "of"),
                    Column("n_all", "with all others"),
                    Column("n_others", "of"),
                ],
                [
                    [one[key] for key in ("evidence", "n_met", "n_read", "n_all", "n_others")]
                    for one in evidence
                ],
            ),
            Section(
                "rests_on",
                "What the answer rests on",
                [
                    Column("measure", "measure", "text"),
                    Column("without", "without", "text"),
                    Column("n", "draws"),
                    Column("median", "median [5 %, 95 %]"),
                ],
                [[one["measure"], one["without"], one["n"], _three(one)] for one in rests_on],
            ),
        ]
    )
    print(made.folder)


def _three(record: dict[str, Any]) -> str:
    middle, low, high = (
        number(math.nan if record[name] is None else record[name])
        for name in ("median", "low", "high")
    )
    return f"{middle} [{low}, {high}]"
