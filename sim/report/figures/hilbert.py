"""The address space laid on a square: which part of it each pixel of a map stands for.

In: a set of addresses and a window on the space. Out: for each pixel its first address, and how
many addresses of the set it holds. It does not know what the set means, and draws nothing.

The curve is the one of xkcd 195 and of the Measurement Factory's ipv4-heatmap: 0.0.0.0/8 in the
top left corner, 64.0.0.0/2 the quarter below, 192.0.0.0/2 the one to the right. Neighbouring
addresses are neighbours on the square, and a prefix of even length is a square of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.addresses.sets.intervals import IPV4_STOP, IntervalSet

MAX_ORDER = 16
"""At this order a pixel is one address."""
MAX_PIXELS = 2**24
"""One for each /24 of the whole space."""

# Two bits of the position to one bit of x, one of y, and the next state; four states of four rows.
# A state is kept as its first row. Warren, Hacker's Delight (2002), figure 14-5, as in
# ipv4-heatmap's hilbert.c.
_X = np.array([(0x936C >> row) & 1 for row in range(16)], np.int8)
_Y = np.array([(0x39C6 >> row) & 1 for row in range(16)], np.int8)
_NEXT = np.array([4 * ((0x3E6B94C1 >> 2 * row) & 3) for row in range(16)], np.int8)
# Before the first step: the row whose next state is the state in which the curve begins.
_BEGIN = int(np.flatnonzero(_NEXT == 0)[0])


def position(cell: ArrayLike, order: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Column and row of each cell of the curve.

    Parameters
    ----------
    cell : shape (n,)
        Position along the curve in [0, 4**order): the first ``2 * order`` bits of an address.
    order
        The square has ``2**order`` pixels a side.

    Returns
    -------
    x, y : shape (n,)
        Column from the left and row from the top, in [0, 2**order).

    Raises
    ------
    ValueError
        If the order lies outside [0, 16] or a cell outside the curve.

    References
    ----------
    Warren, Hacker's Delight (2002), section 14-2; ipv4-heatmap, ``hilbert.c``; xkcd 195.
    """
    _check_order(order)
    wanted = np.asarray(cell, np.int64)
    if np.any(wanted < 0) or np.any(wanted >= 4**order):
        raise ValueError(f"expected cells in [0, {4**order}), got others")
    row = np.full(wanted.shape, _BEGIN, np.int8)
    x, y = np.zeros((2, *wanted.shape), np.int64)
    for shift in range(2 * order - 2, -1, -2):
        row = _NEXT[row] + ((wanted >> shift) & 3).astype(np.int8)
        x, y = 2 * x + _X[row], 2 * y + _Y[row]
    return x, y


