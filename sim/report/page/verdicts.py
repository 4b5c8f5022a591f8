"""The page's tables of verdicts: which strategy is better over all that is not known, and regrets.

In: rows of ``verdicts.csv`` and ``regrets.csv``. Out: tables, and a sentence that sums them up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from sim.catalogue.choices import COLLATERAL, label
from sim.report.page.cells import (
    Cell,
    Choice,
    Line,
    PageTable,
    columns,
    sort_key,
    without,
)
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import (
    at_least,
    capitalised,
    percent,
    quantity,
    quantity_span,
)
from sim.results.tables import Row, text
from sim.results.tables import number as cell
from sim.statistics.ensembles import CONFIDENCE, SETTLED, share_bound

NOT_SETTLED, NOT_KNOWN = "not settled", "not known"
_SHARES = ("share_less", "share_equal", "share_more")
_SETTLED = {
    "better": "{strategy} is better than {other}",
    "worse": "{strategy} is worse than {other}",
    "alike": "{strategy} and {other} are alike",
}
LEAST_SETTLING = 59
"""Fewest draws of equal weight that can settle an order: 0.95 to the power of 58 is still above
0.05."""
LEAST_EFFECTIVE = math.log(1 - CONFIDENCE) / math.log(SETTLED)
"""The same of draws that count unequally, where it is no whole number."""
MOST = 0.5
"""Share of the draws above which a strategy that denies nothing is said to do so in most."""


def verdict_table(rows: Sequence[Row], words: Language = IN_ENGLISH) -> PageTable:
    """Every pair of strategies in every measure they are judged by."""
    lines = [
        Line.of(
            text(row, "strategy"),
            text(row, "other"),
            Cell(words.name(text(row, "verdict")), range=_bounds(row, words)),
            *(_share(row, name, words) for name in _SHARES),
            Cell(words.digits(percent(_left(row), 2)), _left(row)),
            _difference(row, words),
            _region(row, words),
            group=text(row, "metric"),
        )
        for row in rows
    ]
    titles = (
        "Strategy",
        "Held against",
        "Verdict",
        "Less in",
        "Same in",
        "More in",
        "Not known in",
        "Difference: median, 90 % range",
        "What decides it",
    )
    heads = columns(*map(words.say, titles), numbers=(3, 4, 5, 6, 7), strategies=(0, 1))
    caption = words.say("Which strategy is better over all that is not known")
    table = PageTable("verdicts", caption, heads, lines, choices=_choices(rows, words))
    # Columns that would say nothing: of all pairs the order is known, or of none what decides it.
    idle = [
        *(["What decides it"] if not any(text(row, "region") for row in rows) else []),
        *(["Not known in"] if not any(_left(row) for row in rows) else []),
    ]
    return without(table, *map(words.say, idle))


def regret_table(rows: Sequence[Row], words: Language = IN_ENGLISH) -> PageTable:
    """How much worse each strategy is than the best of those that block."""
    lines = [
        Line.of(
            text(row, "strategy"),
            _regret(row, "expected_regret", "has_least_expected", words),
            _regret(row, "most_regret", "has_least_most", words),
            _without_effect(row, words),
            group=text(row, "metric"),
        )
        for row in rows
    ]
    titles = (
        "Strategy",
        "Expected regret",
        "Regret in the worst draw",
        "Denies the target's users nothing",
    )
    heads = columns(*map(words.say, titles), numbers=(1, 2), strategies=(0,))
    caption = words.say(
        "Regret: how much worse than the best of the strategies that block, draw by draw"
    )
    return PageTable("regrets", caption, heads, lines, choices=_choices(rows, words))


def verdict_sentence(rows: Sequence[Row], n_draws: int, words: Language = IN_ENGLISH) -> str:
    """What is settled of harm over all that is not known, and how much is not."""
    harm = [row for row in rows if text(row, "metric") == COLLATERAL]
    said = [
        words.say(
            _SETTLED[text(row, "verdict")],
            strategy=text(row, "strategy"),
            other=text(row, "other"),
        )
        for row in harm
        if text(row, "verdict") in _SETTLED
    ]
    over = words.say(
        "Over {n} draws of all that is not known, by {measure}",
        n=words.digits(f"{n_draws:,}"),
        measure=words.name(label(COLLATERAL)),
    )
    if not said and is_too_few(harm, n_draws):
        few = (
            "{over}, no order of two strategies can be settled, whatever they show: that takes "
            "{least} draws at least."
        )
        counted = counted_as(harm, n_draws)
        if counted < n_draws:
            few = (
                "{over}, no order of two strategies can be settled, whatever they show: that takes "
                "{least} draws that count alike, and as weighted these count as {counted}."
            )
        return words.say(few, over=over, least=str(LEAST_SETTLING), counted=str(counted))
    if not said:
        none = (
            "{over}, no strategy is settled to be better or worse than another: that needs the "
            "same order in 95 % of all draws, with room for chance."
        )
        return words.say(none, over=over)
    n_open = len(harm) - len(said)
    rest = "{over}, {said}; {n} of {of} pairs are not settled." if n_open else "{over}, {said}."
    listed = words.listing(said)
    return words.say(rest, over=over, said=listed, n=str(n_open), of=str(len(harm)))


def is_too_few(rows: Sequence[Row], n_draws: int) -> bool:
    """Whether draws, as they are weighted, are too few to settle any order."""
    return _effective(rows, n_draws) < LEAST_EFFECTIVE


def counted_as(rows: Sequence[Row], n_draws: int) -> int:
    """How many draws of equal weight say as much as those there are, in whole ones.

    Parameters
    ----------
    rows
        Rows of ``verdicts.csv``; one that does not say it has draws of equal weight.
    """
    return round(_effective(rows, n_draws))


def _effective(rows: Sequence[Row], n_draws: int) -> float:
    known = [cell(row, "n_effective") for row in rows]
    return min((one for one in known if not math.isnan(one)), default=float(n_draws))


def may_be_settled(row: Row) -> bool:
    """Whether an order that is open may hold in so much of all draws that it would be settled.

    That is so while the upper bound of its share allows it. Two that are the same in enough draws,
    and yet not settled, harm none of a sample: more draws of that settle nothing.
    """
    if text(row, "verdict") != NOT_SETTLED:
        return False
    size = cell(row, "n_effective")
    less, equal, more = (cell(row, name) for name in _SHARES)
    if share_bound(equal, size) >= SETTLED:
        return False
    return any(1 - share_bound(1 - share, size) >= SETTLED for share in (less, equal, more))


def how_often_less(
    rows: Sequence[Row], least: str, baseline: str, words: Language = IN_ENGLISH
) -> str:
    """In how many draws the strategy of the least harm harmed less than each other that blocks.

    Parameters
    ----------
    least
        That strategy; nothing is said where it is empty.
    """
    said = []
    for row in rows:
        pair = text(row, "strategy"), text(row, "other")
        is_known = text(row, "verdict") != NOT_KNOWN
        if (
            text(row, "metric") == COLLATERAL
            and least in pair
            and baseline not in pair
            and is_known
        ):
            is_first = pair[0] == least
            share = cell(row, "share_less" if is_first else "share_more")
            said.append(
                words.say(
                    "than {other} in {share}",
                    other=pair[is_first],
                    share=words.digits(_of_draws(share)),
                )
            )
    if not said:
        return ""
    return words.say(
        "In these draws {least} harmed less {parts}.", least=least, parts=words.listing(said)
    )


def _choices(rows: Sequence[Row], words: Language) -> list[Choice]:
    metrics = dict.fromkeys(text(row, "metric") for row in rows)
    units = {text(row, "metric"): text(row, "unit") for row in rows}
    return [
        Choice(
            one,
            words.say(
                "{measure} ({unit})",
                measure=capitalised(words.name(label(one))),
                unit=words.name(units[one]),
            ),
            one == COLLATERAL,
        )
        for one in metrics
    ]


def _bounds(row: Row, words: Language) -> str:
    better, worse = (
        words.digits(at_least(cell(row, f"share_{which}_bound"), 2))
        for which in ("better", "worse")
    )
    text_ = "better in at least {better}, worse in at least {worse}"
    return words.say(text_, better=better, worse=worse)


def _left(row: Row) -> float:
    """Share of the draws in which the measure is not known of one of the two."""
    left = 1 - sum(cell(row, name) for name in _SHARES)
    return left if left > 1e-9 else 0.0


def _share(row: Row, name: str, words: Language) -> Cell:
    return Cell(words.digits(_of_draws(cell(row, name))), sort_key(cell(row, name)))


def _of_draws(share: float) -> str:
    """A share of the draws in two digits, in which almost all is not all."""
    return at_least(share, 2) if 0.99 < share < 1 else percent(share, 2)


def _difference(row: Row, words: Language) -> Cell:
    unit, value = text(row, "unit"), cell(row, "difference")
    low, high = cell(row, "difference_low"), cell(row, "difference_high")
    range_ = words.digits(quantity_span(low, high, unit))
    return Cell(words.digits(quantity(value, unit)), sort_key(value), range_)


def _region(row: Row, words: Language) -> Cell:
    region = text(row, "region")
    if not region:
        return Cell(words.say("not told") if text(row, "verdict") == NOT_SETTLED else "")
    says = words.name(text(row, "region_says"))
    coverage, density = (
        words.digits(percent(cell(row, name), 2)) for name in ("coverage", "density")
    )
    return Cell(
        words.say("{says} where {region}", says=says, region=region),
        range=words.say(
            "it holds in {density} of the draws there (density), which are {coverage} of all in "
            "which it does (coverage)",
            density=density,
            coverage=coverage,
        ),
    )


def _regret(row: Row, name: str, is_least: str, words: Language) -> Cell:
    value = cell(row, name)
    least = words.say("least of all") if row.get(is_least) is True else ""
    if math.isnan(value):
        least = words.say("a sample that was not hit, or only one that was, ranks none")
    return Cell(words.digits(quantity(value, text(row, "unit"))), sort_key(value), least)


def _without_effect(row: Row, words: Language) -> Cell:
    share = cell(row, "share_without_effect")
    which = "in most draws: {share}" if share > MOST else "in {share}"
    return Cell(words.say(which, share=words.digits(percent(share, 2))), sort_key(share))
