"""Bytes from files that may be compressed, damaged or hostile.

In: a path or a stream. Out: bytes, never more than a stated number of them; whole lines in
blocks, with their numbers. It does not know what the lines say. Compression is told by the first
bytes of the content, not by the name.
"""

from __future__ import annotations

import bz2
import gzip
import io
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike, fspath
from typing import Any, BinaryIO, cast

import numpy as np

from sim.errors import DataError, Problem

_NEWLINE = 10
# Bytes compared at a time when newlines are counted.
_COUNTED = 2**17
# Least bytes of the windows that long reads are looked through by: smaller ones would be many.
_WINDOW = 2**12
_BOM = b"\xef\xbb\xbf"
_MAGIC = {b"\x1f\x8b": ".gz", b"BZh": ".bz2", b"\x28\xb5\x2f\xfd": ".zst"}


@dataclass(frozen=True)
class Limits:
    """How much of a file is read before it is refused.

    Attributes
    ----------
    max_bytes
        Bytes after decompression. The default, 1 GiB, holds 60 million prefixes; a compressed
        file that grows beyond it is refused, so that a small file cannot fill the memory.
    max_line_bytes
        Bytes of one line, 256 KiB by default. A longer line is a mistake and is skipped without
        being kept.
    max_problems
        Mistakes that are described, 1,000 by default; the rest are counted.
    """

    max_bytes: int = 2**30
    max_line_bytes: int = 2**18
    max_problems: int = 1_000


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


