"""Prefixes of IPv4 that strategies choose: the cover of least collateral, the largest; compiled.

What `find_covers` prepares for many questions costs more than the answer to one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.addresses.machine_code import compiled
from sim.engine.state.parts import Floats, Rows, part, write_row

_UNREACHABLE = 2**61
"""Cost of what so few rules cannot do; the sum of two still fits into 64 bits."""


@compiled
def find_least_cover(
    address: Rows, counted_start: Rows, counted_stop: Rows, n_before: Rows, budget: int
) -> Any:
    """Starts and stops, ascending, of the prefixes of the best cover by at most so many rules.

    Parameters
    ----------
    address : shape (n,)
        Targets, distinct and ascending, at least one.
    counted_start, counted_stop, n_before
        Ranges whose addresses weigh one each, and how many addresses the ranges before each have.
    """
    leaf, n_leaf_bits = _lay_leaves(address)
    low, n_bits, n_leaves, lower, upper = _join_leaves(leaf, n_leaf_bits)
    cost = np.zeros(low.size, np.int64)
    for node in range(leaf.size, low.size):
        stop = low[node] + (1 << n_bits[node])
        cost[node] = _count_between(counted_start, counted_stop, n_before, low[node], stop)
        for row in range(np.searchsorted(address, low[node]), np.searchsorted(address, stop)):
            one = address[row]
            cost[node] -= _count_between(counted_start, counted_stop, n_before, one, one + 1)
    begin, best = _fill_table(cost, n_leaves, lower, upper, budget)
    chosen = _choose_nodes(cost, lower, upper, begin, best, budget)
    start, stop = np.empty(chosen.size, np.int64), np.empty(chosen.size, np.int64)
    for place in range(chosen.size):
        start[place] = low[chosen[place]]
        stop[place] = start[place] + (1 << n_bits[chosen[place]])
    return start, stop


@compiled
def largest_length(
    start: Rows, stop: Rows, n_before: Rows, address: int, purity: float, shortest: int
) -> int:
    """Length of the largest prefix around an address, at least ``purity`` of it in some ranges.

    Parameters
    ----------
    shortest
        Shortest length considered; the address alone is always pure enough.
    """
    for length in range(shortest, 32):
        size = 1 << (32 - length)
        first = address // size * size
        if _count_between(start, stop, n_before, first, first + size) >= purity * size:
            return length
    return 32


@part
def _lay_leaves(address: Rows) -> Any:
    """Fewest prefixes that are exactly the targets, ascending, and the free bits of each."""
    leaf, n_bits = np.empty(address.size, np.int64), np.empty(address.size, np.int64)
    n = 0
    for one in address:
        leaf[n], n_bits[n] = one, 0
        n += 1
        while n > 1 and n_bits[n - 2] == n_bits[n - 1]:
            if leaf[n - 2] != leaf[n - 1] ^ (1 << n_bits[n - 1]):
                break
            n -= 1
            n_bits[n - 1] += 1
    return leaf[:n], n_bits[:n]


@part
def _join_leaves(leaf: Rows, n_leaf_bits: Rows) -> Any:
    """Nodes of the prefix tree, leaves first, children before forks."""
    n = leaf.size
    low, n_bits = np.empty(2 * n - 1, np.int64), np.empty(2 * n - 1, np.int64)
    write_row(low, leaf)
    write_row(n_bits, n_leaf_bits)
    n_leaves = np.ones(2 * n - 1, np.int64)
    lower, upper = np.empty(2 * n - 1, np.int64), np.empty(2 * n - 1, np.int64)
    # Forks that are not closed yet, from the top: their free bits, and their lower child.
    open_bits, open_child = np.empty(n, np.int64), np.empty(n, np.int64)
    n_open, made = 0, n
    for place in range(n):
        node, n_apart = place, 64
        if place + 1 < n:
            n_apart, differing = 0, leaf[place] ^ leaf[place + 1]
            while differing >> n_apart > 0:
                n_apart += 1
        while n_open > 0 and open_bits[n_open - 1] <= n_apart:
            n_open -= 1
            lower[made], upper[made] = open_child[n_open], node
            n_bits[made] = open_bits[n_open]
            low[made] = leaf[place] >> n_bits[made] << n_bits[made]
            n_leaves[made] = n_leaves[lower[made]] + n_leaves[node]
            node = made
            made += 1
        open_bits[n_open], open_child[n_open] = n_apart, node
        n_open += 1
    return low, n_bits, n_leaves, lower, upper


@part
def _count_between(start: Rows, stop: Rows, n_before: Rows, first: int, last: int) -> int:
    """Addresses of some ranges from one to before another."""
    return _count_below(start, stop, n_before, last) - _count_below(start, stop, n_before, first)


@part
def _count_below(start: Rows, stop: Rows, n_before: Rows, bound: int) -> int:
    row = np.searchsorted(start, bound) - 1
    return n_before[row] + min(bound, stop[row]) - start[row] if row >= 0 else 0


@part
def _fill_table(cost: Rows | Floats, n_leaves: Rows, lower: Rows, upper: Rows, budget: int) -> Any:
    """Least costs by node and number of rules, as ``sim.addresses.cover.knapsack`` has them."""
    n_nodes = cost.size
    begin = np.zeros(n_nodes + 1, np.int64)
    for node in range(n_nodes):
        begin[node + 1] = begin[node] + min(n_leaves[node], budget) + 1
    best = np.empty(begin[-1], cost.dtype)
    best[:] = _UNREACHABLE
    for node in range(n_nodes):
        own = best[begin[node] : begin[node + 1]]
        if n_leaves[node] > 1:
            less = best[begin[lower[node]] : begin[lower[node] + 1]]
            more = best[begin[upper[node]] : begin[upper[node] + 1]]
            for n_less in range(less.size):
                for n_more in range(min(more.size, own.size - n_less)):
                    both = less[n_less] + more[n_more]
                    own[n_less + n_more] = min(own[n_less + n_more], both)
        for n_rules in range(1, own.size):
            own[n_rules] = min(own[n_rules], cost[node])
    return begin, best


@part
def _choose_nodes(
    cost: Rows, lower: Rows, upper: Rows, begin: Rows, best: Rows, budget: int
) -> Any:
    """Nodes of the cover, ascending; among equal costs those that ``Frontier.cover`` chooses."""
    root = cost.size - 1
    n_rules = min(budget, begin[root + 1] - begin[root] - 1)
    while n_rules > 1 and best[begin[root] + n_rules - 1] == best[begin[root] + n_rules]:
        n_rules -= 1
    chosen, n_chosen = np.empty(n_rules, np.int64), 0
    waiting, n_here, n_waiting = np.empty(root + 1, np.int64), np.empty(root + 1, np.int64), 1
    waiting[0], n_here[0] = root, n_rules
    while n_waiting > 0:
        n_waiting -= 1
        node, n_rules = waiting[n_waiting], n_here[n_waiting]
        if n_rules == 1 and cost[node] == best[begin[node] + 1]:
            chosen[n_chosen] = node
            n_chosen += 1
        elif n_rules > 0:
            less = best[begin[lower[node]] : begin[lower[node] + 1]]
            more = best[begin[upper[node]] : begin[upper[node] + 1]]
            n_less = min(n_rules, less.size - 1)
            while (
                n_rules - n_less >= more.size
                or less[n_less] + more[n_rules - n_less] != best[begin[node] + n_rules]
            ):
                n_less -= 1
            waiting[n_waiting], n_here[n_waiting] = upper[node], n_rules - n_less
            waiting[n_waiting + 1], n_here[n_waiting + 1] = lower[node], n_less
            n_waiting += 2
    return chosen[:n_chosen]
