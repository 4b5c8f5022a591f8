"""The page of a bundle that is read first: question, answer, error rate, what would change it.

In: a run folder, a language. Out: Markdown, the same for the same folder and version.
"""

from __future__ import annotations

from collections.abc import Iterator

from sim.backtest.error_rate import ErrorRates
from sim.report.page.error_rate import HEADS, rate_cells, rates_of, told_of_rates
from sim.report.page.head.opening import Said, said
from sim.report.page.over_time.charts import read_drawn
from sim.report.page.over_time.worst_moment import worst_moment
from sim.report.page.repeat_command import is_comparison
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.markdown import markdown_text
from sim.results.read import RunFolder
from sim.results.tables import Row, read_rows, text


def words_of(run: RunFolder, words: Language = IN_ENGLISH) -> Said:
    """What is said of a result in words."""
    tradeoff = read_rows(run, "tradeoff.csv") if is_comparison(run) else []
    harmful, _ = worst_moment(run, read_drawn(run).bands)
    return said(run, tradeoff, harmful, words)


def statement(run: RunFolder, told: Said, words: Language = IN_ENGLISH) -> str:
    """Return the page."""
    return "\n".join(_lines(run, told, words)) + "\n"


def _lines(run: RunFolder, told: Said, words: Language) -> Iterator[str]:
    manifest = run.manifest
    yield f"# {markdown_text(words.name(run.title))}"
    yield ""
    yield f"## {words.say('Question')}"
    yield ""
    yield _asked(run, words)
    yield ""
    if about := str(run.scenario.get("description", "")):
        yield markdown_text(" ".join(words.name(about).split()))
        yield ""
    yield f"## {words.say('Answer')}"
    yield ""
    yield markdown_text(" ".join(told.headline.sentences))
    yield ""
    for sentence in told.answer:
        yield f"- {markdown_text(sentence)}"
    yield ""
    yield markdown_text(told.doubt)
    yield ""
    yield f"## {words.say('How often such numbers were right')}"
    yield ""
    yield from _error_rates(rates_of(run), run, words)
    yield ""
    yield f"## {words.say('What would change it')}"
    yield ""
    yield from _changes(run, told, words)
    yield ""
    yield f"## {words.say('What is here')}"
    yield ""
    for name, what in CONTENTS.items():
        yield f"- [{name}]({name}): {words.say(what)}"
    yield ""
    yield f"## {words.say('Check it, and make it again')}"
    yield ""
    yield words.say(
        "`overblock verify CASE.zip` checks all hashes, runs a sample again, and makes every "
        "table over replicates, the report and this page again. `sh rerun.sh` needs Python, a "
        "shell and network: it installs the locked versions and the program from this bundle, "
        "makes the whole run again and compares every byte."
    )
    yield ""
    yield words.say(
        "Made by overblock {version} with Python {python}; the result is {id}.",
        version=manifest["tool"]["version"],
        python=manifest["python"],
        id=manifest["result_id"],
    )
    for warning in manifest.get("warnings", []):
        yield ""
        yield words.say("Warning: {warning}", warning=markdown_text(str(warning)))


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


def _asked(run: RunFolder, words: Language) -> str:
    names = ", ".join(markdown_text(one) for one in run.strategies)
    what = (
        words.say("Strategies held against each other in the same luck: {names}", names=names)
        if is_comparison(run)
        else words.say("Strategy: {names}", names=names)
    )
    start, end = (words.moment(str(run.scenario[name])) for name in ("start", "end"))
    replicates = words.count(run.n_replicates, "replicate")
    text_ = (
        "{what}. From {start} to {end}; {replicates}, {draws} of all that is not known."
        if run.n_draws
        else "{what}. From {start} to {end}; {replicates}."
    )
    draws = words.count(run.n_draws, "draw")
    return words.say(text_, what=what, start=start, end=end, replicates=replicates, draws=draws)


def _error_rates(found: ErrorRates, run: RunFolder, words: Language) -> Iterator[str]:
    yield told_of_rates(found, run, words)
    yield ""
    yield f"| {' | '.join(map(words.say, HEADS))} |"
    yield "| --- | --: | --: | --: | --: | --: |"
    for kind, *rest in rate_cells(found, words):
        yield f"| {' | '.join((markdown_text(kind), *rest))} |"
    if found.of_scenario is None:
        yield ""
        yield words.say("Nothing published is held against this scenario itself.")


def _changes(run: RunFolder, told: Said, words: Language) -> Iterator[str]:
    if not run.n_draws:
        yield words.say(
            "Not known: only luck was varied. Which assumption would change the answer is said by "
            "a run with `--draws`."
        )
        return
    for sentence in told.hangs_on:
        yield f"- {markdown_text(sentence)}"
    rows = read_rows(run, "verdicts.csv") if is_comparison(run) else []
    for row in rows:
        if text(row, "region"):
            yield f"- {markdown_text(_region(row, words))}"
    if not told.hangs_on and not rows:
        yield words.say("Not known: no measure of harm or effect is in the run.")


def _region(row: Row, words: Language) -> str:
    return words.say(
        "{strategy} against {other}, by {metric}: {verdict}; {says} where {region}.",
        strategy=text(row, "strategy"),
        other=text(row, "other"),
        metric=text(row, "metric"),
        verdict=words.name(text(row, "verdict")),
        says=words.name(text(row, "region_says")),
        region=text(row, "region"),
    )