@dataclass(frozen=True)
class Window:
    """A prefix of the address space, and how finely it is cut.

    Attributes
    ----------
    address, length
        The prefix shown; of even length it is a square, of odd length two squares side by side.
    order
        Order of the curve over the whole space; a pixel holds ``2**(32 - 2 * order)`` addresses.
        The window is the part of that curve over the prefix: zooming in magnifies, never turns.

    Raises
    ------
    ValueError
        If the address has bits set beyond the length, or a pixel is larger than the window.
    """

    address: int = 0
    length: int = 0
    order: int = 10

    def __post_init__(self) -> None:
        _check_order(self.order)
        if not 0 <= self.length <= 32 or not 0 <= self.address < IPV4_STOP:
            raise ValueError("expected an IPv4 prefix, got something else")
        if self.address % 2 ** (32 - self.length):
            raise ValueError("expected a prefix, got an address with host bits set")
        if 2 * self.order < self.length:
            raise ValueError(f"expected an order >= {-(-self.length // 2)}, got {self.order}")
        if self.n_pixels > MAX_PIXELS:
            raise ValueError(f"expected at most {MAX_PIXELS} pixels, got {self.n_pixels}")

    @property
    def addresses(self) -> IntervalSet:
        """Addresses in the window."""
        return IntervalSet.from_bounds([self.address], [self.address + 2 ** (32 - self.length)])

    @property
    def n_pixels(self) -> int:
        """Pixels in the window."""
        return int(2 ** (2 * self.order - self.length))

    @property
    def pixel_length(self) -> int:
        """Prefix length of one pixel."""
        return 2 * self.order

    @property
    def n_addresses_of_pixel(self) -> int:
        """Addresses that one pixel stands for."""
        return int(2 ** (32 - self.pixel_length))

    @property
    def corner(self) -> tuple[int, int]:
        """Column and row of the window's top left pixel on the whole map of this order."""
        size = 2 ** (32 - self.length)
        # The corners of a square of the curve are among its quarters; so look at sixteen places.
        n = min(16, size // self.n_addresses_of_pixel)
        first = self.address + np.arange(n, dtype=np.int64) * (size // n)
        cell = first // self.n_addresses_of_pixel
        x, y = position(cell, self.order)
        width, height = self.shape[1], self.shape[0]
        return int(x.min()) // width * width, int(y.min()) // height * height

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the window in pixels."""
        side = 2 ** (self.order - self.length // 2)
        if self.length % 2 == 0:
            return side, side
        x, _ = position(self._halves, (self.length + 1) // 2)
        return (side // 2, side) if x[0] != x[1] else (side, side // 2)

    @property
    def _halves(self) -> NDArray[np.int64]:
        """Cells of the two squares that make up a window of odd length."""
        half = 2 ** (32 - self.length - 1)
        return np.array([self.address // half, self.address // half + 1], np.int64)

    @property
    def first_address(self) -> NDArray[np.int64]:
        """First address of each pixel, shape ``self.shape``, row by row from the top."""
        return np.asarray(self.address + _ranks(self) * self.n_addresses_of_pixel, np.int64)

    def place(self, address: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Column and row of addresses, counted from the window's top left pixel.

        Addresses outside the window get places outside it: check with ``holds``.
        """
        cell = np.asarray(address, np.int64) // self.n_addresses_of_pixel
        x, y = position(cell, self.order)
        left, top = self.corner
        return x - left, y - top

    def holds(self, address: ArrayLike) -> NDArray[np.bool_]:
        """Whether each address lies in the window."""
        wanted = np.asarray(address, np.int64)
        stop = self.address + 2 ** (32 - self.length)
        return np.asarray((wanted >= self.address) & (wanted < stop), np.bool_)


@lru_cache(maxsize=4)
def _ranks(window: Window) -> NDArray[np.int64]:
    """How many pixels come before each pixel on the way through the window, in its shape."""
    rank = np.arange(window.n_pixels, dtype=np.int64)
    x, y = window.place(window.address + rank * window.n_addresses_of_pixel)
    ranks = np.empty(window.shape, np.int64)
    ranks[y, x] = rank
    ranks.flags.writeable = False
    return ranks


def counts(addresses: IntervalSet, window: Window) -> NDArray[np.int64]:
    """Addresses of a set in each pixel, shape ``window.shape``, row by row from the top."""
    rank = np.arange(window.n_pixels + 1, dtype=np.int64)
    edge = window.address + rank * window.n_addresses_of_pixel
    return np.asarray(np.diff(n_below(addresses, edge))[_ranks(window)], np.int64)


def shares(addresses: IntervalSet, window: Window) -> NDArray[np.float64]:
    """Share of each pixel's addresses that are in a set; all of them are the denominator."""
    return counts(addresses, window) / window.n_addresses_of_pixel


def n_below(addresses: IntervalSet, edge: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many addresses of a set lie below each edge.

    Parameters
    ----------
    edge : shape (n,)
        Addresses in [0, 2**32].
    """
    if not addresses:
        return np.zeros(edge.shape, np.int64)
    size = addresses.stop - addresses.start
    before = np.concatenate(([0], np.cumsum(size)))
    row = np.searchsorted(addresses.start, edge, side="right") - 1
    inside = np.clip(edge - addresses.start[np.maximum(row, 0)], 0, size[np.maximum(row, 0)])
    return np.where(row >= 0, before[np.maximum(row, 0)] + inside, 0)


def _check_order(order: int) -> None:
    if not 0 <= order <= MAX_ORDER:
        raise ValueError(f"expected an order in [0, {MAX_ORDER}], got {order}")
