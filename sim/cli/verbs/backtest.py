"""``overblock backtest``: how often was the model right?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli.options import ForceFileOption, Format, JsonOption, QuietOption, WorkersOption
from sim.cli.terminal import console
from sim.cli.terminal.progress import COMPILING, progress
from sim.results.csvtext import csv_text

if TYPE_CHECKING:
    from sim.cli.tables.sections import Section

COLUMNS = (
    "id",
    "title",
    "subject",
    "role",
    "verdict",
    "log10_error",
    "predicted_median",
    "predicted_low",
    "predicted_high",
    "level",
    "band",
    "crps",
    "crps_spread",
    "crps_over",
    "crps_under",
    "crps_guess",
    "crps_persistence",
    "log10_width",
    "probability",
    "brier",
    "brier_guess",
    "published",
    "published_low",
    "published_high",
    "rounding",
    "relation",
    "guess_low",
    "guess_high",
    "floor",
    "counts_as",
    "before",
    "unit",
    "nature",
    "date",
    "source",
    "why_not",
)


def backtest(
    cases: Annotated[
        list[str],
        typer.Argument(metavar="CASE", help="Ids of cases; all when left out."),
    ] = [],  # noqa: B006 - typer reads it, nobody writes it
    blind: Annotated[
        list[Path],
        typer.Option(
            "--blind",
            metavar="FILE",
            help="Score the cases of this file in place of the shipped ones. May be repeated.",
        ),
    ] = [],  # noqa: B006
    replicates: Annotated[
        int | None,
        typer.Option(
            "-n",
            "--replicates",
            min=1,
            max=10_000,
            help="Replicates of each scenario; 20 when left out.",
        ),
    ] = None,
    draws: Annotated[
        int | None,
        typer.Option(
            "--draws",
            min=0,
            max=100_000,
            help="Joint draws of all that is not known of each scenario; 64 when left out, 0 for "
            "luck alone.",
        ),
    ] = None,
    draws_from: Annotated[
        list[Path],
        typer.Option(
            "--draws-from",
            metavar="FOLDER",
            help="Score weighted draws as well: the folder of calibrate, or its "
            "weights.csv, one of each scenario. May be repeated.",
        ),
    ] = [],  # noqa: B006
    format_: Annotated[
        Format, typer.Option("--format", help="How scores are printed.")
    ] = Format.TABLE,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE", help="Draw the scores as PNG or SVG."),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option("--save", metavar="FILE", help="Write the JSON document here as well."),
    ] = None,
    force: ForceFileOption = False,
    workers: WorkersOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Hold published outcomes against simulated intervals, case by case.

    Reads parameters and writes scores; tunes nothing.

    Examples:

      overblock backtest

      overblock backtest emergent-2018-04-20 firms-2018-04-26 -n 50

      overblock backtest --blind kept-apart.yaml --json

      overblock backtest --draws-from calibrated-by-all
    """
    with console.reports_errors(as_json=as_json):
        from sim.backtest.document import document
        from sim.backtest.runs import BY_LUCK, OVER_DRAWS
        from sim.backtest.scores import N_DRAWS, N_REPLICATES
        from sim.backtest.scores import backtest as score_cases
        from sim.backtest.weights import read_tables
        from sim.experiment.executors import choose_executor
        from sim.files import new_file
        from sim.scenario.cases import choose, read_files, shipped_cases

        _check_files(plot, save, force=force)
        files = read_files(blind) if blind else shipped_cases()
        placed = choose(files, cases)
        tables = read_tables(draws_from)
        n_replicates = replicates or N_REPLICATES
        with progress("runs", quiet=quiet) as on_step:
            scored = score_cases(
                placed,
                n_replicates,
                on_step,
                choose_executor(workers),
                lambda: console.say(COMPILING, quiet=quiet),
                n_draws=N_DRAWS if draws is None else draws,
                tables=tables,
            )
        found = document(scored)
        if save is not None:
            text = json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False)
            with new_file(save, force=force) as partial:
                partial.write_text(f"{text}\n", encoding="utf-8")
            console.say(f"scores: {save}", quiet=quiet)
        if plot is not None:
            from sim.report.documents.backtest import draw_backtest

            with new_file(plot, force=force) as partial:
                draw_backtest(found, partial)
            console.say(f"figure: {plot}", quiet=quiet)
        _print(found, Format.JSON if as_json else format_, plot, save)
        for (row, number, which), failure in scored.failures.items():
            name = scored.groups[int(row)].name
            kinds = {BY_LUCK: "replicate", OVER_DRAWS: "draw"}
            kind = kinds.get(str(which), "weighted draw")
            console.say(f"failed: scenario={name} {kind}={number}: {failure}")
        if scored.failures:
            raise typer.Exit(console.EXIT_PARTIAL)


def _check_files(plot: Path | None, save: Path | None, *, force: bool) -> None:
    """Refuse files that cannot be written before anything is computed."""
    from sim.errors import UsageError
    from sim.files import check_free

    if plot is not None and plot.suffix not in {".png", ".svg"}:
        raise UsageError(f"{plot}: expected a file that ends in .png or .svg")
    for path in (plot, save):
        if path is not None:
            check_free(path, force=force)


def _print(found: Mapping[str, Any], format_: Format, plot: Path | None, save: Path | None) -> None:
    match format_:
        case Format.JSON:
            console.print_json(found)
        case Format.CSV:
            print(scores_csv(found), end="")
        case Format.MARKDOWN:
            import os

            from sim.report.documents.validation import page

            beside = save.parent if save is not None else Path()
            figure = Path(os.path.relpath(plot, beside)).as_posix() if plot is not None else ""
            print(page(found, figure=figure), end="")
        case Format.TABLE:
            print_scores(found)


