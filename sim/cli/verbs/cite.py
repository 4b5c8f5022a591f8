"""``overblock cite``: how to cite the program, or a result."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from sim.cli.options import JsonOption
from sim.cli.terminal import console
from sim.version import __version__

SCHEMA = "overblock/cite/1"
_FIXED = "simulation of point values, without the range of the assumptions"


def cite(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[RUN]", help="A run folder; the program alone when left out."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Print how to cite the program, or a result, as text and as BibTeX.

    Examples:

      overblock cite

      overblock cite out
    """
    with console.reports_errors(as_json=as_json):
        entries = [_program()]
        if folder is not None:
            entries.insert(0, _result(folder))
        text = "\n".join(_text(one) for one in entries)
        bibtex = "\n\n".join(_bibtex(one) for one in entries)
        if as_json:
            console.print_json({"schema": SCHEMA, "text": text, "bibtex": bibtex})
        else:
            print(f"{text}\n\n{bibtex}")


def _program() -> dict[str, str]:
    from sim.scenario.document import parse_document
    from sim.scenario.library import shipped

    path = shipped("CITATION.cff")
    cited: dict[str, Any] = parse_document(path.read_bytes(), str(path)).tree
    return {
        "type": "software",
        "author": ", ".join(one["name"] for one in cited["authors"]),
        "title": str(cited["title"]),
        "version": __version__,
        # A version that is not released has no day.
        "date": str(cited.get("date-released", "")),
    }


def _result(folder: Path) -> dict[str, str]:
    from sim.report.words.warnings import changes_in_words
    from sim.results.folder import open_run, read_object
    from sim.results.integrity import TIMING

    run = open_run(folder)
    if changed := changes_in_words(run):
        console.say(f"warning: {changed}")
    timing = folder / TIMING
    started = str(read_object(timing).get("started_utc", "")) if timing.is_file() else ""
    return {
        "type": "misc",
        "author": _program()["author"],
        "title": f"{run.title} ({'simulation' if run.is_ensemble else _FIXED})",
        "version": str(run.manifest["tool"]["version"]),
        "result": str(run.manifest["result_id"])[:12],
        "date": started[:10],
    }


def _text(cited: dict[str, str]) -> str:
    result = f", result {cited['result']}" if "result" in cited else ""
    program = f"overblock {cited['version']}{result}"
    title = f"{cited['title']}. " if result else ""
    day = f" {cited['date']}." if cited["date"] else ""
    return f"{cited['author']}: {title}{program}.{day}"


def _bibtex(cited: dict[str, str]) -> str:
    key = re.sub(r"\W+", "_", cited.get("result", cited["version"]))
    note = f"overblock {cited['version']}, result {cited['result']}" if "result" in cited else ""
    fields = {
        "author": f"{{{cited['author']}}}",
        "title": cited["title"],
        "version": "" if note else cited["version"],
        "note": note,
        "year": cited["date"][:4],
        "date": cited["date"],
    }
    lines = [f"  {name} = {{{_escape(value)}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{cited['type']}{{overblock_{key},", *lines, "}"])


def _escape(text: str) -> str:
    """Letters that LaTeX reads as commands, in a title that a user wrote."""
    return re.sub(r"([&%$#_])", r"\\\1", text)
