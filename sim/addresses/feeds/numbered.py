"""Lines of a text, each with its number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

import numpy as np

from sim.addresses.feeds.gather import Gathering
from sim.addresses.text.cuts import hidden_end, may_hide, read_blocks
from sim.addresses.text.source import Limits, Source

# JSON, whose texts hold any character, and comments.
_WHOLE = ("{", "!", ";", "//")

Numbered = list[tuple[int, str]]
"""Numbers from 1, and lines without the blanks around them."""


def read_numbered(
    source: BinaryIO | Source, gathering: Gathering, limits: Limits
) -> Iterator[Numbered]:
    """Yield the lines of a stream that are not blank, block by block."""
    for block in read_blocks(source, limits.max_line_bytes):
        gathering.n_lines += block.n_lines
        for overlong in block.overlong:
            message = f"expected at most {limits.max_line_bytes:,} bytes in a line, got more"
            gathering.refuse(message, overlong)
        lines = []
        is_odd = may_hide(block.text)
        for number, raw in enumerate(block.text.split(b"\n")[:-1], block.first_line):
            try:
                line = raw.decode().strip()
            except UnicodeDecodeError as error:
                byte = raw[error.start]
                gathering.refuse(f"expected UTF-8 text, got the byte 0x{byte:02x}", number)
                continue
            if is_odd and not line.startswith(_WHOLE) and (wrong := hidden_end(line, "#")):
                gathering.refuse(wrong, number)
            elif line:
                lines.append((number, line))
        yield lines


def add_addresses(gathering: Gathering, texts: Sequence[str], lines: Sequence[int]) -> None:
    """Add one record for each address, prefix or range."""
    first = gathering.add_records(len(texts))
    record = np.arange(first, gathering.n_records, dtype=np.int64)
    gathering.add_texts(texts, record, np.array(lines, np.int64))
