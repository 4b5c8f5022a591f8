"""Verbs for the folder of a result: ``report``, ``plot``, ``bundle``, ``assess``, ``verify``."""

from __future__ import annotations

import re
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import typer

from sim.cli import console
from sim.cli import options as cli
from sim.cli.console import print_tables, progress
from sim.errors import OverblockError, UsageError
from sim.files import check_free, new_file
from sim.report.words.numbers import count
from sim.report.words.tables import Column, Table
from sim.version import __version__

if TYPE_CHECKING:
    from sim.experiment.verification import Verdict
    from sim.scenario.tables.rows import CourtQuestionRow

FIXED_RUN = "simulation of point values, without the range of the assumptions"


def report(
    run: Path = cli.argument("RUN", "A run folder, or a comparison's."),
    output: Path | None = cli.option("-o --output", "File to write; RUN/report.html by default."),
    language: str = cli.LANGUAGE,
    quiet: bool = cli.QUIET,
) -> None:
    """Write one HTML file with the answer, to open offline.

    Examples:

      overblock report out

      overblock report out -o report.html

      overblock report out --language es -o informe.html
    """
    from sim.report.page.document import write_report
    from sim.report.words.languages import choose_language
    from sim.results.folder import open_run

    words = choose_language(language)
    path = output or run / "report.html"
    folder = open_run(run)
    with console.names_changes(folder):
        n_bytes = write_report(folder, path, words)
    print(path)
    console.say(f"{n_bytes / 1e6:.1f} MB", quiet=quiet)


def plot(
    run: Path = cli.RUN,
    kinds: list[str] | None = cli.argument(
        "KIND",
        "Figures to draw; all that apply by default. --list names them; tables writes "
        "their values without pictures.",
        default=None,
    ),
    output: Path | None = cli.option(
        "-o --output", "Folder for the figures; RUN/figures by default."
    ),
    formats: str = cli.option("--format FORMATS", "With commas: png, svg, pdf.", default="png,svg"),
    strategy: str | None = cli.option(
        "--strategy LABEL", "Show this strategy of a comparison alone."
    ),
    width: float = cli.option("--width MM", "Width in millimetres.", default=180, min=60, max=600),
    dpi: int = cli.option("--dpi", "Dots per inch of png.", default=200, min=50, max=1200),
    no_title: bool = cli.option(
        "--no-title", "Draw no title and no source, for a caption of your own.", default=False
    ),
    list_kinds: bool = cli.option(
        "--list", "List the figures, and why some do not apply to RUN.", default=False
    ),
    force: bool = cli.FORCE_FILE,
    quiet: bool = cli.QUIET,
) -> None:
    """Draw figures of a result, with values and descriptions.

    A matplotlib style of your own, in its matplotlibrc, is respected.

    Examples:

      overblock plot runs/20261124T120000Z-telegram-2018-replay-1a2b3c

      overblock plot out outage money --width 88 --no-title --format pdf

      overblock plot out tables
    """
    from sim.report.figures.kinds import FIGURES, plot_run, why_not
    from sim.results.folder import open_run

    folder = open_run(run)
    if list_kinds:
        columns = [Column(name, name, "text") for name in ("name", "shows", "does not apply")]
        known = FIGURES.items()
        rows = [(name, kind.shows, why_not(folder, name, strategy)) for name, kind in known]
        print_tables([Table("figures", "", columns, rows)])
        return
    # One strategy of a comparison has a folder of its own.
    of = strategy if strategy is not None and len(folder.strategies) > 1 else ""
    into = output or folder.path / "figures" / re.sub(r"[^\w.=-]+", "-", of)
    with console.names_changes(folder):
        written = plot_run(
            folder,
            into,
            kinds or (),
            strategy,
            _formats(formats),
            width_mm=width,
            dpi=dpi,
            has_words=not no_title,
            force=force,
        )
    print(*written, sep="\n")
    console.say(count(len(written), "file"), quiet=quiet)


