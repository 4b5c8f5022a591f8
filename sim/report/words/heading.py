"""What stands around an answer: who ordered what, when and where; sources; how to cite it.

In: a run folder. Out: words. They come from the scenario, the manifest and the notes of tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from babel import Locale

from sim.measure.estimates import own_strategy
from sim.report.words.dates import period
from sim.report.words.languages import (
    ENGLISH,
    IN_ENGLISH,
    Language,
    Text,
    joined,
    say,
    say_name,
)
from sim.report.words.numbers import whole
from sim.report.words.warnings import changes_in_words, stand_ins
from sim.results.folder import COMPLETE, INTERRUPTED, PARTIAL, RunFolder, count_simulations

WITH_ARTICLE = frozenset(
    ("AE", "BS", "CD", "CF", "DO", "EU", "GB", "GM", "KM", "MH", "MV", "NL", "PH", "SB", "SC", "US")
)
"""Countries that have an article in a sentence."""
STATUS = {INTERRUPTED: say("interrupted"), PARTIAL: say("partial")}
MOST_SETTINGS = 3
"""Settings of a run that are named on the first screen."""


def is_comparison(run: RunFolder) -> bool:
    """Whether a folder holds several strategies."""
    return run.manifest.get("kind") == "comparison"


def has_sites(run: RunFolder) -> bool:
    """Whether a folder holds sites of one's own."""
    return bool(run.scenario["population"].get("inventory"))


def last_moment(run: RunFolder) -> datetime:
    """Return the last second of a run: of one that ends at midnight, on the day before."""
    return run.start + timedelta(seconds=max(run.horizon_s - 1, 0))


def country_name(run: RunFolder) -> Text | None:
    """Name of a run's country as it reads in a sentence; None where it has none."""
    code = str(run.scenario.get("country") or "")
    return Text(lambda words: _country(code, words)) if _country(code, IN_ENGLISH) else None


def _country(code: str, words: Language) -> str:
    said = str(Locale.parse(words.code).territories.get(code, ""))
    return f"the {said}" if words.code == ENGLISH and code in WITH_ARTICLE and said else said


def order_line(run: RunFolder) -> Text:
    """Who ordered the block, when, and where."""
    by, country = run.scenario.get("ordered_by"), country_name(run)
    parts = (
        say("Ordered by {who}", who=say_name(str(by))) if by else "",
        period(run.start, last_moment(run)),
        say("Internet operators in {country}", country=country) if country else "",
    )
    return joined(" · ", parts)


def settings_line(run: RunFolder) -> str:
    """What was set for the run on the command line; empty where nothing was."""
    asked = [str(one).partition("=") for one in run.manifest["scenario"].get("overrides", ())]
    if len(asked) > MOST_SETTINGS:
        return say(
            "{n} keys were set for this run; the command at “How do I repeat it?” names them.",
            n=str(len(asked)),
        )
    told = "; ".join(f"{key.strip()} = {value.strip()}" for key, _, value in asked)
    return say("Set for this run: {settings}.", settings=told) if told else ""


def cite(run: RunFolder) -> str:
    """How to cite a result: program, version, result."""
    return say(
        "overblock {version}, result {id}",
        version=str(run.manifest["tool"]["version"]),
        id=str(run.manifest["result_id"])[:12],
    )


def borrowed_tables(run: RunFolder) -> tuple[set[str], set[str]]:
    """Names of the tables of another country or time, and of all tables."""
    borrowed = set(stand_ins(run))
    return borrowed, {str(one["name"]) for one in run.manifest["inputs"]} | borrowed


def source_line(run: RunFolder) -> Text:
    """Titles of the tables of what was ordered, of sites, and of what was counted."""
    titles = {
        str(one["name"]): str(one["title"]) or Path(str(one["name"])).name
        for one in run.manifest["inputs"]
    }
    own = (run.scenario.get("strategy") or {}).values()
    orders = [titles[name] for name in own if isinstance(name, str) and name in titles]
    others = (
        run.scenario["population"].get("inventory"),
        (run.scenario.get("published") or {}).get("totals"),
    )
    told = [say_name(one) for one in orders] or [say("Simulated orders")]
    told += [say_name(titles[name]) for name in others if name in titles]
    return joined("", (joined("; ", told), "."))


def notices(run: RunFolder) -> Iterator[str]:
    """What has to be known before anything is quoted."""
    if changed := changes_in_words(run):
        yield changed
    if (status := str(run.manifest["status"])) != COMPLETE:
        done, asked = count_simulations(run.manifest)
        yield say(
            "This result is {status}: {n} of {asked} simulations.",
            status=STATUS.get(status, status),
            n=whole(done),
            asked=whole(asked),
        )
    if why := (run.manifest.get("ensemble") or {}).get("not_conditioned"):
        yield say("These simulations are not conditioned on the record: {why}.", why=say(str(why)))
    if not run.is_ensemble:
        yield say(
            "Point values: every assumption has one value here, and ranges show chance alone. "
            "Quote an ensemble instead."
        )


def evidence_of(run: RunFolder) -> list[Mapping[str, object]]:
    """Figures of the record that the simulations agree with, as only those that do were kept."""
    is_conditioned = (run.manifest.get("ensemble") or {}).get("is_conditioned", False)
    return list(run.scenario.get("evidence") or ()) if is_conditioned else []


def is_replayed(run: RunFolder) -> bool:
    """Whether orders or sessions come from a table, so that they are the record's."""
    own = run.scenario.get("strategy") or {}
    return bool(own_strategy(run)) and ("orders" in own or "sessions" in own)
