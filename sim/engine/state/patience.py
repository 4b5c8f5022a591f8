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
