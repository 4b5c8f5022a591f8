"""Efficacy against collateral with a fixed number of rules.

In: targets, weights, a number of rules. Out: the corners of the frontier between what is missed
and what is hit beside it, found by asking for the cheapest cover at one price after another.

Prices find the corners of the convex hull of all covers: covers that are best at some price. A
cover that is best at none lies above the line between two corners; how much could be gained by it
is bounded by that line, and the bound is given.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim.addresses.cover.frontier import TOLERANCE, Cover, solve
from sim.addresses.cover.targets import LaidWeights, Number, Targets
from sim.addresses.cover.weights import Weights

MAX_CORNERS = 200


@dataclass(frozen=True)
class TradeOff:
    """Corners of the frontier, from the most targets covered to the most without collateral.

    Attributes
    ----------
    corners
        Covers by ascending worth missed and descending collateral.
    is_complete
        Whether these are all corners, or as many as were asked for.
    """

    corners: tuple[Cover, ...]
    is_complete: bool


@dataclass(frozen=True)
class Widest:
    """The most that was covered within a limit of collateral.

    Attributes
    ----------
    cover
        Has no more collateral than allowed.
    missed_at_least
        No cover within the limit misses less than this worth.
    """

    cover: Cover
    missed_at_least: Number


def trade_off(
    targets: Targets,
    weights: Weights,
    n_rules: int,
    *,
    worth: Weights | None = None,
    breadth: Weights | None = None,
    max_corners: int = MAX_CORNERS,
) -> TradeOff:
    """Find the corners of the frontier between targets missed and collateral.

    Parameters
    ----------
    targets
        Prepared with ``may_miss``.
    weights, worth, breadth
        As for `sim.addresses.cover.cover.find_covers`.
    n_rules
        Most rules of any cover.
    max_corners
        Corners after which the search stops; each takes one run of the dynamic programme.
    """
    prices = _Prices(targets.lay(weights, worth, breadth), n_rules)
    corners = {0: prices.most_covered(), 1: prices.no_collateral()}
    # Places between 0 and 1 keep the corners in order.
    waiting = [(0.0, 1.0)]
    found = {0.0: corners[0], 1.0: corners[1]}
    while waiting and len(found) < max_corners:
        left, right = waiting.pop(0)
        between = prices.between(found[left], found[right])
        if between is not None:
            middle = (left + right) / 2
            found[middle] = between
            waiting += [(left, middle), (middle, right)]
    ordered = [found[place] for place in sorted(found)]
    if _is_same(ordered[0], ordered[-1]):
        ordered = ordered[:1]
    return TradeOff(tuple(ordered), not waiting)


def widest_within(
    targets: Targets,
    weights: Weights,
    n_rules: int,
    most_collateral: Number,
    *,
    worth: Weights | None = None,
    breadth: Weights | None = None,
) -> Widest:
    """Cover as many targets as prices can find within a limit of collateral.

    Parameters
    ----------
    targets, weights, n_rules, worth, breadth
        As for `trade_off`.
    most_collateral
        The limit, not negative.
    """
    prices = _Prices(targets.lay(weights, worth, breadth), n_rules)
    over, within = prices.most_covered(), prices.no_collateral()
    if over.collateral <= most_collateral:
        return Widest(over, over.missed)
    while (between := prices.between(over, within)) is not None:
        if between.collateral <= most_collateral:
            within = between
        else:
            over = between
    share = (most_collateral - within.collateral) / (over.collateral - within.collateral)
    bound = within.missed - share * (within.missed - over.missed)
    if isinstance(within.missed, int) and isinstance(over.missed, int):
        # Rounding up is safe up to the error of the division.
        bound = math.ceil(bound - TOLERANCE * max(1, within.missed))
    return Widest(within, bound)


@dataclass(frozen=True)
class _Prices:
    """Cheapest covers at prices of collateral and of misses."""

    laid: LaidWeights
    n_rules: int

    def cheapest(self, miss_price: Number, collateral_price: Number) -> Cover:
        """Return the cheapest cover at these prices."""
        return solve(self.laid, self.n_rules, miss_price, collateral_price).cover(self.n_rules)

    def most_covered(self) -> Cover:
        """Return the cover that misses least, and of those the one with least collateral."""
        total = sum(column[-1:].tolist()[0] for column in self.laid.collaterals)
        # A miss costs more than all collateral together.
        return self.cheapest(*_outweighing(total, self._least(self.laid.worths)))

    def no_collateral(self) -> Cover:
        """Return the cover that misses least without any collateral."""
        total = sum(column[-1:].tolist()[0] for column in self.laid.worths)
        high, low = _outweighing(total, self._least(self.laid.collaterals))
        return self.cheapest(low, high)

    def between(self, one: Cover, two: Cover) -> Cover | None:
        """Return a corner below the line between two others, if there is one."""
        gain, price = two.missed - one.missed, one.collateral - two.collateral
        if gain <= 0 or price <= 0:
            return None
        if isinstance(gain, int) and isinstance(price, int):
            divisor = math.gcd(gain, price)
            gain, price = gain // divisor, price // divisor
        else:
            gain, price = 1, price / gain
        cover = self.cheapest(price, gain)
        line = price * one.missed + gain * one.collateral
        cost = price * cover.missed + gain * cover.collateral
        is_below = cost < line if isinstance(line, int) else cost < line * (1 - TOLERANCE)
        return cover if is_below else None

    def _least(self, columns: tuple[object, ...]) -> Number:
        """Return the least amount on any node; 1 for whole numbers."""
        least: Number = 1
        for column in columns:
            amounts = [amount for amount in column.tolist() if amount > 0]  # type: ignore[attr-defined]
            if any(isinstance(amount, float) for amount in amounts):
                least = min(least, *amounts)
        return least


def _outweighing(total: Number, least: Number) -> tuple[Number, Number]:
    """Prices that make the least amount of one thing dearer than the total of another."""
    if isinstance(total, int) and least == 1:
        return total + 1, 1
    return 2 * total / least + 1, 1


def _is_same(one: Cover, two: Cover) -> bool:
    return one.missed == two.missed and one.collateral == two.collateral
