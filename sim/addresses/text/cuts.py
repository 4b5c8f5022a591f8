"""A stream cut into blocks of whole lines, with the number of each block's first line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sim.addresses.text.source import Readable
from sim.errors import DataError, Problem

_NEWLINE = 10
# Bytes compared at a time when newlines are counted.
_COUNTED = 2**17
_BOM = b"\xef\xbb\xbf"
# Line ends of other programs: vertical tab, form feed, separators of ASCII and Unicode, NEL.
_BREAKS = re.compile("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_BREAK_BYTES = tuple(chr(code).encode() for code in (11, 12, 28, 29, 30, 133, 8232, 8233))
_BARE_RETURN = re.compile(rb"\r(?!\r*(?:\n|\Z))")


@dataclass(frozen=True)
class Block:
    """Whole lines of a file.

    Attributes
    ----------
    text
        The lines, each ended by a newline.
    first_line
        Number of the first line, from 1.
    n_lines
        How many lines.
    overlong
        Numbers of lines that were longer than the limit; they are empty in ``text``.
    """

    text: bytes
    first_line: int
    n_lines: int
    overlong: tuple[int, ...] = ()


def check_line_ends(text: bytes, first_line: int, name: str) -> None:
    """Refuse whole lines in which a carriage return hides what follows it.

    Raises
    ------
    DataError
        With the line of the first one that no line feed follows.
    """
    if b"\r" in text and (found := _BARE_RETURN.search(text)):
        message = (
            "expected line feeds, got a bare carriage return (old Mac line ends): convert with "
            "tr '\\r' '\\n'"
        )
        line = first_line + text.count(b"\n", 0, found.start())
        raise DataError([Problem(name, message, line)])


def may_hide(text: bytes) -> bool:
    """Return whether a text has what is a line end for some programs, and for this one is none."""
    return any(mark in text for mark in _BREAK_BYTES)


def hidden_end(line: str, comment: str = "") -> str:
    """Return what is wrong with a line in which others see two, before a comment; or nothing."""
    said = line.partition(comment)[0] if comment else line
    found = _BREAKS.search(said.strip())
    if found is None:
        return ""
    return f"expected one entry a line, got U+{ord(found[0]):04X} in it, which may end a line"


def read_blocks(stream: Readable, max_line_bytes: int, name: str = "") -> Iterator[Block]:
    """Cut a stream into blocks of whole lines.

    Parameters
    ----------
    stream
        Bytes; a byte order mark at the start is dropped, a missing last newline is added.
    max_line_bytes
        A longer line is ignored and its number given; no more of it than this is ever held.
    name
        What to call the text in messages; the stream's own name where empty.

    Yields
    ------
    block
        Lines of one read, so about ``max_line_bytes``, and at most as much again.

    Raises
    ------
    DataError
        If a carriage return stands within a line.
    """
    name = name or getattr(stream, "name", "")
    carry, first_line, skipping = b"", 1, False
    while chunk := stream.read(max_line_bytes):
        if first_line == 1 and not carry and not skipping and chunk.startswith(_BOM):
            chunk = chunk[len(_BOM) :]
        first_end = chunk.find(b"\n")
        if first_end < 0:
            if skipping or len(carry) + len(chunk) > max_line_bytes:
                carry, skipping = b"", True
            else:
                carry += chunk
            continue
        overlong: tuple[int, ...] = ()
        if skipping or len(carry) + first_end > max_line_bytes:
            overlong, carry, chunk, skipping = (first_line,), b"", chunk[first_end:], False
        cut = chunk.rfind(b"\n") + 1
        text = b"".join((carry, memoryview(chunk)[:cut]))
        n_lines = _count_lines(text)
        check_line_ends(text, first_line, name)
        yield Block(text, first_line, n_lines, overlong)
        first_line += n_lines
        carry = chunk[cut:]
    if skipping:
        yield Block(b"\n", first_line, 1, (first_line,))
    elif carry:
        check_line_ends(carry, first_line, name)
        yield Block(carry + b"\n", first_line, 1)


def _count_lines(text: bytes) -> int:
    """Count newlines, in pieces that stay in the cache."""
    byte = np.frombuffer(text, np.uint8)
    pieces = (byte[at : at + _COUNTED] for at in range(0, byte.size, _COUNTED))
    return sum(int(np.count_nonzero(piece == _NEWLINE)) for piece in pieces)
