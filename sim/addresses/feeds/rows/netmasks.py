"""Prefixes whose length stands in a column of its own, as a number or as a netmask."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sim.addresses.feeds.gather import Gathering, Line
from sim.addresses.sets.notation import shown

MASK_COLUMNS = (
    *("mask", "netmask", "net_mask", "subnet_mask", "subnetmask"),
    *("prefix_length", "prefixlen", "prefix_len", "mask_length", "masklen", "cidr_length"),
)


def _dotted(length: int, of_host: int = 2**32 - 1) -> str:
    bits = of_host ^ (2 ** (32 - length) - 1)
    return ".".join(str(bits >> shift & 255) for shift in (24, 16, 8, 0))


LENGTH_OF = {_dotted(length): str(length) for length in range(33)}
LENGTH_OF_WILDCARD = {_dotted(length, 0): str(length) for length in range(33)}
"""Lengths of prefixes by their netmasks, and by wildcards, whose bits are the other ones."""


def with_lengths(
    gathering: Gathering,
    addresses: Sequence[str],
    masks: Sequence[str],
    line: Line,
    *,
    are_wildcards: bool = False,
) -> list[str]:
    """Return a prefix for each address and mask; what is refused is left empty.

    Parameters
    ----------
    addresses, masks
        Both of each row: a mask is ``24``, ``/24`` or ``255.255.255.0``.
    line : shape (n,), int64
        Line of each row.
    are_wildcards
        Masks are wildcards such as ``0.0.0.255``.
    """
    read = LENGTH_OF_WILDCARD.get if are_wildcards else length_of
    lengths = {mask: read(mask.strip()) for mask in dict.fromkeys(masks)}
    column = "wildcard" if are_wildcards else "mask"
    wanted = "a wildcard such as 0.0.0.255"
    if not are_wildcards:
        wanted = "a netmask such as 255.255.255.0, or a length such as 24"
    prefixes = []
    for row, (address, mask) in enumerate(zip(addresses, masks, strict=True)):
        text, length = address.strip(), lengths[mask]
        if not text:
            prefixes.append("")
        elif "/" in text or "-" in text:
            got = f"{shown(address)} and {shown(mask)}"
            message = f"expected an address and its netmask, got {got}: leave the netmask out"
            gathering.refuse(message, int(line[row]), column)
            prefixes.append("")
        elif not length:
            gathering.refuse(f"expected {wanted}, got {shown(mask)}", int(line[row]), column)
            prefixes.append("")
        else:
            prefixes.append(f"{text}/{length}")
    return prefixes


def length_of(mask: str) -> str:
    """Length of a prefix as text; empty where a mask is none."""
    found = re.fullmatch(r"/?(\d{1,3})", mask, re.ASCII)
    return found[1] if found else LENGTH_OF.get(mask, "")
