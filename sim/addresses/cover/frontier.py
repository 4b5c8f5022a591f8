"""Covers of targets at least collateral, for every budget of rules.

A dynamic programme over the prefix trees finds them; ``docs/explanation/cover.md`` derives it. A
leaf needs one rule. At a fork, j rules are either one over the whole fork, or i in the lower half
and j - i in the upper half:

    best[u][j] = min(cost[u] if j >= 1,  min over i of best[left][i] + best[right][j - i])

Among equal costs the choice with the least breadth is taken, where a breadth is given: what else
counts beside the cost, such as addresses without a weight.

A node's row is as long as it has leaves, or as the budget. So all rows hold at most (depth of the
tree) x (leaves) numbers, and all forks try at most about (leaves) x (budget) sums. A choice
that is not allowed costs `unreachable`.

Whole numbers are added and compared exactly. Float costs that differ by less than `TOLERANCE` of
themselves count as equal where the fewest rules are looked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.addresses.cover.tree import INT64_LIMIT, PrefixTree, Targets, Weights
from sim.addresses.sets.blocks import IPV6_BITS, Numbers, format_prefixes, masked
from sim.addresses.sets.intervals import AddressSet, IntervalSet, IntervalSet6
from sim.errors import UsageError

TOLERANCE = 1e-9

Number = int | float
Columns = tuple[NDArray[Any], ...]
"""Columns of equal shape: cost, then breadth if there is one. Both are added up alike."""


@dataclass(frozen=True, eq=False)
class Cover:
    """Prefixes to block."""

    address4: NDArray[np.int64]
    length4: NDArray[np.int64]
    """IPv4 prefixes, ascending; shape (n4,), int64."""
    address6: Numbers
    length6: NDArray[np.int64]
    """IPv6 prefixes, ascending; shape (n6,)."""
    collateral: Number
    """Weight blocked beside the exempt addresses."""

    @property
    def n_rules(self) -> int:
        """Number of prefixes."""
        return int(self.length4.size + self.length6.size)

    def to_set(self) -> AddressSet:
        """Return the addresses blocked."""
        return AddressSet(
            IntervalSet.from_bounds(*masked(self.address4, self.length4)),
            IntervalSet6.from_bounds(*masked(self.address6, self.length6)),
        )

    def texts(self) -> list[str]:
        """Return the prefixes as text, IPv4 first."""
        four = format_prefixes(self.address4, self.length4)
        return four + format_prefixes(self.address6, self.length6)


@dataclass(frozen=True, eq=False)
class Frontier:
    """The best cover for each number of rules."""

    n_rules: NDArray[np.int64]
    """Budgets in a row, from the fewest rules that cover the targets to the budget asked for, or to
    the number of target prefixes if that is smaller: beyond it nothing improves; shape (m,),
    int64."""
    collateral: NDArray[Any]
    """Least collateral with at most so many rules; never increases; shape (m,)."""
    saved_by_next: NDArray[Any]
    """By how much the collateral falls with one more rule; shape (m,)."""
    n_used: NDArray[np.int64]
    """Rules that the cover has: the fewest with that collateral; shape (m,), int64."""
    _tables: tuple[_CostTable, ...]
    _top: Columns
    _collaterals: tuple[NDArray[Any], ...]

    def cover(self, n_rules: int) -> Cover:
        """Return the best cover with at most so many rules.

        Among covers of equal cost: the least breadth, if one was given; of those, the fewest
        rules; of those, at each fork of the prefix tree from the top, the rule over the whole fork
        before rules in its halves, then as many rules as possible in the lower half.

        Raises
        ------
        UsageError
            If so few rules cannot cover the targets.
        """
        if n_rules < self.n_rules[0]:
            raise _too_few(int(self.n_rules[0]), n_rules)
        row = min(n_rules - int(self.n_rules[0]), self.n_rules.size - 1)
        address4 = length4 = length6 = np.empty(0, np.int64)
        address6 = np.empty(0, object)
        collateral: Number = 0
        nodes = self._nodes(int(self.n_used[row]))
        for table, chosen, weight in zip(self._tables, nodes, self._collaterals, strict=True):
            tree = table.tree
            if tree.bits == IPV6_BITS:
                address6, length6 = tree.address[chosen], tree.length[chosen]
            else:
                address4, length4 = tree.address[chosen], tree.length[chosen]
            collateral += sum(weight[chosen].tolist())
        return Cover(address4, length4, address6, length6, collateral)

    def _nodes(self, n_rules: int) -> list[NDArray[np.int64]]:
        """Nodes chosen in each tree, for a number of rules that are all used."""
        if len(self._tables) == 1:
            chosen = [self._tables[0].chosen_nodes(n_rules)]
        else:
            four, six = self._tables
            wanted = tuple(column[n_rules] for column in self._top)
            n_four = _split(four.top, six.top, n_rules, wanted)
            chosen = [four.chosen_nodes(n_four), six.chosen_nodes(n_rules - n_four)]
        return [np.array(nodes, np.int64) for nodes in chosen]


def find_covers(
    targets: Targets, weights: Weights, budget: int, *, breadth: Weights | None = None
) -> Frontier:
    """Find the covers of least collateral for every number of rules up to a budget.

    Parameters
    ----------
    targets
        All of them are covered.
    weights
        What is counted as collateral, outside ``targets.exempt``.
    budget
        Most rules, at least 1.
    breadth
        Decides among covers of equal cost: the least is taken, before the fewest rules. Weights
        that leave part of the address space at 0 need one, such as ``Weights.per_address()``:
        without it a wide rule over such space is as good as narrow ones. It never changes a cost.

    Raises
    ------
    UsageError
        If the budget is out of range, or the targets cannot be covered with so few rules under the
        limits and protections.

    References
    ----------
    Soldo, Argyraki, Markopoulou, "Optimal source-based filtering of malicious traffic", IEEE/ACM
    Transactions on Networking 20(2), 2012.
    """
    if budget < 1:
        raise UsageError(f"expected a budget of at least 1 rule, got {budget}")
    fewest_needed = sum(_fewest(tree) for tree in targets.trees)
    if fewest_needed > budget:
        raise _too_few(fewest_needed, budget)
    collaterals = targets.weigh(weights)
    # Breadth only decides, so that sums beyond 64 bits may be rounded.
    breadths = [
        column.astype(np.float64) if column.dtype == object else column
        for column in (targets.weigh(breadth) if breadth is not None else ())
    ]
    # Sums are exact, unless a column has floats; the roots hold the largest numbers.
    is_large = sum(int(column[-1]) for column in collaterals) >= INT64_LIMIT
    has_floats = any(column.dtype == np.float64 for column in collaterals)
    dtype = np.dtype(np.float64 if has_floats else object if is_large else np.int64)
    # One rule more than asked for, to know what it would save.
    tables = tuple(
        _fill(
            tree,
            np.where(tree.is_allowed, collaterals[row].astype(dtype), unreachable(dtype)),
            breadths[row] if breadths else None,
            budget + 1,
        )
        for row, tree in enumerate(targets.trees)
    )
    top = tables[0].top
    if len(tables) == 2:
        lower, upper = (tuple(column.reshape(1, -1) for column in each.top) for each in tables)
        size = min(lower[0].size + upper[0].size - 1, budget + 2)
        top = tuple(row[0] for row in _merge(lower, upper, size))
    cost, fewest = top[0], _fewest_rules(top)
    first = int(np.argmax(cost < unreachable(cost.dtype)))
    n_rules = np.arange(first, min(budget, cost.size - 1) + 1)
    n_used = fewest[n_rules]
    saved = cost[n_used] - cost[fewest[np.minimum(n_rules + 1, cost.size - 1)]]
    return Frontier(n_rules, cost[n_used], saved, n_used, tables, top, tuple(collaterals))


def unreachable(dtype: np.dtype[Any]) -> Number:
    """Return the cost that stands for what is not allowed; sums of two stay representable."""
    # Python integers may be larger than any stated number: infinity compares with all of them.
    return INT64_LIMIT if dtype == np.int64 else float("inf")


@dataclass(frozen=True, eq=False)
class _CostTable:
    """Least costs, and breadths, by node and number of rules; `values` are those of one rule."""

    tree: PrefixTree
    values: Columns
    start: NDArray[np.int64]
    columns: Columns

    @property
    def top(self) -> Columns:
        """Row of the root."""
        return self.row(self.tree.n_nodes - 1)

    def row(self, node: int) -> Columns:
        """Row of a node."""
        return tuple(column[self.start[node] : self.start[node + 1]] for column in self.columns)

    def cells(self, nodes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Positions of the rows of nodes with equally long rows, shape (n, length)."""
        first = int(nodes[0])
        return self.start[nodes][:, None] + np.arange(self.start[first + 1] - self.start[first])

    def chosen_nodes(self, n_rules: int) -> list[int]:
        """Nodes to block for the least cost; ``n_rules`` is no larger than needed."""
        tree, n = self.tree, self.tree.leaf_count
        chosen: list[int] = []
        waiting = [(tree.n_nodes - 1, n_rules)]
        while waiting:
            node, n_here = waiting.pop()
            wanted = tuple(column[n_here] for column in self.row(node))
            if n_here == 1 and tuple(column[node] for column in self.values) == wanted:
                chosen.append(node)
                continue
            lower, upper = int(tree.left[node - n]), int(tree.right[node - n])
            n_lower = _split(self.row(lower), self.row(upper), n_here, wanted)
            waiting += [(upper, n_here - n_lower), (lower, n_lower)]
        return chosen


