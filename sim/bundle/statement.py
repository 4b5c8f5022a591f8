"""The page of a bundle that is read first: question, answer, error rate, what would change it.

In: a run folder. Out: Markdown, the same for the same folder and version.
"""

from __future__ import annotations

from collections.abc import Iterator

from sim.report.documents.error_rate import ErrorRate, ErrorRates, error_rates
from sim.report.page.charts import read_drawn, worst_moment
from sim.report.page.repeat import is_comparison
from sim.report.page.said import Said, said
from sim.report.words.markdown import markdown_text
from sim.report.words.numbers import count, percent
from sim.results.read import RunFolder
from sim.results.tables import Row, read_rows, text


def words_of(run: RunFolder) -> Said:
    """What is said of a result in words."""
    tradeoff = read_rows(run, "tradeoff.csv") if is_comparison(run) else []
    harmful, _ = worst_moment(run, read_drawn(run).bands)
    return said(run, tradeoff, harmful)


def statement(run: RunFolder, words: Said) -> str:
    """Return the page."""
    return "\n".join(_lines(run, words)) + "\n"


def _lines(run: RunFolder, words: Said) -> Iterator[str]:
    manifest = run.manifest
    yield f"# {markdown_text(run.title)}"
    yield ""
    yield "## Question"
    yield ""
    yield _asked(run)
    yield ""
    if about := str(run.scenario.get("description", "")):
        yield markdown_text(" ".join(about.split()))
        yield ""
    yield "## Answer"
    yield ""
    head = words.headline
    sentences = [one for one in (head.says, head.is_sure, head.hangs_on) if one]
    yield markdown_text(" ".join(sentences))
    yield ""
    for sentence in words.answer:
        yield f"- {markdown_text(sentence)}"
    yield ""
    yield markdown_text(words.doubt)
    yield ""
    yield "## How often such numbers were right"
    yield ""
    rates = error_rates(str(manifest["scenario"]["name"]), has_draws=run.n_draws > 0)
    yield from _error_rates(rates, has_draws=run.n_draws > 0)
    yield ""
    yield "## What would change it"
    yield ""
    yield from _changes(run, words)
    yield ""
    yield "## What is here"
    yield ""
    for name, what in CONTENTS.items():
        yield f"- [{name}]({name}): {what}"
    yield ""
    yield "## Check it, and make it again"
    yield ""
    yield (
        "`overblock verify CASE.zip` checks all hashes, runs a sample again, and makes every "
        "table over replicates, the report and this page again. `sh rerun.sh` needs Python, a "
        "shell and network: it installs the locked versions and the program from this bundle, "
        "makes the whole run again and compares every byte."
    )
    yield ""
    yield (
        f"Made by overblock {manifest['tool']['version']} with Python {manifest['python']}; the "
        f"result is {manifest['result_id']}."
    )
    for warning in manifest.get("warnings", []):
        yield ""
        yield f"Warning: {markdown_text(str(warning))}"


CONTENTS = {
    "run/report.html": "the report, one file to be opened offline",
    "run/scenario.yaml": "what was asked; `run/scenario.resolved.json` has every value spelled out",
    "run/inputs/": "the tables it rests on, each with a note of its sources",
    "run/manifest.json": "hashes of all inputs and outputs, seed, versions, assumptions and ranges",
    "run/datapackage.json": "every column of every table",
    "environment/requirements.lock": "the exact version of every package",
    "environment/sbom.cdx.json": "the same as a bill of materials (CycloneDX)",
    "ro-crate-metadata.json": "what each file is, with its SHA-256",
    "rerun.sh": "makes the run again and compares all bytes",
}
"""What a reader may open, in the sequence of the page."""


def _asked(run: RunFolder) -> str:
    names = ", ".join(markdown_text(one) for one in run.strategies)
    start, end = str(run.scenario["start"]), str(run.scenario["end"])
    what = (
        f"Strategies held against each other in the same luck: {names}"
        if is_comparison(run)
        else f"Strategy: {names}"
    )
    draws = f", {count(run.n_draws, 'draw')} of all that is not known" if run.n_draws else ""
    return f"{what}. From {start} to {end}; {count(run.n_replicates, 'replicate')}{draws}."


def _error_rates(found: ErrorRates, *, has_draws: bool) -> Iterator[str]:
    over = "over all that is not known" if has_draws else "by luck alone"
    yield (
        "Published outcomes that set no parameter (held out), against what this program "
        f"predicted from simulated runs (version {found.version}; ranges {over}, "
        f"meant to hold {percent(found.level, 2)})."
    )
    yield ""
    yield (
        "| what was predicted | published figures | held against a prediction "
        "| inside its range | too high or too low by, in the median |"
    )
    yield "| --- | --: | --: | --: | --: |"
    for one in (*found.by_kind, found.all, *([found.of_scenario] if found.of_scenario else [])):
        yield _row(one)
    if found.of_scenario is None:
        yield ""
        yield "Nothing published is held against this scenario itself."


def _row(one: ErrorRate) -> str:
    factor = "not known" if one.median_factor is None else f"×{one.median_factor:.2f}"
    kind = markdown_text(one.kind)
    return (
        f"| {kind} | {one.n_cases} | {one.n_judged} | {one.n_inside} of {one.n_judged} | {factor} |"
    )


def _changes(run: RunFolder, words: Said) -> Iterator[str]:
    if not run.n_draws:
        yield (
            "Not known: only luck was varied. Which assumption would change the answer is said by "
            "a run with `--draws`."
        )
        return
    for sentence in words.hangs_on:
        yield f"- {markdown_text(sentence)}"
    rows = read_rows(run, "verdicts.csv") if is_comparison(run) else []
    for row in rows:
        if text(row, "region"):
            yield f"- {markdown_text(_region(row))}"
    if not words.hangs_on and not rows:
        yield "Not known: no measure of harm or effect is in the run."


def _region(row: Row) -> str:
    pair = f"{text(row, 'strategy')} against {text(row, 'other')}, by {text(row, 'metric')}"
    return (
        f"{pair}: {text(row, 'verdict')}; {text(row, 'region_says')} where {text(row, 'region')}."
    )
