"""MaxMind's binary format, as MaxMind, IPinfo and DB-IP publish it (extra ``import``).

In: an ``.mmdb`` file. Out: one record per network, with what the vendor says of it under our
names. Vendors name their fields differently; the file's own ``database_type`` is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.binary.decoded_size import MARK, check_metadata, check_records
from sim.addresses.feeds.cells import add_origins
from sim.addresses.feeds.feed import Feed, Origin
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.samples import Sample
from sim.addresses.sets.ipv6 import Addresses6
from sim.addresses.text.source import Limits
from sim.errors import DataError, Problem

# Paths of fields by column, the first that is there wins.
_FIELDS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "asn": (("autonomous_system_number",), ("asn",), ("as_number",)),
    "provider": (
        ("autonomous_system_organization",),
        ("as_name",),
        ("name",),
        ("organization",),
        ("isp",),
    ),
    "country": (
        ("country", "iso_code"),
        ("country_code",),
        ("country",),
        ("registered_country", "iso_code"),
    ),
    "region": (("region",), ("subdivisions", "0", "names", "en"), ("state1",)),
}
MAX_NETWORKS = 50_000_000
# Steps through the tree: the largest databases in use take some ten million. Nodes that several
# others lead to could make a file of a kilobyte take 2**128.
MAX_STEPS = 2**27
# Networks share texts in the file, and each gets its own when read.
_MAX_TEXT = 4_096
_BATCH = 20_000


def read_mmdb(path: Path, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
    """Read an ``.mmdb`` file, from its path: it is mapped, not read.

    Raises
    ------
    DataError
        If the reader is not installed, or the file is damaged.

    References
    ----------
    MaxMind DB File Format Specification 2.0. Licences of most databases forbid to republish.
    """
    try:
        import maxminddb
    except ImportError:
        message = "expected the reader of mmdb files, which is not installed; add overblock[import]"
        raise DataError([Problem(name, message)]) from None
    gathering = Gathering(name, skip_bad=skip_bad, limits=limits)
    # The reader may fail in any way on a damaged file: all of them are the file's fault.
    try:
        check_metadata(path)
        with maxminddb.open_database(path) as reader:
            metadata = reader.metadata()
            _check_tree(path, metadata)
            date = str(np.datetime64(int(metadata.build_epoch), "s")) + "Z"
            _add_all(gathering, iter(reader))
    except (
        maxminddb.InvalidDatabaseError,
        OSError,
        ValueError,
        TypeError,
        LookupError,
        RecursionError,
        OverflowError,
    ) as error:
        message = f"expected a MaxMind database, got an error: {error}"
        raise DataError([Problem(name, message)]) from None
    gathering.note(f"the database calls itself {metadata.database_type}")
    gathering.note("most licences of such databases forbid to republish their content")
    return gathering.finish(Origin(name, "mmdb", date, "the vendor's; see the file's own notice"))


def _check_tree(path: Path, metadata: Any) -> None:
    """Refuse a search tree that the reader must not walk through, or what it leads to.

    Raises
    ------
    ValueError
        If it takes too many steps, is deeper than an address has bits (the reader of maxminddb
        then writes where it must not), or ends after the file does; as for `check_records`.
    """
    n_nodes, record_bits = int(metadata.node_count), int(metadata.record_size)
    n_bytes = n_nodes * record_bits // 4
    n_bits = {4: 32, 6: 128}.get(metadata.ip_version, 0)
    is_known = record_bits in (24, 28, 32) and n_bits
    if not is_known or not 0 < n_bytes <= path.stat().st_size:
        raise ValueError("its search tree is not as its metadata say")
    tree = np.fromfile(path, np.uint8, n_bytes).reshape(n_nodes, record_bits // 4)
    node: NDArray[np.int64] = np.zeros(1, np.int64)
    n_ways: NDArray[np.float64] = np.ones(1)
    n_steps = 0.0
    places: Counter[int] = Counter()
    for _ in range(n_bits):
        n_steps += n_ways.sum()
        if n_steps > MAX_STEPS:
            raise ValueError(f"its search tree takes more than {MAX_STEPS:,} steps")
        following = _children(tree[node], record_bits)
        is_node = following < n_nodes
        both = np.repeat(n_ways, 2).reshape(-1, 2)
        is_record = following > n_nodes
        record, place = np.unique(following[is_record] - n_nodes, return_inverse=True)
        leading = np.bincount(place.ravel(), weights=both[is_record])
        places.update(dict(zip(record.tolist(), leading.tolist(), strict=True)))
        node, place = np.unique(following[is_node], return_inverse=True)
        n_ways = np.bincount(place.ravel(), weights=both[is_node]).astype(np.float64)
    if node.size:
        raise ValueError(f"its search tree is deeper than {n_bits} bits")
    check_records(path, n_bytes, places)


def _children(nodes: NDArray[np.uint8], record_bits: int) -> NDArray[np.int64]:
    """Left and right record of each node, shape (n, 2)."""
    byte = nodes.astype(np.int64)
    if record_bits == 28:
        # The byte in the middle holds the four highest bits of either record.
        high = np.stack((byte[:, 3] >> 4, byte[:, 3] & 15), axis=1)
        low = np.delete(byte, 3, axis=1).reshape(-1, 2, 3)
        return (high << 24) | _number(low)
    return _number(byte.reshape(-1, 2, record_bits // 8))


def _number(digits: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers from their bytes, the highest first, along the last axis."""
    weight = 256 ** np.arange(digits.shape[-1])[::-1]
    return np.asarray(digits @ weight, dtype=np.int64)


