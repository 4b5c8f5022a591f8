"""The frontier is the one that comparing every pair gives, whatever the strategies did.

What is not known may be anything: the frontier is known where it is the same for all of it.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sim.experiment.comparison import frontier_of

Pair = tuple[float, float]


@st.composite
def effects(draw: st.DrawFn) -> list[list[Pair]]:
    """Efficacy and collateral by strategy and simulation: few values, so that there are ties."""
    n = draw(st.integers(1, 4))
    pair = st.tuples(st.integers(0, 4), st.integers(0, 4))
    return draw(st.lists(st.lists(pair, min_size=n, max_size=n), min_size=1, max_size=6))


def on_frontier(pairs: Sequence[Pair]) -> list[bool]:
    return [
        not any(one != mine and one[0] >= mine[0] and one[1] <= mine[1] for one in pairs)
        for mine in pairs
    ]


@given(effects())
def test_the_frontier_agrees_with_every_pair_compared(table):
    values = np.array(table, dtype=float)
    found = frontier_of(values[..., 0], values[..., 1])
    for column in range(values.shape[1]):
        expected = on_frontier([row[column] for row in table])
        assert found[:, column].tolist() == expected
        assert any(expected), "every simulation has a frontier"


@given(effects(), st.data())
def test_a_frontier_is_known_where_whatever_is_not_known_leaves_it_so(table, data):
    pairs = [row[0] for row in table]
    cells = st.tuples(st.integers(0, len(pairs) - 1), st.integers(0, 1))
    missing = data.draw(st.lists(cells, max_size=2, unique=True))
    values = np.array(pairs, dtype=float)[:, None]
    for row, side in missing:
        values[row, 0, side] = np.nan
    found = frontier_of(values[..., 0], values[..., 1])[:, 0]
    # Between, on and beyond all values that there are.
    amounts = [-0.5 + step / 2 for step in range(11)]
    possible = []
    for filled in product(amounts, repeat=len(missing)):
        tried = [list(pair) for pair in pairs]
        for (row, side), amount in zip(missing, filled, strict=True):
            tried[row][side] = amount
        possible.append(on_frontier([(a, b) for a, b in tried]))
    for row, outcomes in enumerate(zip(*possible, strict=True)):
        if not np.isnan(found[row]):
            assert set(outcomes) == {bool(found[row])}
        elif not any(row == one for one, _ in missing):
            assert set(outcomes) == {True, False}
