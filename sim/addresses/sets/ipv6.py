"""Columns of IPv6 addresses, exact to the single address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

IPV6_BITS = 128
IPV6_STOP = 2**128
_ALL = np.uint64(2**64 - 1)
_ONE = np.uint64(1)


@dataclass(frozen=True, eq=False)
class Addresses6:
    """IPv6 addresses as columns.

    Attributes
    ----------
    high, low : shape (n,), uint64, read-only
        The first and the last 64 bits of each address.
    """

    high: NDArray[np.uint64]
    low: NDArray[np.uint64]

    def __post_init__(self) -> None:
        if self.high.shape != self.low.shape or self.high.ndim != 1:
            raise ValueError("high and low must be one-dimensional and equally long")
        self.high.flags.writeable = False
        self.low.flags.writeable = False

    @classmethod
    def empty(cls) -> Addresses6:
        """Return no address."""
        return cls(np.empty(0, np.uint64), np.empty(0, np.uint64))

    @classmethod
    def from_ints(cls, numbers: Iterable[int]) -> Addresses6:
        """Return the column of addresses given as Python integers.

        Raises
        ------
        ValueError
            If a number lies outside [0, 2**128).
        """
        listed = list(numbers)
        if any(not 0 <= number < IPV6_STOP for number in listed):
            raise ValueError("IPv6 addresses must lie in [0, 2**128)")
        return cls.from_packed(b"".join(number.to_bytes(16, "big") for number in listed))

    @classmethod
    def from_packed(cls, packed: bytes) -> Addresses6:
        """Return the column of addresses given as 16 bytes each, most significant first.

        Raises
        ------
        ValueError
            If the number of bytes is no multiple of 16.
        """
        if len(packed) % 16:
            raise ValueError("packed IPv6 addresses must be 16 bytes each")
        halves = np.frombuffer(packed, dtype=">u8").astype(np.uint64).reshape(-1, 2)
        return cls(np.ascontiguousarray(halves[:, 0]), np.ascontiguousarray(halves[:, 1]))

    @classmethod
    def concatenate(cls, parts: Sequence[Addresses6]) -> Addresses6:
        """Return one column of several, in order."""
        if not parts:
            return cls.empty()
        return cls(
            np.concatenate([part.high for part in parts]),
            np.concatenate([part.low for part in parts]),
        )

    def __reduce__(self) -> tuple[type[Addresses6], tuple[NDArray[np.uint64], NDArray[np.uint64]]]:
        """Make the column read-only again where it arrives."""
        return Addresses6, (self.high, self.low)

    def __len__(self) -> int:
        """Return the number of addresses."""
        return int(self.high.size)

    def take(self, row: NDArray[np.int64] | NDArray[np.bool_] | slice) -> Addresses6:
        """Return some of the rows."""
        return Addresses6(self.high[row], self.low[row])

    def to_ints(self) -> list[int]:
        """Return the addresses as Python integers."""
        return [
            high << 64 | low
            for high, low in zip(self.high.tolist(), self.low.tolist(), strict=True)
        ]

    def to_packed(self) -> bytes:
        """Return the addresses as 16 bytes each, most significant first."""
        return np.column_stack((self.high, self.low)).astype(">u8").tobytes()

    @property
    def key(self) -> NDArray[np.bytes_]:
        """The addresses as texts of 16 bytes, which NumPy sorts and searches as they ascend."""
        return np.frombuffer(self.to_packed(), "S16")

    def equal(self, other: Addresses6) -> NDArray[np.bool_]:
        """Return row by row whether both columns hold the same address."""
        return np.asarray((self.high == other.high) & (self.low == other.low), dtype=np.bool_)

    def less(self, other: Addresses6) -> NDArray[np.bool_]:
        """Return row by row whether this column's address is the smaller."""
        return np.asarray(self.key < other.key, dtype=np.bool_)

    def plus_one(self) -> Addresses6:
        """Return the next address of each; the last address of all wraps to ``::``."""
        low = self.low + _ONE
        return Addresses6(self.high + (low == 0).astype(np.uint64), low)

    def minus_one(self) -> Addresses6:
        """Return the address before each; ``::`` wraps to the last address of all."""
        return Addresses6(self.high - (self.low == 0).astype(np.uint64), self.low - _ONE)

    def search(self, wanted: Addresses6, side: Literal["left", "right"]) -> NDArray[np.int64]:
        """Return where addresses belong in this column, which must be ascending.

        Parameters
        ----------
        wanted : shape (m,)
            Addresses to place.
        side
            As in ``numpy.searchsorted``: ``left`` counts the rows below the address, ``right``
            those not above it.
        """
        return np.searchsorted(self.key, wanted.key, side).astype(np.int64)


def masked(address: Addresses6, length: NDArray[np.int64]) -> tuple[Addresses6, Addresses6]:
    """First and last address of the prefix of each length around each address."""
    mask = Addresses6(_half_mask(np.minimum(length, 64)), _half_mask(np.maximum(length, 64) - 64))
    first = Addresses6(address.high & mask.high, address.low & mask.low)
    return first, Addresses6(address.high | ~mask.high, address.low | ~mask.low)


def _half_mask(length: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return masks of 64 bits whose first ``length`` bits are set."""
    # Two shifts: a shift of a 64-bit number by 64 is undefined.
    gone = (64 - length).astype(np.uint64)
    return (_ALL << (gone // np.uint64(2))) << (gone - gone // np.uint64(2))
