"""One entry of a list, read exactly and refused rather than repaired.

Bulk reading gives the same answers; it comes here to explain what it refused.
"""

from __future__ import annotations

import ipaddress
import re
from socket import AF_INET, AF_INET6, inet_pton
from typing import NamedTuple

# Longer text is cut in messages: a line may be a megabyte of anything.
_SHOWN = 60
_EXAMPLE = {0: "198.51.100.0/24 or 2001:db8::/32", 4: "198.51.100.0/24", 6: "2001:db8::/32"}
_NAME = {0: "a", 4: "an IPv4", 6: "an IPv6"}
_LENGTH = re.compile("0|[1-9][0-9]{0,2}", re.ASCII)
# ::ffff:0:0/96 (RFC 4291, section 2.5.5.2).
MAPPED_FIRST, MAPPED_LAST = 0xFFFF << 32, (0xFFFF << 32) + 2**32 - 1


class Prefix(NamedTuple):
    """One prefix: its family, network address and length."""

    version: int
    """4 or 6. Numbers of the two families overlap: ``::/0`` and ``0.0.0.0/0`` both begin at 0."""
    address: int
    length: int

    def __str__(self) -> str:
        """Canonical text."""
        network = ipaddress.IPv4Network if self.version == 4 else ipaddress.IPv6Network
        return str(network((self.address, self.length)))

    def holds(self, other: Prefix) -> bool:
        """Whether all addresses of another prefix are in this one."""
        shift = (32 if self.version == 4 else 128) - self.length
        return (
            self.version == other.version
            and self.length <= other.length
            and (self.address ^ other.address) >> shift == 0
        )


class Entry(NamedTuple):
    """What one entry names."""

    version: int
    """4 or 6."""
    first: int
    last: int
    """First and last address, both inclusive."""


def read_notation(text: str, version: int = 0) -> Entry:
    """Read a prefix, a plain address or a ``first-last`` range.

    Parameters
    ----------
    text
        Without blanks around it; blanks around the dash of a range are allowed.
    version
        4 or 6 to refuse the other family; 0 for either.

    Raises
    ------
    ValueError
        ``expected …, got …``: host bits set, leading zeros, a number or length out of range, a
        netmask, a zone, a reversed range, two families in one range, another family, a part of
        the IPv4-mapped addresses, or no address at all.
    """
    head, dash, tail = text.partition("-")
    if dash:
        entry = _read_range(text, head.rstrip(" \t"), tail.lstrip(" \t"), version)
    else:
        entry = _read_prefix(text, text, version)
    if version and entry.version != version:
        what = "prefix" if "/" in text else "address"
        got = f"the IPv{entry.version} {what} {shown(text)}"
        raise ValueError(f"expected {_NAME[version]} prefix, got {got}")
    # Those of IPv4-mapped addresses, or what cuts through their space.
    is_mapped = (entry.first, entry.last) == (MAPPED_FIRST, MAPPED_LAST)
    is_mapped |= MAPPED_FIRST < entry.first <= MAPPED_LAST
    is_mapped |= MAPPED_FIRST <= entry.last < MAPPED_LAST
    if entry.version == 6 and is_mapped:
        raise ValueError(_without_mapped(text, entry))
    return entry


def parse_prefix(text: str, version: int = 4) -> Prefix:
    """Read one prefix; a bare address is a /32 or a /128.

    Parameters
    ----------
    version
        4 or 6 to refuse the other family; 0 for either.

    Raises
    ------
    ValueError
        With a message of the form ``expected …, got …``: not a prefix, leading zeros, host bits
        set (with the prefix that was probably meant), or another address family.
    """
    entry = read_notation(text, version)
    size = entry.last - entry.first + 1
    if "-" in text:
        kind = "an IPv4 prefix" if version == 4 else "a prefix"
        raise ValueError(f"expected {kind}, got the range {text!r}")
    bits = 32 if entry.version == 4 else 128
    return Prefix(entry.version, entry.first, bits + 1 - size.bit_length())


