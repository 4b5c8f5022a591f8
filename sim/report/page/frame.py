"""What stands around the tables of the page: title, contents, sentences, facts, notices.

In: a run folder, a language. Out: values of the template.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from markupsafe import Markup

from sim.measure.summary import LEVEL
from sim.report.figures.curves import offset_name
from sim.report.page.bands import with_bands
from sim.report.page.cut_off import CutOff
from sim.report.page.downloads import has_file
from sim.report.page.error_rate import rates_answer, rates_of
from sim.report.page.head.opening import said
from sim.report.page.head.questions import questions
from sim.report.page.repeat_command import is_comparison, repeat
from sim.report.words.languages import ENGLISH, Language
from sim.report.words.numbers import percent
from sim.report.words.plain import quoted, strategies_of, strategy_names
from sim.report.words.warnings import changes_in_words, warnings_in_words
from sim.results.folder import count_simulations
from sim.results.parquet import numbers, read_columns
from sim.results.read import RunFolder
from sim.results.tables import Row, read_rows, text
from sim.scenario.meanings import meaning_of

TIMES = ("start", "end")
"""Keys of the scenario that its title is said with where they were set."""


def bands_in_words(run: RunFolder, words: Language) -> dict[str, str]:
    """What the bands of curves hold."""
    level = words.digits(percent(LEVEL, 2))
    luck = (
        "by luck, as given: {level} of {replicates}"
        if run.n_draws
        else "by luck: {level} of {replicates}, luck alone: what the assumptions may change is in "
        "no band"
    )
    replicates, draws = words.count(run.n_replicates, "replicate"), words.count(run.n_draws, "draw")
    wide = (
        "with all that is not known: {level} of {draws}, kept at even times; between two of these "
        "a band reaches over both"
    )
    of_businesses = (
        "with all that is not known but how many businesses there are: {level} of {draws}, each as "
        "a share of its businesses, kept at even times; between two of these a band reaches over "
        "both"
    )
    return {
        "luck": words.say(luck, level=level, replicates=replicates),
        "all": words.say(wide, level=level, draws=draws),
        "all_of_businesses": words.say(of_businesses, level=level, draws=draws),
    }


def frame(
    run: RunFolder,
    tradeoff: Sequence[Row],
    harmful: str,
    words: Language,
    dropped: Mapping[str, CutOff] = MappingProxyType({}),
) -> dict[str, Any]:
    """Title, sentences and notices.

    Parameters
    ----------
    harmful
        The strategy of which it is said what its measures hang on.
    dropped
        When each operator drops addresses of others under that strategy, by its name.
    """
    manifest, scenario = run.manifest, run.scenario
    n = run.n_replicates
    limits = scenario["thresholds"]
    notices = warnings_in_words(run, words)
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
    if not n:
        replicates = words.say("different replicates of each strategy")
    draws = words.say("{draws} of what is not known", draws=words.count(run.n_draws, "draw"))
    start, end = _days(run, words)
    in_english = Markup("" if words.code == ENGLISH else ' lang="en"')
    description = str(scenario.get("description", ""))
    return {
        "lang": words.code,
        "in_english": in_english,
        "title": title_in_words(run, words),
        "title_lang": "" if words.has(str(run.scenario["title"])) else in_english,
        "settings": settings_in_words(run, words),
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
        "hit_means": _hit_means(run, told.down, words),
        "doubt": told.doubt,
        "hangs_on": told.hangs_on,
        "questions": questions(
            run,
            _summary(run),
            told.hang_most_on,
            rates_answer(rates_of(run), run, words),
            words,
            dropped,
            quoted(strategy_names(strategies_of(run), words)[harmful], words) if several else "",
        ),
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
    """That files differ from the manifest, and that a result is not complete."""
    manifest = run.manifest
    urgent = [*filter(None, [changes_in_words(run, words)])]
    if manifest["status"] == "complete":
        return urgent
    failed = manifest.get("failures", [])
    n, asked = (words.digits(f"{count:,}") for count in count_simulations(manifest))
    text = "This result is {status}: {n} of {asked} simulations."
    said = words.say(text, status=words.name(str(manifest["status"])), n=n, asked=asked)
    if failed:
        runs = words.count(len(failed), "run")
        said += " " + words.say("{runs} failed; the manifest names them.", runs=runs)
    if not run.n_replicates:
        none = "No replicate is finished under every strategy, so nothing is compared."
        said += " " + words.say(none)
    return [*urgent, said]


def source_line(run: RunFolder, words: Language) -> str:
    """Where a figure comes from, for one that leaves the page."""
    manifest = run.manifest
    return words.say(
        "Model: {title}; {replicates}; overblock {version}, result {id}.",
        title=title_in_words(run, words),
        replicates=words.count(run.n_replicates, "replicate"),
        version=manifest["tool"]["version"],
        id=manifest["result_id"][:12],
    )


def title_in_words(run: RunFolder, words: Language) -> str:
    """Title of the scenario, and which days of it were run where that was asked for."""
    title = words.name(str(run.scenario["title"]))
    asked = {key for key, _ in _settings(run)}.intersection(TIMES)
    if not asked:
        return title
    start, end = _days(run, words)
    text = "{title} (here from {start} to {end})"
    text = "{title} (here to {end})" if asked == {"end"} else text
    return words.say(text, title=title, start=start, end=end)


def settings_in_words(run: RunFolder, words: Language) -> str:
    """What else was set for the run, by what it means; empty where nothing was."""
    told = []
    for key, value in _settings(run):
        if key in (*TIMES, "title"):
            continue
        meaning = meaning_of(key, run.input_path(key.rpartition(".")[0]))
        known = words.has(meaning) and meaning != key.rpartition(".")[2].replace("_", " ")
        told.append(f"{words.say(meaning)} = {value}" if known else f"{key} = {value}")
    if not told:
        return ""
    return words.say("Set for this run: {settings}.", settings="; ".join(told))


def _settings(run: RunFolder) -> list[tuple[str, str]]:
    """Keys and values that were set on the command line."""
    asked = (str(one).partition("=") for one in run.manifest["scenario"].get("overrides", []))
    return [(key.strip(), value.strip()) for key, _, value in asked]


def _days(run: RunFolder, words: Language) -> tuple[str, str]:
    """First and last day; a run that ends at midnight has the day before as its last."""
    last = run.start + timedelta(seconds=max(run.horizon_s - 1, 0))
    return words.date(run.start), words.date(last)


def _hit_means(run: RunFolder, down: tuple[str, str] | None, words: Language) -> str:
    """When a business counts as hit, and how many were down: below the first picture."""
    limits = run.scenario["thresholds"]
    share, most = (words.digits(percent(float(limits[one]))) for one in ("impaired", "down"))
    if down is None:
        return words.say(
            "A business is hit when more than {share} of what its domestic customers try fails at "
            "some time.",
            share=share,
        )
    n, ranges = down
    return words.say(
        "A business is hit when more than {share} of what its domestic customers try fails at some "
        "time; of all businesses, {n} had more than {most} of it fail{ranges}.",
        share=share,
        most=most,
        n=n,
        ranges=ranges,
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
        return f"{hit} {words.say('Quote a number with its range.')}"
    text = (
        "Beside the sites named, {n} stand for those of the country that are hosted in foreign "
        "clouds."
        if run.scenario["population"].get("inventory")
        else "Here {n} stand for those of the country that are hosted in foreign clouds."
    )
    stand = words.say(text, n=words.digits(f"{n:,}"))
    return f"{hit} {stand} {_how_many(run, words)}"


def _how_many(run: RunFolder, words: Language) -> str:
    """What hangs on the assumed number of businesses, and from where to where it is drawn."""
    key = "population.n_businesses"
    path = run.path / "draw_values.parquet"
    ends: list[float] = []
    if run.n_draws and path.is_file():
        found = read_columns(
            path,
            "SELECT min(amount) AS low, max(amount) AS high FROM data WHERE unknown = ?",
            [key],
        )
        ends = [float(numbers(found[name])[0]) for name in ("low", "high")]
    if ends and ends[0] < ends[1]:
        low, high = (words.digits(f"{end:,.0f}") for end in ends)
        return words.say(
            "That number is an assumption, which the draws vary from {low} to {high}, and sums and "
            "counts, money among them, hang on it: quote shares, or a sum with its whole range.",
            low=low,
            high=high,
        )
    return words.say(
        "That number is an assumption, and sums and counts, money among them, hang on it: quote "
        "shares. No range here holds another number."
    )


def _summary(run: RunFolder) -> dict[str, Row]:
    """Rows of a run with both ranges, by metric; none of a comparison."""
    if is_comparison(run):
        return {}
    return {text(row, "metric"): row for row in with_bands(run, read_rows(run, "summary.csv"))}
