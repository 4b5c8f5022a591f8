"""How many users were on a VPN, and when: the steps in which that share moved.

In: the share of each operator's users, whenever it is set. Out: frozen columns. It does not know
why users take to a VPN.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class VpnSteps:
    """Users on a VPN; before the first step nobody is.

    Attributes
    ----------
    t_s : shape (n_steps,), ascending
        From this second on the shares hold.
    share : shape (n_steps, n_operators)
        Share of each operator's users who are on a VPN.
    """

    t_s: NDArray[np.int64]
    share: NDArray[np.float64]

    def __post_init__(self) -> None:
        for column in fields(self):
            getattr(self, column.name).flags.writeable = False


class VpnHistory:
    """Collects the steps while the simulation runs."""

    def __init__(self, n_operators: int) -> None:
        self._n_operators = n_operators
        self._t_s: list[int] = []
        self._share: list[NDArray[np.float64]] = []

    def note(self, t_s: int, share: NDArray[np.float64]) -> None:
        """Note the shares that hold from ``t_s`` on."""
        self._t_s.append(t_s)
        self._share.append(share.copy())

    def freeze(self) -> VpnSteps:
        """Return the steps noted so far."""
        share = np.array(self._share, np.float64).reshape(-1, self._n_operators)
        return VpnSteps(np.array(self._t_s, np.int64), share)
