"""The tables of the page by cause and by how much failed: rows of ``groups.csv`` as cells.

In: rows. Out: tables, or nothing where a folder of an earlier version has no such rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sim.catalogue.causes import CAUSES
from sim.catalogue.curves import BUSINESSES
from sim.catalogue.worst import WORST_PERCENT, worst_above
from sim.report.page.cells import (
    Cell,
    Choice,
    Column,
    Line,
    PageTable,
    columns,
    folded,
    has_none,
    sort_key,
)
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import businesses, quantity, quantity_span
from sim.results.tables import Row, text
from sim.results.tables import number as cell

EVER = tuple(f"businesses_ever_{state}" for state in ("affected", "impaired", "down"))
LOST_SHARE = "demand_lost_share"
_HOSTED = {"provider": "the front end", "component provider": "a component that was dropped"}
_HEADS = ("Ever affected", "Ever impaired", "Ever down")


def cause_table(
    rows: Sequence[Row],
    strategies: Sequence[str],
    shown_first: str = "",
    words: Language = IN_ENGLISH,
) -> PageTable | None:
    """Businesses and demand that each cause hit, strategy by strategy."""
    by = rows_by_group(rows, "cause")
    lines = [
        Line.of(
            words.say(cause.label),
            words.say(cause.what),
            *(cell_of(by[strategy, cause.name, metric], words) for metric in (*EVER, LOST_SHARE)),
            group=strategy,
        )
        for strategy in strategies
        for cause in CAUSES
        if (strategy, cause.name, LOST_SHARE) in by
    ]
    titles = ("Cause", "What is blocked", *_HEADS, "Demand lost")
    heads = columns(
        *map(words.say, titles[:2]),
        *(by_luck(words.say(title), words) for title in titles[2:]),
        numbers=range(2, 6),
    )
    lines = folded(lines, has_none(2, 3, 4, 5), lambda n, names: with_nothing(n, names, words))
    caption = words.say(
        "Businesses by the cause by which they lost most, and demand lost by each cause"
    )
    return table_of_groups("causes", caption, heads, lines, strategies, shown_first)


def worst_table(
    rows: Sequence[Row],
    strategies: Sequence[str],
    shown_first: str = "",
    words: Language = IN_ENGLISH,
) -> PageTable | None:
    """Businesses by how much of their demand failed at once, by whose address was hit."""
    by = {kind: rows_by_group(rows, kind) for kind in _HOSTED}
    names = dict.fromkeys((kind, name) for kind in _HOSTED for _, name, _ in by[kind])
    first = worst_above(WORST_PERCENT[0])
    lines = [
        Line.of(
            name,
            words.say(_HOSTED[kind]),
            *(
                cell_of(by[kind][strategy, name, worst_above(percent)], words)
                for percent in WORST_PERCENT
            ),
            group=strategy,
        )
        for strategy in strategies
        for kind, name in names
        if (strategy, name, first) in by[kind]
    ]
    heads = columns(
        words.say("Provider"),
        words.say("Of"),
        *(by_luck(words.say("Over {n} %", n=str(percent)), words) for percent in WORST_PERCENT),
        numbers=range(2, 2 + len(WORST_PERCENT)),
    )
    is_nothing = has_none(*range(2, 2 + len(WORST_PERCENT)))
    # A name may stand under both: each has a line of its own for those of which nothing is told.
    told: list[Line] = []
    for hosted in map(words.say, _HOSTED.values()):
        mine = [line for line in lines if line.cells[1].text == hosted]
        told += folded(mine, is_nothing, _said_of(hosted, words))
    caption = words.say("Businesses by how much of their demand failed at once, and by provider")
    return table_of_groups("worst", caption, heads, told, strategies, shown_first)


def nothing_by(groups: Sequence[Row], strategy: str, told: int, words: Language) -> str:
    """Causes by which nothing failed, by name; empty where each has a chain, or none has.

    Parameters
    ----------
    told
        How many causes have a chain.
    """
    by = rows_by_group(groups, "cause")
    known = [cause for cause in CAUSES if (strategy, cause.name, LOST_SHARE) in by]
    none = [
        words.say(cause.label)
        for cause in known
        if not cell(by[strategy, cause.name, LOST_SHARE], "mean") > 0
    ]
    if not told or len(known) - len(none) != told or not none:
        return ""
    return words.say("Nothing failed by: {causes}.", causes=", ".join(none))


def by_luck(title: str, words: Language) -> str:
    """Head of a column in which a range by luck stands below each number."""
    return words.say("{title}; range by luck", title=title)


def with_nothing(n: str, names: str, words: Language) -> str:
    """What a table says of its rows of nothing, in the place of all of them."""
    return words.say("{n} with nothing: {names}", n=words.digits(n), names=names)


def _said_of(hosted: str, words: Language) -> Callable[[str, str], str]:
    """What is said of rows of nothing that are of the same part of a business."""
    return lambda n, names: f"{with_nothing(n, names, words)} ({hosted})"


def table_of_groups(
    id_: str,
    caption: str,
    heads: Sequence[Column],
    lines: Sequence[Line],
    strategies: Sequence[str],
    shown_first: str = "",
) -> PageTable | None:
    """Table with a choice of the strategy, the first of them unless one is named; or nothing."""
    if not lines:
        return None
    first = shown_first or strategies[0]
    choices = [Choice(name, name, name == first) for name in strategies]
    return PageTable(id_, caption, heads, lines, choices=choices)


def rows_by_group(rows: Sequence[Row], by: str) -> dict[tuple[str, str, str], Row]:
    """Rows of one kind of group, by strategy, group and metric."""
    return {
        (text(row, "strategy"), text(row, "group"), text(row, "metric")): row
        for row in rows
        if text(row, "by") == by
    }


def cell_of(row: Row, words: Language = IN_ENGLISH) -> Cell:
    """A mean with its range over replicates below it; businesses as one counts them."""
    mean, low, high = (cell(row, name) for name in ("mean", "low", "high"))
    unit = text(row, "unit")
    if unit == BUSINESSES:
        ends = [businesses(end) for end in (low, high)]
        # Of less than one business, a range from none to less than one says nothing more.
        range_ = f"{ends[0]} to {ends[1]}" if ends[0] != ends[1] and high >= 0.95 else ""
        return Cell(words.digits(businesses(mean)), sort_key(mean), words.digits(range_))
    range_ = quantity_span(low, high, unit) if low < high else ""
    return Cell(words.digits(quantity(mean, unit)), sort_key(mean), words.digits(range_))
