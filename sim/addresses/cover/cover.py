"""Covers of given targets at least collateral, for every budget of rules.

In: targets, weights of what stands beside them, a budget of rules, perhaps a price for each
target missed. Out: the frontier of least cost by number of rules, and the prefixes behind each
point of it. Exact: a dynamic programme over the prefix tree, see ``docs/explanation/cover.md``.
It does not know who asks, a court with hindsight or a censor with what it has found so far.
"""

from __future__ import annotations

from sim.addresses.cover.frontier import Frontier, solve, too_few
from sim.addresses.cover.targets import Number, Targets
from sim.addresses.cover.weights import Weights
from sim.errors import UsageError


def find_covers(
    targets: Targets,
    weights: Weights,
    budget: int,
    *,
    miss_price: Number | None = None,
    worth: Weights | None = None,
    breadth: Weights | None = None,
) -> Frontier:
    """Find the covers of least cost for every number of rules up to a budget.

    Parameters
    ----------
    targets
        Prepared with ``may_miss`` if there is a price.
    weights
        What is counted as collateral, outside ``targets.exempt``.
    budget
        Most rules, at least 1.
    miss_price
        Price of leaving targets of worth one (FILTER-SOME); None if all have to be covered
        (FILTER-ALL).
    worth
        What targets are worth; by default every target address is worth one.
    breadth
        Decides among covers of equal cost: the least is taken, before the fewest rules. Weights
        that leave part of the address space at 0 need one, such as
        ``Weights.per_address()``: without it a wide rule over such space is as good as narrow
        ones. It never changes a cost.

    Raises
    ------
    UsageError
        If the budget or the price is out of range, or the targets cannot be covered with so few
        rules under the limits and protections.

    References
    ----------
    Soldo, Argyraki, Markopoulou, "Optimal source-based filtering of malicious traffic", IEEE/ACM
    Transactions on Networking 20(2), 2012.
    """
    if budget < 1:
        raise UsageError(f"expected a budget of at least 1 rule, got {budget}")
    if miss_price is not None and not 0 <= miss_price < float("inf"):
        raise UsageError(f"expected a price that is finite and not negative, got {miss_price}")
    if miss_price is None:
        targets.refuse_conflicts()
        if targets.fewest_rules > budget:
            raise UsageError(too_few(targets.fewest_rules, budget))
    laid = targets.lay(weights, worth, breadth, may_miss=miss_price is not None)
    return solve(laid, budget, miss_price)
