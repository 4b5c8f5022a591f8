"""What the appendix of the page shows: rows of measures, and of tables with their makers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate

from markupsafe import Markup, escape

from sim.catalogue import choices
from sim.catalogue.causes import CAUSES, lost_by
from sim.catalogue.measures import USD
from sim.measure.estimates import Estimate, Grade, read_estimates
from sim.report.page.detail import HOURS, is_cut
from sim.report.words import heading, numbers
from sim.report.words.languages import Text, capitalised, joined, say, say_name
from sim.report.words.sentences import is_nothing_listed, names_by_strategy, names_words
from sim.results.folder import MANIFEST, RunFolder
from sim.scenario.tables.seeds import read_note

HASH_DIGITS = 8
ELSEWHERE = frozenset(map(lost_by, CAUSES)) | choices.RATIOS.keys()
"""Measures that split others by cause, or compare strategies: the page of a run has no room."""
MOST_WORDS = 30
"""Words of a table's description that are shown, in whole sentences."""
MOST_SETTINGS = 5
MOST_LETTERS = 27
"""Letters of an address that is shown in full."""
_REPOSITORY = re.compile(r"github (\w[\w.-]*/\w[\w.-]*)")
_ADDRESS = re.compile(r"(?<![\w@/.-])(?:[a-z0-9-]+\.)+[a-z]{2,}(?:/[^\s;,)\"]*)?")


def measures_of(run: RunFolder, strategy: str) -> Iterator[tuple[str, ...]]:
    """Name, median, ends and unit of each measure of a run; of a comparison if it is compared."""
    rate, shown = heading.rate_of(run), dict(_shown(run, strategy))
    estimates = read_estimates(run)
    is_open = any(
        one.median > 0 for key in choices.UNPOLLED if (one := estimates.get((strategy, key)))
    )
    for metric, one in shown.items():
        name, unit = capitalised(say_name(choices.label(metric))), _unit(metric, one)
        if _is_zero(one) and one.zero_at_most > 0:
            most = say("at most {share}", share=numbers.at_most(one.zero_at_most, one.unit))
            yield name, most, "", "", say_name(unit)
        elif heading.is_comparison(run) or not _is_zero(one):
            found = heading.in_currency(one, rate) if one.unit == USD else one
            is_least = is_cut(run, strategy) if metric == HOURS else is_open
            if is_least and metric in choices.OF_SAMPLE and found.median > 0:
                name = (
                    say("{name} (at least: some sites are not known)", name=name)
                    if is_open
                    else say("{name} (at least: half or more still are near the end)", name=name)
                )
                found = numbers.as_bound(found)
            yield name, *_numbers(found), say_name(_unit(metric, found))


def zeros_of(run: RunFolder) -> list[Text]:
    """Names of the measures of a run that are zero, each once."""
    shown = dict(_shown(run, run.strategies[0]))
    if heading.has_sites_alone(run):
        shown.pop(choices.EXPECTED, None)  # of businesses that are drawn, and there are none
    zero = [key for key, one in shown.items() if _is_zero(one) and not one.zero_at_most > 0]
    of_ipv6 = {key for key in shown if key.startswith("networks_")}
    # One name for all of them, where no network was ever listed.
    merged = of_ipv6 if of_ipv6.issubset(zero) else ()
    names = (
        say("IPv6 networks") if key in merged else say_name(choices.label(key)) for key in zero
    )
    return [] if heading.is_comparison(run) else list(dict.fromkeys(names))


def _shown(run: RunFolder, strategy: str) -> Iterator[tuple[str, Estimate]]:
    for (of, metric), one in read_estimates(run).items():
        is_shown = (
            choices.is_compared(metric) or metric == choices.RULES
            if heading.is_comparison(run)
            else metric not in ELSEWHERE
        )
        if of == strategy and is_shown:
            yield metric, one


def _is_zero(one: Estimate) -> bool:
    return one.is_known and one.low == one.high == 0


def _numbers(found: Estimate) -> tuple[str, str, str]:
    """Median and ends of a range; one that the record contradicts is marked."""
    if not found.is_known:
        return numbers.NOT_KNOWN, "", ""
    mark = " ✕" if found.grade is Grade.CONTRADICTED else ""
    low, high = (numbers.quantity(end, found.unit) if found.has_range else ""
                 for end in (found.low, found.high))  # fmt: skip
    return joined("", (numbers.value_text(found), mark)), low, high


def _unit(metric: str, found: Estimate) -> str:
    """Unit of a measure whose name does not say it."""
    is_said = numbers.is_share(found.unit) or choices.says_unit(metric, found.unit)
    return "" if is_said else found.unit


