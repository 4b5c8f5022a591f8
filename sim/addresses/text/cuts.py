"""A stream cut into blocks of whole lines, with the number of each block's first line."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase

import numpy as np

from sim.addresses.text.source import Readable, Source
from sim.errors import DataError, Problem

_NEWLINE = 10
# Bytes compared at a time when newlines are counted.
_COUNTED = 2**17
# Least bytes of the windows that long reads are looked through by: smaller ones would be many.
_WINDOW = 2**12
_BOM = b"\xef\xbb\xbf"
# Line ends of other programs: vertical tab, form feed, separators of ASCII and Unicode, NEL.
_BREAKS = re.compile("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_BREAK_BYTES = tuple(chr(code).encode() for code in (11, 12, 28, 29, 30, 133, 8232, 8233))
# Digits are alike, and letters of ASCII whatever their case. Lines that are looked at first.
_SHAPE = bytes.maketrans(
    b"123456789" + ascii_uppercase.encode(), b"0" * 9 + ascii_lowercase.encode()
)
_SAMPLED_BYTES, _WORTHWHILE = 2**15, 0.7
_BARE_RETURN = re.compile(rb"\r(?!\r*(?:\n|\Z))")


@dataclass(frozen=True)
class Block:
    """Whole lines of a file.

    Attributes
    ----------
    content
        The lines, each ended by a newline; maybe a view of a longer text.
    first_line
        Number of the first line, from 1.
    n_lines
        How many lines.
    overlong
        Numbers of lines that were longer than the limit; they are empty in ``content``.
    """

    content: bytes | memoryview
    first_line: int
    n_lines: int
    overlong: tuple[int, ...] = ()

    @property
    def text(self) -> bytes:
        """The lines as bytes of their own."""
        return bytes(self.content)


def content_bytes(stream: Readable) -> int:
    """Return how many bytes a stream holds, where that is known beforehand; else 0."""
    if isinstance(stream, io.BytesIO):
        return stream.getbuffer().nbytes
    return stream.size if isinstance(stream, Source) else 0


def check_line_ends(text: bytes | memoryview, first_line: int, name: str) -> None:
    """Refuse whole lines in which a carriage return hides what follows it.

    Raises
    ------
    DataError
        With the line of the first one that no line feed follows.
    """
    if b"\r" in (whole := bytes(text)) and (found := _BARE_RETURN.search(whole)):
        message = (
            "expected line feeds, got a bare carriage return (old Mac line ends): convert with "
            "tr '\\r' '\\n'"
        )
        line = first_line + whole.count(b"\n", 0, found.start())
        raise DataError([Problem(name, message, line)])


def line_shapes(text: bytes) -> list[bytes] | None:
    """Return the lines of a text, with each digit as 0 and small letters.

    Most lists vary in numbers alone: what no digit decides is found in a few of these. None where
    that is not so.
    """
    sample = text[:_SAMPLED_BYTES].translate(_SHAPE).split(b"\n")
    if len({*sample}) > _WORTHWHILE * len(sample):
        return None
    return text.translate(_SHAPE).split(b"\n")


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
        A longer line is left out and its number given; no more of it than this is ever held.
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


def cut_blocks(text: bytes, max_line_bytes: int, name: str = "") -> Iterator[Block]:
    """Cut a text in memory into blocks of whole lines, as `read_blocks` cuts a stream.

    Blocks are views of the text; only its last line is copied, where a newline is missing, and all
    of it where a line may be too long.
    """
    check_line_ends(text, 1, name)
    begin = len(_BOM) if text.startswith(_BOM) else 0
    end = max(text.rfind(b"\n") + 1, begin)
    if not _has_short_lines(text, begin, end, max_line_bytes):
        yield from read_blocks(io.BytesIO(text), max_line_bytes)
        return
    view, first_line = memoryview(text), 1
    while begin < end:
        # The newline looked for is there, since no line is longer than a block.
        stop = text.rfind(b"\n", begin, begin + max_line_bytes) + 1
        n_lines = _count_lines(view[begin:stop])
        yield Block(view[begin:stop], first_line, n_lines)
        first_line += n_lines
        begin = stop
    if end < len(text):
        yield from _last_line(text[end:], first_line, max_line_bytes)


def _last_line(line: bytes, number: int, max_line_bytes: int) -> Iterator[Block]:
    """Yield the block of a line that no newline ends."""
    if len(line) > max_line_bytes:
        yield Block(b"\n", number, 1, (number,))
    else:
        yield Block(line + b"\n", number, 1)


def _has_short_lines(text: bytes, begin: int, end: int, max_line_bytes: int) -> bool:
    """Return whether surely no line is too long: a newline is in every window of half the limit."""
    window = max_line_bytes // 2
    return window >= _WINDOW and all(
        text.find(b"\n", at, at + window) >= 0 for at in range(begin, end, window)
    )


def _count_lines(text: bytes | memoryview) -> int:
    """Count newlines, in pieces that stay in the cache."""
    byte = np.frombuffer(text, np.uint8)
    pieces = (byte[at : at + _COUNTED] for at in range(0, byte.size, _COUNTED))
    return sum(int(np.count_nonzero(piece == _NEWLINE)) for piece in pieces)
