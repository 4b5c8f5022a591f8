"""Whether a sample shows no harm because what was listed could hardly hit it: that is no zero.

In: values of one strategy over replicates or draws. Out: the one rule by which tables, verdicts,
orders, assessments and pages treat its harm as not known.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.choices import EFFECTS, EXPECTED, LISTED

NEEDED = (EXPECTED, *LISTED)
"""Measures that the rule reads beside the harm."""
TOO_FEW = 3.0
"""Expected below it, a sample shows none in more than one draw of twenty by chance alone."""


def has_missed(
    metric: str, unit: str, n_drawn: float, values_of: Callable[[str], NDArray[np.float64]]
) -> bool:
    """Whether no value of a harm is above zero, though addresses were listed that hardly hit any.

    Parameters
    ----------
    metric, unit
        The measure; an effect on the target is no sample.
    n_drawn
        Businesses that are drawn; without any only names are a sample.
    values_of
        Values of a measure under the strategy, by name; NaN where one is not known.
    """
    if metric in EFFECTS or not (n_drawn or unit.startswith("names")):
        return False
    harm = values_of(metric)
    if not (harm == 0).any() or np.nan_to_num(harm).any():
        return False
    listed = np.concatenate([values_of(name) for name in LISTED])
    known = listed[~np.isnan(listed)]
    if known.size and not known.any():
        return False
    expected = values_of(EXPECTED)
    expected = expected[~np.isnan(expected)]
    return not (expected.size and expected.mean() >= TOO_FEW)
