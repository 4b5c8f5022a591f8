"""The least cost of every subtree with every number of rules.

In: a prefix tree, the cost of blocking at each node, the price of leaving each leaf. Out: for
each node and each number of rules up to a budget, the least cost of the targets under it; and the
nodes to block, found by asking again which choice gave that least cost.

At a leaf, no rule costs the price of leaving it, one rule the cost of blocking it. At a fork, j
rules are either one over the whole fork, or i in the lower half and j - i in the upper half:

    best[u][j] = min(cost[u] if j >= 1,  min over i of best[left][i] + best[right][j - i])

Among equal costs the choice with the least breadth is taken, where a breadth is given: what else
counts beside the cost, such as addresses without a weight.

A node's row is as long as it has leaves, or as the budget, so the rows together hold at most
(depth of the tree) x (leaves) numbers, and all forks together try at most about
(leaves) x (budget) sums. What is not allowed costs `unreachable`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.addresses.cover.rows import Columns, merge, split, unreachable
from sim.addresses.cover.tree import PrefixTree

# Forks with so many leaves are done together with all that have the same shape.
_BATCHED_LEAVES = 48


@dataclass(frozen=True, eq=False)
class NodeValues:
    """What a choice costs at each node.

    Attributes
    ----------
    cost, price : shape (n_nodes,)
        Cost of blocking at a node, price of leaving all targets under it, in one type;
        `unreachable` where that is not allowed.
    breadth : shape (n_nodes,)
        Decides among equal costs of blocking; None if nothing does.
    worth : shape (n_nodes,)
        What the targets under each node are worth, added up for those left; None, which takes
        less time, where none may be left.
    """

    cost: NDArray[Any]
    price: NDArray[Any]
    breadth: NDArray[Any] | None = None
    worth: NDArray[Any] | None = None


@dataclass(frozen=True, eq=False)
class CostTable:
    """Least costs by node and number of rules.

    Attributes
    ----------
    tree, values
        Whose nodes the rows belong to, and what choices cost there.
    start : shape (n_nodes + 1,), int64
        Where each node's row starts.
    best : shape (n_cells,), read-only
        Least costs, the rows of all nodes one after the other; a row never increases.
    breadth : shape (n_cells,), read-only
        Breadth of the choice; empty if none is given.
    left_worth : shape (n_cells,), read-only
        What the targets left by the choice described in `chosen_nodes` are worth, where the
        number of rules is no larger than needed. Empty if none may be left.
    """

    tree: PrefixTree
    values: NodeValues
    start: NDArray[np.int64]
    best: NDArray[Any]
    breadth: NDArray[Any]
    left_worth: NDArray[Any]

    def top(self) -> Columns:
        """Row of the root: cost, breadth and worth left, as far as they are there."""
        return tuple(column[self.start[-2] :] for column in self.columns)

    def keys(self, node: int) -> Columns:
        """Row of a node: cost, and breadth if there is one."""
        row = slice(self.start[node], self.start[node + 1])
        return tuple(column[row] for column in (self.best, self.breadth) if column.size)

    @property
    def columns(self) -> Columns:
        """Cost, breadth and worth left, as far as they are there."""
        return tuple(c for c in (self.best, self.breadth, self.left_worth) if c.size)

    def cells(self, nodes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Places of the rows of nodes with equally long rows, shape (n, length)."""
        first = int(nodes[0])
        return self.start[nodes][:, None] + np.arange(self.start[first + 1] - self.start[first])

    def chosen_nodes(self, n_rules: int) -> list[int]:
        """Nodes to block for the least cost with a number of rules that is no larger than needed.

        Among choices of equal cost and breadth: the rule over a whole fork before rules in its
        halves; then as many rules as possible in the lower half.
        """
        tree, n = self.tree, self.tree.leaf_count
        chosen: list[int] = []
        waiting = [(tree.n_nodes - 1, n_rules)]
        while waiting:
            node, n_here = waiting.pop()
            if n_here == 0:
                continue
            wanted = tuple(column[n_here] for column in self.keys(node))
            if n_here == 1 and self._of_whole(node) == wanted:
                chosen.append(node)
                continue
            lower, upper = int(tree.left[node - n]), int(tree.right[node - n])
            n_lower = split(self.keys(lower), self.keys(upper), n_here, wanted)
            waiting += [(upper, n_here - n_lower), (lower, n_lower)]
        return chosen

    def _of_whole(self, node: int) -> tuple[Any, ...]:
        """Cost and breadth of one rule over a node."""
        values = self.values
        if values.breadth is None:
            return (values.cost[node],)
        return values.cost[node], values.breadth[node]


def fill(tree: PrefixTree, values: NodeValues, budget: int) -> CostTable:
    """Compute the least costs.

    Parameters
    ----------
    tree
        At least one leaf.
    values
        What choices cost at its nodes.
    budget
        Most rules looked at, at least 1.
    """
    n = tree.leaf_count
    start = np.zeros(tree.n_nodes + 1, np.int64)
    np.cumsum(np.minimum(tree.n_leaves, budget) + 1, out=start[1:])
    cost, price = values.cost[:n], values.price[:n]
    best = np.full(start[-1], unreachable(cost.dtype), cost.dtype)
    best[start[:n]] = price
    best[start[:n] + 1] = np.minimum(price, cost)
    breadth = left_worth = np.zeros(0, np.int64)
    if values.breadth is not None:
        breadth = np.zeros(start[-1], values.breadth.dtype)
        breadth[start[:n] + 1] = np.where(cost < price, values.breadth[:n], 0)
    if values.worth is not None:
        left_worth = np.zeros(start[-1], values.worth.dtype)
        left_worth[start[:n]] = values.worth[:n]
        left_worth[start[:n] + 1] = np.where(cost < price, 0, values.worth[:n])
    table = CostTable(tree, values, start, best, breadth, left_worth)
    _fill(table)
    for column in (best, breadth, left_worth):
        column.flags.writeable = False
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
    tree, values, columns = table.tree, table.values, table.columns
    node = tree.leaf_count + forks
    lower, upper = table.cells(tree.left[forks]), table.cells(tree.right[forks])
    own = table.cells(node)
    rows = merge(
        tuple(column[lower] for column in columns),
        tuple(column[upper] for column in columns),
        own.shape[1],
        1 if values.breadth is None else 2,
    )
    # One rule over the whole fork is a choice too.
    cost = values.cost[node][:, None]
    choices = [row[:, 1:] for row in rows]
    if values.breadth is None:
        is_whole = cost <= choices[0]
        wholes = [cost, np.zeros((1, 1), np.int64)]
    else:
        breadth = values.breadth[node][:, None]
        is_whole = (cost < choices[0]) | ((cost == choices[0]) & (breadth <= choices[1]))
        wholes = [cost, breadth, np.zeros((1, 1), np.int64)]
    for column, row, choice, whole in zip(columns, rows, choices, wholes, strict=False):
        np.copyto(choice, whole.astype(choice.dtype), where=is_whole)
        column[own] = row
