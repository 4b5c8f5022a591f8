"""Routing tables in MRT, as RouteViews and RIPE RIS publish them (extra ``import``).

In: a dump of type TABLE_DUMP_V2. Out: one record per prefix with the origins its peers see, as a
list. Paths and peers are not kept.
"""

from __future__ import annotations

import signal
import struct
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np

from sim.addresses.feeds.feed import Feed, Origin
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.samples import Sample
from sim.addresses.text.source import Limits, Source
from sim.errors import DataError, Problem

MAX_ROUTES = 10_000_000
# A route seen by a thousand peers takes some 200 KB; what is read of it takes a hundred times that.
MAX_ENTRY_BYTES = 2**21
_BATCH = 50_000
_AS_PATH, _AS_SET, _AS_SEQUENCE = 2, 1, 2


def read_mrt(source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
    """Read a routing table dump.

    Raises
    ------
    DataError
        If the reader is not installed, or the file is damaged or holds no table.

    References
    ----------
    RFC 6396, section 4.3 (TABLE_DUMP_V2).
    """
    mrtparse = _mrtparse(name)
    gathering = Gathering(name, skip_bad=skip_bad, limits=limits)
    date = ""
    batch: list[tuple[str, tuple[str, ...]]] = []
    n_moas = n_other = 0
    for entry in _entries(mrtparse.Reader(_Bounded(source)), gathering):
        date = date or next(iter(entry["timestamp"].values()), "")
        gathering.n_lines += 1
        if "rib_entries" not in entry or "prefix" not in entry:
            n_other += 1
            continue
        seen = (origin for route in entry["rib_entries"] for origin in _origins(route))
        origins = tuple(dict.fromkeys(seen))
        n_moas += len(origins) > 1
        batch.append((f"{entry['prefix']}/{entry['length']}", origins))
        if len(batch) == _BATCH:
            _add(gathering, batch)
            batch = []
        if gathering.n_lines > MAX_ROUTES:
            gathering.refuse(f"expected at most {MAX_ROUTES:,} routes, got more")
            break
    _add(gathering, batch)
    if not gathering.n_records and not gathering.n_bad:
        gathering.refuse("expected a routing table (TABLE_DUMP_V2), got none")
    if n_moas:
        gathering.note(f"{n_moas:,} prefixes have several origins (MOAS): kept as lists")
    if n_other > 1:
        gathering.note(f"{n_other:,} entries are no unicast routes: left out")
    return gathering.finish(Origin(name, "mrt", date, "RouteViews: CC BY 4.0; RIS: RIPE's terms"))


class _Bounded:
    """A stream for a reader that asks for as much as an entry claims to hold."""

    def __init__(self, source: BinaryIO | Source) -> None:
        self._source = source

    def read(self, size: int) -> bytes:
        """Read up to so many bytes."""
        if size > MAX_ENTRY_BYTES:
            raise ValueError(f"{size:,} bytes, of which at most {MAX_ENTRY_BYTES:,} are read")
        return self._source.read(size)

    def close(self) -> None:
        """Leave the stream to whoever opened it."""


def _entries(reader: Any, gathering: Gathering) -> Iterator[dict[str, Any]]:
    """Yield the entries that can be read; stop at the first whose length cannot be trusted."""
    while True:
        try:
            entry = next(reader)
        except StopIteration:
            return
        except (KeyError, ValueError, IndexError, TypeError, struct.error, OverflowError) as error:
            gathering.refuse(
                f"expected MRT, got an error in entry {gathering.n_lines + 1}: {error!r}"
            )
            return
        if entry.err:
            gathering.refuse(f"expected MRT, got in entry {gathering.n_lines + 1}: {entry.err_msg}")
            return
        yield entry.data


def _origins(route: dict[str, Any]) -> list[str]:
    """Last AS of a path; all members where the path ends in a set."""
    for attribute in route.get("path_attributes", ()):
        if _AS_PATH in attribute["type"] and attribute["value"]:
            last = attribute["value"][-1]
            members = [str(member) for member in last["value"]]
            return members if _AS_SET in last["type"] else members[-1:]
    return []


def _add(gathering: Gathering, batch: list[tuple[str, tuple[str, ...]]]) -> None:
    record = np.arange(gathering.add_records(len(batch)), gathering.n_records, dtype=np.int64)
    listed = [origins for _, origins in batch]
    gathering.add_lists("asn", listed, {each: each for each in listed})
    gathering.add_texts([prefix for prefix, _ in batch], record, record * 0)


def _mrtparse(name: str) -> Any:
    """Import the reader, and undo what its import does to this process.

    mrtparse hands SIGPIPE back to the system. From then on, writing to a pipe whose reader has
    gone (a worker that was ended, say) kills the process without a word, where Python would raise
    ``BrokenPipeError``.
    """
    is_given = hasattr(signal, "SIGPIPE")
    earlier = signal.getsignal(signal.SIGPIPE) if is_given else None
    try:
        import mrtparse
    except ImportError:
        message = "expected the reader of MRT files, which is not installed; add overblock[import]"
        raise DataError([Problem(name, message)]) from None
    if is_given and signal.getsignal(signal.SIGPIPE) is not earlier:
        signal.signal(signal.SIGPIPE, earlier)
    return mrtparse


def fits_mrt(sample: Sample) -> bool:
    """Return whether the first entry is one of a table (RFC 6396, section 4.3)."""
    data = sample.data
    return len(data) >= 12 and data[4:6] == b"\0\x0d" and data[6] == 0 and 1 <= data[7] <= 6
