"""Sites of one's own, and what is not known of them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from sim.catalogue.measures import USD
from sim.measure.sites import SiteRuns, read_sites
from sim.report.words.languages import say_n
from sim.report.words.numbers import whole
from sim.results.folder import RunFolder
from sim.results.tables import number, read_rows, text


def read_known(run: RunFolder, strategy: str, unit: str = USD) -> SiteRuns:
    """Read outages of the sites; hours and losses are NaN where ``sites.csv`` has no hours."""
    runs, unknown = read_sites(run.path, strategy, unit), find_unknown(run, strategy)
    hidden = np.array([(site, "") in unknown for site in runs.site])
    known = {
        name: np.where(hidden, np.nan, runs.number[name]) for name in ("impaired_h", "loss_usd")
    }
    return replace(runs, number={**runs.number, **known})


def share_known(run: RunFolder, strategy: str, operator: str) -> float:
    """Share of the sites of which it is known whether an operator cut them off."""
    unknown = find_unknown(run, strategy)
    polled = {site for site, who in unknown if who}
    # A site whose place is drawn has no rows of operators.
    n = sum(who == operator if who else site not in polled for site, who in unknown)
    return 1 - n / len(read_sites(run.path, strategy).site)


def find_unknown(run: RunFolder, strategy: str) -> set[tuple[str, str]]:
    """Sites with operators (empty: all users) for which ``sites.csv`` has no hours."""
    return {
        (text(row, "site"), text(row, "operator"))
        for row in read_rows(run, "sites.csv", ("site", "operator", "impaired_h"))
        if text(row, "strategy") == strategy and math.isnan(number(row, "impaired_h"))
    }


def count_unknown(run: RunFolder, strategy: str) -> int:
    """How many sites are not known."""
    return sum(not operator for _, operator in find_unknown(run, strategy))


def find_partly(run: RunFolder, strategy: str) -> set[str]:
    """Sites that some operator was not polled for, so that what was seen is a lower bound."""
    return {site for site, operator in find_unknown(run, strategy) if operator}


def note_of_unknown(run: RunFolder, strategy: str) -> str:
    """Write how many sites are not known, so that shares of all are bounds; empty if none."""
    n = len({site for site, _ in find_unknown(run, strategy)})
    return say_n(
        "{n} site is not known, or not at every operator: shares are lower bounds.",
        "{n} sites are not known, or not at every operator: shares are lower bounds.",
        n, n=whole(n),
    ) if n else ""  # fmt: skip
