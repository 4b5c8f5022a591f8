"""The appendix of the page: all measures, tables, borrowed tables, words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from markupsafe import Markup, escape

from sim.catalogue.causes import CAUSES, lost_by
from sim.catalogue.choices import RATIOS, is_compared, label, says_unit
from sim.catalogue.measures import USD
from sim.measure.estimates import Estimate, Grade, read_estimates
from sim.report.page.grounds import HASH_DIGITS
from sim.report.page.sections import HOURS, Cell, Section, Strong, Table, is_cut, table_of
from sim.report.words.heading import (
    in_currency,
    is_comparison,
    place_and_time,
    rate_of,
    stand_ins,
    strategies_of,
    strategy_names,
    tables_of,
)
from sim.report.words.languages import Text, capitalised, joined, say, say_name, sentences
from sim.report.words.numbers import (
    NOT_KNOWN,
    as_lower_bound,
    at_most,
    is_share,
    percent,
    percent_span,
    quantity,
    value_text,
)
from sim.report.words.sentences import is_nothing_listed, names_by_strategy, names_words
from sim.results.folder import MANIFEST, RunFolder

ELSEWHERE = frozenset(map(lost_by, CAUSES)) | RATIOS.keys()
"""Measures that split others by cause, or compare strategies: the page of a run has no room."""
MOST_LETTERS = 27
"""Letters of an address that is shown in full."""
_REPOSITORY = re.compile(r"github (\w[\w.-]*/\w[\w.-]*)")
_ADDRESS = re.compile(r"(?<![\w@/.-])(?:[a-z0-9-]+\.)+[a-z]{2,}(?:/[^\s;,)\"]*)?")
WORDS = (
    (say("Simulation"), say("One draw of every assumption, with its own chance.")),
    (say("Median"), say("Half of the simulations lie above it.")),
    (say("Range"), say("Nine in ten simulations lie in it ({range}).")),
    (say("Cut off"), say("More than {impaired} of what a business's customers try fails.")),
    (say("Affected, down"), say("The same for {affected} and {down}.")),
    (say("Peak"), say("The most that a simulation reaches, at whatever time.")),
    (say("Listed"), say("Ordered blocked; an operator may not block it yet.")),
)
"""Words of the page and what they mean."""


def appendix_of(run: RunFolder) -> Iterator[Section]:
    """Sections of the appendix."""
    yield _measures(run)
    yield _tables(run)
    values = {one: percent(share) for one, share in run.scenario["thresholds"].items()}
    values["range"] = percent_span(0.05, 0.95)
    rows = [(Strong(word), say(text, **values)) for word, text in WORDS]
    yield Section(say("Words"), tables=table_of((), rows))


def _measures(run: RunFolder) -> Section:
    """Every measure of a run; of a comparison those that are compared."""
    estimates, rate = read_estimates(run), rate_of(run)
    names = strategy_names(strategies_of(run))
    tables: list[Table] = []
    heads = (say("Measure"), say("Median"), say("From"), say("To"), say("Unit"))
    zero: list[Text] = []
    for strategy in run.strategies:
        rows: list[tuple[Cell, ...]] = []
        for (of, metric), one in estimates.items():
            is_shown = is_compared(metric) if is_comparison(run) else metric not in ELSEWHERE
            if of != strategy or not is_shown:
                continue
            name = capitalised(say_name(label(metric)))
            is_zero = one.is_known and one.low == one.high == 0
            if is_zero and one.zero_at_most > 0:
                most = say("at most {share}", share=at_most(one.zero_at_most, one.unit))
                rows.append((name, most, "", "", say_name(_unit(metric, one))))
                continue
            if is_zero and not is_comparison(run):
                is_of_ipv6 = metric.startswith("networks_")
                zero.append(say("IPv6 networks") if is_of_ipv6 else say_name(label(metric)))
                continue
            found = in_currency(one, rate) if one.unit == USD else one
            if metric == HOURS and is_cut(run, strategy):
                name = say("{name} (at least: most still are at the end)", name=name)
                found = as_lower_bound(found)
            rows.append((name, *_numbers(found), say_name(_unit(metric, found))))
        caption = capitalised(names[strategy]) if is_comparison(run) else ""
        tables += table_of(heads, rows, (1, 2, 3), caption=caption, hidden=(4,))
    listed = names_by_strategy(run)
    after: list[str] = [
        say(
            "Expected on all addresses that were ever listed ({strategy}): {names}.",
            strategy=names[strategy],
            names=names_words(listed.get(strategy)),
        )
        for strategy in run.strategies
        if strategy in listed and not is_nothing_listed(listed[strategy])
    ]
    if len(after) > 1:
        after.append(
            say(
                "Do not compare these numbers: single addresses are assumed to have been found by "
                "a name in part, prefixes not, so a prefix can have fewer names than addresses in "
                "it."
            )
        )
    if zero:
        after.append(
            say(
                "Zero in nine of ten simulations: {names}.", names=joined("; ", dict.fromkeys(zero))
            )
        )
    after.append(say("Every digit, parts by cause and threshold, and ratios: summary.csv."))
    title = say("Measures compared") if is_comparison(run) else say("All measures")
    return Section(title, tables=tuple(tables), after=(sentences(*after),))


def _numbers(found: Estimate) -> tuple[Cell, ...]:
    """Median and ends of a range; one that the record contradicts is marked."""
    if not found.is_known:
        return NOT_KNOWN, "", ""
    mark = " ✕" if found.grade is Grade.CONTRADICTED else ""
    ends = (quantity(end, found.unit) if found.has_range else "" for end in (found.low, found.high))
    return (joined("", (value_text(found), mark)), *ends)


def _unit(metric: str, found: Estimate) -> str:
    """Unit of a measure whose name does not say it."""
    is_said = is_share(found.unit) or says_unit(metric, found.unit)
    return "" if is_said else found.unit


def _tables(run: RunFolder) -> Section:
    """Every table: where it is borrowed from, who made it, and how its bytes are recognised."""
    borrowed, made_by = stand_ins(run), _makers(run)
    rows: list[tuple[Cell, ...]] = []
    for name, title, digest in sorted(tables_of(run), key=lambda one: one[0] not in borrowed):
        of = Strong(place_and_time(borrowed[name])) if name in borrowed else ""
        begin = digest[:HASH_DIGITS] or MANIFEST
        rows.append((title, of, made_by.get(name) or say("assumed"), begin))
    heads = (say("Table"), say("Borrowed from"), say("Published by"), say("SHA-256 begins"))
    after = say(
        "Assumed: by the makers of overblock; *: mostly. +: more sources. Reasons and sources: "
        "manifest.json."
    )
    title = say("Tables it rests on: {n}", n=str(len(rows)))
    return Section(title, tables=table_of(heads, rows), after=(after,))


def _makers(run: RunFolder) -> dict[str, Cell]:
    """Who published the facts of each table, with a link where its provenance has an address."""
    kinds: dict[str, Counter[str]] = {}
    sources: dict[str, Counter[str]] = {}
    for one in run.manifest.get("sources", ()):
        table = str(one["key"]).rpartition(".")[0]
        kinds.setdefault(table, Counter())[one["kind"]] += one["n_values"]
        if one.get("source"):
            sources.setdefault(table, Counter())[one["source"]] += one["n_values"]
    found: dict[str, Cell] = {
        str(one["name"]): say("your file") for one in run.manifest["inputs"] if not one["title"]
    }
    for table, times in sources.items():
        (first, _), *others = times.most_common()
        link = _link(first) + (f" +{len(others)}" if others else "")
        is_mostly = 2 * kinds[table]["assumption"] > kinds[table].total()
        found.setdefault(table, link + Markup("*") if is_mostly else link)
    return found


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