def _add_all(gathering: Gathering, networks: Any) -> None:
    """Add the networks of a reader, batch by batch."""
    batch: list[tuple[Any, list[str]]] = []
    for network, record in networks:
        batch.append((network, [_value(paths, record) for paths in _FIELDS.values()]))
        if len(batch) == _BATCH:
            _add(gathering, batch)
            batch = []
            if gathering.n_records > MAX_NETWORKS:
                raise ValueError(f"more than {MAX_NETWORKS:,} networks")
    _add(gathering, batch)


def _add(gathering: Gathering, batch: list[tuple[Any, list[str]]]) -> None:
    """Add one record for each network."""
    first = gathering.add_records(len(batch))
    gathering.n_lines += len(batch)
    line = np.zeros(len(batch), np.int64)
    for place, column in enumerate(_FIELDS):
        values = [found[place] for _, found in batch]
        if column == "asn":
            add_origins(gathering, values, line)
        else:
            gathering.add_labels(column, values)
    for version in (4, 6):
        rows = [row for row, (network, _) in enumerate(batch) if network.version == version]
        at = np.array(rows, np.int64)
        bounds = [
            (int(batch[row][0].network_address), int(batch[row][0].broadcast_address))
            for row in rows
        ]
        starts, lasts = [bound[0] for bound in bounds], [bound[1] for bound in bounds]
        if version == 4:
            stop = np.array(lasts, np.int64) + 1
            gathering.add_bounds4(np.array(starts, np.int64), stop, at + first, at * 0)
        else:
            both = Addresses6.from_ints(starts), Addresses6.from_ints(lasts)
            gathering.add_bounds6(*both, at + first, at * 0)


def _value(paths: tuple[tuple[str, ...], ...], record: Any) -> str:
    """Text of the first field that is there."""
    for path in paths:
        node = record
        for part in path:
            if isinstance(node, list) and part.isdigit() and int(part) < len(node):
                node = node[int(part)]
            else:
                node = node.get(part) if isinstance(node, Mapping) else None
        if isinstance(node, str | int):
            text = str(node)
            if len(text) > _MAX_TEXT:
                raise ValueError(f"a text of {len(text):,} letters, at most {_MAX_TEXT:,} are read")
            return text
    return ""


def fits_mmdb(sample: Sample) -> bool:
    """Return whether a file has the mark before its metadata, near its end."""
    return MARK in sample.data or MARK in sample.tail
