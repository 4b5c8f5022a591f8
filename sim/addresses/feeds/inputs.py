"""Local files to read, and what to call them."""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from sim.addresses.feeds.rows.choice import AS_NAMED, ColumnChoice
from sim.addresses.text.source import Limits, Source
from sim.errors import DataError, Problem
from sim.files import note_read

_PIECE = 2**20
STDIN = "<stdin>"


@dataclass(frozen=True)
class Input:
    """A local file to read, and what to call it.

    Attributes
    ----------
    path
        Where it is.
    name
        As the user named it; standard input is read from a copy.
    columns
        What the user said of its columns, if it is a table.
    """

    path: Path
    name: str
    columns: ColumnChoice = AS_NAMED

    def open(self, limits: Limits) -> Source:
        """Open it, decompressing where its first bytes call for it.

        Raises
        ------
        DataError
            If it cannot be opened.
        """
        note_read(self.path)
        try:
            file = io.FileIO(self.path, "rb")
        except OSError as error:
            reason = error.strerror or str(error)
            raise DataError(
                [Problem(self.name, f"expected a readable file, got {reason}")]
            ) from None
        try:
            return Source(cast("BinaryIO", file), self.name, limits.max_bytes, is_owned=True)
        except DataError:
            file.close()
            raise

    def sha256(self) -> str:
        """Hash of the file's bytes as they are, compressed or not."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def _is_compressed(self) -> bool:
        try:
            with self.path.open("rb") as file:
                head = file.read(4)
        except OSError as error:
            reason = error.strerror or str(error)
            message = f"expected a readable file, got {reason}"
            raise DataError([Problem(self.name, message)]) from None
        return head.startswith((b"\x1f\x8b", b"BZh", b"\x28\xb5\x2f\xfd"))

    @contextmanager
    def plain(self, limits: Limits) -> Iterator[Path]:
        """Give the path of the content: this file, or a copy where it is compressed."""
        if not self._is_compressed():
            yield self.path
            return
        with self.open(limits) as source, tempfile.NamedTemporaryFile(prefix="overblock-") as copy:
            while piece := source.read(_PIECE):
                copy.write(piece)
            copy.flush()
            yield Path(copy.name)


@contextmanager
def spooled(stream: BinaryIO, name: str, limits: Limits) -> Iterator[Input]:
    """Give a stream that can be read once as a file, for as long as the block lasts.

    Raises
    ------
    DataError
        If it holds more than the limits allow.
    """
    with tempfile.NamedTemporaryFile(prefix="overblock-") as copy:
        n_bytes = 0
        while piece := stream.read(_PIECE):
            n_bytes += len(piece)
            if n_bytes > limits.max_bytes:
                message = f"expected at most {limits.max_bytes:,} bytes, got more"
                raise DataError([Problem(name, message)])
            copy.write(piece)
        copy.flush()
        yield Input(Path(copy.name), name)


class Rejoined:
    """A stream of which the head has been read already, and is read again first."""

    def __init__(self, head: bytes, rest: BinaryIO | Source) -> None:
        self._head = head
        self._rest = rest
        self.name = getattr(rest, "name", "")

    def read(self, size: int) -> bytes:
        """Read up to so many bytes."""
        if self._head:
            piece, self._head = self._head[:size], self._head[size:]
            return piece
        return self._rest.read(size)