def _fill(
    tree: PrefixTree, cost: NDArray[Any], breadth: NDArray[Any] | None, budget: int
) -> _CostTable:
    """Compute the least costs of all nodes with up to ``budget`` rules, at least 1."""
    n = tree.leaf_count
    start = np.zeros(tree.n_nodes + 1, np.int64)
    np.cumsum(np.minimum(tree.n_leaves, budget) + 1, out=start[1:])
    best = np.full(start[-1], unreachable(cost.dtype), cost.dtype)
    best[start[:n] + 1] = cost[:n]
    values: Columns = (cost,)
    columns: Columns = (best,)
    if breadth is not None:
        width = np.zeros(start[-1], breadth.dtype)
        width[start[:n] + 1] = breadth[:n]
        values, columns = (cost, breadth), (best, width)
    table = _CostTable(tree, values, start, columns)
    shape = tree.n_leaves[n:] * (n + 1) + tree.n_leaves[tree.left]
    order = np.argsort(shape, kind="stable")
    # Forks of one shape together, by number of leaves: children, which have fewer, come first.
    edge = np.flatnonzero(np.diff(shape[order], prepend=-1))
    for forks in np.split(order, edge[1:]):
        _fill_forks(table, forks)
    return table


def _fill_forks(table: _CostTable, forks: NDArray[np.int64]) -> None:
    """Fill in forks of one shape; none is fine too."""
    if not forks.size:
        return
    tree, columns = table.tree, table.columns
    node = tree.leaf_count + forks
    lower, upper = table.cells(tree.left[forks]), table.cells(tree.right[forks])
    own = table.cells(node)
    rows = _merge(
        tuple(column[lower] for column in columns),
        tuple(column[upper] for column in columns),
        own.shape[1],
    )
    # One rule over the whole fork is a choice too.
    wholes = [value[node][:, None] for value in table.values]
    choices = [row[:, 1:] for row in rows]
    is_whole = wholes[0] <= choices[0]
    if len(columns) == 2:
        is_whole = wholes[0] < choices[0]
        is_whole |= (wholes[0] == choices[0]) & (wholes[1] <= choices[1])
    for column, row, choice, whole in zip(columns, rows, choices, wholes, strict=True):
        np.copyto(choice, whole.astype(choice.dtype), where=is_whole)
        column[own] = row


