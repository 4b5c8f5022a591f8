"""The least cost of every subtree with every number of rules.

In: a prefix tree, the cost of blocking at each node, the price of leaving each leaf. Out: for
each node and each number of rules up to a budget, the least cost of the targets under it; and the
nodes to block, found by asking again which choice gave that least cost.

At a leaf, no rule costs the price of leaving it, one rule the cost of blocking it. At a fork, j
rules are either one over the whole fork, or i in the lower half and j - i in the upper half:

    best[u][j] = min(cost[u] if j >= 1,  min over i of best[left][i] + best[right][j - i])

A node's row is as long as it has leaves, or as the budget, so the rows together hold at most
(depth of the tree) x (leaves) numbers, and all forks together try at most about
(leaves) x (budget) sums. What is not allowed costs `unreachable`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.addresses import backend
from sim.addresses.targets import Number
from sim.addresses.tree import PrefixTree
from sim.addresses.weights import INT64_LIMIT

# Forks with so many leaves are done together with all that have the same shape.
_BATCHED_LEAVES = 48
# Nanoseconds the kernel saves for each sum tried, and for each fork.
_SAVED_BY_SUM_NS, _SAVED_BY_FORK_NS = 1, 15_000


@dataclass(frozen=True, eq=False)
class CostTable:
    """Least costs by node and number of rules.

    Attributes
    ----------
    tree
        Whose nodes the rows belong to.
    cost, price : shape (n_nodes,)
        Cost of blocking at a node, price of leaving all targets under it, in one type;
        `unreachable` where that is not allowed.
    best : shape (n_cells,), read-only
        Rows of all nodes one after the other; a row never increases.
    left_worth : shape (n_cells,), read-only
        What the targets left by the choice described in `chosen_nodes` are worth, where the
        number of rules is no larger than needed. Empty if none may be left.
    start : shape (n_nodes + 1,), int64
        Where each node's row starts.
    """

    tree: PrefixTree
    cost: NDArray[Any]
    price: NDArray[Any]
    best: NDArray[Any]
    left_worth: NDArray[Any]
    start: NDArray[np.int64]

    def row(self, node: int) -> NDArray[Any]:
        """Least cost of a node with 0, 1, 2 … rules."""
        return self.best[self.start[node] : self.start[node + 1]]

    def top(self) -> NDArray[Any]:
        """Row of the root."""
        return self.row(self.tree.n_nodes - 1)

    def top_left(self) -> NDArray[Any]:
        """Worth of the targets left, by number of rules; empty if none may be left."""
        return self.left_worth[self.start[-2] :]

    def cells(self, nodes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Places of the rows of nodes with equally long rows, shape (n, length)."""
        first = int(nodes[0])
        return self.start[nodes][:, None] + np.arange(self.start[first + 1] - self.start[first])

    def chosen_nodes(self, n_rules: int) -> list[int]:
        """Nodes to block for the least cost with a number of rules that is no larger than needed.

        Among choices of equal cost: the rule over a whole fork before rules in its halves; then
        as many rules as possible in the lower half.
        """
        tree, n = self.tree, self.tree.leaf_count
        chosen: list[int] = []
        waiting = [(tree.n_nodes - 1, n_rules)]
        while waiting:
            node, n_here = waiting.pop()
            if n_here == 0:
                continue
            wanted = self.row(node)[n_here]
            if n_here == 1 and self.cost[node] == wanted:
                chosen.append(node)
                continue
            lower, upper = int(tree.left[node - n]), int(tree.right[node - n])
            n_lower = split(self.row(lower), self.row(upper), n_here, wanted)
            waiting += [(upper, n_here - n_lower), (lower, n_lower)]
        return chosen


def unreachable(dtype: np.dtype[Any]) -> Number:
    """Return the cost that stands for what is not allowed; sums of two stay representable."""
    if dtype == np.float64:
        return float("inf")
    # Python integers may be larger than any stated number: infinity compares with all of them.
    return INT64_LIMIT if dtype == np.int64 else float("inf")


def split(lower: NDArray[Any], upper: NDArray[Any], n_rules: int, wanted: Number) -> int:
    """Rules in the lower half: the most that give the wanted cost."""
    most, least = min(n_rules, lower.size - 1), max(0, n_rules - upper.size + 1)
    sums = lower[least : most + 1] + upper[n_rules - most : n_rules - least + 1][::-1]
    return least + int(np.flatnonzero(sums == wanted)[-1])


