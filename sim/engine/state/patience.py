"""Whose patience runs: businesses that bear more than they tolerate, and since when.

In: states of businesses that changed, and who has moved. Out: those whose patience begins to run,
and those that become impaired, who may be others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NOT_RUNNING = -1
IMPAIRED_LEVEL = 2


class Patience:
    """Clocks of all businesses.

    Parameters
    ----------
    tolerance : shape (n_businesses,)
        The state from which on the patience of each runs.

    Attributes
    ----------
    since_s : shape (n_businesses,)
        Since when each has been in that state or a worse one, where it sits now; -1 where it is
        not.
    has_moved : shape (n_businesses,)
        Whether it has moved since it was looked at last: who is no better off there starts anew.
    is_impaired : shape (n_businesses,)
        Whether it is impaired, as of the last turn.
    """

    def __init__(self, tolerance: NDArray[np.int8]) -> None:
        # A copy, as the compiled turn takes none that cannot be written.
        self.tolerance = tolerance.copy()
        self.since_s = np.full(tolerance.size, NOT_RUNNING, np.int64)
        self.has_moved = np.zeros(tolerance.size, np.bool_)
        self.is_impaired = np.zeros(tolerance.size, np.bool_)

    def starting(
        self, business_row: NDArray[np.int64], level: NDArray[np.int8]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Take over the states of some businesses; return whose patience starts, who is impaired.

        Parameters
        ----------
        business_row : shape (n,)
            The businesses.
        level : shape (n_businesses,)
            States of all.

        Returns
        -------
        starting, beginning
            Rows of those whose patience begins to run, and of those that become impaired.
        """
        state = level[business_row]
        is_borne = state < self.tolerance[business_row]
        is_new = self.since_s[business_row] == NOT_RUNNING
        starts = ~is_borne & (is_new | self.has_moved[business_row])
        self.has_moved[business_row] = False
        self.since_s[business_row[is_borne]] = NOT_RUNNING
        is_impaired = state >= IMPAIRED_LEVEL
        begins = is_impaired & ~self.is_impaired[business_row]
        self.is_impaired[business_row] = is_impaired
        return np.asarray(business_row[starts]), np.asarray(business_row[begins])
