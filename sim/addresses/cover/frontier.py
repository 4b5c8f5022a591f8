"""The best cover for each number of rules, read off the tables of least costs.

In: prefix trees with collateral and worth laid on them, a budget, prices. Out: the frontier of
cost by number of rules, and the cover at each point of it. It does not know which weights were
laid on the trees.

Whole numbers are added and compared exactly. Float costs that differ by less than `TOLERANCE` of
themselves count as equal where the fewest rules are looked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.addresses.cover.knapsack import CostTable, NodeValues, fill
from sim.addresses.cover.rows import Columns, fewest_rules, merge, split, unreachable
from sim.addresses.cover.targets import LaidWeights, Number
from sim.addresses.cover.weights import INT64_LIMIT
from sim.addresses.sets.families import AddressSet
from sim.addresses.sets.format import format_lines4
from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.intervals6 import IntervalSet6
from sim.addresses.sets.ipv6 import IPV6_BITS, Addresses6, masked
from sim.addresses.sets.positions import addresses4, format_positions
from sim.errors import UsageError

TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False)
class Cover:
    """Prefixes to block.

    Attributes
    ----------
    address4, length4 : shape (n4,), int64
        IPv4 prefixes, ascending.
    address6, length6 : shape (n6,)
        IPv6 prefixes, ascending.
    collateral
        Weight blocked beside the exempt addresses.
    missed
        Worth of the targets left.
    """

    address4: NDArray[np.int64]
    length4: NDArray[np.int64]
    address6: Addresses6
    length6: NDArray[np.int64]
    collateral: Number
    missed: Number

    @property
    def n_rules(self) -> int:
        """Number of prefixes."""
        return int(self.length4.size + self.length6.size)

    def to_set(self) -> AddressSet:
        """Return the addresses blocked."""
        stop = self.address4 + (np.int64(1) << (32 - self.length4))
        return AddressSet(
            IntervalSet.from_bounds(self.address4, stop),
            IntervalSet6.from_bounds(*masked(self.address6, self.length6)),
        )

    def texts(self) -> list[str]:
        """Return the prefixes as text, IPv4 first."""
        four = format_lines4(self.address4, self.length4).decode("ascii").splitlines()
        return four + format_positions(self.address6, self.length6, IPV6_BITS)


@dataclass(frozen=True, eq=False)
class Frontier:
    """The best cover for each number of rules.

    Attributes
    ----------
    n_rules : shape (m,), int64
        Budgets in a row, from the fewest rules that cover what must be covered to the budget
        asked for, or to the number of target prefixes if that is smaller: beyond it nothing
        improves.
    collateral : shape (m,)
        Least collateral with at most so many rules; with a price for misses, that of the cover
        with the least sum of collateral and price.
    missed : shape (m,)
        Worth of the targets which that cover leaves.
    cost : shape (m,)
        Collateral, plus the price of the targets missed; never increases.
    saved_by_next : shape (m,)
        By how much the cost falls with one more rule.
    n_used : shape (m,), int64
        Rules that the cover has: the fewest with that cost.
    """

    n_rules: NDArray[np.int64]
    collateral: NDArray[Any]
    missed: NDArray[Any]
    cost: NDArray[Any]
    saved_by_next: NDArray[Any]
    n_used: NDArray[np.int64]
    _tables: tuple[CostTable, ...]
    _keys: Columns
    _collaterals: tuple[NDArray[Any], ...]

    def cover(self, n_rules: int) -> Cover:
        """Return the best cover with at most so many rules.

        Among covers of equal cost: the least breadth, if one was given; of those, the fewest
        rules; of those, at each fork of the prefix tree
        from the top, the rule over the whole fork before rules in its halves, then as many rules
        as possible in the lower half.

        Raises
        ------
        UsageError
            If so few rules cannot cover the targets.
        """
        if n_rules < self.n_rules[0]:
            raise UsageError(too_few(int(self.n_rules[0]), n_rules))
        row = min(n_rules - int(self.n_rules[0]), self.n_rules.size - 1)
        address4 = length4 = length6 = np.empty(0, np.int64)
        address6 = Addresses6.empty()
        collateral: Number = 0
        nodes = self._nodes(int(self.n_used[row]))
        for table, chosen, weight in zip(self._tables, nodes, self._collaterals, strict=True):
            tree = table.tree
            address, length = tree.address.take(chosen), tree.length[chosen]
            if tree.bits == IPV6_BITS:
                address6, length6 = address, length
            else:
                address4, length4 = addresses4(address), length
            collateral += sum(weight[chosen].tolist())
        missed = self.missed[row : row + 1].tolist()[0]
        return Cover(address4, length4, address6, length6, collateral, missed)

    def _nodes(self, n_rules: int) -> list[NDArray[np.int64]]:
        """Nodes chosen in each tree, for a number of rules of which none is idle."""
        if len(self._tables) < 2:
            chosen = [table.chosen_nodes(n_rules) for table in self._tables]
        else:
            four, six = self._tables
            wanted = tuple(column[n_rules] for column in self._keys)
            n_keys = len(wanted)
            n_four = split(four.top()[:n_keys], six.top()[:n_keys], n_rules, wanted)
            chosen = [four.chosen_nodes(n_four), six.chosen_nodes(n_rules - n_four)]
        return [np.array(nodes, np.int64) for nodes in chosen]


def solve(
    laid: LaidWeights, budget: int, miss_price: Number | None, collateral_price: Number = 1
) -> Frontier:
    """Do the work of `sim.addresses.cover.cover.find_covers` on weights already laid on the trees.

    Parameters
    ----------
    laid
        Trees with collateral and worth.
    budget, miss_price
        As for `find_covers`, and checked.
    collateral_price
        What a unit of collateral costs; a whole number unless some weight is a float.
    """
    if isinstance(miss_price, float) and miss_price.is_integer():
        miss_price = int(miss_price)
    costs, prices = _priced(laid, miss_price, collateral_price)
    tables = tuple(
        # One rule more than asked for, to know what it would save.
        fill(
            tree,
            NodeValues(
                np.where(tree.is_allowed, cost, unreachable(cost.dtype)),
                price,
                laid.breadths[row] if laid.breadths else None,
                None if miss_price is None else laid.worths[row],
            ),
            budget + 1,
        )
        for row, (tree, cost, price) in enumerate(zip(laid.trees, costs, prices, strict=True))
    )
    n_keys = 2 if laid.breadths else 1
    columns = _joined(tables, budget + 1, n_keys)
    top, keys = columns[0], columns[:n_keys]
    fewest = fewest_rules(keys, TOLERANCE)
    first = int(np.argmax(top < unreachable(top.dtype)))
    n_rules = np.arange(first, min(budget, top.size - 1) + 1)
    n_used = fewest[n_rules]
    saved = top[n_used] - top[fewest[np.minimum(n_rules + 1, top.size - 1)]]
    if miss_price is None:
        missed = np.full(n_rules.size, laid.unblockable)
        cost = collateral = top[n_used]
    else:
        left = columns[-1][n_used]
        missed = left + laid.unblockable
        cost = top[n_used] + miss_price * laid.unblockable
        collateral = top[n_used] - left.astype(top.dtype) * miss_price
        if top.dtype == np.float64:
            collateral = np.maximum(collateral / collateral_price, 0.0)
        else:
            collateral = collateral // collateral_price
    return Frontier(
        n_rules, collateral, missed, cost, saved, n_used, tables, keys, laid.collaterals
    )


def _priced(
    laid: LaidWeights, miss_price: Number | None, collateral_price: Number
) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
    """Costs and prices of the nodes of all trees, in one type that holds them exactly."""
    price: Number = 0 if miss_price is None else miss_price
    collaterals, worths = laid.collaterals, laid.worths
    columns = [*collaterals, *worths] if miss_price is not None else [*collaterals]
    dtype: np.dtype[Any] = np.dtype(np.int64)
    if isinstance(price + collateral_price, float) or any(
        column.dtype == np.float64 for column in columns
    ):
        dtype = np.dtype(np.float64)
    elif columns:
        # The roots hold the largest numbers.
        dearest = sum(int(column[-1]) for column in collaterals) * int(collateral_price)
        worth = sum(int(column[-1]) for column in worths) + laid.unblockable
        if dearest + worth * price >= INT64_LIMIT:
            dtype = np.dtype(object)
    costs = [column.astype(dtype) * collateral_price for column in collaterals]
    if miss_price is None:
        prices = [np.full(column.size, unreachable(dtype), dtype) for column in collaterals]
    else:
        prices = [column.astype(dtype) * price for column in worths]
    return costs, prices


def _joined(tables: tuple[CostTable, ...], budget: int, n_keys: int) -> Columns:
    """Rows of the roots of all trees as one: cost, breadth, worth left, as far as there."""
    if not tables:
        nothing = np.zeros(1, np.int64)
        return nothing, nothing, nothing
    if len(tables) == 1:
        return tables[0].top()
    lower, upper = (tuple(c.reshape(1, -1) for c in table.top()) for table in tables)
    size = min(lower[0].size + upper[0].size - 1, budget + 1)
    return tuple(row[0] for row in merge(lower, upper, size, n_keys))


def too_few(fewest: int, budget: int) -> str:
    """Say that a budget is too small."""
    return (
        f"expected a budget of at least {fewest} rules, the fewest that cover all targets under "
        f"the limits given, got {budget}"
    )
