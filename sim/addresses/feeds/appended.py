"""A column that grows piece by piece in one array.

Pieces are let go as soon as they are appended: thousands of small arrays, once freed, leave holes
that the process keeps, while one large array goes back to the system.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

Number = TypeVar("Number", bound=np.generic)

_FIRST_SIZE = 2**12


class Growing(Generic[Number]):
    """A column to append to.

    Parameters
    ----------
    dtype
        Of the column.
    """

    def __init__(self, dtype: DTypeLike) -> None:
        self._room: NDArray[Number] = np.empty(0, dtype)
        self._size = 0

    def __len__(self) -> int:
        """Return the number of values so far."""
        return self._size

    @property
    def n_bytes(self) -> int:
        """Bytes of the values so far."""
        return self._size * self._room.itemsize

    @property
    def so_far(self) -> NDArray[Number]:
        """The values so far: a view, good until more are added."""
        return self._room[: self._size]

    def append(self, values: NDArray[Number]) -> None:
        """Add values at the end."""
        size = self._size + values.size
        if size > self._room.size:
            # What is never written to takes no memory, so doubling costs none.
            room = np.empty(max(_FIRST_SIZE, 2 * size), self._room.dtype)
            room[: self._size] = self._room[: self._size]
            self._room = room
        self._room[self._size : size] = values
        self._size = size

    def finish(self) -> NDArray[Number]:
        """Return the column, and let it go."""
        column = self._room[: self._size]
        self._room, self._size = self._room[:0].copy(), 0
        return column
