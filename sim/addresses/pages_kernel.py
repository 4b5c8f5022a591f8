"""The compiled look-up in a table of /24 pages; needs numba.

In: the table of `sim.addresses.pages.OwnerPages` and addresses. Out: their owners. A table of 64
MiB is in no cache, so that the time goes in waiting for memory: addresses are worked on in batches,
and each step asks for what the next one reads before anything is waited for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

_compiled = njit(cache=True, nogil=True)
# What is made of these is called from kernels with one argument less than it is written with, which
# no type can say.
_instruction = cast("Callable[[Callable[..., Any]], Any]", intrinsic)
_types: Any = types

# Addresses of a batch: what was asked for must still be in the nearest caches when it is read.
_BATCH = 1024
# How near the processor keeps what is asked for, as LLVM counts: 3 nearest, 0 not at all.
_NEAREST, _NEAR = 3, 2


def _asking(nearness: int) -> Any:
    """Make the instruction that asks for an element of an array before it is needed."""

    @_instruction
    def ask(_: Any, column: Any, at: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
            place = builder.bitcast(builder.gep(data, [arguments[1]]), ir.IntType(8).as_pointer())
            number = ir.IntType(32)
            prefetch = builder.module.declare_intrinsic(
                "llvm.prefetch",
                [place.type],
                ir.FunctionType(ir.VoidType(), [place.type, number, number, number]),
            )
            # To be read, not written; data, not code.
            told = (ir.Constant(number, each) for each in (0, nearness, 1))
            builder.call(prefetch, [place, *told])
            return context.get_dummy_value()

        return _types.void(column, _types.uint64), generate

    return ask


_ask = _asking(_NEAREST)
_ask_early = _asking(_NEAR)


@_compiled
def match_pages(
    page: NDArray[np.int32],
    words: NDArray[np.uint64],
    base: NDArray[np.int32],
    segment_row: NDArray[np.int32],
    address: NDArray[np.int64],
    row: NDArray[np.int64],
) -> bool:
    """Owners of addresses by a table of /24 pages; return whether all were IPv4 addresses."""
    mixed = np.empty(_BATCH, np.int32)
    place = np.empty(_BATCH, np.uint64)
    seen = np.uint64(0)
    for first in range(0, address.size, _BATCH):
        # Slices, since loops from nought over them need no care for numbers from the end.
        asked, found = address[first : first + _BATCH], row[first : first + _BATCH]
        seen |= _by_page(page, asked, found)
        n_mixed = _select_mixed(found, mixed)
        _by_bitmap(words, base, segment_row, asked, mixed[:n_mixed], place, found)
    return bool(seen < np.uint64(1 << 32))


@_compiled
def _by_page(
    page: NDArray[np.int32], address: NDArray[np.int64], row: NDArray[np.int64]
) -> np.uint64:
    """Entries of the pages of addresses; return all bits that the addresses have."""
    within = np.uint64(0xFFFFFF)
    seen = np.uint64(0)
    for query in range(address.size):
        number = np.uint64(address[query])
        seen |= number
        _ask_early(page, (number >> np.uint64(8)) & within)
    for query in range(address.size):
        row[query] = page[(np.uint64(address[query]) >> np.uint64(8)) & within]
    return seen


@_compiled
def _select_mixed(row: NDArray[np.int64], mixed: NDArray[np.int32]) -> np.uint64:
    """List the queries whose page has a bitmap, without a branch; return how many there are."""
    n_mixed = np.uint64(0)
    for query in range(row.size):
        mixed[n_mixed] = query
        n_mixed += np.uint64(row[query] < -1)
    return n_mixed


@_compiled
def _by_bitmap(
    words: NDArray[np.uint64],
    base: NDArray[np.int32],
    segment_row: NDArray[np.int32],
    address: NDArray[np.int64],
    mixed: NDArray[np.int32],
    place: NDArray[np.uint64],
    row: NDArray[np.int64],
) -> None:
    """Replace entries that name a bitmap by the row of the segment that holds the address."""
    for turn in range(mixed.size):
        query = mixed[turn]
        quarter = (np.uint64(address[query]) >> np.uint64(6)) & np.uint64(3)
        at = np.uint64(-2 - row[query]) * np.uint64(4) + quarter
        place[turn] = at
        _ask(words, at)
        _ask(base, at)
    for turn in range(mixed.size):
        at = place[turn]
        within = np.uint64(address[mixed[turn]]) & np.uint64(63)
        segment = np.uint64(base[at]) + _n_set(words[at] << (np.uint64(63) - within))
        place[turn] = segment
        _ask(segment_row, segment)
    for turn in range(mixed.size):
        row[mixed[turn]] = segment_row[place[turn]]


@_compiled
def _n_set(word: np.uint64) -> np.uint64:
    """Bits set, by the usual halving sums."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + (
        (word >> np.uint64(2)) & np.uint64(0x3333333333333333)
    )
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (word * np.uint64(0x0101010101010101)) >> np.uint64(56)