def names_expected(run: RunFolder) -> dict[Text, list[str]]:
    """How many names are expected on all addresses ever listed, and under which strategies."""
    found, names = names_by_strategy(run), heading.strategy_names(heading.strategies_of(run))
    told: dict[Text, list[str]] = {}
    for strategy in run.strategies:
        if strategy in found and not is_nothing_listed(found[strategy]):
            told.setdefault(names_words(found[strategy]), []).append(names[strategy])
    return told


def makers_of_tables(run: RunFolder) -> list[tuple[Text, str, str, str]]:
    """Each table: where it is borrowed from, who made it, and how its bytes are recognised."""
    borrowed, made_by = heading.stand_ins(run), _makers(run)
    own = f"{run.scenario.get('country')}, "
    return [
        (
            title,
            heading.place_and_time(borrowed[name].removeprefix(own)) if name in borrowed else "",
            made_by.get(name) or say("assumed"),
            digest[:HASH_DIGITS] or MANIFEST,
        )
        for name, title, digest in sorted(
            heading.tables_of(run), key=lambda one: one[0] not in borrowed
        )
    ]


_PARTS = {
    "sectors": say("sectors"),
    "hosting": say("hosting"),
    "components": say("components"),
    "services": say("services"),
    "prefixes": say("address ranges"),
    "sharing": say("use of addresses"),
    "groups": say("operators"),
    "economy": say("economy"),
    "cadence": say("register"),
    "assumptions": say("assumed settings"),
}
"""What a table holds, by the last part of its key."""


def borrowed_from(run: RunFolder) -> list[tuple[Text, Text]]:
    """Countries other than its own whose tables a run uses, and what those hold."""
    sections = [one for one in run.scenario.values() if isinstance(one, dict)]
    key_of = {str(name): key for section in sections for key, name in section.items()}
    found: dict[str, list[Text | str]] = {}
    for name, of in heading.stand_ins(run).items():
        place = of.partition(", ")[0]
        if place.isalpha() and place != run.scenario.get("country"):
            part = _PARTS.get(key_of.get(name, name)) or say_name(name)
            found.setdefault(place, []).append(part)
    return [(heading.place_and_time(place), joined(", ", parts)) for place, parts in found.items()]


def count_assumed_tables(run: RunFolder) -> int:
    """Return how many tables are assumed, wholly or mostly."""
    made_by = _makers(run)
    return sum(made_by.get(name, "*").endswith("*") for name, _, _ in heading.tables_of(run))


def _makers(run: RunFolder) -> dict[str, str]:
    """Who published the facts of each table, with a link where its provenance has an address."""
    kinds: dict[str, Counter[str]] = {}
    sources: dict[str, Counter[str]] = {}
    for one in run.manifest.get("sources", ()):
        table = str(one["key"]).rpartition(".")[0]
        kinds.setdefault(table, Counter())[one["kind"]] += one["n_values"]
        if one.get("source"):
            sources.setdefault(table, Counter())[one["source"]] += one["n_values"]
    found: dict[str, str] = {
        str(one["name"]): say("your file") for one in run.manifest["inputs"] if not one["title"]
    }
    for table, times in sources.items():
        (first, _), *others = times.most_common()
        link = _link(first) + (f" +{len(others)}" if others else "")
        is_mostly = 2 * kinds[table]["assumption"] > kinds[table].total()
        found.setdefault(table, link + Markup("*") if is_mostly else link)
    rates = str((run.scenario.get("money") or {}).get("rates", ""))
    if (rate := heading.rate_of(run)) and rates in {name for name, _, _ in heading.tables_of(run)}:
        # One row of this table is used: the rate of the country's currency.
        found[rates] = _link(rate.source) if rate.source else str(say("assumed")) + "*"
    return found


def notes_of_source(run: RunFolder) -> Iterator[tuple[str, str]]:
    """First sentences and licence of the tables of what was ordered."""
    own = run.scenario.get("strategy") or {}
    for name in filter(None, (own.get("orders"), own.get("sessions"))):
        path = run.input_path(name) if isinstance(name, str) else None
        if note := read_note(path) if path else None:
            sentences = re.findall(r".+?\.(?: |$)", note.description)
            lengths = accumulate(len(one.split()) for one in sentences)
            kept = [one for one, n in zip(sentences, lengths, strict=True) if n <= MOST_WORDS]
            yield "".join(kept), note.licence.removesuffix(".")


def _link(source: str) -> Markup:
    """A source by its address on the web, or by the words before its first comma."""
    if found := _REPOSITORY.search(source):
        address = f"github.com/{found[1]}"
    elif found := _ADDRESS.search(source):
        address = found[0].removeprefix("www.").rstrip(".")
    else:
        return escape(re.split(r"[,;(]| as ", source)[0].strip())
    shown = address if len(address) <= MOST_LETTERS else f"{address.partition('/')[0]}/…"
    return Markup('<a href="https://{}" rel="noreferrer">{}</a>').format(address, shown)
