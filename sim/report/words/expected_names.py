"""Names expected behind what was listed, and what a sample of which nothing was hit shows.

In: the rows of ``expected_names.csv``, a measure of the sample. Out: sentences. A zero of a sample
is said with how many were expected and with the bound that it leaves.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sim.measure.missed import TOO_FEW, has_missed
from sim.names.listed import LOWER_BOUND, rounded_names
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import at_most, number, span
from sim.results.read import RunFolder
from sim.results.tables import Row, read_rows, text
from sim.results.tables import number as cell

FILE = "expected_names.csv"
RULE_OF_THREE = 3.0
"""Over n of which nothing happened, the upper end of a 95 % interval of the share: the rule of
three, as 0.05 is about exp(-3) (Hanley and Lippman-Hand 1983)."""
FEWEST = 4
"""Of fewer the bound would be no share."""


def names_by_strategy(run: RunFolder) -> dict[str, Row]:
    """Row of all providers together by strategy; none in a folder that has no such table."""
    if not (run.path / FILE).is_file():
        return {}
    return {text(row, "strategy"): row for row in read_rows(run, FILE) if not text(row, "provider")}


def is_nothing_listed(row: Row | None) -> bool:
    """Whether it is known that no address was ever listed."""
    return row is not None and cell(row, "n_listed") == 0 and cell(row, "n_networks6") == 0


def missed_strategies(
    rows: Sequence[Row], metric: str, n_drawn: float, listed: Mapping[str, Row]
) -> set[str]:
    """Strategies whose sample could hardly be hit, so that a harm is not known.

    Parameters
    ----------
    rows
        Rows of ``comparison.csv`` with both bands.
    n_drawn
        Businesses that are drawn.
    listed
        Row of the names by strategy, as tables may lack what was listed.
    """
    by = {(text(row, "strategy"), text(row, "metric")): row for row in rows}

    def values_of(label: str, name: str) -> NDArray[np.float64]:
        row = by.get((label, name), {})
        ends = ("mean", "given", "high", "all_high") if name == metric else ("mean",)
        return np.array([cell(row, end) for end in ends])

    return {
        label
        for label, name in by
        if name == metric
        and not is_nothing_listed(listed.get(label))
        and has_missed(metric, text(by[label, name], "unit"), n_drawn, partial(values_of, label))
    }


def names_words(row: Row | None, words: Language = IN_ENGLISH) -> str:
    """How many names are expected, with the range: ``6.7 million names (0.13 to 22 million)``."""
    if row is None or text(row, "state") == "not known":
        return words.say("a number of names that is not known")
    is_bound = text(row, "state") == LOWER_BOUND
    mean = rounded_names(cell(row, "hit_mean"), is_bound=is_bound)
    low, high = (rounded_names(cell(row, f"hit_{end}")) for end in ("low", "high"))
    n = words.amount(words.digits(_in_two_figures(number(mean))), "names")
    range_ = words.digits(_in_two_figures(span(low, high)))
    if is_bound:
        return words.say("at least {n} ({range})", n=n, range=range_)
    return f"{n} ({range_})"


def names_sentence(row: Row | None, words: Language = IN_ENGLISH) -> str:
    """Names expected behind all that one strategy ever listed, in a sentence or two."""
    if is_nothing_listed(row):
        return words.say("No address was ever listed, so no name is behind one.")
    said = words.say(
        "Expected behind all addresses that were ever listed: {names}.",
        names=names_words(row, words),
    )
    if row is None or text(row, "state") == "not known":
        return said
    active = (rounded_names(cell(row, f"active_{end}")) for end in ("mean", "low", "high"))
    mean, *ends = active
    counted = words.say(
        "Counted are domain names that resolve to them, parked ones too; not parked: {n} "
        "({range}).",
        n=words.digits(_in_two_figures(number(mean))),
        range=words.digits(_in_two_figures(span(*ends))),
    )
    return f"{said} {counted}"


def names_of_strategies(rows: Mapping[str, Row], words: Language = IN_ENGLISH) -> str:
    """The same of several strategies, in one sentence; empty where no table says it."""
    if not rows:
        return ""
    nothing = words.say("no address listed")
    parts = [
        f"{label}: {nothing if is_nothing_listed(row) else names_words(row, words)}"
        for label, row in rows.items()
    ]
    return words.say(
        "Expected behind all addresses that were ever listed: {names}.", names="; ".join(parts)
    )


def bound_words(n_businesses: float, words: Language = IN_ENGLISH) -> str:
    """Share of all below which it is with 95 % confidence, where none of so many was hit."""
    if not n_businesses >= FEWEST:
        return words.say("no upper bound")
    return words.say(
        "fewer than {share} of all, 95 % bound",
        share=words.digits(_in_two_figures(at_most(RULE_OF_THREE / n_businesses, 2))),
    )


def none_hit(
    expected: Row | None, n_businesses: float, listed: Row | None, words: Language = IN_ENGLISH
) -> str:
    """That none of a sample was hit, with what this shows.

    Parameters
    ----------
    expected
        The measure of how many were to be expected; None where a folder has none.
    n_businesses
        Businesses of one simulation.
    listed
        The row of the names; None where a folder has none.
    """
    if is_nothing_listed(listed):
        return words.say("No address was listed and none of the modelled businesses was hit")
    n = math.nan if expected is None else cell(expected, "mean")
    bound = bound_words(n_businesses, words)
    if math.isnan(n):
        return words.say("None of the modelled businesses was hit ({bound})", bound=bound)
    return words.say(
        "None of the modelled businesses was hit, a sample too small to tell: {n} were expected "
        "on listed addresses ({bound})"
        if n < TOO_FEW
        else "None of the modelled businesses was hit, where {n} were expected on listed "
        "addresses ({bound})",
        n=words.digits(_in_two_figures(number(rounded_names(n)))),
        bound=bound,
    )


def _in_two_figures(text_: str) -> str:
    """A number that was rounded so, without the zeros that say it is surer: 6.7 of 6.70."""
    return re.sub(r"(\.\d*?)0+(?!\d)", lambda found: found[1].rstrip("."), text_)
