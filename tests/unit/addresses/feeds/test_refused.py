"""Compiled rule sets are told by their first bytes, and refused with how to get text from them.

Their form is as in sing-box (``common/srs/binary.go``), mihomo (``MrsMagicBytes``) and the messages
``GeoIPList`` and ``GeoSiteList`` of V2Ray and Xray.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from sim.addresses.feeds.formats import read_dated, read_feed
from sim.addresses.feeds.inputs import Input
from sim.addresses.feeds.refused import REFUSED
from sim.errors import DataError
from sim.scenario.lists import read_list


def number(value: int) -> bytes:
    """A number as protocol buffers have it: seven bits a byte, the lowest first."""
    low, more = value & 127, value >> 7
    return bytes([low | 128]) + number(more) if more else bytes([low])


def part(field: int, data: bytes) -> bytes:
    return bytes([field << 3 | 2]) + number(len(data)) + data


def prefix(address: bytes, length: int) -> bytes:
    return part(1, address) + b"\x10" + number(length)


def geoip(n: int) -> bytes:
    fours = (part(2, prefix(bytes([198, 18, row, 0]), 24)) for row in range(n))
    six = part(2, prefix(bytes.fromhex("20010db8") + bytes(12), 32))
    return part(1, part(1, b"RU") + b"".join(fours) + six)


def geosite(n: int, kind: int) -> bytes:
    # A kind of 0 is left out, as what is the default is.
    of_kind = b"\x08" + number(kind) if kind else b""
    names = (part(2, of_kind + part(2, b"shop%d.example" % row)) for row in range(n))
    return part(1, part(1, b"CATEGORY-ADS-ALL") + b"".join(names))


SRS = b"SRS\x01" + zlib.compress(b"\x01\x00\x06\x01" + bytes(20))
FILES = {
    "set.srs": (SRS, "rule set of sing-box", "sing-box rule-set decompile"),
    "newer.srs": (b"SRS\x04" + SRS[4:], "rule set of sing-box", "sing-box rule-set decompile"),
    "set.mrs": (
        b"MRS\x01\x01" + bytes(30),
        "rule set of mihomo",
        "mihomo convert-ruleset ipcidr mrs",
    ),
    "geoip.dat": (geoip(3), "addresses of countries", "v2dat unpack geoip"),
    "large.dat": (geoip(200) + geoip(3), "addresses of countries", "v2dat unpack geoip"),
    "geosite.dat": (geosite(40, 2), "names of sites", "v2dat unpack geosite"),
    "plain.dat": (geosite(1, 0), "names of sites", "v2dat unpack geosite"),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("form", ["", "list"])
def test_what_a_program_compiled_is_refused_by_name(name: str, form: str, tmp_path: Path) -> None:
    data, what, command = FILES[name]
    path = tmp_path / name
    path.write_bytes(data)
    given = Input(path, name)
    for read in (
        lambda: read_feed(given, form, skip_bad=True, allow_empty=True),
        lambda: read_dated(given, form, skip_bad=True),
        lambda: read_list(name, path),
    ):
        with pytest.raises(DataError) as error:
            read()
        (problem,) = error.value.problems
        assert what in problem.message
        assert command in problem.message


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"\n\n\n",
        b"SRS\n198.18.0.1\n",
        b"SRS 198.18.0.1\n",
        b"MRS\n198.18.0.1\n",
        b"\n5\n\x02RU",
        b"\n\n198.18.0.1\n",
        b"\n198.18.0.1\n198.18.0.2\n",
        geoip(3)[:3],
        geoip(3)[1:],
        SRS[:4],
    ],
)
def test_what_is_text_or_broken_is_not_taken_for_compiled(data: bytes) -> None:
    assert not any(kind.fits(data) for kind in REFUSED)