def fill(
    tree: PrefixTree,
    cost: NDArray[Any],
    price: NDArray[Any],
    budget: int,
    worth: NDArray[Any] | None = None,
) -> CostTable:
    """Compute the least costs.

    Parameters
    ----------
    tree
        At least one leaf.
    cost, price : shape (n_nodes,)
        As in `CostTable`; one type.
    budget
        Most rules looked at, at least 1.
    worth : shape (n_nodes,)
        What the targets under each node are worth, added up for those left; nothing is added up,
        which takes less time, where none may be left.
    """
    n = tree.leaf_count
    start = np.zeros(tree.n_nodes + 1, np.int64)
    np.cumsum(np.minimum(tree.n_leaves, budget) + 1, out=start[1:])
    best = np.full(start[-1], unreachable(cost.dtype), cost.dtype)
    best[start[:n]] = price[:n]
    best[start[:n] + 1] = np.minimum(price[:n], cost[:n])
    if worth is None:
        left_worth = np.zeros(0, np.int64)
    else:
        left_worth = np.zeros(start[-1], worth.dtype)
        left_worth[start[:n]] = worth[:n]
        left_worth[start[:n] + 1] = np.where(cost[:n] < price[:n], 0, worth[:n])
    table = CostTable(tree, cost, price, best, left_worth, start)
    saving = _SAVED_BY_SUM_NS * n * min(n, budget) + _SAVED_BY_FORK_NS * n
    is_plain = object not in (cost.dtype, left_worth.dtype)
    if is_plain and backend.kernels(saving):
        from sim.addresses import knapsack_kernel

        knapsack_kernel.fill(start, tree.left, tree.right, cost[n:], best, left_worth)
    else:
        _fill(table)
    best.flags.writeable = left_worth.flags.writeable = False
    return table


def _fill(table: CostTable) -> None:
    """Fill in the forks, those of the same shape together while they are small."""
    tree = table.tree
    n_fork_leaves = tree.n_leaves[tree.leaf_count :]
    small = np.flatnonzero(n_fork_leaves <= _BATCHED_LEAVES)
    shape = n_fork_leaves[small] * (_BATCHED_LEAVES + 1) + tree.n_leaves[tree.left[small]]
    order = np.argsort(shape, kind="stable")
    # By number of leaves, so that children, which have fewer, come first.
    edge = np.flatnonzero(np.diff(shape[order], prepend=-1))
    for forks in np.split(small[order], edge[1:]):
        _fill_forks(table, forks)
    # Large forks one by one; their own order has children first.
    for fork in np.flatnonzero(n_fork_leaves > _BATCHED_LEAVES):
        _fill_forks(table, np.array([fork]))


def _fill_forks(table: CostTable, forks: NDArray[np.int64]) -> None:
    """Fill in forks of one shape; none is fine too."""
    if not forks.size:
        return
    tree, best, left_worth = table.tree, table.best, table.left_worth
    node = tree.leaf_count + forks
    lower, upper = table.cells(tree.left[forks]), table.cells(tree.right[forks])
    own = table.cells(node)
    cost = table.cost[node][:, None]
    if left_worth.size:
        rows, rest = merge_both(
            (best[lower], left_worth[lower]), (best[upper], left_worth[upper]), own.shape[1]
        )
        rest[:, 1:][cost <= rows[:, 1:]] = 0
        left_worth[own] = rest
    else:
        rows = merge(best[lower], best[upper], own.shape[1])
    # One rule over the whole fork is a choice too.
    np.minimum(rows[:, 1:], cost, out=rows[:, 1:])
    best[own] = rows


def merge(lower: NDArray[Any], upper: NDArray[Any], size: int) -> NDArray[Any]:
    """Least sums of two rows for every number of rules.

    Parameters
    ----------
    lower : shape (m, a)
        Rows of the lower halves.
    upper : shape (m, b)
        Rows of the upper halves.
    size
        Length of the result, at most a + b - 1.

    Returns
    -------
    rows : shape (m, size)
    """
    if lower.shape[1] > upper.shape[1]:
        lower, upper = upper, lower
    rows = np.full((lower.shape[0], size), unreachable(lower.dtype), lower.dtype)
    for n_rules in range(min(lower.shape[1], size)):
        part = rows[:, n_rules : n_rules + upper.shape[1]]
        sums = upper[:, : part.shape[1]] + lower[:, n_rules : n_rules + 1]
        np.minimum(part, sums, out=part)
    return rows


def merge_both(
    lower: tuple[NDArray[Any], NDArray[Any]], upper: tuple[NDArray[Any], NDArray[Any]], size: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """As `merge`, with a second number carried along the least sums.

    Of equal sums the one with the most rules in the lower half is taken.
    """
    first, second = lower[0].shape[1], upper[0].shape[1]
    rows = np.full((lower[0].shape[0], size), unreachable(lower[0].dtype), lower[0].dtype)
    rest = np.zeros_like(rows)
    # Either way round, the number of rules in the lower half falls from step to step.
    if first <= second:
        few, many, steps = lower, upper, range(min(first, size) - 1, -1, -1)
    else:
        few, many, steps = upper, lower, range(min(second, size))
    for n_rules in steps:
        place = slice(n_rules, n_rules + many[0].shape[1])
        part = rows[:, place]
        sums = many[0][:, : part.shape[1]] + few[0][:, n_rules : n_rules + 1]
        is_less = sums < part
        np.copyto(part, sums, where=is_less)
        rests = many[1][:, : part.shape[1]] + few[1][:, n_rules : n_rules + 1]
        np.copyto(rest[:, place], rests, where=is_less)
    return rows, rest
