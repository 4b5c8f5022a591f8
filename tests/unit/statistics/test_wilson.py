"""Wilson's interval, over samples whose share is known."""

import numpy as np
import pytest

from sim.statistics.intervals import wilson


def test_wilson_holds_what_is_sampled_as_often_as_it_says():
    rng = np.random.default_rng(5)
    for share in (0.002, 0.05, 0.4):
        drawn = rng.binomial(1000, share, 4000)
        ends = {n: wilson(n, 1000, 0.9) for n in np.unique(drawn).tolist()}
        held = np.mean([ends[n][0] <= share <= ends[n][1] for n in drawn.tolist()])
        assert 0.86 < held < 0.95
        # An interval of 50 % does not pass for one of 90 %.
        narrow = {n: wilson(n, 1000, 0.5) for n in np.unique(drawn).tolist()}
        assert np.mean([narrow[n][0] <= share <= narrow[n][1] for n in drawn.tolist()]) < 0.86
    assert wilson(0, 0, 0.9) == (0, 1)
    with pytest.raises(ValueError, match="expected a number from 0 to 3, got 4"):
        wilson(4, 3, 0.9)