def scores_csv(found: Mapping[str, Any]) -> str:
    """One line per case; what is not known is empty."""
    rows = []
    for score in found["scores"]:
        predicted, published = score["predicted"] or {}, score["published"]
        low, high = score["guess"] or (None, None)
        cells = {
            **score,
            **published,
            **score["quality"],
            "guess_low": low,
            "guess_high": high,
            "why_not": score["why_not"] or score["quality"]["why_not"],
            **{f"predicted_{name}": predicted.get(name) for name in ("median", "low", "high")},
            "level": predicted.get("level"),
            "published": published["value"],
            "published_low": published["allowed_low"],
            "published_high": published["allowed_high"],
        }
        rows.append([cells[name] for name in COLUMNS])
    return csv_text(COLUMNS, rows)


def _brief(text: str) -> str:
    return text.replace(" million", "M")


def print_scores(found: Mapping[str, Any]) -> None:
    """Print scores as a table by role, what they come to, and rankings."""
    from sim.cli.tables.sections import Column, Section, print_tables
    from sim.report.documents.validation import RELATIONS, span
    from sim.report.words.numbers import exact, log_error, rounded, score

    columns = [
        Column("case", "case", "text"),
        Column("predicted", "predicted"),
        Column("interval", "90 % interval"),
        Column("published", "published"),
        Column("unit", "unit", "text"),
        Column("verdict", "verdict", "text"),
        Column("log10_error", "log error"),
        Column("crps", "CRPS"),
        Column("probability", "bound kept"),
    ]
    sections = []
    for role in ("held-out", "calibration"):
        rows = []
        for each in (each for each in found["scores"] if each["role"] == role):
            predicted, published, quality = each["predicted"], each["published"], each["quality"]
            rows.append(
                [
                    each["id"],
                    _brief(rounded(predicted["median"])) if predicted else "",
                    _brief(span(predicted)) if predicted else "",
                    RELATIONS[published["relation"]] + exact(published["value"]),
                    published["unit"],
                    each["verdict"],
                    log_error(each["log10_error"]),
                    score(quality["crps"]),
                    score(quality["probability"]),
                ]
            )
        if rows:
            sections.append(Section(role, role, columns, rows))
    print_tables(sections)
    print()
    n = found["n_draws"]
    over = f"over {n} joint draws of all that is not known" if n else "by luck alone"
    if weighted := found["weighted"]:
        over += f"; weighed by calibration figures of {', '.join(w['scenario'] for w in weighted)}"
    print(f"Intervals {over}, except of calculations:")
    for tally in (each for each in found["tallies"] if not each["subject"]):
        if tally["n_cases"]:
            _print_tally(tally)
    if len(found["side_by_side"]) > 1:
        print_tables([_side_by_side(found)])
    for ranking in found["rankings"]:
        print(
            f"{ranking['id']}: rank correlation {rounded(ranking['rho'])} over "
            f"{ranking['n_computable']} of {len(ranking['cases'])} cases ({ranking['role']})"
        )


def _side_by_side(found: Mapping[str, Any]) -> Section:
    """Scores of held-out numbers by luck, over all ranges, and over weighted draws."""
    from sim.cli.tables.sections import Column, Section
    from sim.report.documents.validation import BANDS, mean
    from sim.report.words.numbers import score, width

    columns = [
        Column("subject", "predicted by", "text"),
        Column("band", "over", "text"),
        *(
            Column(name, name.replace("_", " "))
            for name in ("numbers", "inside", "width", "CRPS", "spread", "too_high", "too_low")
        ),
    ]
    bands = found["side_by_side"]
    rows = [
        [
            tally["subject"] or "all",
            BANDS[name],
            tally["n_figures"],
            f"{tally['coverage']:.0%}",
            width(tally["log10_width"]),
            mean(tally, "crps"),
            *(score(tally[f"crps_{part}"]) for part in ("spread", "over", "under")),
        ]
        for subject in dict.fromkeys(one["subject"] for one in bands["luck"])
        for name, tallies in bands.items()
        for tally in tallies
        if (tally["role"], tally["subject"]) == ("held-out", subject) and tally["n_figures"]
    ]
    return Section("side_by_side", "Held-out numbers, side by side", columns, rows)


def _print_tally(tally: Mapping[str, Any]) -> None:
    from sim.report.documents.validation import mean
    from sim.report.words.numbers import width

    error = tally["median_abs_log10_error"]
    text = "" if error is None else f"; median absolute log error {error:.2f}"
    print(
        f"{tally['role']}: {tally['n_inside']} of {tally['n_computable']} computable cases "
        f"inside ({tally['n_cases']} in all; {tally['n_computable_bounds']} computable "
        f"ones are mere bounds, {tally['n_inside_bounds']} of these inside){text}"
    )
    if tally["n_figures"]:
        print(
            f"  {tally['n_figures']} numbers, each once: CRPS of log10 {mean(tally, 'crps')}, "
            f"of an even guess {mean(tally, 'crps_guess') or 'not known'}; "
            f"{tally['coverage']:.0%} inside, median width {width(tally['log10_width'])}"
        )
    if tally["n_before"]:
        print(
            f"  {tally['n_before']} of which one before is known: CRPS "
            f"{mean(tally, 'crps_before')}, of persistence {mean(tally, 'crps_persistence')}"
        )
    if tally["n_bounds"]:
        print(
            f"  {tally['n_bounds']} bounds: kept with probability {tally['probability']:.2f}, "
            f"Brier score {mean(tally, 'brier')}, of an even guess "
            f"{mean(tally, 'brier_guess') or 'not known'}"
        )
