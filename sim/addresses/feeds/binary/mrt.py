"""Routing tables in MRT, as RouteViews and RIPE RIS publish them (extra ``bgp``).

In: a dump of type TABLE_DUMP_V2, or of its older form. Out: one record per prefix with the origins
its peers see, as a list. Paths and peers are not kept.
"""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from pathlib import Path

import numpy as np

from sim.addresses.feeds.binary.dumps import TABLE_DUMP, TABLE_DUMP_V2, read_frames, read_routes
from sim.addresses.feeds.feed import Feed, Origin
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.samples import Sample
from sim.addresses.text.source import Limits

MAX_ROUTES = 10_000_000
_BATCH = 50_000


def read_mrt(path: Path, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
    """Read a routing table dump.

    Raises
    ------
    DataError
        If the reader is not installed, or the file is damaged or holds no table.

    References
    ----------
    RFC 6396, sections 4.2 (TABLE_DUMP) and 4.3 (TABLE_DUMP_V2).
    """
    gathering = Gathering(name, skip_bad=skip_bad, limits=limits)
    frames = read_frames(path, gathering, limits)
    gathering.n_lines = sum(frames.n_entries.values())
    batch: list[tuple[str, tuple[str, ...]]] = []
    n_moas = n_routes = 0
    if not frames.n_prefixes and not gathering.n_bad:
        gathering.refuse("expected a routing table (TABLE_DUMP_V2), got none")
    elif frames.n_prefixes > MAX_ROUTES:
        gathering.refuse(f"expected at most {MAX_ROUTES:,} routes, got more")
    elif not gathering.n_bad:
        routes = read_routes(path, ("prefix", "origin_asns"), gathering)
        for prefix, seen in groupby(routes, itemgetter(0)):
            found = [origins or () for _, origins in seen]
            n_routes += len(found)
            origins = tuple(dict.fromkeys(str(asn) for each in found for asn in each))
            n_moas += len(origins) > 1
            batch.append((prefix, origins))
            if len(batch) == _BATCH:
                _add(gathering, batch)
                batch = []
        _add(gathering, batch)
        if n_routes != frames.n_routes:
            got = f"got {n_routes:,} that can be read"
            gathering.refuse(f"expected {frames.n_routes:,} routes, as the entries say, {got}")
    if n_moas:
        gathering.note(f"{n_moas:,} prefixes have several origins (MOAS): kept as lists")
    # One entry of a dump lists its peers.
    n_other = gathering.n_lines - frames.n_prefixes
    if n_other > 1:
        gathering.note(f"{n_other:,} entries are no unicast routes: left out")
    licence = "RouteViews: CC BY 4.0; RIS: RIPE's terms"
    return gathering.finish(Origin(name, "mrt", frames.date, licence))


def _add(gathering: Gathering, batch: list[tuple[str, tuple[str, ...]]]) -> None:
    record = np.arange(gathering.add_records(len(batch)), gathering.n_records, dtype=np.int64)
    listed = [origins for _, origins in batch]
    gathering.add_lists("asn", listed, {each: each for each in listed})
    gathering.add_texts([prefix for prefix, _ in batch], record, record * 0)


def fits_mrt(sample: Sample) -> bool:
    """Return whether the first entry is one of a table (RFC 6396, sections 4.2 and 4.3)."""
    data = sample.data
    if len(data) < 12 or data[4] != 0 or data[6] != 0:
        return False
    return (data[5] == TABLE_DUMP_V2 and 1 <= data[7] <= 6) or (
        data[5] == TABLE_DUMP and data[7] in (1, 2)
    )
