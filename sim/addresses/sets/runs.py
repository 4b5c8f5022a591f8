"""The table the kernels look owners up in: runs of equal /24 pages, in a sixth of the memory.

In: segments. Out: for each address the row that owns it. `sim.addresses.sets.pages` gives the same
answers from one entry a page; its 64 MiB are in no cache, and one random look at memory takes
longer than two at what a cache may hold. Here a bit for each page says whether another run begins
with it, counting the bits gives the run, and what is cut within a page stands in one record.

References
----------
G. Jacobson, "Space-efficient static trees and graphs", FOCS 1989 (rank by counted bits).
H. Asai, Y. Ohara, "Poptrie: a compressed trie with population count for fast and scalable software
IP routing table lookup", SIGCOMM 2015.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from sim.addresses.compiled import backend
from sim.addresses.sets.pages import N_PAGES

# Pages of one entry of the first table: as many as half of it has bits.
_CHUNK = 32
_32 = np.uint64(32)
# Bytes of a record that are compared at a time reach beyond the last one.
_BEYOND = 8


@dataclass(frozen=True, eq=False)
class OwnerRuns:
    """Which row owns each address.

    Attributes
    ----------
    chunk : shape (2**19,), uint64, read-only
        For 32 pages: which of them begin a run, lowest bit first, below the number of runs that
        begin before them.
    run : shape (n_runs + 1,), int32, read-only
        Row that owns the pages of each run, -1 for none; -2 - k where record k tells. Runs count
        from 1.
    record : shape (n,), uint32, read-only
        For each page that is cut: the number of cuts and the places of the cuts, a byte each;
        then the row before the first cut and behind each.
    """

    chunk: NDArray[np.uint64]
    run: NDArray[np.int32]
    record: NDArray[np.uint32]

    @classmethod
    def build(cls, segment_start: NDArray[np.int64], segment_row: NDArray[np.int64]) -> OwnerRuns:
        """Build the table of segments that start at 0 and leave no gap."""
        row = segment_row.astype(np.int32)
        # The first page at whose start a segment holds; the next segment may hold there already.
        first_page = (segment_start + 255) >> 8
        holds = np.flatnonzero(first_page < np.append(first_page[1:], N_PAGES))
        cut_segment = np.flatnonzero(segment_start & 255)
        cut_page = segment_start[cut_segment] >> 8
        cut = (segment_start[cut_segment] & 255).astype(np.uint8)
        place, record = _records(cut_segment, cut_page, cut, row)
        cut_page = cut_page[_first_of_each(cut_page)]
        begins = np.zeros(N_PAGES, np.bool_)
        begins[first_page[holds]] = True
        begins[cut_page] = True
        bits = np.packbits(begins, bitorder="little").view("<u4")
        n_begin = np.bitwise_count(bits).astype(np.uint64)
        n_before = np.cumsum(n_begin) - n_begin
        chunk = (n_before << _32) | bits
        run = np.full(int(n_begin.sum()) + 1, -1, np.int32)
        run[_rank(chunk, first_page[holds])] = row[holds]
        run[_rank(chunk, cut_page)] = -2 - place
        return cls(chunk, run, record)

    def match(self, address: NDArray[np.int64], kernels: ModuleType) -> NDArray[np.int64]:
        """Return the row that owns each address, -1 where none does.

        Raises
        ------
        ValueError
            If an address lies outside [0, 2**32).
        """
        row = np.empty(address.size, np.int64)

        def work(first: int, stop: int) -> None:
            if not kernels.match_runs(
                self.chunk, self.run, self.record, address[first:stop], row[first:stop]
            ):
                raise ValueError("addresses must lie in [0, 2**32)")

        backend.spread(work, address.size)
        return row


def _records(
    segment: NDArray[np.int64],
    page: NDArray[np.int64],
    cut: NDArray[np.uint8],
    row: NDArray[np.int32],
) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    """Where the record of each cut page begins, and all records.

    Parameters
    ----------
    segment, page, cut : shape (n_cuts,)
        Segments that start within a page, in order; the page, and the place in it.
    row : shape (n_segments,)
        Row of each segment.
    """
    first = np.flatnonzero(_first_of_each(page))
    n_cuts = np.diff(first, append=page.size)
    n_head = n_cuts // 4 + 1
    size = n_head + n_cuts + 1
    place = np.cumsum(size) - size
    record = np.zeros(int(size.sum()) + _BEYOND, np.uint32)
    byte = record.view(np.uint8)
    byte[4 * place] = n_cuts
    turn = np.arange(page.size) - np.repeat(first, n_cuts)
    byte[np.repeat(4 * place, n_cuts) + 1 + turn] = cut
    owner = row.view(np.uint32)
    body = place + n_head
    record[body] = owner[segment[first] - 1]
    record[np.repeat(body, n_cuts) + 1 + turn] = owner[segment]
    return place, record


def _first_of_each(page: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return where another page begins among pages in order."""
    fresh = np.ones(page.size, np.bool_)
    fresh[1:] = page[1:] != page[:-1]
    return fresh


def _rank(chunk: NDArray[np.uint64], page: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the run of each page."""
    entry = chunk[page // _CHUNK]
    up_to = entry << (np.uint64(63) - (page % _CHUNK).astype(np.uint64))
    return ((entry >> _32) + np.bitwise_count(up_to)).astype(np.int64)
