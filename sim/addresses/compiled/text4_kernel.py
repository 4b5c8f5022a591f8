"""The compiled reader of plain IPv4 lines; needs numba.

In: bytes of whole lines. Out: bounds as columns and a verdict for each line, the same as those of
`sim.addresses.text.text4`. Where a line starts is known from the newline of the line before, not
from its numbers, so that the processor works on several lines at once.

References
----------
D. Lemire, "Parsing IP addresses crazily fast" (2023): separators as bits of a mask over the bytes
of a line. A table of what three digits mean takes the place of the byte shuffle used there, which
not every processor has.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit
from numpy.typing import NDArray

from sim.addresses.compiled.instructions import N_BYTES, any_types, instruction, pointer

_compiled = njit(cache=True, nogil=True)
# Left to itself the compiler makes calls of the steps of a line.
_inlined = njit(cache=True, nogil=True, forceinline=True)

# No read of the short way reaches further: a bit that is not there counts as the 64th, and eight
# bytes are read behind it.
_REACH = 80
# The short way takes the first byte for the lowest.
_IS_LITTLE = sys.byteorder == "little"


def _meanings() -> NDArray[np.uint16]:
    """What three digits mean, by the digits as a hexadecimal number: value, and digits above it.

    Anything over 255 has 255 digits, more than are looked at.
    """
    meaning = np.full(4096, 255 << 8, np.uint16)
    for value in range(256):
        digits = str(value)
        meaning[int(digits, 16)] = value | (len(digits) << 8)
    return meaning


_MEANING = _meanings()


@instruction
def _eight_bytes(_: Any, block: Any, at: Any) -> Any:
    """Eight bytes as a number, the first of them lowest."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = pointer(context, builder, signature, arguments, ir.IntType(64))
        return builder.load(place, align=1)

    return any_types.uint64(block, any_types.uint64), generate


@instruction
def _masks(_: Any, block: Any, at: Any) -> Any:
    """Which of the next 32 bytes are no digits, which are newlines, which are dots.

    The longest good line has 19.
    """
    kind = ir.VectorType(ir.IntType(8), N_BYTES)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = pointer(context, builder, signature, arguments, kind)
        byte = builder.load(place, align=1)

        def all_of(number: int) -> ir.Constant:
            return ir.Constant(kind, [number] * N_BYTES)

        def as_bits(truth: Any) -> Any:
            return builder.zext(builder.bitcast(truth, ir.IntType(N_BYTES)), ir.IntType(64))

        # Bytes below the digit nought wrap to large ones.
        other = builder.icmp_unsigned(">", builder.sub(byte, all_of(48)), all_of(9))
        newline = builder.icmp_unsigned("==", byte, all_of(10))
        dot = builder.icmp_unsigned("==", byte, all_of(46))
        bits = [as_bits(truth) for truth in (other, newline, dot)]
        return context.make_tuple(builder, signature.return_type, bits)

    return any_types.UniTuple(any_types.uint64, 3)(block, any_types.uint64), generate


