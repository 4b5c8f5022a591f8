"""Small binary files of documented form, made by hand: MaxMind databases, MRT dumps."""

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


def update(
    time_s: int,
    peer: int,
    *,
    announced: Sequence[str] = (),
    withdrawn: Sequence[str] = (),
    communities: Sequence[tuple[int, int]] = (),
) -> bytes:
    """An MRT entry of one BGP update (RFC 6396, 4.4.3; RFC 4271, 4.3; RFC 4760 for IPv6)."""
    four, six = ([p for p in announced if (":" in p) is v6] for v6 in (False, True))
    gone4, gone6 = ([p for p in withdrawn if (":" in p) is v6] for v6 in (False, True))
    path = bytes([AS_SEQUENCE, 2]) + struct.pack(">II", peer, 64496)
    attributes = bytes([0x40, 1, 1, 0, 0x40, 2, len(path)]) + path if announced else b""
    if four:
        attributes += bytes([0x40, 3, 4, 192, 0, 2, 254])
    if communities:
        value = b"".join(struct.pack(">HH", *each) for each in communities)
        attributes += bytes([0xC0, 8, len(value)]) + value
    if six:
        hop = ipaddress.ip_address("2001:db8::fe").packed
        value = struct.pack(">HBB", 2, 1, 16) + hop + bytes(1) + _prefixes(six)
        attributes += bytes([0x80, 14, len(value)]) + value
    if gone6:
        value = struct.pack(">HB", 2, 1) + _prefixes(gone6)
        attributes += bytes([0x80, 15, len(value)]) + value
    body = struct.pack(">H", len(_prefixes(gone4))) + _prefixes(gone4)
    body += struct.pack(">H", len(attributes)) + attributes + _prefixes(four)
    message = b"\xff" * 16 + struct.pack(">HB", 19 + len(body), 2) + body
    head = struct.pack(">IIHH", peer, 64511, 0, 1) + bytes([192, 0, 2, peer % 250, 192, 0, 2, 2])
    return struct.pack(">IHHI", time_s, 16, 4, len(head) + len(message)) + head + message


def _prefixes(listed: Sequence[str]) -> bytes:
    networks = [ipaddress.ip_network(text) for text in listed]
    return b"".join(
        bytes([each.prefixlen]) + each.network_address.packed[: -(-each.prefixlen // 8)]
        for each in networks
    )
