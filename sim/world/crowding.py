"""Names on the addresses of a pool: where who is blocked is likelier to be.

In: addresses that a pool and its places give out, addresses in use with their names, and how many
names are expected on others. Out: both as columns. It does not know who is blocked, or draws it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.seats import Seats
from sim.world.columns import Columns


class NamedPlace(NamedTuple):
    """What is expected of the addresses of a place.

    Attributes
    ----------
    seats
        Addresses that it gives out.
    share_named
        Share of them that carry a name.
    mean_names
        Names expected on one that does.
    """

    seats: Seats
    share_named: float
    mean_names: float


@dataclass(frozen=True, eq=False)
class Crowding(Columns):
    """Names on the addresses of a pool.

    Attributes
    ----------
    share_by_names
        Share of the pool's fronts that are where names are.
    address : shape (n,), ascending
        Addresses that it gives out and that components sit on at t = 0.
    n_names : shape (n,)
        Names on each of them.
    rest_names
        Names expected on each other address.
    """

    share_by_names: float
    address: NDArray[np.int64]
    n_names: NDArray[np.int64]
    rest_names: float

    @classmethod
    def none(cls) -> Crowding:
        """Of a pool of which no front asks where names are."""
        return cls(0.0, np.empty(0, np.int64), np.empty(0, np.int64), 0.0)

    @classmethod
    def of(
        cls,
        share_by_names: float,
        seats: Seats,
        places: Sequence[NamedPlace],
        address: NDArray[np.int64],
        n_names: NDArray[np.int64],
    ) -> Crowding:
        """Names on the addresses that a pool gives out.

        Parameters
        ----------
        seats
            Addresses that the pool gives out.
        places
            The places whose addresses these are.
        address, n_names : shape (n,), ascending
            Addresses in use at t = 0, wherever they are, and names on each.
        """
        if share_by_names == 0:
            return cls.none()
        is_mine = seats.holds(address)
        mine = address[is_mine]
        # What is in use is known to carry a name: of those that do it leaves so many fewer.
        expected = sum(
            max(0.0, place.seats.n * place.share_named - int(place.seats.holds(mine).sum()))
            * place.mean_names
            for place in places
        )
        n_rest = seats.n - mine.size
        return cls(share_by_names, mine, n_names[is_mine], expected / n_rest if n_rest else 0.0)
