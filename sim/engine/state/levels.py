"""The levels of businesses (affected, impaired, down), when to compute them again, and patience.

While nothing else happens, the share of a business's demand that fails moves only with the users of
a VPN. No business can cross a threshold before that drift has used up its distance to the nearest:
until then it needs no look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:  # Compiled loops depend on this file, and not on how a world is built.
    from sim.world.build import World

SLACK = 1e-12
"""Largest share that rounding may make of zero. A share is above a limit if it exceeds it by more
than this, so that sums and products of decimal shares compare as the decimals they stand for."""
NOT_RUNNING = -1
"""Start of a patience that does not run."""
IMPAIRED_LEVEL = 2


class Levels:
    """States of all businesses.

    Attributes
    ----------
    level : shape (n_businesses,)
        0 reachable, 1 affected, 2 impaired, 3 down; each above its threshold.
    weight : shape (n_operators,)
        Share of all users who are at the operator and on no VPN.
    drift
        How far shares may have moved so far, summed over the changes of ``weight``.
    next_look : shape (n_businesses,)
        The drift at which each business must be looked at again; empty where nothing drifts.
    """

    def __init__(self, world: World) -> None:
        n = world.businesses.n_businesses
        limits = world.thresholds
        self.threshold = np.array([limits.affected, limits.impaired, limits.down]) + SLACK
        self._share_users = world.operators.share_users
        self.weight = self._share_users.copy()
        self.level = np.zeros(n, np.int8)
        self.drift = self._looked_at = 0.0
        self.may_drift = world.users is not None
        self.next_look = np.full(n if self.may_drift else 0, np.inf)

    def set_vpn(self, vpn: NDArray[np.float64]) -> None:
        """Set the share of each operator's users who are on a VPN."""
        weight = self._share_users * (1.0 - vpn)
        self.drift += float(np.abs(weight - self.weight).sum())
        self.weight = weight

    def take_drifted(self) -> bool:
        """Whether there was drift since the last call."""
        has_drifted = self._looked_at != self.drift
        self._looked_at = self.drift
        return has_drifted


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
