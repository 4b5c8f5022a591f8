"""Why a business was hit: from the order to what of it stood there.

In: rows of ``summary.csv`` and ``groups.csv``, and draws. Out: a chain in words for each cause, and
sentences on what was ordered and on who left a shared range for a time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from sim.catalogue.causes import CAUSES, lost_by
from sim.catalogue.choices import measure_name
from sim.measure.summary import LEVEL
from sim.report.page.bands import draw_weights
from sim.report.page.groups import LOST_SHARE, rows_by_group
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import businesses, capitalised, number, percent, percent_span, span
from sim.results.parquet import numbers, read_columns
from sim.results.read import RunFolder
from sim.results.tables import Row, text
from sim.results.tables import number as cell
from sim.statistics.ensembles import weighted_quantiles

ORDERS, LISTED, DROPPED = map(
    measure_name, ("orders_placed", "addresses_listed_peak", "addresses_dropped_peak")
)
UNPROTECTED = tuple(
    map(measure_name, ("businesses_ever_unprotected", "business_hours_unprotected"))
)
_HIT = "businesses_ever_impaired"
_STEPS = {
    "own_address": (
        "the site's own front end stands there, or a part of its own in the same place",
        "its customers cannot reach it, or what needs that part fails",
    ),
    "component_elsewhere": (
        "a part of its own, kept at another place, stands there",
        "the site answers, but what needs that part fails",
    ),
    "bought_service": (
        "a service it buys stands there (storage, payment, fonts)",
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


def drawn_parts(run: RunFolder, strategy: str) -> dict[str, tuple[float, float, float]]:
    """Weighted range and median over draws of the part of each cause in all that failed.

    Returns
    -------
    parts
        Low end, median and high end by cause, of the draws in which anything failed; nothing
        without draws.
    """
    path = run.path / "draw_measures.parquet"
    if not run.n_draws or not path.is_file():
        return {}
    found = read_columns(
        path,
        "SELECT draw, metric, value FROM data WHERE strategy = ? AND metric IN (?, ?, ?, ?, ?)",
        [strategy, *map(lost_by, CAUSES)],
    )
    lost = dict(zip(zip(found["draw"].tolist(), found["metric"].tolist(), strict=True),
                    numbers(found["value"]).tolist(), strict=True))  # fmt: skip
    weight_of = draw_weights(run)
    whole = {draw: sum(lost.get((draw, lost_by(cause)), 0.0) for cause in CAUSES)
             for draw in weight_of}  # fmt: skip
    known = [draw for draw in sorted(whole) if whole[draw] > 0]
    if not known:
        return {}
    weight = np.array([weight_of[draw] for draw in known])
    tail = (1 - LEVEL) / 2
    parts = {}
    for cause in CAUSES:
        shares = [lost.get((draw, lost_by(cause)), 0.0) / whole[draw] for draw in known]
        ends = weighted_quantiles(np.array(shares), weight, np.array([tail, 0.5, 1 - tail]))
        low, middle, high = ends.tolist()
        parts[cause.name] = (low, middle, high)
    return parts


def chains(
    groups: Sequence[Row],
    strategy: str,
    words: Language = IN_ENGLISH,
    drawn: Mapping[str, tuple[float, float, float]] = MappingProxyType({}),
) -> tuple[Chain, ...]:
    """Causes of what failed under one strategy, the largest first; none where nothing failed.

    Parameters
    ----------
    groups
        Rows of ``groups.csv``.
    drawn
        Parts over draws, as `drawn_parts` reads them, which are then told; else means as given.
    """
    by = rows_by_group(groups, "cause")
    lost = {
        cause: cell(by[strategy, cause.name, LOST_SHARE], "mean")
        for cause in CAUSES
        if (strategy, cause.name, LOST_SHARE) in by
    }
    whole = sum(lost.values())
    given = {cause: lost[cause] / whole if whole > 0 else 0.0 for cause in lost}
    told = {cause: drawn[cause.name][1] if drawn else given[cause] for cause in lost}
    found = []
    for cause in sorted(lost, key=lambda cause: -told[cause]):
        if given[cause] == 0 and not (drawn and drawn[cause.name][2] > 0):
            continue
        hit = by[strategy, cause.name, _HIT]
        part = told[cause]
        failed = words.say("{share} of what failed", share=words.digits(percent(part, 3)))
        if drawn:
            low, _, high = drawn[cause.name]
            failed = words.say(
                "{failed} ({range}; as given {given})",
                failed=failed,
                range=words.digits(percent_span(low, high, 2)),
                given=words.digits(percent(given[cause], 2)),
            )
        found.append(
            Chain(
                capitalised(words.say(cause.label)),
                tuple(map(words.say, (*_FIRST.get(cause.name, _USUAL), *_STEPS[cause.name]))),
                failed,
                round(100 * part, 2),
                words.say(
                    "as given, hit mostly in this way: {n} of {of:business}"
                    if drawn
                    else "hit, mostly in this way: {n} of {of:business}",
                    n=words.digits(businesses(cell(hit, "mean"))),
                    of=words.digits(number(cell(hit, "denominator"))),
                ),
            )
        )
    return tuple(found)


def orders_in_words(
    summary: Mapping[str, Row],
    words: Language = IN_ENGLISH,
    *,
    has_draws: bool = False,
    is_of_several: bool = False,
) -> str:
    """How many orders put how much on the register, and how much of it was dropped.

    Parameters
    ----------
    summary
        Rows of ``summary.csv`` of one strategy, by metric; with both ranges where there are draws.
    has_draws
        Whether numbers are medians of draws, which have their range beside them.
    is_of_several
        Whether there are several replicates, whose peaks are not at one time.
    """

    def mean(metric: str) -> float:
        return cell(summary[metric], "mean") if metric in summary else math.nan

    orders, listed, dropped = mean(ORDERS), mean(LISTED), mean(DROPPED)
    if math.isnan(listed) or listed == 0:
        return ""
    if has_draws:
        return _orders_of_draws(summary, words)
    if math.isnan(orders):
        put = words.say(
            "At the peak {listed:address} stood on the register",
            listed=words.digits(number(listed)),
        )
    else:
        put = words.say(
            # Of these, withdrawals are some half: they put nothing on it.
            "{orders:order} placed or withdrew entries; at the peak {listed:address} stood on the "
            "register",
            orders=capitalised(words.digits(number(orders))),
            listed=words.digits(number(listed)),
        )
    if math.isnan(dropped):
        return f"{put}."
    acted = "an average user's operator dropped {n}"
    told = f"{put}; {words.say(acted, n=words.digits(number(dropped)))}."
    if not is_of_several:
        return told
    why = words.say(
        "Addresses are the most at any time of a replicate, mean over replicates: curves, which "
        "are means at each time, have lower peaks."
    )
    return f"{told} {why}"


def _orders_of_draws(summary: Mapping[str, Row], words: Language) -> str:
    """The same of the draws, each number with its range."""

    def said(metric: str) -> str:
        row = summary[metric]
        n, ends = cell(row, "mean"), (cell(row, "all_low"), cell(row, "all_high"))
        return f"{words.digits(number(n))} ({words.digits(span(*ends))})"

    parts = [
        words.say(text, n=said(metric))
        for metric, text in (
            (ORDERS, "orders that placed or withdrew entries: {n}"),
            (LISTED, "addresses on the register at the peak: {n}"),
            (DROPPED, "dropped by an average user's operator: {n}"),
        )
        if metric in summary
    ]
    return words.say("Medians of the draws, with their ranges: {parts}.", parts="; ".join(parts))


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
        ends = ("low", "high"), ("all_low", "all_high")
        luck, wide = (words.digits(span(cell(row, a), cell(row, b))) for a, b in ends)
        ranges = [words.say("{range} by luck", range=luck)]
        if "given" in row:
            given = words.digits(number(cell(row, "given")))
            ranges = [
                words.say("{range} with all that is not known", range=wide),
                words.say("as given {given}, {range} by luck", given=given, range=luck),
            ]
        return f"{words.digits(number(cell(row, 'mean')))} ({'; '.join(ranges)})"

    n, hours = (said(summary[name]) for name in UNPROTECTED)
    return words.say(
        "Businesses that a program took off a shared range while their address there was blocked: "
        "{n}. Business-hours until it took them back, or the run ended: {hours}. In these they are "
        "unprotected: they do without what protects a site on the shared range.",
        n=n,
        hours=hours,
    )


def summary_of(rows: Sequence[Row], strategy: str) -> dict[str, Row]:
    """Rows of one strategy, by metric."""
    return {text(row, "metric"): row for row in rows if text(row, "strategy") == strategy}
