"""Names expected behind what was listed, and what a sample of which nothing was hit shows.

In: the rows of ``expected_names.csv``. Out: words. A zero of a sample is printed with how many were
expected and with the bound that it leaves.
"""

from __future__ import annotations

from sim.catalogue.choices import measure_name
from sim.measure.estimates import Estimate, read_estimates
from sim.names.listed import LOWER_BOUND, rounded_names
from sim.report.words.languages import Text, say, say_n
from sim.report.words.numbers import NOT_KNOWN, at_most, number, span
from sim.results.folder import RunFolder
from sim.results.tables import Row, read_rows, text
from sim.results.tables import number as cell

FILE = "expected_names.csv"
EXPECTED = measure_name("businesses_expected_listed")
RULE_OF_THREE = 3.0
"""Over n of which nothing happened, the upper end of a 95 % interval of the share: the rule of
three, as 0.05 is about exp(-3) (Hanley and Lippman-Hand 1983)."""
TOO_FEW = 3.0
"""Expected below it, a sample shows none in more than one draw of twenty by chance alone."""


def names_by_strategy(run: RunFolder) -> dict[str, Row]:
    """Row of all providers together by strategy; none in a folder that has no such table."""
    if not (run.path / FILE).is_file():
        return {}
    return {text(row, "strategy"): row for row in read_rows(run, FILE) if not text(row, "provider")}


def is_nothing_listed(row: Row | None) -> bool:
    """Whether it is known that no address was ever listed."""
    return row is not None and cell(row, "n_listed") == 0 and cell(row, "n_networks6") == 0


def is_out_of_reach(expected: Estimate | None) -> bool:
    """Whether what was listed contains no range of a modelled host, so that none can be hit."""
    return expected is not None and expected.median == expected.high == 0


def bound_of_zero(expected: Estimate | None, row: Row | None) -> str:
    """Share of all below which harm is, where none of a sample was cut off: the rule of three.

    Empty where nothing was listed: then a zero is one. Where no business of the sample could be
    hit, the rule says nothing: harm is not known.

    Parameters
    ----------
    expected
        Businesses expected behind what was listed, out of those that are drawn.
    row
        Row of all providers in ``expected_names.csv``.
    """
    n = int(expected.whole) if expected is not None and expected.whole > 0 else 0
    if not n or is_nothing_listed(row):
        return ""
    if is_out_of_reach(expected):
        return NOT_KNOWN
    return say("at most {share}", share=at_most(min(RULE_OF_THREE / n, 1.0)))


def read_bound(run: RunFolder, strategy: str) -> str:
    """What is printed for a share that is zero under a strategy; empty where that is a zero.

    Raises
    ------
    DataError
        If a table cannot be read.
    """
    expected = read_estimates(run).get((strategy, EXPECTED))
    return bound_of_zero(expected, names_by_strategy(run).get(strategy))


def names_words(row: Row | None) -> Text:
    """How many names are expected, with the range: ``4.1 million names (0.13 to 22 million)``."""
    if row is None or text(row, "state") == "not known":
        return say("a number of names that is not known")
    is_bound = text(row, "state") == LOWER_BOUND
    median = rounded_names(cell(row, "hit"), is_bound=is_bound)
    low, high = (rounded_names(cell(row, f"hit_{end}")) for end in ("low", "high"))
    n, range_ = number(median), span(low, high)
    if is_bound:
        return say_n(
            "at least {n} name ({range})", "at least {n} names ({range})", median, n=n, range=range_
        )
    return say_n("{n} name ({range})", "{n} names ({range})", median, n=n, range=range_)
