"""The page's tables of money: what each method says, and what each provider lost and gained.

In: rows of ``money.csv`` and ``providers.csv``. Out: a table with bars on one scale, and a table of
providers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from sim.measure.money.accounts import MODELLED, method_label
from sim.measure.money.providers import GAIN, LOSS
from sim.report.page.cells import (
    Bar,
    Cell,
    Choice,
    Column,
    Line,
    PageTable,
    columns,
    folded,
    has_none,
    sort_key,
    without_empty,
)
from sim.report.page.groups import with_nothing
from sim.report.page.published import value_text
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import NBSP, capitalised, number, span
from sim.results.tables import Row, text
from sim.results.tables import number as cell

_OWN_METHOD = "overblock_private_loss"


def money_tables(
    rows: Sequence[Row],
    strategies: Sequence[str],
    words: Language = IN_ENGLISH,
    shown_first: str = "",
    to_quote: Sequence[Row] = (),
) -> tuple[PageTable, PageTable | None]:
    """Money methods on one scale: those to read first, and all of them where there are more.

    First are what the modelled businesses lost, and methods with a published number beside them.

    Parameters
    ----------
    shown_first
        The strategy of which rows are shown at first.
    to_quote
        Of each strategy the row of ``summary.csv`` of the loss to quote, with both bands; none
        without draws of all that is not known.
    """
    first = [
        row for row in rows if text(row, "scope") == MODELLED or text(row, "published")
    ] or list(rows)
    ends = [
        *(cell(row, name) for row in rows for name in ("low", "mean", "high")),
        *(cell(row, name) for row in to_quote for name in ("all_low", "mean", "all_high")),
    ]
    bounds = _bounds([end for end in ends if 0 < end < math.inf])
    named = [Choice(name, name, name == (shown_first or strategies[0])) for name in strategies]
    table = _money_table(
        first,
        named,
        words,
        "money-methods",
        words.say("Loss by method"),
        bounds,
        is_beside_draws=bool(to_quote),
    )
    quoted = [_quoted_line(row, bounds, words, len(table.columns)) for row in to_quote]
    table = replace(table, rows=[*quoted, *table.rows])
    if len(first) == len(rows):
        return table, None
    every = words.say("All methods")
    return table, _money_table(rows, named, words, "money-all", every, bounds,
        has_formulas=True, is_beside_draws=bool(to_quote),
    )  # fmt: skip


def _quoted_line(row: Row, bounds: tuple[float, float], words: Language, n_columns: int) -> Line:
    """The loss to quote, as it is said above the table: over draws of all that is not known."""
    low, mean, high = (cell(row, name) for name in ("all_low", "mean", "all_high"))
    n, range_ = words.digits(number(mean)), words.digits(span(low, high))
    said = words.say("median {n} USD, range {range} USD", n=n, range=range_)
    cells = [
        Cell(
            words.say("{name}, to quote", name=capitalised(words.name(method_label(_OWN_METHOD)))),
            range=words.say("median of the draws; range with all that is not known"),
        ),
        Cell(capitalised(words.name(MODELLED))),
        Cell(n, sort_key(mean), range_),
        Cell(said, sort_key(mean), bar=_bar(low, mean, high, bounds)),
        Cell("", ""),
    ]
    return Line(cells[:n_columns], text(row, "strategy"))


def _money_table(
    rows: Sequence[Row],
    choices: Sequence[Choice],
    words: Language,
    id_: str,
    caption: str,
    bounds: tuple[float, float],
    *,
    has_formulas: bool = False,
    is_beside_draws: bool = False,
) -> PageTable:
    """Some money methods, on a scale.

    Parameters
    ----------
    is_beside_draws
        Whether a loss over draws of all that is not known stands beside these, which are as given.
    """
    lines = []
    for row in rows:
        low, mean, high = (cell(row, name) for name in ("low", "mean", "high"))
        published = text(row, "published")
        n, range_ = words.digits(number(mean)), words.digits(span(low, high))
        said = words.say("mean {n} USD, range {range} USD", n=n, range=range_)
        if is_beside_draws and low < high:
            # Beside the loss to quote, of which the range spans more.
            range_ = words.say("{range} by prices and luck", range=range_)
        name = capitalised(words.name(method_label(text(row, "method"))))
        if is_beside_draws and text(row, "scope") == MODELLED:
            name = words.say("{name}, as given", name=name)
        lines.append(
            Line.of(
                Cell(
                    name,
                    # The formula is for those who ask for all methods.
                    range=text(row, "formula") if has_formulas else "",
                    is_range_english=True,
                ),
                capitalised(words.name(text(row, "scope"))),
                Cell(n, sort_key(mean), range_),
                Cell(said, sort_key(mean), bar=_bar(low, mean, high, bounds)),
                Cell(
                    words.say("{n} USD", n=words.digits(value_text(published)))
                    if published
                    else "",
                    float(published) if published else "",
                    # The unit is said with the number.
                    text(row, "published_note").removeprefix("USD "),
                    is_range_english=True,
                ),
                group=text(row, "strategy"),
            )
        )
    titles = (
        "Method",
        "Whose loss",
        "Loss and its range, USD",
        "The same on one scale, USD",
        "Published beside it",
    )
    heads = columns(*map(words.say, titles), numbers=(2,))
    heads[3] = Column(heads[3].title, axis=_axis(bounds, words))
    # A column that nobody published anything for would be empty.
    table = PageTable(id_, caption, heads, lines, choices=choices)
    return without_empty(table, words.say("Published beside it"))


def provider_table(
    rows: Sequence[Row],
    strategies: Sequence[str],
    words: Language = IN_ENGLISH,
    shown_first: str = "",
) -> PageTable:
    """Loss and gain of every provider with their ranges, strategy by strategy."""
    by_key = {(text(r, "strategy"), text(r, "provider"), text(r, "metric")): r for r in rows}
    names = dict.fromkeys((text(r, "strategy"), text(r, "provider"), text(r, "side")) for r in rows)
    lines = []
    for strategy, provider, side in names:
        loss, gain = (by_key[strategy, provider, metric] for metric in (LOSS, GAIN))
        lines.append(
            Line.of(
                provider,
                words.name(side),
                *(
                    Cell(
                        words.digits(number(cell(row, "mean"))),
                        sort_key(cell(row, "mean")),
                        words.digits(span(cell(row, "low"), cell(row, "high"))),
                    )
                    for row in (loss, gain)
                ),
                text(gain, "published"),
                group=strategy,
            )
        )
    titles = (
        "Provider",
        "Side",
        "Loss: mean and range by prices and luck, USD",
        "Gain: mean and range by prices and luck, USD",
        "Published of its gain",
    )
    first = shown_first or strategies[0]
    choices = [Choice(name, name, name == first) for name in strategies]
    lines = folded(lines, has_none(2, 3), lambda n, names: with_nothing(n, names, words))
    caption = words.say("Hosting spending that providers lost and gained")
    heads = columns(*map(words.say, titles), numbers=(2, 3), english=(0, 4))
    table = PageTable("money-providers", caption, heads, lines, choices=choices)
    return without_empty(table, words.say("Published of its gain"))


def _bar(low: float, mean: float, high: float, bounds: tuple[float, float]) -> Bar | None:
    """Place on a logarithmic scale; none where an end is not known or not above zero."""
    if not (low > 0 and mean > 0 and high > 0):
        return None
    at = [_place(end, bounds) for end in (low, mean, high)]
    ticks = tuple(_place(tick, bounds) for tick in _ticks(bounds))
    return Bar(at[0], round(max(at[2] - at[0], 0.5), 2), at[1], ticks)


def _bounds(ends: Sequence[float]) -> tuple[float, float]:
    """Powers of ten that hold all ends."""
    low, high = (min(ends), max(ends)) if ends else (1.0, 10.0)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    return 10.0**first, 10.0 ** max(last, first + 1)


def _ticks(bounds: tuple[float, float]) -> list[float]:
    first, last = (round(math.log10(end)) for end in bounds)
    return [10.0**power for power in range(first, last + 1)]


def _place(value: float, bounds: tuple[float, float]) -> float:
    return round(100 * math.log(value / bounds[0]) / math.log(bounds[1] / bounds[0]), 2)


def _axis(bounds: tuple[float, float], words: Language) -> tuple[tuple[float, str], ...]:
    """Each power of ten, or every second where there are many."""
    ticks = _ticks(bounds)
    # At most four find room beside each other.
    step = 1 if len(ticks) <= 3 else 2 if len(ticks) <= 7 else math.ceil((len(ticks) - 1) / 3)
    return tuple((_place(tick, bounds), _short(tick, words)) for tick in ticks[::step])


def _short(value: float, words: Language) -> str:
    """A power of ten in few letters: ``10 bn``."""
    scales = ((1e12, "tn"), (1e9, "bn"), (1e6, "m"), (1e3, "k"))
    scale, name = next((one for one in scales if value >= one[0]), (1.0, ""))
    return f"{value / scale:g}{NBSP}{words.name(name)}".strip()