@instruction
def _lowest(_: Any, bits: Any) -> Any:
    """Place of the lowest bit that is set, 64 if none is."""

    def generate(_: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return any_types.uint64(any_types.uint64), generate


@_compiled
def parse_lines4(
    block: NDArray[np.uint8],
    start: NDArray[np.int64],
    stop: NDArray[np.int64],
    is_bad: NDArray[np.bool_],
) -> bool:
    """Read plain IPv4 lines into columns of their number; return whether all lines were plain.

    A line is plain if it is not empty and all its bytes are digits, dots and slashes.
    """
    at = np.uint64(0)
    size = np.uint64(block.size)
    safe = np.uint64(max(block.size - _REACH, 0)) if _IS_LITTLE else np.uint64(0)
    row = 0
    while at < size:
        good: np.bool_ = np.bool_(False)
        bad: np.bool_ = np.bool_(False)
        if at < safe:
            good, address, length, end = _read_canonical(block, at)
        if not good:
            is_plain, bad, address, length, end = _read_any(block, at)
            if not is_plain:
                return False
        host_bits = np.uint64(0xFFFFFFFF) >> length
        start[row] = np.int64(address)
        stop[row] = np.int64(address + host_bits) + 1
        is_bad[row] = bad or (address & host_bits) != 0
        row += 1
        at = end
    return True


@_inlined
def _read_canonical(
    block: NDArray[np.uint8], at: np.uint64
) -> tuple[np.bool_, np.uint64, np.uint64, np.uint64]:
    """Read a well-formed line with few branches; return whether it was one, and where it ends.

    How many digits a number has is as good as random, and a branch on it would be guessed wrong
    every other time. What must be nought in a well-formed line is gathered in ``wrong``.
    """
    one = np.uint64(1)
    other, newline, dot = _masks(block, at)
    end = _lowest(newline)
    first = _lowest(other)
    rest = other & (other - one)
    second = _lowest(rest)
    rest &= rest - one
    third = _lowest(rest)
    rest &= rest - one
    fourth = _lowest(rest)
    # The first separator that is no dot.
    wrong = _lowest(other ^ dot) ^ fourth
    address, fault = _append(np.uint64(0), block, at, first)
    wrong |= fault
    address, fault = _append(address, block, at + first + one, second - first - one)
    wrong |= fault
    address, fault = _append(address, block, at + second + one, third - second - one)
    wrong |= fault
    address, fault = _append(address, block, at + third + one, fourth - third - one)
    wrong |= fault
    length = np.uint64(32)
    if fourth != end:
        length, fault = _append(np.uint64(0), block, at + fourth + one, end - fourth - one)
        wrong |= fault | (np.uint64(block[at + fourth]) ^ np.uint64(47))
        rest &= rest - one
        wrong |= (_lowest(rest) ^ end) | np.uint64(length > np.uint64(32))
    return wrong == np.uint64(0), address, length, at + end + one


@_inlined
def _append(
    address: np.uint64, block: NDArray[np.uint8], at: np.uint64, n_digits: np.uint64
) -> tuple[np.uint64, np.uint64]:
    """Put the number of so many digits beneath an address; return what must be nought."""
    # The last digit to the top byte, the three there kept, and those as one number of three times
    # four bits: the factors bring each to its place among the top twelve bits, and nothing else.
    moved = _eight_bytes(block, at) << (-(n_digits << np.uint64(3)) & np.uint64(63))
    three = (moved >> np.uint64(4)) & np.uint64(0x0F0F0F << 36)
    digits = (three * np.uint64(0x1001001)) >> np.uint64(52)
    meaning = np.uint64(_MEANING[digits])
    value = meaning & np.uint64(0xFF)
    return (address << np.uint64(8)) | value, (meaning >> np.uint64(8)) ^ n_digits


@_compiled
def _read_any(
    block: NDArray[np.uint8], at: np.uint64
) -> tuple[np.bool_, np.bool_, np.uint64, np.uint64, np.uint64]:
    """Read any line byte by byte; return whether it is plain, whether bad, and where it ends."""
    begin = at
    address = np.uint64(0)
    value = np.uint64(0)
    length = np.uint64(32)
    n_digits = 0
    n_dots = 0
    n_slashes = 0
    bad: np.bool_ = np.bool_(False)
    while True:
        byte = np.uint64(block[at])
        at = at + np.uint64(1)
        if np.uint64(48) <= byte <= np.uint64(57):
            bad |= n_digits > 0 and value == np.uint64(0)
            n_digits += 1
            bad |= n_digits > 3
            # A number of many digits must not overflow into a small one.
            value = np.uint64(1) if bad else value * np.uint64(10) + (byte - np.uint64(48))
            continue
        bad |= n_digits == 0
        if byte == np.uint64(46):
            bad |= n_slashes > 0 or value > np.uint64(255)
            n_dots += 1
        elif byte == np.uint64(47):
            bad |= n_slashes > 0 or n_dots != 3 or value > np.uint64(255)
            n_slashes += 1
        elif byte == np.uint64(10):
            break
        else:
            return np.bool_(False), bad, address, length, at
        address = ((address << np.uint64(8)) | value) & np.uint64(0xFFFFFFFF)
        value = np.uint64(0)
        n_digits = 0
    if n_slashes == 0:
        bad |= n_dots != 3 or value > np.uint64(255)
        address = ((address << np.uint64(8)) | value) & np.uint64(0xFFFFFFFF)
    else:
        length = value
        if value > np.uint64(32):
            bad = np.bool_(True)
            length = np.uint64(32)
    return at - begin > np.uint64(1), bad, address, length, at