def _merge(lower: Columns, upper: Columns, size: int) -> Columns:
    """Least sums of two rows for every number of rules below ``size``; more rules below first."""
    n_lower, n_upper = lower[0].shape[1], upper[0].shape[1]
    shape = (lower[0].shape[0], size)
    rows = [np.full(shape, unreachable(lower[0].dtype), lower[0].dtype)]
    rows += [
        np.zeros(shape, np.result_type(*both)) for both in zip(lower[1:], upper[1:], strict=True)
    ]
    # In either loop the number of rules in the lower half falls from step to step.
    if n_lower <= n_upper:
        few, many, steps = lower, upper, range(min(n_lower, size) - 1, -1, -1)
    else:
        few, many, steps = upper, lower, range(min(n_upper, size))
    for n_rules in steps:
        parts = [row[:, n_rules : n_rules + many[0].shape[1]] for row in rows]
        width = parts[0].shape[1]
        sums = [
            column[:, :width] + other[:, n_rules : n_rules + 1]
            for column, other in zip(many, few, strict=True)
        ]
        is_less = sums[0] < parts[0]
        if len(rows) == 2:
            is_less |= (sums[0] == parts[0]) & (sums[1] < parts[1])
        for part, column in zip(parts, sums, strict=True):
            np.copyto(part, column, where=is_less)
    return tuple(rows)


def _split(lower: Columns, upper: Columns, n_rules: int, wanted: tuple[Number, ...]) -> int:
    """Rules in the lower half: the most that give the wanted sums."""
    most = min(n_rules, lower[0].size - 1)
    least = max(0, n_rules - upper[0].size + 1)
    fits = np.ones(most - least + 1, np.bool_)
    for one, other, sum_ in zip(lower, upper, wanted, strict=True):
        fits &= one[least : most + 1] + other[n_rules - most : n_rules - least + 1][::-1] == sum_
    return least + int(np.flatnonzero(fits)[-1])


def _fewest_rules(row: Columns) -> NDArray[np.int64]:
    """Fewest rules that are as good as each number of rules."""
    cost = row[0]
    limit = cost * (1 + TOLERANCE) if cost.dtype == np.float64 else cost
    # The cost never increases, so that its negative is ascending.
    first = np.searchsorted(-cost, -limit, side="left").astype(np.int64)
    if len(row) == 1:
        return first
    fewest = first.tolist()
    breadth = row[1].tolist()
    for n_rules, start in enumerate(fewest):
        # The answer for one rule less is a safe place to begin, within one stretch of equal cost.
        at = max(start, fewest[n_rules - 1] if n_rules else 0)
        while breadth[at] > breadth[n_rules]:
            at += 1
        fewest[n_rules] = at
    return np.array(fewest, np.int64)


def _fewest(tree: PrefixTree) -> int:
    """Fewest allowed nodes that cover a tree."""
    fewest, n = [1] * tree.n_nodes, tree.leaf_count
    for fork in np.flatnonzero(~tree.is_allowed[n:]).tolist():
        fewest[n + fork] = fewest[int(tree.left[fork])] + fewest[int(tree.right[fork])]
    return fewest[-1]


def _too_few(fewest: int, budget: int) -> UsageError:
    """Error for a budget that is too small."""
    return UsageError(
        f"expected a budget of at least {fewest} rules, the fewest that cover all targets but "
        f"no protected address, in the lengths allowed, got {budget}"
    )
