"""Names expected behind what was listed, and what a sample of which nothing was hit shows.

In: the rows of ``expected_names.csv``. Out: words. A zero of a sample is printed with how many were
expected and with the bound that it leaves.
"""

from __future__ import annotations

from sim.catalogue.choices import measure_name
from sim.names.listed import LOWER_BOUND, rounded_names
from sim.report.words.languages import Text, say, say_n
from sim.report.words.numbers import number, span
from sim.results.read import RunFolder
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