def find_notation(text: str) -> Entry | None:
    """Return what `read_notation` reads, and None of a text that it refuses."""
    try:
        return read_notation(text)
    except ValueError:
        return None


def shown(text: str) -> str:
    """Return text as it is quoted in messages, cut where it is long."""
    return repr(text) if len(text) <= _SHOWN else repr(text[:_SHOWN]) + "…"


def _without_mapped(text: str, entry: Entry) -> str:
    """Say what to write for IPv4-mapped addresses, which no packet carries."""
    got = f"got IPv4-mapped {shown(text)}"
    if entry.first < MAPPED_FIRST or entry.last > MAPPED_LAST:
        return f"expected a range that leaves ::ffff:0:0/96 out or takes it whole, {got}"
    first, last = (
        ipaddress.IPv4Address(bound - MAPPED_FIRST) for bound in (entry.first, entry.last)
    )
    meant = f"{first}-{last}"
    if first == last:
        meant = f"{first}"
    elif "-" not in text:
        meant = f"{first}/{33 - (entry.last - entry.first + 1).bit_length()}"
    return f"expected an IPv4 address as such, {got}; write {meant}"


def _read_range(text: str, head: str, tail: str, version: int) -> Entry:
    """Read ``first-last``."""
    if "/" in text:
        raise ValueError(f"expected two addresses around the dash, got {shown(text)}")
    first, last = _read_prefix(head, text, version), _read_prefix(tail, text, version)
    if first.version != last.version:
        raise ValueError(f"expected a range within one address family, got {shown(text)}")
    if last.first < first.first:
        raise ValueError(f"expected a range whose first address comes first, got {shown(text)}")
    return Entry(first.version, first.first, last.first)


def _read_prefix(part: str, text: str, version: int) -> Entry:
    """Read a prefix or a plain address, a part of the text to quote in messages."""
    address_text, slash, length_text = part.partition("/")
    family, bits = (AF_INET6, 128) if ":" in address_text else (AF_INET, 32)
    try:
        # Thrice as fast as `ipaddress`, and as strict.
        first = int.from_bytes(inet_pton(family, address_text))
    except (OSError, ValueError):
        raise ValueError(_explain(text, address_text, version)) from None
    if not slash:
        return Entry(4 if bits == 32 else 6, first, first)
    if not _LENGTH.fullmatch(length_text) or int(length_text) > bits:
        hint = _netmask_hint(text)
        raise ValueError(f"expected a prefix length from 0 to {bits}, got {shown(text)}{hint}")
    host = (1 << (bits - int(length_text))) - 1
    if first & host:
        meant = Prefix(4 if bits == 32 else 6, first & ~host, int(length_text))
        raise ValueError(
            f"expected a prefix, got {shown(text)}, which has host bits set; did you mean {meant}?"
        )
    return Entry(4 if bits == 32 else 6, first, first | host)


def _netmask_hint(text: str) -> str:
    """Suggest the prefix that a netmask stands for."""
    if text.count(".") != 6:
        return ""
    try:
        return f"; did you mean {ipaddress.IPv4Network(text)}?"
    except ValueError:
        return ""


def _explain(text: str, address_text: str, version: int) -> str:
    """Say what is wrong with an address that the standard library refused."""
    if "\0" in text:
        return f"expected text, got NUL bytes in {shown(text)}; is the file binary, or UTF-16?"
    if "%" in address_text and ":" in address_text:
        return f"expected an address without a zone, got {shown(text)}"
    octets = address_text.split(".")
    if len(octets) == 4 and all(re.fullmatch("[0-9]{1,3}", octet, re.ASCII) for octet in octets):
        if any(int(octet) > 255 for octet in octets):
            return f"expected numbers from 0 to 255, got {shown(text)}"
        return f"expected numbers without leading zeros, got {shown(text)}"
    return f"expected {_NAME[version]} prefix such as {_EXAMPLE[version]}, got {shown(text)}"
