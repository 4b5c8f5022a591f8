"""MRT files: their entries checked one by one, and the routes in them (extra ``bgp``).

In: the path of a dump. Out: how many entries of each kind it has, or why it is no whole dump; and
routes from a reader that passes over what it cannot read, which is why what it gives is counted.
"""

from __future__ import annotations

import struct
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from sim.addresses.feeds.gather import Gathering
from sim.addresses.text.source import Limits
from sim.errors import DataError, Problem

# A route seen by a thousand peers takes some 200 KB; what is read of it takes a hundred times that.
MAX_ENTRY_BYTES = 2**21
TABLE_DUMP, TABLE_DUMP_V2, BGP4MP, BGP4MP_ET = 12, 13, 16, 17
_IPV4, _IPV6 = (2, 3, 8, 9), (4, 5, 10, 11)
_BATCH = 20_000
_HEADER = struct.Struct(">IHHI")


@dataclass
class Frames:
    """What the entries of a dump say of themselves.

    Attributes
    ----------
    n_entries
        Entries by type and subtype (RFC 6396, section 4; RFC 8050 for more paths of a prefix).
    n_routes
        Routes of tables: for each prefix as many as it has peers.
    first_s
        Time of the first entry, in seconds since 1970 UTC.
    """

    n_entries: Counter[tuple[int, int]] = field(default_factory=Counter)
    n_routes: int = 0
    first_s: int = 0

    @property
    def date(self) -> str:
        """Time of the first entry; empty where there is none."""
        return datetime.fromtimestamp(self.first_s, UTC).isoformat() if self.n_entries else ""

    @property
    def n_prefixes(self) -> int:
        """Entries of tables that hold routes of one prefix."""
        return sum(
            n
            for (kind, subtype), n in self.n_entries.items()
            if kind == TABLE_DUMP or (kind == TABLE_DUMP_V2 and subtype in (*_IPV4, *_IPV6))
        )


def read_frames(path: Path, gathering: Gathering, limits: Limits) -> Frames:
    """Go through the entries of a dump by their lengths; what is not whole is refused.

    Raises
    ------
    DataError
        If the file is larger than is read.
    """
    n_bytes = path.stat().st_size
    if n_bytes > limits.max_bytes:
        expected = f"expected at most {limits.max_bytes:,} bytes of content, got {n_bytes:,}"
        message = f"{expected}; raise the limit if you trust the file"
        raise DataError([Problem(gathering.name, message)])
    frames = Frames()
    number = at = 0
    with path.open("rb") as file:
        while header := file.read(_HEADER.size):
            number += 1
            wrong = ""
            if len(header) < _HEADER.size:
                wrong = f"{len(header)} bytes of its header"
            else:
                time_s, kind, subtype, length = _HEADER.unpack(header)
                at += _HEADER.size + length
                if length > MAX_ENTRY_BYTES:
                    wrong = f"{length:,} bytes, of which at most {MAX_ENTRY_BYTES:,} are read"
                elif at > n_bytes:
                    wrong = f"a length of {length:,} bytes, beyond the end of the file"
            if wrong:
                gathering.refuse(f"expected MRT, got in entry {number}: {wrong}")
                return frames
            frames.first_s = frames.first_s if frames.n_entries else time_s
            frames.n_entries[kind, subtype] += 1
            if kind == TABLE_DUMP:
                frames.n_routes += 1
            elif kind == TABLE_DUMP_V2 and subtype in (*_IPV4, *_IPV6):
                n_routes = _route_count(file, length)
                if n_routes < 0:
                    message = f"expected MRT, got in entry {number}: no whole prefix"
                    gathering.refuse(message)
                    return frames
                frames.n_routes += n_routes
            file.seek(at)
    return frames


def _route_count(file: BinaryIO, length: int) -> int:
    """Number of routes of an entry of a table: behind a number, and a prefix with its length."""
    head = file.read(min(length, 5))
    n_prefix = -(-head[4] // 8) if len(head) == 5 else 0
    rest = file.read(n_prefix + 2)
    if len(head) < 5 or len(rest) < n_prefix + 2 or 5 + len(rest) > length:
        return -1
    return int.from_bytes(rest[-2:], "big")


def read_routes(
    path: Path, fields: Sequence[str], gathering: Gathering
) -> Iterator[tuple[Any, ...]]:
    """Yield fields of each route or update that the reader finds.

    Raises
    ------
    DataError
        If the reader is not installed.
    """
    try:
        import pybgpkit_parser
    except ImportError:
        message = "expected the reader of MRT files, which is not installed; add overblock[bgp]"
        raise DataError([Problem(gathering.name, message)]) from None
    # The reader takes addresses of the network as well, and unpacks by the name of a file.
    with tempfile.TemporaryDirectory(prefix="overblock-") as folder:
        link = Path(folder) / "dump"
        link.symlink_to(path.absolute())
        try:
            reader = pybgpkit_parser.Parser(str(link))
            for batch in reader.iter_tuple_batches(list(fields), _BATCH):
                yield from batch
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except BaseException as error:
            # A failure inside the reader is of a class that only its language has.
            gathering.refuse(f"expected MRT, got an error: {str(error)[:200]}")
