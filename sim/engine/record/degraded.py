"""The target's users who are cut off or on the way to another front, as means over ticks.

In: user-seconds so far, at each tick and at the end. Out: one curve, constant over each tick. Hops
take minutes; to follow each of them would take a change point for its end.
"""

from __future__ import annotations

import numpy as np

from sim.engine.record.curves import Curves, Series
from sim.engine.state.tally import Group

DEGRADED = "target_degraded_share"


class DegradedHistory:
    """Collects user-seconds while the simulation runs.

    Parameters
    ----------
    n_users
        Users of the target.
    """

    def __init__(self, n_users: float) -> None:
        self._n_users = n_users
        self._t_s, self._user_s = [0], [0.0]

    def note(self, t_s: int, user_s: float) -> None:
        """Note the user-seconds from the start until a later time."""
        if t_s > self._t_s[-1]:
            self._t_s.append(t_s)
            self._user_s.append(user_s)

    def added_to(self, curves: Curves) -> Curves:
        """All curves, and this one as the last."""
        t_s = np.array(self._t_s, np.int64)
        share = np.diff(self._user_s) / (np.diff(t_s) * self._n_users)
        row = len(curves.series)
        return Curves(
            (*curves.series, Series(DEGRADED, Group(), self._n_users)),
            np.append(curves.series_row, np.full(share.size, row)),
            np.append(curves.t_s, t_s[:-1]),
            np.append(curves.value, share),
        )
