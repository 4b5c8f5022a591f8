"""Small binary files of documented form, made by hand: MaxMind databases and MRT dumps."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Mapping, Sequence
from typing import Any

MARK = b"\xab\xcd\xefMaxMind.com"


class Small(int):
    """A number of 16 bits."""


class Large(int):
    """A number of 64 bits."""


class Encoded(bytes):
    """A value as it stands in the data section."""


IN_METADATA = 13
"""Place of the description in the metadata."""


def unfolding(n_levels: int, n_each: int = 2, *, start: int = 0) -> Encoded:
    """Maps all of whose values are pointers to the next map, at a place of their section.

    Each has ``n_each`` keys; the last pointers lead to a text of one letter.
    """
    n_bytes = 1 + 7 * n_each
    maps = []
    for level in range(1, n_levels + 1):
        to_next = b"\x38" + (start + level * n_bytes).to_bytes(4, "big")
        items = (_encoded(chr(97 + key)) + to_next for key in range(n_each))
        maps.append(bytes([7 << 5 | n_each]) + b"".join(items))
    return Encoded(b"".join(maps) + _encoded("x"))


def mmdb(
    networks: Mapping[str, Any],
    *,
    version: int = 4,
    kind: str = "Test-ASN",
    record_bits: int = 32,
    n_doubled: int = 0,
    description: Any = None,
) -> bytes:
    """A MaxMind DB (format 2.0) that maps networks of one family to records.

    Of ``n_doubled`` nodes each leads to the next on both sides, the last to the networks.
    """
    nodes: list[list[Any]] = [[at, at] for at in range(1, n_doubled)] + [[None, None]]
    root = len(nodes) - 1
    data = b""
    for text, content in networks.items():
        network = ipaddress.ip_network(text)
        bits = 32 if version == 4 else 128
        number, length = int(network.network_address), network.prefixlen
        if version == 6 and network.version == 4:
            length += 96
        at = root
        for depth in range(length):
            side = number >> (bits - 1 - depth) & 1
            if depth == length - 1:
                nodes[at][side] = ("data", len(data))
            else:
                if nodes[at][side] is None:
                    nodes.append([None, None])
                    nodes[at][side] = len(nodes) - 1
                at = nodes[at][side]
        data += _encoded(content)
    n = len(nodes)

    def pointer(side: Any) -> int:
        if side is None:
            return n
        return n + 16 + side[1] if isinstance(side, tuple) else side

    def record(left: int, right: int) -> bytes:
        if record_bits != 28:
            return b"".join(side.to_bytes(record_bits // 8, "big") for side in (left, right))
        high = (left >> 24 << 4 | right >> 24).to_bytes(1, "big")
        return (left & 0xFFFFFF).to_bytes(3, "big") + high + (right & 0xFFFFFF).to_bytes(3, "big")

    tree = b"".join(record(*map(pointer, node)) for node in nodes)
    metadata = {
        "description": description or {"en": "made by hand"},
        "node_count": n,
        "record_size": Small(record_bits),
        "ip_version": Small(version),
        "database_type": kind,
        "languages": ["en"],
        "binary_format_major_version": Small(2),
        "binary_format_minor_version": Small(0),
        "build_epoch": Large(1_700_000_000),
    }
    return tree + bytes(16) + data + MARK + _encoded(metadata)


def _encoded(value: Any) -> bytes:
    """One value of the data section: strings, unsigned numbers, maps, lists."""
    if isinstance(value, Encoded):
        return value
    if isinstance(value, str):
        raw = value.encode()
        assert len(raw) < 29
        return bytes([2 << 5 | len(raw)]) + raw
    if isinstance(value, int):
        raw = value.to_bytes(4, "big").lstrip(b"\0")
        if isinstance(value, Large):
            return bytes([len(raw), 9 - 7]) + raw
        return bytes([(5 if isinstance(value, Small) else 6) << 5 | len(raw)]) + raw
    if isinstance(value, Mapping):
        inner = b"".join(_encoded(key) + _encoded(item) for key, item in value.items())
        return bytes([7 << 5 | len(value)]) + inner
    inner = b"".join(map(_encoded, value))
    return bytes([len(value), 11 - 7]) + inner


AS_SET, AS_SEQUENCE = 1, 2


def mrt(routes: Mapping[str, Sequence[Sequence[tuple[int, Sequence[int]]]]]) -> bytes:
    """A TABLE_DUMP_V2 dump (RFC 6396, section 4.3): by prefix, one AS path for each peer.

    A path is a list of segments ``(kind, members)``.
    """
    peer = bytes([2]) + bytes(4) + bytes(4) + struct.pack(">I", 64500)
    table = bytes(4) + struct.pack(">HH", 0, 1) + peer
    dump = _entry(1, table)
    for sequence, (text, paths) in enumerate(routes.items()):
        network = ipaddress.ip_network(text)
        n_bytes = -(-network.prefixlen // 8)
        body = struct.pack(">IB", sequence, network.prefixlen)
        body += network.network_address.packed[:n_bytes] + struct.pack(">H", len(paths))
        for path in paths:
            value = b"".join(
                bytes([kind, len(members)]) + struct.pack(f">{len(members)}I", *members)
                for kind, members in path
            )
            attribute = bytes([0x40, 2, len(value)]) + value
            body += struct.pack(">HIH", 0, 1_700_000_000, len(attribute)) + attribute
        dump += _entry(2 if network.version == 4 else 4, body)
    return dump


def _entry(subtype: int, body: bytes) -> bytes:
    return struct.pack(">IHHI", 1_700_000_000, 13, subtype, len(body)) + body
