"""Why a business was hit: from the order to what of it stood there.

In: rows of ``summary.csv`` and ``groups.csv``. Out: a chain in words for each cause, and sentences
on what was ordered and on who left a shared range for a time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sim.catalogue.causes import CAUSES
from sim.catalogue.choices import measure_name
from sim.report.page.groups import LOST_SHARE, rows_by_group
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import businesses, capitalised, number, percent, span
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
                words.say("{share} of what failed", share=words.digits(percent(part, 3))),
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
        Rows of ``summary.csv`` of one strategy, by metric.
    has_draws
        Whether other numbers of the page are medians of draws: these here are as given.
    is_of_several
        Whether there are several replicates, whose peaks are not at one time.
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
            # Of these, withdrawals are some half: they put nothing on it.
            "{orders:order} placed or withdrew entries; at the peak {listed:address} stood on the "
            "register",
            orders=capitalised(words.digits(number(orders))),
            listed=words.digits(number(listed)),
        )
    if has_draws:
        put = words.say("As given: {put}", put=put)
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


def summary_of(rows: Sequence[Row], strategy: str) -> dict[str, Row]:
    """Rows of one strategy, by metric."""
    return {text(row, "metric"): row for row in rows if text(row, "strategy") == strategy}
