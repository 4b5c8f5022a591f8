"""Rule sets that a program compiled for itself: told by their first bytes, and refused.

In: the first bytes of a file. Out: what it is and the command that writes it as text, as an error.
Nothing of them is read: as text they would be a list of nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sim.addresses.feeds.inputs import Input
from sim.addresses.feeds.samples import take_sample
from sim.addresses.text.source import Limits
from sim.errors import DataError, Problem

_ENTRY, _CODE, _PART = b"\n\n\x12"
_ADDRESS, _KIND, _NAME = b"\n\x08\x12"
"""Tags of protocol buffers: of an entry, its code and its parts, and what a part begins with."""


@dataclass(frozen=True)
class Compiled:
    """A kind of file that is refused.

    Attributes
    ----------
    file
        What it is called, for people.
    command
        What writes it as text, of a file FILE.
    gives
        What that is.
    fits
        Whether a file that begins with some bytes is of the kind.
    """

    file: str
    command: str
    gives: str
    fits: Callable[[bytes], bool]

    @property
    def refusal(self) -> str:
        """What is said of such a file."""
        return (
            f"expected a list of addresses, got {self.file}; `{self.command}` writes {self.gives}"
        )


def compiled_kind(data: bytes) -> Compiled | None:
    """Kind of compiled rule set that begins with some bytes; None where it is none."""
    return next((kind for kind in COMPILED if kind.fits(data)), None)


def refuse_compiled(given: Input, limits: Limits) -> None:
    """Refuse a compiled rule set.

    Raises
    ------
    DataError
        If it is one, with how to get text from it, or if the file cannot be read.
    """
    kind = compiled_kind(take_sample(given, limits).data)
    if kind is not None:
        raise DataError([Problem(given.name, kind.refusal)])


def _is_srs(data: bytes) -> bool:
    # After three letters a version, then a stream of zlib.
    return data[:3] == b"SRS" and 0 < int.from_bytes(data[3:4]) < 0x20 and data[4:5] == b"\x78"


def _is_geodata(data: bytes, *first: int) -> bool:
    """Whether it is a list of codes, each with parts that begin with one of some tags.

    Notes
    -----
    The files are messages of protocol buffers without a mark of their own: an entry, in it the code
    of a country or a category, then the parts.
    """
    at = 0
    for turn, tag in enumerate((_ENTRY, _CODE, _PART)):
        if data[at : at + 1] != bytes([tag]):
            return False
        size, at = _number(data, at + 1)
        if turn == 1:
            code = data[at : at + size]
            if not (code.isascii() and code.decode("ascii").isprintable()):
                return False
            at += size
    return at < len(data) and data[at] in first


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and where it ends; 0 where there is none."""
    value = shift = 0
    for byte in data[at : at + 10]:
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at
    return 0, at


def _is_geoip(data: bytes) -> bool:
    return _is_geodata(data, _ADDRESS)


def _is_geosite(data: bytes) -> bool:
    return _is_geodata(data, _KIND, _NAME)


COMPILED = (
    Compiled(
        "a compiled rule set of sing-box (.srs)",
        "sing-box rule-set decompile FILE -o rules.json",
        "it as JSON, which is read",
        _is_srs,
    ),
    Compiled(
        "a compiled rule set of mihomo (.mrs)",
        "mihomo convert-ruleset ipcidr mrs FILE rules.txt",
        "its addresses as a list, which is read",
        lambda data: data[:4] == b"MRS\x01",
    ),
    Compiled(
        "addresses of countries for Xray and V2Ray (geoip.dat)",
        "v2dat unpack geoip -o FOLDER FILE",
        "a list for each country, which is read",
        _is_geoip,
    ),
    Compiled(
        "names of sites for Xray and V2Ray (geosite.dat)",
        "v2dat unpack geosite -o FOLDER FILE",
        "lists of names, which are read as names to be resolved",
        _is_geosite,
    ),
)
"""Kinds of files that are refused, and how to get text from them."""
