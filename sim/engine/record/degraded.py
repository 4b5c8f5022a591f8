"""The target's users who are cut off or on the way to another front, as means over ticks.

In: user-seconds so far, at each tick and at the end. Out: curves, constant over each tick. Hops
take minutes, and hours of use begin in the midst of everything; to follow each of them would take a
change point for its end.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.engine.record.curves import Curves, Series
from sim.engine.state.tally import Group

DEGRADED = "target_degraded_share"
USE_METRICS = ("target_use_denied_share", "target_use_degraded_share")


class TickMeans:
    """Collects user-seconds while the simulation runs.

    Parameters
    ----------
    metrics
        Names of the curves.
    n_users
        Users of the target.
    """

    def __init__(self, metrics: Sequence[str], n_users: float) -> None:
        self._metrics, self._n_users = tuple(metrics), n_users
        self._t_s, self._passed_s = [0], [0.0]
        self._user_s: list[Sequence[float]] = [(0.0,) * len(self._metrics)]

    def note(self, t_s: int, passed_s: float, user_s: Sequence[float]) -> None:
        """Note the user-seconds from the start until a later time.

        Parameters
        ----------
        passed_s
            Seconds that one user could have lost until then.
        user_s : shape (n_metrics,)
        """
        if t_s > self._t_s[-1]:
            self._t_s.append(t_s)
            self._passed_s.append(passed_s)
            self._user_s.append(user_s)

    def added_to(self, curves: Curves) -> Curves:
        """All curves, and these as the last."""
        t_s = np.array(self._t_s, np.int64)[:-1]
        lost_s = np.diff(np.array(self._user_s), axis=0)
        passed_s = np.diff(self._passed_s) * self._n_users
        n, first = len(self._metrics), len(curves.series)
        return Curves(
            (*curves.series, *(Series(name, Group(), self._n_users) for name in self._metrics)),
            np.append(curves.series_row, np.repeat(np.arange(first, first + n), t_s.size)),
            np.append(curves.t_s, np.tile(t_s, n)),
            np.append(curves.value, (lost_s / passed_s[:, np.newaxis]).T.ravel()),
        )
