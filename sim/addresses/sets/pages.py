"""Tables of /24 pages: answers for millions of IPv4 addresses at two look-ups each.

Most pages lie wholly inside one piece, and their entry is the answer; a mixed page has a bitmap of
its 256 addresses besides. A table takes 64 MiB and some hundredths of a second to build, so it is
worth it from about half a million look-ups on.

References
----------
P. Gupta, S. Lin, N. McKeown, "Routing lookups in hardware at memory access speeds", INFOCOM 1998
(one entry for each /24, DIR-24-8); the bitmap with counted bits takes the place of their second
table of 256 entries a page.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.addresses.threads import in_order

N_PAGES = 2**24
# Look-ups in one call from which on a table is built.
WORTH_BUILDING = 2**19
# Queries worked on at a time, so that the columns in between stay in the cache.
_QUERIES = 2**16
# The bits of a word up to and including each place.
_UP_TO = np.uint64(2**64 - 1) >> (np.uint64(63) - np.arange(64, dtype=np.uint64))


@dataclass(frozen=True, eq=False)
class OwnerPages:
    """Which row owns each address.

    Attributes
    ----------
    page : shape (2**24,), int32, read-only
        Row that owns the whole page, -1 for none; -2 - k where bitmap k tells.
    words : shape (4 * n_bitmaps,), uint64, read-only
        Bitmaps of four words, lowest bit first: a one where a segment starts.
    base : shape (4 * n_bitmaps,), int32, read-only
        Segment that holds just before the first address of each word.
    segment_row : shape (n_segments,), int32, read-only
        Row of each segment.
    """

    page: NDArray[np.int32]
    words: NDArray[np.uint64]
    base: NDArray[np.int32]
    segment_row: NDArray[np.int32]

    @classmethod
    def build(cls, segment_start: NDArray[np.int64], segment_row: NDArray[np.int64]) -> OwnerPages:
        """Build the table of segments that start at 0 and leave no gap."""
        row = segment_row.astype(np.int32)
        page = _at_page_starts(segment_start[1:], row)
        mixed, rank, cut = _cuts_within_pages(segment_start)
        starts = np.zeros((mixed.size, 256), np.uint8)
        starts[rank, cut] = 1
        words = np.packbits(starts, axis=1, bitorder="little").view(np.uint64)
        n_starts = np.bitwise_count(words).astype(np.int64)
        holding = np.searchsorted(segment_start, mixed << 8, side="right") - 1
        base = np.cumsum(n_starts, axis=1) - n_starts + holding[:, np.newaxis]
        page[mixed] = -2 - np.arange(mixed.size)
        return cls(page, words.reshape(-1), base.astype(np.int32).reshape(-1), row)

    def match(self, address: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the row that owns each address, -1 where none does.

        Raises
        ------
        ValueError
            If an address lies outside [0, 2**32).
        """
        row = np.empty(address.size, np.int64)

        def work(piece: slice) -> None:
            row[piece] = self._match(address[piece])

        for _ in in_order(work, [slice(at, at + _QUERIES) for at in range(0, row.size, _QUERIES)]):
            pass
        return row

    def _match(self, address: NDArray[np.int64]) -> NDArray[np.int32]:
        """Look up one piece."""
        if np.any((address < 0) | (address >= 2**32)):
            raise ValueError("addresses must lie in [0, 2**32)")
        entry = self.page.take(address >> 8)
        mixed = np.flatnonzero(entry < -1)
        if mixed.size:
            number = address[mixed]
            at = (-2 - entry[mixed].astype(np.int64)) * 4 + ((number >> 6) & 3)
            n_starts = np.bitwise_count(self.words.take(at) & _UP_TO.take(number & 63))
            entry[mixed] = self.segment_row.take(self.base.take(at) + n_starts)
        return entry


def _at_page_starts(bound: NDArray[np.int64], value: NDArray[np.int32]) -> NDArray[np.int32]:
    """Value that holds at the first address of each page, ``value[k]`` between bounds k-1 and k."""
    first_page = (bound + 255) >> 8
    n_pages = np.diff(first_page, prepend=0, append=N_PAGES)
    return np.repeat(value, n_pages)


def _cuts_within_pages(
    bound: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Pages that a bound cuts; and for each such bound the rank of its page and its place in it."""
    within = bound[(bound & 255) != 0]
    page = within >> 8
    fresh = np.ones(page.size, np.bool_)
    fresh[1:] = page[1:] != page[:-1]
    return page[fresh], np.cumsum(fresh) - 1, within & 255
