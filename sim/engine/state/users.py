"""The fates of the target's users over a run: frozen columns, one row per operator."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class UserColumns:
    """Users of the target by operator, over the run.

    Attributes
    ----------
    n_users : shape (n_operators,)
        Users of the target.
    denied_s, vpn_s, left_s, hopping_s : shape (n_operators,)
        User-seconds cut off, on a VPN, of those who had left, and of those who could reach it but
        were on the way to another front; the rest reached it.
    share_vpn, share_left : shape (n_operators,)
        At the end: users on a VPN, and users who have left.
    """

    n_users: NDArray[np.float64]
    denied_s: NDArray[np.float64]
    vpn_s: NDArray[np.float64]
    left_s: NDArray[np.float64]
    hopping_s: NDArray[np.float64]
    share_vpn: NDArray[np.float64]
    share_left: NDArray[np.float64]

    def __post_init__(self) -> None:
        for column in fields(self):
            getattr(self, column.name).flags.writeable = False
