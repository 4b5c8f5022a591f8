"""Why a business was hit: from the order to what of it stood there, and at whose addresses.

In: rows of ``summary.csv`` and ``groups.csv``, and the businesses of a run folder. Out: a chain in
words for each cause, and a table of what hit the businesses of each provider.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sim.catalogue.causes import CAUSES
from sim.catalogue.choices import measure_name
from sim.report.page.cells import (
    Cell,
    Choice,
    Line,
    PageTable,
    columns,
    folded,
    sort_key,
)
from sim.report.page.groups import LOST_SHARE, rows_by_group, with_nothing
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import businesses, capitalised, number, percent, span
from sim.results.read import RunFolder
from sim.results.relations import connect_tables
from sim.results.tables import Row, text
from sim.results.tables import number as cell

ORDERS, LISTED, DROPPED = map(
    measure_name, ("orders_placed", "addresses_listed_peak", "addresses_dropped_peak")
)
UNPROTECTED = tuple(
    map(measure_name, ("businesses_ever_unprotected", "business_hours_unprotected"))
)
_HIT = "businesses_ever_impaired"
_STEPS = {
    "own_address": (
        "the site's own front end stands there",
        "its customers cannot reach it",
    ),
    "component_elsewhere": (
        "a part of its own, kept at another place, stands there",
        "the site answers, but what needs that part fails",
    ),
    "bought_service": (
        "a service it buys stands there (payment, maps, statistics)",
        "the site answers, but what needs the service fails",
    ),
    "name": ("the name is the site's own", "its customers cannot look it up"),
    "overloaded_operator": (
        "more rules than its routers hold",
        "it fails attempts at everything, listed or not",
    ),
}
_FIRST = {
    "name": ("an order names a domain", "operators refuse the name"),
    "overloaded_operator": ("orders pile up", "an operator is over its capacity"),
}
_USUAL = ("an order lists an address", "operators drop it")


@dataclass(frozen=True)
class Chain:
    """One cause, from the order to the business.

    Attributes
    ----------
    label
        The cause.
    steps
        What leads to what, in words.
    part
        What it is of all that failed, in words.
    length
        The same in percent, for a bar.
    hit
        Businesses that were hit and lost most by it, in words.
    """

    label: str
    steps: tuple[str, ...]
    part: str
    length: float
    hit: str


def chains(groups: Sequence[Row], strategy: str, words: Language = IN_ENGLISH) -> tuple[Chain, ...]:
    """Causes of what failed under one strategy, the largest first; none where nothing failed.

    Parameters
    ----------
    groups
        Rows of ``groups.csv``.
    """
    by = rows_by_group(groups, "cause")
    lost = {
        cause: cell(by[strategy, cause.name, LOST_SHARE], "mean")
        for cause in CAUSES
        if (strategy, cause.name, LOST_SHARE) in by
    }
    whole = sum(lost.values())
    if not whole > 0:
        return ()
    found = []
    for cause in sorted(lost, key=lambda cause: -lost[cause]):
        if lost[cause] == 0:
            continue
        hit = by[strategy, cause.name, _HIT]
        part = lost[cause] / whole
        found.append(
            Chain(
                capitalised(words.say(cause.label)),
                tuple(map(words.say, (*_FIRST.get(cause.name, _USUAL), *_STEPS[cause.name]))),
                words.say("{share} of what failed", share=words.digits(percent(part, 2))),
                round(100 * part, 2),
                words.say(
                    "hit, mostly in this way: {n} of {of:business}",
                    n=words.digits(businesses(cell(hit, "mean"))),
                    of=words.digits(number(cell(hit, "denominator"))),
                ),
            )
        )
    return tuple(found)


def orders_in_words(
    summary: Mapping[str, Row], words: Language = IN_ENGLISH, *, has_draws: bool = False
) -> str:
    """How many orders put how much on the register, and how much of it was dropped.

    Parameters
    ----------
    summary
        Rows of ``summary.csv`` of one strategy, by metric.
    has_draws
        Whether other numbers of the page are medians of draws: these here are as given.
    """

    def mean(metric: str) -> float:
        return cell(summary[metric], "mean") if metric in summary else math.nan

    orders, listed, dropped = mean(ORDERS), mean(LISTED), mean(DROPPED)
    if math.isnan(listed) or listed == 0:
        return ""
    if math.isnan(orders):
        put = words.say(
            "At the peak {listed:address} stood on the register",
            listed=words.digits(number(listed)),
        )
    else:
        put = words.say(
            "{orders:order} put {listed:address} on the register at the peak",
            orders=capitalised(words.digits(number(orders))),
            listed=words.digits(number(listed)),
        )
    if has_draws:
        put = words.say("As given: {put}", put=put)
    if math.isnan(dropped):
        return f"{put}."
    acted = "an average user's operator dropped {n}"
    return f"{put}; {words.say(acted, n=words.digits(number(dropped)))}."


def unprotected_in_words(summary: Mapping[str, Row], words: Language = IN_ENGLISH) -> str:
    """How many businesses a program took off a shared range, and for how long; else empty.

    Parameters
    ----------
    summary
        Rows of ``summary.csv`` of one strategy with both ranges, by metric.
    """
    if any(name not in summary for name in UNPROTECTED):
        return ""

    def said(row: Row) -> str:
        has_draws = "given" in row
        mean = words.digits(number(cell(row, "given" if has_draws else "mean")))
        ends = ("low", "high"), ("all_low", "all_high")
        luck, wide = (words.digits(span(cell(row, a), cell(row, b))) for a, b in ends)
        ranges = [words.say("{range} by luck", range=luck)]
        if has_draws:
            ranges.append(words.say("{range} with all that is not known", range=wide))
        return f"{mean} ({'; '.join(ranges)})"

    n, hours = (said(summary[name]) for name in UNPROTECTED)
    return words.say(
        "Businesses that a program took off a shared range while their address there was blocked: "
        "{n}. Business-hours until it took them back, or the run ended: {hours}. In these they are "
        "unprotected: they do without what protects a site on the shared range.",
        n=n,
        hours=hours,
    )


def hit_by_provider(
    run: RunFolder, map_: Mapping[str, Any], shown_first: str, words: Language = IN_ENGLISH
) -> tuple[PageTable | None, dict[str, str]]:
    """What hit the businesses of each provider, and a sentence on the one that puzzles most.

    Parameters
    ----------
    map_
        Values of the map: how much of each provider was listed at its times.
    shown_first
        The strategy of which rows are shown at first.

    Returns
    -------
    table
        None where the folder does not say by what each business lost most.
    puzzle
        Of each strategy under which it is so: a provider of which nothing was listed, and whose
        businesses were hit all the same.
    """
    counts = _counts(run)
    if not counts:
        return None, {}
    listed = {
        strategy: _most_listed(map_, strategy, map_["providers"]) for strategy in run.strategies
    }
    shown = [cause for cause in CAUSES if any(hit.get(cause.name) for _, hit in counts.values())]
    lines, puzzle = [], {}
    for (strategy, provider), (n, hit) in counts.items():
        whole = sum(hit.values())
        if n == 0:
            continue
        of_it = listed[strategy].get(provider, math.nan)
        lines.append(
            Line.of(
                provider,
                Cell(words.digits(businesses(n)), n),
                Cell(words.digits(percent(whole / n, 2)), whole / n),
                *(
                    Cell(words.digits(businesses(hit.get(c.name, 0.0))), hit.get(c.name, 0.0))
                    for c in shown
                ),
                Cell(words.digits(number(of_it)), sort_key(of_it)),
                group=strategy,
            )
        )
        # The map is of one replicate, and in another one some of them may have been listed.
        is_never_listed = of_it == 0 and not hit.get("own_address")
        if is_never_listed and whole / n > 0.1 and whole > 1 and strategy not in puzzle and shown:
            first = max(shown, key=lambda cause: hit.get(cause.name, 0.0))
            puzzle[strategy] = words.say(
                "{provider}: none of its addresses was listed, and {share} of the businesses with "
                "their front end there were hit all the same, {part} of them mostly by {cause}.",
                provider=provider,
                share=words.digits(percent(whole / n, 2)),
                part=words.digits(percent(hit[first.name] / whole, 2)),
                cause=words.say(_with_article(first.label)),
            )
    heads = columns(
        words.say("Provider of the front end"),
        words.say("Businesses"),
        words.say("Impaired at some time"),
        *(
            words.say("mostly by {cause}", cause=words.say(_with_article(cause.label)))
            for cause in shown
        ),
        # The others are means; the tables keep this of no replicate but the map's.
        words.say(
            "Of its addresses listed at once, in replicate {n} alone", n=str(map_["replicate"])
        ),
        numbers=range(1, 4 + len(shown)),
    )
    lines = folded(
        lines,
        lambda row: row.cells[2].sort == 0 and row.cells[-1].sort in (0, ""),
        lambda n, names: with_nothing(n, names, words),
    )
    caption = words.say("Businesses by where their front end is, and by what hit them")
    choices = [Choice(name, name, name == shown_first) for name in run.strategies]
    return PageTable("providers-hit", caption, heads, lines, choices=choices), puzzle


def _with_article(label: str) -> str:
    return {
        "own address": "their own address",
        "component elsewhere": "a component elsewhere",
        "bought service": "a bought service",
        "name": "their name",
        "overloaded operator": "an overloaded operator",
    }.get(label, label)


def _most_listed(
    map_: Mapping[str, Any], strategy: str, providers: Sequence[str]
) -> dict[str, float]:
    frames = map_["strategies"][strategy]["frames"]
    return {
        name: float(max(frame["by"][row] for frame in frames)) for row, name in enumerate(providers)
    }


_Counts = dict[tuple[str, str], tuple[float, dict[str, float]]]


def _counts(run: RunFolder) -> _Counts:
    """Businesses of each provider, and those of them impaired by main cause.

    Means over replicates, the provider with most businesses first.
    """
    if "main_cause" not in _columns(run):
        return {}
    with connect_tables(run.path) as connection:
        found = connection.execute(
            "SELECT strategy, provider, coalesce(main_cause, ''), "
            "count(*), count(*) FILTER (impaired_s > 0) FROM businesses GROUP BY ALL"
        ).fetchall()
    n = run.n_replicates
    whole: dict[tuple[str, str], float] = {}
    hit: dict[tuple[str, str], dict[str, float]] = {}
    for strategy, provider, cause, n_all, n_hit in found:
        key = (strategy, provider or "not known")
        whole[key] = whole.get(key, 0.0) + n_all / n
        if cause:
            hit.setdefault(key, {})[cause] = n_hit / n
    place = {name: row for row, name in enumerate(run.strategies)}
    keys = sorted(whole, key=lambda key: (place.get(key[0], -1), -whole[key], key[1]))
    return {key: (whole[key], hit.get(key, {})) for key in keys}


def _columns(run: RunFolder) -> set[str]:
    with connect_tables(run.path) as connection:
        if not (run.path / "businesses.parquet").is_file():
            return set()
        return {row[0] for row in connection.execute("DESCRIBE businesses").fetchall()}


def summary_of(rows: Sequence[Row], strategy: str) -> dict[str, Row]:
    """Rows of one strategy, by metric."""
    return {text(row, "metric"): row for row in rows if text(row, "strategy") == strategy}
