"""Whose patience runs: businesses that are impaired, and since when.

In: states of businesses that changed, and who has moved. Out: those whose patience begins to run.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NOT_IMPAIRED = -1
IMPAIRED_LEVEL = 2


class Patience:
    """Clocks of all businesses.

    Attributes
    ----------
    since_s : shape (n_businesses,)
        Since when each has been impaired where it sits now; -1 where it is not.
    has_moved : shape (n_businesses,)
        Whether it has moved since it was looked at last: who is impaired there too starts anew.
    """

    def __init__(self, n_businesses: int) -> None:
        self.since_s = np.full(n_businesses, NOT_IMPAIRED, np.int64)
        self.has_moved = np.zeros(n_businesses, np.bool_)

    def starting(
        self, business_row: NDArray[np.int64], level: NDArray[np.int8]
    ) -> NDArray[np.int64]:
        """Take over who is impaired from now on, among some businesses; return who starts.

        Parameters
        ----------
        business_row : shape (n,)
            The businesses.
        level : shape (n_businesses,)
            States of all.
        """
        is_impaired = level[business_row] >= IMPAIRED_LEVEL
        was_impaired = self.since_s[business_row] != NOT_IMPAIRED
        starts = is_impaired & (~was_impaired | self.has_moved[business_row])
        self.has_moved[business_row] = False
        self.since_s[business_row[~is_impaired]] = NOT_IMPAIRED
        return np.asarray(business_row[starts])
