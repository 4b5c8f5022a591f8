"""What stands around the tables of the page: title, contents, sentences, facts, notices.

In: a run folder, a language. Out: values of the template.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from markupsafe import Markup

from sim.measure.summary import LEVEL
from sim.report.figures.curves import offset_name
from sim.report.page.downloads import has_file
from sim.report.page.opening import said
from sim.report.page.repeat_command import is_comparison, repeat
from sim.report.words.languages import ENGLISH, Language
from sim.report.words.numbers import percent
from sim.report.words.plain import quoted, strategies_of, strategy_names
from sim.report.words.warnings import warnings_in_words
from sim.results.read import RunFolder
from sim.results.tables import Row


def bands_in_words(run: RunFolder, words: Language) -> dict[str, str]:
    """What the bands of curves hold."""
    level = words.digits(percent(LEVEL, 2))
    luck = (
        "by luck: {level} of {replicates}"
        if run.n_draws
        else "by luck: {level} of {replicates}, luck alone: what the assumptions may change is in "
        "no band"
    )
    replicates, draws = words.count(run.n_replicates, "replicate"), words.count(run.n_draws, "draw")
    wide = "with all that is not known: {level} of {draws}"
    return {
        "luck": words.say(luck, level=level, replicates=replicates),
        "all": words.say(wide, level=level, draws=draws),
    }


def frame(run: RunFolder, tradeoff: Sequence[Row], harmful: str, words: Language) -> dict[str, Any]:
    """Title, sentences and notices.

    Parameters
    ----------
    harmful
        The strategy of which it is said what its measures hang on.
    """
    manifest, scenario = run.manifest, run.scenario
    n = run.n_replicates
    limits = scenario["thresholds"]
    notices = warnings_in_words(run)
    strategies = run.strategies
    several = is_comparison(run)
    told = said(run, tradeoff, harmful, words)
    contents = [
        ("answer", "Answer"),
        ("figures", "Strategies" if several else "Key figures"),
        ("why", "Why"),
        ("curves", "Over time"),
        ("map", "Map"),
        *([("money", "Money")] if has_file(run, "money.csv") else []),
        ("sources", "What it rests on"),
        ("repeat", "Repeat it"),
    ]
    replicates = words.count(n, "replicate")
    draws = words.say("{draws} of what is not known", draws=words.count(run.n_draws, "draw"))
    # A run that ends at midnight has the day before as its last.
    last = run.start + timedelta(seconds=max(run.horizon_s - 1, 0))
    start, end = words.date(run.start), words.date(last)
    in_english = Markup("" if words.code == ENGLISH else ' lang="en"')
    description = str(scenario.get("description", ""))
    return {
        "lang": words.code,
        "in_english": in_english,
        "title": words.name(run.title),
        "title_lang": "" if words.has(run.title) else in_english,
        "kicker": words.say("overblock: what a block does to others"),
        "description": words.name(description),
        "description_lang": "" if words.has(description) else in_english,
        "facts": [
            words.say("{start} to {end}", start=start, end=end),
            words.count(len(strategies), "strategy")
            if several
            else words.say("strategy {name}", name=_called(run, words)),
            replicates,
            draws if run.n_draws else words.say("luck alone"),
            words.say("root seed {seed}", seed=str(manifest["root_seed"])),
            f"overblock {manifest['tool']['version']}",
            words.say("result {id}", id=manifest["result_id"][:12]),
        ],
        "urgent": _urgent(run, words),
        "notices": notices,
        "contents": [(anchor, words.say(title)) for anchor, title in contents],
        "headline": told.headline,
        "answer": told.answer,
        "assumed": _assumed(run, words),
        "doubt": told.doubt,
        "hangs_on": told.hangs_on,
        "hang_most_on": told.hang_most_on,
        "n_draws": run.n_draws,
        "n_draws_said": words.digits(f"{run.n_draws:,}"),
        "n_draws_counted": words.count(run.n_draws, "draw"),
        "is_comparison": several,
        "n_replicates": replicates,
        "level": words.digits(percent(LEVEL, 2)),
        "offset": offset_name(run.start),
        "thresholds": {name: words.digits(percent(float(limits[name]))) for name in limits},
        "result_id": manifest["result_id"],
        "repeat": repeat(run, words),
    }


def _called(run: RunFolder, words: Language) -> str:
    """The only strategy of a run by what it blocks, its label behind."""
    ((label, name),) = strategy_names(strategies_of(run), words).items()
    return name if name == label else f"{quoted(name, words)} ({label})"


def _urgent(run: RunFolder, words: Language) -> list[str]:
    """That a result is not complete."""
    manifest, n = run.manifest, run.n_replicates
    if manifest["status"] == "complete":
        return []
    failed = manifest.get("failures", [])
    text = "This result is {status}: {n} of {asked} replicates."
    said = words.say(
        text,
        status=words.name(str(manifest["status"])),
        n=str(n),
        asked=str(manifest.get("n_replicates_asked", n)),
    )
    if failed:
        runs = words.count(len(failed), "run")
        said += " " + words.say("{runs} failed; the manifest names them.", runs=runs)
    return [said]


def source_line(run: RunFolder, words: Language) -> str:
    """Where a figure comes from, for one that leaves the page."""
    manifest = run.manifest
    return words.say(
        "Model: {title}; {replicates}; overblock {version}, result {id}.",
        title=words.name(run.title),
        replicates=words.count(run.n_replicates, "replicate"),
        version=manifest["tool"]["version"],
        id=manifest["result_id"][:12],
    )


def _assumed(run: RunFolder, words: Language) -> str:
    """That the number of businesses is no count of real ones, and what being hit means."""
    n = int(run.scenario["population"]["n_businesses"])
    impaired = words.digits(percent(float(run.scenario["thresholds"]["impaired"])))
    hit = words.say(
        "Businesses are bystanders, not the target; one is hit when more than {share} of what its "
        "domestic customers try fails.",
        share=impaired,
    )
    if n == 0:
        return hit
    text = (
        "That there are {n} of them beside the sites named is an assumption: quote shares, not "
        "numbers."
        if run.scenario["population"].get("inventory")
        else "That there are {n} of them is an assumption: quote shares, not numbers."
    )
    return f"{hit} {words.say(text, n=words.digits(f'{n:,}'))}"
