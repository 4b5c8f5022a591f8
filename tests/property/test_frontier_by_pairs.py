"""The frontier is the one that comparing every pair gives, whatever the strategies did."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sim.statistics.dominance import tradeoff

Pair = tuple[int, int]


@st.composite
def effects(draw: st.DrawFn) -> list[list[Pair]]:
    """Efficacy and collateral by strategy and replicate: few values, so that there are ties."""
    n_replicates = draw(st.integers(1, 4))
    pair = st.tuples(st.integers(0, 4), st.integers(0, 4))
    return draw(
        st.lists(
            st.lists(pair, min_size=n_replicates, max_size=n_replicates), min_size=1, max_size=6
        )
    )


def beats(one: Pair, other: Pair) -> bool:
    return one != other and one[0] >= other[0] and one[1] <= other[1]


@given(effects())
def test_frontier_and_dominance_agree_with_every_pair_compared(table: list[list[Pair]]) -> None:
    values = np.array(table, dtype=float)
    found = tradeoff(values[..., 0], values[..., 1], np.random.default_rng(1), n_resamples=40)
    # Sums of whole numbers are exact: the same comparison as that of the means.
    totals = [tuple(map(sum, zip(*replicates, strict=True))) for replicates in table]
    for row, mine in enumerate(totals):
        better = [other for other, its in enumerate(totals) if beats(its, mine)]
        assert found.is_dominated[row] == bool(better)
        assert found.is_on_frontier[row] == (not better)
        by = found.dominated_by[row]
        assert (by in better and found.is_on_frontier[by]) if better else by == -1
    if values.shape[1] > 1:
        on_frontier = found.share_of_draws_on_frontier * found.n_draws
        assert on_frontier.sum() >= found.n_draws, "every draw has a frontier"
        assert (on_frontier <= found.n_draws).all()
