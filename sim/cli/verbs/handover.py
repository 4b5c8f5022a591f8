"""``overblock report``, ``plot``, ``bundle``, ``cite``, ``explore``: results for other people."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sim.cli import console
from sim.cli.options import FORCE_FILE, LANGUAGE, QUIET, RUN, argument, option
from sim.cli.tables import print_tables
from sim.errors import UsageError
from sim.files import check_free
from sim.report.words.numbers import count
from sim.report.words.tables import Column, Table
from sim.version import __version__

if TYPE_CHECKING:
    from sim.results.folder import RunFolder

FIXED_RUN = "simulation of point values, without the range of the assumptions"


def report(
    run: Path = argument("RUN", "A run folder, or a comparison's."),
    output: Path | None = option("-o --output", "File to write; RUN/report.html by default."),
    language: str = LANGUAGE,
    quiet: bool = QUIET,
) -> None:
    """Write one HTML file that holds everything it shows, to be opened offline or mailed.

    Examples:

      overblock report out

      overblock report out -o report.html

      overblock report out --language es -o informe.html
    """
    with console.reports_errors():
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
    run: Path = RUN,
    kinds: list[str] | None = argument(
        "KIND",
        "Figures to draw; all that apply by default. --list names them; tables stands "
        "for the values behind them, without pictures.",
        default=None,
    ),
    output: Path | None = option("-o --output", "Folder for the figures; RUN/figures by default."),
    formats: str = option("--format FORMATS", "With commas: png, svg, pdf.", default="png,svg"),
    strategy: str | None = option("--strategy LABEL", "Show this strategy of a comparison alone."),
    width: float = option("--width MM", "Width in millimetres.", default=180, min=60, max=600),
    dpi: int = option("--dpi", "Dots per inch of png.", default=200, min=50, max=1200),
    no_title: bool = option(
        "--no-title", "Draw no title and no source, for a caption of your own.", default=False
    ),
    list_kinds: bool = option(
        "--list", "List the figures, and why some do not apply to RUN.", default=False
    ),
    force: bool = FORCE_FILE,
    quiet: bool = QUIET,
) -> None:
    """Draw figures of a run or a comparison, with their values and what they show in words.

    A matplotlib style of your own, in its matplotlibrc, is respected.

    Examples:

      overblock plot runs/20261124T120000Z-telegram-2018-replay-1a2b3c

      overblock plot out outage money --width 88 --no-title --format pdf

      overblock plot out tables
    """
    with console.reports_errors():
        from sim.report.figures.kinds import plot_run
        from sim.results.folder import open_run

        folder = open_run(run)
        if list_kinds:
            _print_kinds(folder, strategy)
            return
        into = output or _default_folder(folder, strategy)
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


def _default_folder(run: RunFolder, strategy: str | None) -> Path:
    """``figures`` in the run folder; one strategy of a comparison has a folder of its own there."""
    folder = run.path / "figures"
    if strategy is None or len(run.strategies) == 1:
        return folder
    return folder / re.sub(r"[^\w.=-]+", "-", strategy)


def _formats(text: str) -> list[str]:
    """Formats by name."""
    from sim.report.figures.kinds import FORMATS

    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        got = ", ".join(unknown) or "nothing"
        raise UsageError(f"--format: expected some of {', '.join(FORMATS)}, got {got}")
    return list(dict.fromkeys(names))


def _print_kinds(run: RunFolder, strategy: str | None) -> None:
    from sim.report.figures.kinds import FIGURES, why_not

    columns = [Column(name, name, "text") for name in ("name", "shows", "does not apply")]
    rows = [(name, kind.shows, why_not(run, name, strategy)) for name, kind in FIGURES.items()]
    print_tables([Table("figures", "", columns, rows)])


def bundle(
    run: Path = argument("RUN", "A run folder, or a comparison's."),
    output: Path = option("-o --output FILE", "File to write.", default=...),
    force: bool = FORCE_FILE,
    quiet: bool = QUIET,
) -> None:
    """Write one archive with all that is needed to check a result and to make it again.

    It holds question and answer in words, all tables, the inputs with their sources, the report,
    the exact environment, the program, and a script that repeats the run and compares all bytes.
    The same folder gives the same bytes.

    Examples:

      overblock bundle out -o case.zip

      overblock verify case.zip
    """
    with console.reports_errors():
        from sim.bundle.bundle import write_bundle
        from sim.results.folder import open_run

        check_free(output, force=force)
        n_files, n_bytes, sha256 = write_bundle(open_run(run), output, force=force)
        print(output)
        console.say(f"{n_files} files, {n_bytes / 1e6:.1f} MB, SHA-256 {sha256}", quiet=quiet)


def cite(
    folder: Path | None = argument(
        "[RUN]", "A run folder; the program alone by default.", default=None
    ),
) -> None:
    """Print how to cite the program, or a result, as text and as BibTeX.

    Examples:

      overblock cite

      overblock cite out
    """
    with console.reports_errors():
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
    scenario_or_run: str = argument(
        "SCENARIO|RUN",
        "A run folder, whose answer is shown at once, or a scenario, which is simulated first.",
    ),
    port: int = option(
        "--port", "Port to listen on; 0 for a free one.", default=0, min=0, max=65535
    ),
    show: bool | None = option(
        "--open/--no-open", "Open it in the browser; so on a terminal by default."
    ),
    quiet: bool = QUIET,
) -> None:
    """Move levers of a scenario in the browser, and see what follows while it computes.

    The page is on this computer alone: it answers to nothing but the printed address, and asks
    nothing of the network. Ctrl-C ends it.

    Examples:

      overblock explore telegram-2018

      overblock explore runs/20261124T120000Z-telegram-2018-1a2b3c
    """
    with console.reports_errors():
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