def _formats(text: str) -> list[str]:
    """Formats by name."""
    from sim.report.figures.kinds import FORMATS

    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        got = ", ".join(unknown) or "nothing"
        raise UsageError(f"--format: expected some of {', '.join(FORMATS)}, got {got}")
    return list(dict.fromkeys(names))


def bundle(
    run: Path = cli.argument("RUN", "A run folder, or a comparison's."),
    output: Path = cli.option("-o --output FILE", "File to write.", default=...),
    force: bool = cli.FORCE_FILE,
    quiet: bool = cli.QUIET,
) -> None:
    """Write one archive with which others can check a result.

    It holds question and answer in words, all tables, the inputs with their sources, the report,
    the exact environment, the program, and a script that repeats the run and compares all bytes.
    The same folder gives the same bytes.

    Examples:

      overblock bundle out -o case.zip

      overblock verify case.zip
    """
    from sim.bundle.bundle import write_bundle
    from sim.results.folder import open_run

    check_free(output, force=force)
    n_files, n_bytes, sha256 = write_bundle(open_run(run), output, force=force)
    print(output)
    console.say(f"{n_files} files, {n_bytes / 1e6:.1f} MB, SHA-256 {sha256}", quiet=quiet)


def cite(
    folder: Path | None = cli.argument(
        "[RUN]", "A run folder; the program alone by default.", default=None
    ),
) -> None:
    """Print how to cite the program or a result (text, BibTeX).

    Examples:

      overblock cite

      overblock cite out
    """
    from sim.report.words.heading import changes_in_words, computed_on, read_citation
    from sim.results.folder import open_run

    cited = read_citation()
    author = ", ".join(one["name"] for one in cited["authors"])
    # A version that is not released has no day.
    released = str(cited.get("date-released", ""))
    entries = [_cited("software", author, str(cited["title"]), __version__, "", released)]
    if folder is not None:
        run = open_run(folder)
        if changed := changes_in_words(run):
            console.say(f"warning: {changed}")
        title = f"{run.title} ({'simulation' if run.is_ensemble else FIXED_RUN})"
        made = str(run.manifest["tool"]["version"]), str(run.manifest["result_id"])[:12]
        entries.insert(0, _cited("misc", author, title, *made, computed_on(run)))
    print(*(text for text, _ in entries), sep="\n")
    print(*(f"\n{bibtex}" for _, bibtex in entries), sep="\n")


def _cited(
    kind: str, author: str, title: str, version: str, result: str, date: str
) -> tuple[str, str]:
    """Program, or a result of it, as text and as an entry of BibTeX."""
    what = f"overblock {version}{f', result {result}' if result else ''}"
    fields = {"author": f"{{{author}}}", "title": title}
    fields |= {"note": what} if result else {"version": version}
    fields |= {"year": date[:4], "date": date} if date else {}
    # Letters that LaTeX reads as commands are escaped.
    escaped = {name: re.sub(r"([&%$#_])", r"\\\1", text) for name, text in fields.items()}
    lines = [f"  {name} = {{{text}}}," for name, text in escaped.items()]
    key = re.sub(r"\W+", "_", result or version)
    text = f"{author}: {f'{title}. ' if result else ''}{what}.{f' {date}.' if date else ''}"
    return text, "\n".join([f"@{kind}{{overblock_{key},", *lines, "}"])


def explore(
    scenario_or_run: str = cli.argument(
        "SCENARIO|RUN",
        "A run folder, whose answer is shown at once, or a scenario, which is simulated first.",
    ),
    port: int = cli.option(
        "--port", "Port to listen on; 0 for a free one.", default=0, min=0, max=65535
    ),
    show: bool | None = cli.option(
        "--open/--no-open", "Open the page in the browser; the default on a terminal."
    ),
    quiet: bool = cli.QUIET,
) -> None:
    """Move assumptions in the browser and see what follows.

    The page answers on this computer alone, at the printed address, and loads nothing from the
    network. Ctrl-C ends it.

    Examples:

      overblock explore telegram-2018

      overblock explore runs/20261124T120000Z-telegram-2018-1a2b3c
    """
    try:
        from sim.explore.app import serve
    except ImportError:
        message = "explore needs more packages: pip install 'overblock[explore]'"
        raise UsageError(message) from None

    def ready(address: str) -> None:
        print(address, flush=True)
        console.say("Ctrl-C ends it.", quiet=quiet)
        if show or (show is None and sys.stdout.isatty()):
            import webbrowser

            webbrowser.open(address)

    console.say("Computing the first answer …", quiet=quiet)
    serve(scenario_or_run, port, ready, console.say_warnings)


