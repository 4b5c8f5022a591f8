"""Lines of a list, tidied and sorted by kind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NEWLINE, RETURN, SPACE, TAB, HASH, SEMICOLON, DASH = 10, 13, 32, 9, 35, 59, 45

# What a byte can be part of; a line is the union over its bytes.
PLAIN, SLASHED, COLON, DASHED, HEX, OTHER = 1, 2, 4, 8, 16, 32
_KIND = bytearray([OTHER] * 256)
for _bytes, _kind in (
    (b"0123456789.", PLAIN),
    (b"/", SLASHED),
    (b":", COLON),
    (b"-", DASHED),
    (b"abcdefABCDEF", HEX),
    (b"\n", 0),
):
    for _byte in _bytes:
        _KIND[_byte] = _kind
_KIND_OF_BYTE = bytes(_KIND)


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines that are neither blank nor comment.

    Attributes
    ----------
    block : shape (n_bytes,), uint8
        The lines, each ended by a newline.
    number : shape (n_lines,), int64
        Number of each line in its file.
    """

    block: NDArray[np.uint8]
    number: NDArray[np.int64]

    def kinds(self) -> NDArray[np.uint8]:
        """Return for each line the union of what its bytes can be part of."""
        if self.number.size == 0:
            return np.empty(0, np.uint8)
        kind = np.frombuffer(self.block.tobytes().translate(_KIND_OF_BYTE), np.uint8)
        return np.asarray(np.bitwise_or.reduceat(kind, self._starts()), dtype=np.uint8)

    def select(self, wanted: NDArray[np.bool_]) -> Lines:
        """Return some of the lines."""
        if wanted.all():
            return self
        end = np.flatnonzero(self.block == NEWLINE) + 1
        size = np.diff(end, prepend=0)
        return Lines(self.block[np.repeat(wanted, size)], self.number[wanted])

    def count(self, byte: int) -> NDArray[np.int64]:
        """Return how often a byte occurs in each line."""
        if self.number.size == 0:
            return np.empty(0, np.int64)
        return np.add.reduceat((self.block == byte).astype(np.int64), self._starts())

    def starts_or_ends_with(self, byte: int) -> NDArray[np.bool_]:
        """Return for each line whether a byte is its first or its last."""
        end = np.flatnonzero(self.block == NEWLINE)
        return np.asarray((self.block[self._starts()] == byte) | (self.block[end - 1] == byte))

    def _starts(self) -> NDArray[np.int64]:
        end = np.flatnonzero(self.block == NEWLINE)
        start = np.zeros(end.size, np.int64)
        start[1:] = end[:-1] + 1
        return start


def tidy(text: bytes, first_line: int) -> Lines:
    """Return the lines of a text that say something.

    Comments run from ``#`` or ``;`` to the end of the line. Blanks (space, tab, carriage return)
    are dropped at both ends of a line and around a dash; any others stay, and make the line bad.

    Parameters
    ----------
    text
        Whole lines, the last one ended by a newline too.
    first_line
        Number of the first line in its file.
    """
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n")
    block = np.frombuffer(text, np.uint8)
    is_comment = _comments(block)
    is_blank = (block == SPACE) | (block == TAB) | (block == RETURN)
    if is_blank.any():
        block = _trimmed(block, is_comment, is_blank)
    elif is_comment.any():
        block = block[~is_comment]
    newline = block == NEWLINE
    is_empty = newline.copy()
    is_empty[1:] &= newline[:-1]
    # A line is empty when its newline follows another, or is the first byte.
    number = first_line + np.flatnonzero(~is_empty[newline])
    if number.size < np.count_nonzero(newline):
        block = block[~is_empty]
    return Lines(block, np.asarray(number, dtype=np.int64))


def _comments(block: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return the bytes that belong to a comment, its mark included."""
    mark = np.flatnonzero((block == HASH) | (block == SEMICOLON))
    if mark.size == 0:
        return np.zeros(block.size, np.bool_)
    newline = np.flatnonzero(block == NEWLINE)
    line = np.searchsorted(newline, mark)
    opening = np.ones(mark.size, np.bool_)
    opening[1:] = line[1:] != line[:-1]
    edge = np.zeros(block.size, np.int8)
    edge[mark[opening]] = 1
    edge[newline[line[opening]]] = -1
    return np.cumsum(edge, dtype=np.int8).astype(np.bool_)


def _trimmed(
    block: NDArray[np.uint8], is_comment: NDArray[np.bool_], is_blank: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Copy of a block without comments and without blanks at line ends and around dashes."""
    is_kept = ~(is_comment | is_blank)
    place = np.flatnonzero(is_kept)
    byte = block[place]
    is_edge = (byte == NEWLINE) | (byte == DASH)
    # A gap between two bytes of content, neither of which is an edge, is a blank inside an entry.
    inside = (np.diff(place) > 1) & ~is_edge[:-1] & ~is_edge[1:]
    is_kept[place[:-1][inside] + 1] = True
    return block[is_kept]
