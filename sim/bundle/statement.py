"""The page of a bundle that is read first: question, answer, verdicts, what is in it."""

from __future__ import annotations

from collections.abc import Iterator

from sim.report.words.answer import answer
from sim.report.words.tables import markdown_text
from sim.results.folder import RunFolder

CONTENTS = {
    "run/report.html": "the report, one file to be opened offline",
    "run/scenario.yaml": "what was asked; `run/scenario.resolved.json` has every value spelled out",
    "run/inputs/": "the tables it rests on, each with a note of its sources",
    "run/manifest.json": "hashes of all inputs and outputs, seed, versions, assumptions and ranges",
    "run/datapackage.json": "every column of every table",
    "environment/requirements.lock": "the exact version of every package",
    "SHA256SUMS": "the hash of every file: `sha256sum -c SHA256SUMS`",
    "rerun.sh": "makes the run again and compares all bytes",
}
"""Files for readers, in the sequence of the page."""


def statement(run: RunFolder) -> str:
    """Return the page in Markdown, the same for the same folder and version."""
    return "\n\n".join(_paragraphs(run)) + "\n"


def _paragraphs(run: RunFolder) -> Iterator[str]:
    manifest = run.manifest
    yield f"# {markdown_text(run.title)}"
    yield "## Question"
    names = ", ".join(markdown_text(one) for one in run.strategies)
    several = (
        "Strategies compared in the same simulations" if len(run.strategies) > 1 else "Strategy"
    )
    kind = "simulations that vary every assumption" if run.is_ensemble else "of the point values"
    yield f"{several}: {names}. {run.n_replicates} {kind}."
    if about := str(run.scenario.get("description", "")):
        yield markdown_text(" ".join(about.split()))
    yield "## Answer"
    yield "\n".join(f"- {markdown_text(line)}" for line in answer(run).lines())
    yield "## What is here"
    yield "\n".join(f"- [{name}]({name}): {what}" for name, what in CONTENTS.items())
    yield "## Check it, and make it again"
    yield (
        "`overblock verify CASE.zip` checks all hashes, simulates a sample again, and makes every "
        "table over simulations, the report and this page again. `sh rerun.sh` needs Python, a "
        "shell and network: it installs the locked versions and the program from this bundle, "
        "makes the whole run again and compares every byte."
    )
    tool, python = manifest["tool"]["version"], manifest["python"]
    yield f"Made by overblock {tool} with Python {python}; the result is {manifest['result_id']}."
    for warning in manifest.get("warnings", []):
        yield f"Warning: {markdown_text(str(warning))}"