def assess(
    run: Path = cli.argument("RUN", "The folder of a comparison."),
    strategy: str | None = cli.option(
        "--strategy LABEL", "The strategy under assessment; the comparison's first by default."
    ),
    versus: list[str] = cli.option(
        "--versus LABEL",
        "A strategy to compare it with. May be repeated; all others by default.",
        default=[],
    ),
    output: Path | None = cli.option(
        "-o --output FILE", "File to write, .md or .html; printed as Markdown by default."
    ),
    along: str | None = cli.option(
        "--along FORUM",
        "Answer the questions of a court or law in its sequence: barcelona, canada, fadpa or echr.",
    ),
    force: bool = cli.FORCE_FILE,
) -> None:
    """Assess a strategy: effect, narrower measures, harm, remedies.

    Examples:

      overblock assess runs/20261124T120000Z-telegram-2018-1a2b3c --strategy exact

      overblock assess cmp --strategy covering-prefix --along barcelona -o barcelona.html
    """
    from sim.assess.assessment import assess as assess_run
    from sim.report.documents.assessment import title_of, write_assessment
    from sim.report.documents.markdown import to_html
    from sim.results.folder import open_run

    cli.check_output(output, ".md", ".html", force=force)
    questions = _questions(along)
    if not run.is_dir():
        raise UsageError(
            f"{run}: expected the folder of a comparison; overblock compare writes one"
        )
    opened = open_run(run)
    with console.names_changes(opened):
        found = assess_run(opened, strategy, versus)
        text = write_assessment(found, questions)
    if output is None:
        print(text, end="")
        return
    with new_file(output, force=force) as partial:
        text = to_html(text, title_of(found)) if output.suffix == ".html" else text
        partial.write_text(text, encoding="utf-8")
    print(output)


def _questions(along: str | None) -> list[CourtQuestionRow]:
    from sim.scenario.document import hint
    from sim.scenario.tables.rows import forums, read_court_questions

    if along is None:
        return []
    known = forums()
    if along not in known:
        raise UsageError(
            f"--along: expected one of {', '.join(known)}, got {along!r}{hint(along, known)}"
        )
    return [row for row in read_court_questions().rows if row.forum == along]


KEPT = "condition"
"""Kind of a folder of kept simulations."""


