"""Blocks of lines turned into rows, with an account of the lines refused.

What is refused is explained line by line, and only as much of it as is described.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.notation import find_notation, read_notation, shown
from sim.addresses.text.bulk import read_block
from sim.addresses.text.cuts import Block, read_blocks
from sim.addresses.text.entries import (
    Entries4,
    Entries6,
    Growing,
    Rows,
    Tally,
    joined_numbers,
)
from sim.addresses.text.source import Limits, Readable
from sim.addresses.text.stated import Stated, find_stated, wrong_counts
from sim.addresses.threads import in_order
from sim.errors import BadLinesError, DataError, Problem

# What may be an address, prefix or range, between a semicolon and the next mark or end of line.
_BEHIND = re.compile(rb";([0-9a-fA-F.:/ \t-]{2,100})(?=[;#\r\n])")

# The shortest address and its newline; and rows that room is made for before they come. Room that
# is never written to takes no memory.
_LEAST_BYTES, _MOST_EXPECTED = 8, 2**24

# What lets an address through, before or behind it.
_WORD = (
    rb"(?:not?|except|exclude[sd]?|allow(?:ed)?|accept|permit|pass|whitelist(?:ed)?|un(?:block|ban)"
    rb"|remove[sd]?|del(?:ete[sd]?)?)"
)
_END = rb"(?:/\d+)?[\^ \t]*\r?(?:[#;].*)?$"
_OPPOSITE = re.compile(
    rb"(?im)^[ \t]*(?:(?:[!~]|-(?=\S)|@@)\|{0,2}|"
    + _WORD
    + rb"[ \t,:]+)[ \t]*(?P<before>[\da-f.:]+)"
    + _END
    + rb"|^[ \t]*(?P<behind>[\da-f.:]+)(?:/\d+)?[ \t,]+(?:nomatch|!|"
    + _WORD
    + rb")"
    + _END
)


class Reading:
    """The reading of one file.

    Parameters
    ----------
    name
        What to call the file in messages.
    limits
        How much is read and described.

    Attributes
    ----------
    opposite
        The first line that lets an address through; None where there is none.
    """

    def __init__(self, name: str, limits: Limits) -> None:
        self._name = name
        self._limits = limits
        self._problems: list[Problem] = []
        self._n_lines = 0
        self._n_entries = 0
        self._n_bad = 0
        self._n_behind, self._behind, self._line_behind = 0, "", 0
        self._stated: list[Stated] = []
        self.opposite: Problem | None = None

    def parts(self, stream: Readable) -> Iterator[Rows]:
        """Yield the rows of a stream, block by block."""
        _keep_what_is_freed()
        blocks = read_blocks(stream, self._limits.max_line_bytes, self._name)
        for block, rows, bad in in_order(_read_block, blocks):
            self._account(block, rows, bad)
            yield rows

    def entries(self, stream: Readable, *, skip_bad: bool) -> tuple[Entries4, Entries6, Tally]:
        """Return all rows of a stream, and the tally.

        Raises
        ------
        DataError
            As for `finish`, or if the rows take more memory than the limits allow.
        """
        n_expected = min(getattr(stream, "size", 0) // _LEAST_BYTES, _MOST_EXPECTED)
        start, stop = (Growing[np.int64](np.int64, n_expected) for _ in range(2))
        numbers: list[NDArray[np.int64] | range] = []
        parts6: list[Entries6] = []
        n_bytes = 0
        for v4, v6 in self.parts(stream):
            start.append(v4.start)
            stop.append(v4.stop)
            numbers.append(v4.numbers)
            parts6.append(v6)
            n_bytes += v4.n_bytes + v6.n_bytes
            self._limits.check_held(n_bytes, self._name)
        v4 = Entries4(start.finish(), stop.finish(), joined_numbers(numbers))
        v6 = Entries6.concatenate(parts6)
        for line, message in wrong_counts(self._stated, v4, v6):
            self._n_bad += 1
            self._problems.append(Problem(self._name, message, line))
        return v4, v6, self.finish(skip_bad)

    def finish(self, skip_bad: bool) -> Tally:
        """Return the tally of the whole reading.

        Raises
        ------
        BadLinesError
            If lines were refused, unless ``skip_bad``.
        DataError
            If one lets an address through: without it the list would say more than is blocked.
        """
        if self._n_bad and not skip_bad:
            raise BadLinesError(
                self._name, self._problems, self._n_bad, self._n_entries, "bad lines"
            )
        if self.opposite is not None:
            raise DataError([self.opposite])
        return self.tally()

    def tally(self) -> Tally:
        """Return the tally, whatever was refused."""
        return Tally(
            self._n_lines,
            self._n_entries,
            self._n_bad,
            tuple(self._problems),
            self._n_behind,
            self._behind,
            self._line_behind,
        )

    def _account(self, block: Block, rows: Rows, bad: NDArray[np.int64]) -> None:
        """Count what a block held, and describe the first of its bad lines."""
        self._n_lines += block.n_lines
        self._n_entries += len(rows[0]) + len(rows[1])
        self._n_bad += bad.size + len(block.overlong)
        if b";" in block.text:
            self._count_behind(block)
        if b";" in block.text or b"#" in block.text:
            self._stated += find_stated(block.text, block.first_line)
        if bad.size and self.opposite is None:
            self._find_opposite(block)
        room = self._limits.max_problems - len(self._problems)
        if room <= 0 or not (bad.size or block.overlong):
            return
        limit = f"at most {self._limits.max_line_bytes:,} bytes in a line"
        found = dict.fromkeys(block.overlong, f"expected {limit}, got more")
        lines = block.text.split(b"\n")
        for line in bad[:room].tolist():
            entry = lines[line - block.first_line]
            found[line] = _reason(entry.split(b"#")[0].split(b";")[0])
        for line in sorted(found)[:room]:
            self._problems.append(Problem(self._name, found[line], line=line))

    def _find_opposite(self, block: Block) -> None:
        """Keep the first line of a block that lets an address through."""
        for found in _OPPOSITE.finditer(block.text):
            if find_notation((found["before"] or found["behind"]).decode().strip()):
                text = shown(found[0].decode("utf-8", "backslashreplace").strip())
                message = f"expected addresses that are blocked, got one that is not: {text}"
                line = block.first_line + block.text.count(b"\n", 0, found.start())
                self.opposite = Problem(self._name, message, line=line)
                return

    def _count_behind(self, block: Block) -> None:
        """Count the lines of a block that have an address before and another behind a semicolon."""
        last = -1
        for found in _BEHIND.finditer(block.text):
            start = block.text.rfind(b"\n", 0, found.start()) + 1
            if start == last or find_notation(found[1].decode().strip()) is None:
                continue
            last = start
            before, _, after = block.text[start : found.end()].partition(b";")
            if b"#" in after or find_notation(before.decode("utf-8", "replace").strip()) is None:
                continue
            self._n_behind += 1
            if not self._behind:
                end = block.text.find(b"\n", start)
                self._behind = block.text[start:end].decode("utf-8", "backslashreplace").strip()
                self._line_behind = block.first_line + block.text.count(b"\n", 0, start)


def _read_block(block: Block) -> tuple[Block, Rows, NDArray[np.int64]]:
    """Read the rows of a block, and the numbers of the lines refused."""
    rows, bad = read_block(block.text, block.first_line, block.n_lines)
    return block, rows, bad


@cache
def _keep_what_is_freed() -> None:
    """Let the process keep the memory of one block for the next, from the first call on.

    The allocator of Linux gives freed memory back once there is twice as much of it as the largest
    piece ever freed, up to 32 MiB; each block would then wait for the system to clear its pages
    anew. A piece of that size that is never written to costs nothing.
    """
    np.empty(2**25 - 2**13, np.uint8)


def _reason(entry: bytes) -> str:
    """Say what is wrong with an entry that was refused."""
    try:
        text = entry.decode("utf-8")
    except UnicodeDecodeError:
        return f"expected UTF-8 text, got {shown(entry.decode('utf-8', 'backslashreplace'))}"
    try:
        read_notation(text.strip(" \t\r"))
    except ValueError as error:
        return str(error)
    raise AssertionError(f"refused in bulk, read alone: {text!r}")
