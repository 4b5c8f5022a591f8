"""Bytes from files that may be compressed, damaged or hostile, and blocks of their whole lines.

The first bytes of the content decide about compression, not the name.
"""

from __future__ import annotations

import gzip
import io
import os
import re
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from os import PathLike, fspath
from typing import Protocol

from sim.errors import DataError, Problem
from sim.files import to_utf8

_GZIP = b"\x1f\x8b"
_UNREAD = {
    b"BZh": ".bz2",
    b"\x28\xb5\x2f\xfd": ".zst",
    b"\xfd7zXZ\0": ".xz",
    b"PK\x03\x04": ".zip (if it is a workbook, save it as CSV UTF-8)",
    b"7z\xbc\xaf\x27\x1c": ".7z",
}
LARGE_BYTES = 2**26
"""Bytes of content that any compressed file may have, however small it is."""
MOST_GROWTH = 250
"""Times its packed size that content may have beyond that.

Lists and tables, however regular, were packed to a hundredth at best, bombs to a thousandth.
"""


@dataclass(frozen=True)
class Limits:
    """How much of a file is read before it is refused."""

    max_bytes: int = 2**30
    """Bytes after decompression. The default, 1 GiB, holds 60 million prefixes. A larger plain file
    is refused unread, a compressed one at the limit. The columns of a file may take twice this
    number of bytes of memory."""
    max_line_bytes: int = 2**18
    """Bytes of one line, 256 KiB by default. A longer line is a mistake and is skipped without
    being kept."""
    max_problems: int = 1_000
    """Mistakes that are described, 1,000 by default; the rest are counted."""

    def check_held(self, n_bytes: int, name: str) -> None:
        """Refuse columns that take more memory than is allowed.

        Parameters
        ----------
        n_bytes
            Taken by what is kept of a file so far.
        name
            Of the file, for the message.

        Raises
        ------
        DataError
            If that is more than twice ``max_bytes``, and more than a small file may take.
        """
        most = max(2 * self.max_bytes, LARGE_BYTES)
        if n_bytes > most:
            expected = f"expected a file whose columns take at most {most:,} bytes of memory"
            hint = "raise the limit of bytes if there is memory for more"
            raise DataError([Problem(name, f"{expected}, got more; {hint}")])


class Readable(Protocol):
    """Bytes that are read piece by piece."""

    def read(self, size: int, /) -> bytes:
        """Read up to so many bytes."""


class Source:
    """A readable stream of a file, plain or compressed with gzip, with reasons for what it refuses.

    Every failure of the file, of its compression or of its size is raised as `DataError` by the
    read that meets it. It is to be used in ``with``.

    Parameters
    ----------
    path
        A local file.
    max_bytes
        Bytes after decompression beyond which reading is refused.
    name
        What to call it in messages; its path where empty.

    Raises
    ------
    DataError
        If the file cannot be opened, or is not what its suffix promises.
    """

    def __init__(
        self, path: str | PathLike[str], max_bytes: int = Limits.max_bytes, name: str = ""
    ) -> None:
        self.name = name or fspath(path)
        self._max_bytes = max_bytes
        self._n_bytes = 0
        try:
            self._file = io.BufferedReader(io.FileIO(path, "rb"))
        except OSError as error:
            reason = error.strerror or str(error)
            folder, name = os.path.split(fspath(path))
            with suppress(OSError):
                if near := get_close_matches(name, {*os.listdir(folder or ".")} - {name}, n=1):
                    reason += f"; did you mean {near[0]}?"
            raise self._refused(f"expected a readable file, got {reason}") from None
        try:
            self._stream = self._decompressed()
        except DataError:
            self._file.close()
            raise

    def __enter__(self) -> Source:
        """Return the source, to be closed behind the block."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the file beneath."""
        self._file.close()

    def read(self, size: int, /) -> bytes:
        """Read up to so many bytes.

        Raises
        ------
        DataError
            If the file cannot be read, its compression is damaged or it exceeds the limit.
        """
        try:
            # One byte more than may be there is enough to tell that there is too much.
            data = self._stream.read(min(size, self._max_bytes - self._n_bytes + 1))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise self._refused(f"expected whole compressed data, got {error}") from None
        except OSError as error:
            raise self._refused(f"expected a readable file, got {error}") from None
        self._n_bytes += len(data)
        if self._n_bytes > self._max_bytes:
            raise self._too_large("more")
        is_large = self._stream is not self._file and self._n_bytes > LARGE_BYTES
        if is_large and self._n_bytes > MOST_GROWTH * self._file.tell():
            expected = f"expected content of at most {MOST_GROWTH} times its compressed size"
            raise self._refused(f"{expected}, got more; decompress it first if you trust the file")
        return data

    def _too_large(self, got: str) -> DataError:
        expected = f"expected at most {self._max_bytes:,} bytes of content"
        return self._refused(f"{expected}, got {got}; raise the limit if you trust the file")

    def _refused(self, message: str) -> DataError:
        return DataError([Problem(self.name, message)])

    def _decompressed(self) -> Readable:
        """Return the file, or the decompressor that its first bytes call for."""
        head = self._file.peek(6)[:6]
        if unread := next((kind for magic, kind in _UNREAD.items() if head.startswith(magic)), ""):
            message = f"expected plain or .gz data, got {unread}; decompress the file first"
            raise self._refused(message)
        if head.startswith(_GZIP):
            return gzip.GzipFile(fileobj=self._file, mode="rb")
        if self.name.endswith(".gz") and head:
            raise self._refused(f"expected .gz compressed data, got {head[:4]!r}")
        n_bytes = os.fstat(self._file.fileno()).st_size
        if n_bytes > self._max_bytes:
            raise self._too_large(f"{n_bytes:,}")
        return self._file


# Line ends of other programs: vertical tab, form feed, separators of ASCII and Unicode, NEL.
_BREAKS = re.compile("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_BREAK_BYTES = tuple(chr(code).encode() for code in (11, 12, 28, 29, 30, 133, 8232, 8233))
_BARE_RETURN = re.compile(rb"\r(?!\r*(?:\n|\Z))")


@dataclass(frozen=True)
class Block:
    """Whole lines of a file."""

    text: bytes
    """The lines, each ended by a newline."""
    first_line: int
    """Number of the first line, from 1."""
    n_lines: int
    """How many lines."""
    overlong: tuple[int, ...] = ()
    """Numbers of lines that were longer than the limit; they are empty in ``text``."""
    note: str = ""
    """From which encoding they were converted, if they were."""


def _check_line_ends(text: bytes, first_line: int, name: str) -> None:
    """Refuse whole lines in which a carriage return hides what follows it."""
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
    carry, first_line, skipping, note = b"", 1, False, ""
    while chunk := stream.read(max_line_bytes):
        if first_line == 1 and not carry and not skipping and chunk.startswith(BOM_UTF8):
            chunk = chunk[len(BOM_UTF8) :]
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
        text, note = to_utf8(b"".join((carry, memoryview(chunk)[:cut])), note)
        n_lines = text.count(b"\n")
        _check_line_ends(text, first_line, name)
        yield Block(text, first_line, n_lines, overlong, note)
        first_line += n_lines
        carry = chunk[cut:]
    if skipping:
        yield Block(b"\n", first_line, 1, (first_line,))
    elif carry:
        _check_line_ends(carry, first_line, name)
        text, note = to_utf8(carry + b"\n", note)
        yield Block(text, first_line, 1, (), note)
