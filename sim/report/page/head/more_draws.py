"""How many draws can settle an order, as they are weighted.

In: a run folder. Out: a number for ``--draws``, and as how many draws of equal weight these count.
Nothing is run: which draws are picked by weight is known beforehand.
"""

from __future__ import annotations

from sim.experiment.weighted_draws import copy_of, effective_draws, read_weighted_draws
from sim.report.page.verdicts import LEAST_EFFECTIVE
from sim.results.read import RunFolder

FEWEST_DRAWS_ASKED = 128
"""Draws that are proposed where none were made."""
MOST_TIMES = 5
"""How often the number of draws is doubled at most."""


def more_draws(run: RunFolder) -> tuple[int, float]:
    """Twice as many draws as there are, or as many more as can settle an order.

    Returns
    -------
    n, counted
        For ``--draws``, and as how many of equal weight they count: too few where no number that
        is proposed suffices.
    """
    n = int((run.manifest.get("draws") or {}).get("n") or 0)
    if not n:
        return FEWEST_DRAWS_ASKED, float(FEWEST_DRAWS_ASKED)
    found = [(2**times * n, drawn_as(run, 2**times * n)) for times in range(1, MOST_TIMES + 1)]
    return next((one for one in found if one[1] >= LEAST_EFFECTIVE), found[0])


def drawn_as(run: RunFolder, n: int) -> float:
    """As how many draws of equal weight so many count, weighted as those of a folder are."""
    draws = run.manifest.get("draws") or {}
    if "from" not in draws:
        return float(n)
    return effective_draws(read_weighted_draws(run.path / copy_of(draws["from"])), n)
