"""Components as the hosts they sit on: columns, and draws for hosts, of which a part is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SERVICE_HOSTS, OWN_HOSTS, LATER_HOSTS, TENANT_HOSTS, SWITCHED_HOSTS, SITE_HOSTS, IPV6_HOSTS = range(
    7
)
"""Hosts that a part of the draws of names and parked names per address is for."""
NOBODY = -1
_AT_ONCE = 1 << 18
"""Numbers that are drawn at once where only some are kept."""


@dataclass(frozen=True, eq=False)
class Hosts:
    """Components as the hosts they sit on.

    Attributes
    ----------
    is_spread, seat_row : shape (n_components,)
        Mode and place of each component of this part.
    parked_luck : shape (n_components,)
        Uniform in [0, 1): which way active sites on each of the component's addresses are rounded.
    host_component, host_address : shape (n_hosts,)
        Component (counted over all parts) and address of each host.
    host_business : shape (n_hosts,)
        Whose host it is; -1 for a shared service.
    host_luck : shape (n_hosts,)
        Uniform in [0, 1): how crowded the host's address is, before its owner counts.
    """

    is_spread: NDArray[np.bool_]
    seat_row: NDArray[np.int32]
    parked_luck: NDArray[np.float64]
    host_component: NDArray[np.int32]
    host_address: NDArray[np.int64]
    host_business: NDArray[np.int32]
    host_luck: NDArray[np.float64]


def rows_of(*parts: NDArray[Any]) -> NDArray[np.int32]:
    """Rows one part after the other; a million businesses have some ten million hosts."""
    return np.concatenate(parts, dtype=np.int32, casting="same_kind")


def luck_where(is_kept: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.float64]:
    """Uniform numbers in [0, 1), drawn for everything and kept for some.

    Parameters
    ----------
    is_kept : shape (n_businesses, …)

    Returns
    -------
    luck : shape (number kept,)
    """
    # In pieces, as for a million businesses all of it is large; the numbers are the same.
    n_at_once = max(1, _AT_ONCE * len(is_kept) // max(1, is_kept.size))
    parts = [is_kept[row : row + n_at_once] for row in range(0, len(is_kept), n_at_once)]
    return np.concatenate([np.empty(0), *(rng.random(part.shape)[part] for part in parts)])