class Source(io.RawIOBase):
    """A readable stream that decompresses, counts, and gives reasons for what it refuses.

    Every failure of the file, of its compression or of its size is raised as `DataError` by the
    read that meets it.

    Attributes
    ----------
    name
        Path or name, as it stands in messages.
    n_bytes
        Bytes of content read so far.
    size
        Bytes of content of a plain file, as the system tells it; 0 where that is not known.
    """

    def __init__(
        self, stream: BinaryIO, name: str, max_bytes: int, *, is_owned: bool = False
    ) -> None:
        super().__init__()
        self.name = name
        self._max_bytes = max_bytes
        self._is_owned = is_owned
        self.n_bytes = 0
        self.size = 0
        self._beneath = io.BufferedReader(cast("Any", stream))
        self._stream = self._decompressed(self._beneath)

    def readable(self) -> bool:
        """Return that the stream can be read."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Read into a buffer, as `io.RawIOBase` asks."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def read(self, size: int | None = -1, /) -> bytes:
        """Read up to so many bytes; all of them, within the limit, where none are named.

        Raises
        ------
        DataError
            If the file cannot be read, its compression is damaged or it exceeds the limit.
        """
        if size is None or size < 0:
            return self.readall()
        try:
            data = self._stream.read(size)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise self._refused(f"expected whole compressed data, got {error}") from None
        except OSError as error:
            raise self._refused(f"expected a readable file, got {error}") from None
        except Exception as error:
            # The error class of an optional zstd package is not known by name here.
            if type(error).__name__ != "ZstdError":
                raise
            raise self._refused(f"expected whole compressed data, got {error}") from None
        self.n_bytes += len(data)
        if self.n_bytes > self._max_bytes:
            expected = f"expected at most {self._max_bytes:,} bytes of content"
            raise self._refused(f"{expected}, got more; raise the limit if you trust the file")
        return data

    def close(self) -> None:
        """Close the stream beneath if this source opened it; leave it open if it was handed in."""
        if not self.closed:
            if self._is_owned:
                self._beneath.close()
            else:
                self._beneath.detach()
        super().close()

    def _refused(self, message: str) -> DataError:
        return DataError([Problem(self.name, message)])

    def _decompressed(self, buffered: io.BufferedReader[Any]) -> BinaryIO:
        """Wrap the stream in the decompressor its first bytes call for."""
        try:
            head = buffered.peek(4)[:4]
        except OSError as error:
            raise self._refused(f"expected a readable file, got {error}") from None
        found = next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), "")
        promised = next((kind for kind in _MAGIC.values() if self.name.endswith(kind)), "")
        if promised and promised != found and head:
            raise self._refused(f"expected {promised} compressed data, got {head!r}")
        match found:
            case ".gz":
                return cast("BinaryIO", gzip.GzipFile(fileobj=buffered, mode="rb"))
            case ".bz2":
                return cast("BinaryIO", bz2.BZ2File(buffered, mode="rb"))
            case ".zst":
                return self._zstd(buffered)
        if isinstance(buffered.raw, io.FileIO):
            self.size = os.fstat(buffered.raw.fileno()).st_size
        return cast("BinaryIO", buffered)

    def _zstd(self, stream: io.BufferedReader[Any]) -> BinaryIO:
        """Wrap the stream in the zstd reader of Python 3.14 or of its backport."""
        try:
            from compression import zstd  # type: ignore[import-not-found, unused-ignore]
        except ImportError:
            try:
                from backports import zstd
            except ImportError:
                hint = "install overblock[zst], or decompress the file first"
                raise self._refused(f"expected plain, .gz or .bz2 data, got .zst; {hint}") from None
        return cast("BinaryIO", zstd.ZstdFile(stream, mode="rb"))


def open_source(path: str | PathLike[str], max_bytes: int = Limits.max_bytes) -> Source:
    """Open a file, plain or compressed with gzip, bzip2 or zstd.

    Parameters
    ----------
    path
        A local file.
    max_bytes
        Bytes after decompression beyond which reading is refused.

    Returns
    -------
    source
        A binary stream to close after use (or to use in ``with``). Wrap it in
        ``io.TextIOWrapper`` for the readers of the standard library.

    Raises
    ------
    DataError
        If the file cannot be opened, or is not what its suffix promises.
    """
    name = fspath(path)
    try:
        file = io.FileIO(name, "rb")
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError([Problem(name, f"expected a readable file, got {reason}")]) from None
    try:
        return Source(cast("BinaryIO", file), name, max_bytes, is_owned=True)
    except DataError:
        file.close()
        raise


def content_bytes(stream: BinaryIO | Source) -> int:
    """Return how many bytes a stream holds, where that is known beforehand; else 0."""
    if isinstance(stream, io.BytesIO):
        return stream.getbuffer().nbytes
    return stream.size if isinstance(stream, Source) else 0


def read_blocks(
    stream: BinaryIO | Source, max_line_bytes: int, block_bytes: int = 0
) -> Iterator[Block]:
    """Cut a stream into blocks of whole lines.

    Parameters
    ----------
    stream
        Bytes; a byte order mark at the start is dropped, a missing last newline is added.
    max_line_bytes
        A longer line is left out and its number given; no more of it than this is ever held.
    block_bytes
        How much is read at a time where that is more than a line may be.

    Yields
    ------
    block
        Lines of one read, so about ``max_line_bytes`` or ``block_bytes``, and at most
        ``max_line_bytes`` more.
    """
    carry, first_line, skipping = b"", 1, False
    for read in _chunks(stream, max_line_bytes, block_bytes):
        chunk = read
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
        yield Block(text, first_line, n_lines, overlong)
        first_line += n_lines
        carry = chunk[cut:]
    if skipping:
        yield Block(b"\n", first_line, 1, (first_line,))
    elif carry:
        yield Block(carry + b"\n", first_line, 1)


def _chunks(stream: BinaryIO | Source, max_line_bytes: int, block_bytes: int) -> Iterator[bytes]:
    """Yield reads in which no line that begins and ends there is too long.

    So the verdict on a line does not depend on where the reads fall.
    """
    # A line that is too long covers one of these windows whole, wherever it begins.
    window = max_line_bytes // 2
    if block_bytes <= max_line_bytes or window < _WINDOW:
        block_bytes = max_line_bytes
    while chunk := stream.read(block_bytes):
        if len(chunk) <= max_line_bytes or all(
            chunk.find(b"\n", at, at + window) >= 0
            for at in range(0, len(chunk) - window + 1, window)
        ):
            yield chunk
        else:
            for at in range(0, len(chunk), max_line_bytes):
                yield chunk[at : at + max_line_bytes]


def _count_lines(text: bytes) -> int:
    """Count newlines, in pieces that stay in the cache."""
    byte = np.frombuffer(text, np.uint8)
    pieces = (byte[at : at + _COUNTED] for at in range(0, byte.size, _COUNTED))
    return sum(int(np.count_nonzero(piece == _NEWLINE)) for piece in pieces)