def verify(
    run: Path = cli.argument(
        "RUN|CASE.zip", "A folder of run, compare or condition, or a bundle of a run."
    ),
    sample: int = cli.option("--sample N", "How many runs to run again.", default=3, min=1),
    everything: bool = cli.option("--all", "Run all of them again.", default=False),
    again: Path | None = cli.option(
        "--again FOLDER",
        "Make the whole run again into this folder, and compare every byte instead.",
    ),
    workers: int | None = cli.WORKERS,
    trusted: list[Path] = cli.TRUST,
    max_bytes: int = cli.MAX_BYTES,
    as_json: bool = cli.JSON,
    quiet: bool = cli.QUIET,
) -> None:
    """Recompute a part of a result, and report what differs.

    Runs a sample again, and recomputes the tables over simulations, their description and the
    manifest. Names every file that it did not check. Compares every file of a bundle with its list,
    and writes its pages again. A folder of condition needs --again. Exits with 1 if anything
    differs.

    Examples:

      overblock verify out

      overblock verify out --all --json

      overblock verify case.zip --again again
    """
    with ExitStack() as until_done:
        folder, n_members = run, 0
        found: list[str] = []
        notes: list[str] = []
        unchecked: list[str] = []
        if run.is_file():
            from sim.bundle.bundle import (
                RUN,
                changed_members,
                changed_pages,
                notes_on,
                unchecked_members,
                unpack_archive,
            )

            unpacked = Path(until_done.enter_context(TemporaryDirectory()))
            names = unpack_archive(run, unpacked, max_bytes)
            n_members = len(names)
            found += changed_members(unpacked, names)
            found += [one for one in changed_pages(unpacked) if one not in found]
            unchecked = unchecked_members(names)
            notes += notes_on(unpacked)
            folder = unpacked / RUN
        n_sample = None if everything else sample
        checked, says = _check(folder, again, n_sample, workers, quiet=quiet)
        differences = [*found, *(one for one in checked.differences if one not in found)]
        unchecked += checked.unchecked
        for note in (*notes, *checked.notes):
            console.say(f"note: {note}", quiet=quiet)
        if as_json:
            console.print_json(
                {
                    "schema": "overblock/verify/1",
                    "folder": str(run),
                    "is_same": not differences,
                    "n_files": checked.n_files,
                    **({"n_bundled": n_members} if n_members else {}),
                    "n_runs": checked.n_runs,
                    "runs_checked": [
                        dict(zip(("strategy", "replicate"), key, strict=True))
                        for key in checked.checked
                    ],
                    "differences": differences,
                    "unchecked": unchecked,
                    "notes": [*notes, *checked.notes],
                }
            )
        else:
            for difference in differences:
                print(f"{run}: {difference}")
            if unchecked:
                print(f"{run}: not checked: {', '.join(unchecked)}")
            if not differences:
                listed = f"{n_members} files are as the bundle lists them; " * bool(n_members)
                print(f"{run}: {listed}{says}")
        if differences:
            raise typer.Exit(console.EXIT_CHECK_FAILED)


def _check(
    folder: Path, into: Path | None, n_sample: int | None, workers: int | None, *, quiet: bool
) -> tuple[Verdict, str]:
    """Verify a folder, or make all of it again, and say what was done."""
    from sim.backtest.conditioning import Conditioning
    from sim.experiment.executors import choose_executor
    from sim.experiment.verification import make_again, verify_folder
    from sim.results.folder import read_manifest
    from sim.results.integrity import REPORT

    is_kept = read_manifest(folder).get("kind") == KEPT
    if is_kept and into is None:
        message = "expected --again FOLDER for kept simulations, since all draws are run again"
        raise UsageError(f"{folder}: {message}; got none")
    with progress("runs", quiet=quiet) as watch:
        if into is not None:
            how: Any = {"again": Conditioning.of_folder, "kinds": (KEPT,)} if is_kept else {}
            made = make_again(folder, into, choose_executor(workers), watch=watch, **how)
            return made, f"made again in {into}: all {made.n_files} files have the same bytes"
        verdict = verify_folder(folder, choose_executor(workers), n_sample=n_sample, watch=watch)
    differences, unchecked = list(verdict.differences), list(verdict.unchecked)
    if REPORT in unchecked:
        unchecked.remove(REPORT)
        differences += _changed_report(folder)
    verdict = replace(verdict, differences=tuple(differences), unchecked=tuple(unchecked))
    again = f"{len(verdict.checked)} of {verdict.n_runs} runs were run again and agree"
    of_runs = "all tables over simulations follow from the runs"
    return verdict, f"{verdict.n_files} files are unchanged, {of_runs}, {again}"


def _changed_report(folder: Path) -> list[str]:
    """Say whether the report in a folder is another than would be written now."""
    from sim.report.page.document import language_of, render
    from sim.report.words.heading import computed_on
    from sim.results.folder import open_run
    from sim.results.integrity import REPORT

    try:
        here, run = (folder / REPORT).read_bytes(), open_run(folder)
        is_same = here == render(run, language_of(here), computed_on(run)).encode("utf-8")
    except (OverblockError, OSError) as error:
        return [f"{REPORT}: cannot be made again: {error}"]
    return [] if is_same else [f"{REPORT}: is not what this program makes of the folder"]
