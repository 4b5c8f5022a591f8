"""Prefixes between text and numbers, refused rather than repaired."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.blocks import format_lines4, format_lines6
from sim.addresses.sets.families import AddressSet
from sim.addresses.sets.notation import Prefix, read_notation
from sim.addresses.text.entries import Entries
from sim.addresses.text.reading import Reading
from sim.addresses.text.source import Limits

_DEFAULT = Limits()


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


def format_prefixes(address: NDArray[np.int64], length: NDArray[np.int64]) -> list[str]:
    """Canonical text of IPv4 prefixes given as columns."""
    return format_lines4(address, length).decode("ascii").splitlines()


def format_set(addresses: AddressSet) -> bytes:
    """Canonical text of a set: its fewest prefixes, IPv4 first, one a line."""
    return format_lines4(*addresses.v4.to_prefixes()) + format_lines6(*addresses.v6.to_prefixes())


def parse_entries(
    text: str | bytes,
    name: str = "<text>",
    *,
    skip_bad: bool = False,
    limits: Limits = _DEFAULT,
) -> Entries:
    """Read a list from text in memory, line by line.

    Parameters
    ----------
    text
        On each line a prefix, a plain address or a range ``first-last``; ``#`` and ``;`` start a
        comment. IPv4-mapped addresses (``::ffff:192.0.2.1``) are bad lines.
    name
        Name of the text in messages.
    skip_bad
        Ignore bad lines and count them, instead of refusing the text.
    limits
        How much is read before the text is refused.

    Returns
    -------
    entries
        Rows by family in the order of the text, with line numbers; and the tally.

    Raises
    ------
    DataError
        If the text exceeds a limit; and, unless ``skip_bad``, with every bad line (the first
        ``limits.max_problems`` described, the rest counted).
    """
    data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    return Entries(*Reading(name, limits).entries(BytesIO(data), skip_bad=skip_bad))
