"""Numbers of entries that a file states, compared with what was read of it.

A download that broke off reads well up to its end; only its own count shows it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sim.addresses.sets.families import AddressSet
from sim.addresses.sets.notation import shown
from sim.addresses.text.entries import Entries4, Entries6

_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)"
_UNIT = r"(?:entries|records|prefixes|networks|subnets|ranges|cidrs|ips|(?:ip[ -]?)?addresses)"
_KIND = r"(?:(?:unique|distinct|listed|ipv4|ipv6|ip|blocked)[ ])*"
# "Entries : 2 subnets, 512 unique IPs", as FireHOL writes; "Total entries: 2"; "END 2 entries".
_COMMENT = re.compile(
    rf"(?P<label>(?:total|number|count|of|the|[ ])*{_KIND}(?:{_UNIT}|total|count)"
    rf"(?:[ ](?:count|total|listed))?)[ ]?[:=][ ]?(?P<first>{_NUMBER}(?:[ ]{_KIND}{_UNIT})?)"
    rf"(?:,[ ](?P<second>{_NUMBER}[ ]{_KIND}{_UNIT}))?"
    rf"|(?:end|total)?[ :]*\(?(?P<bare>{_NUMBER}\)?[ ]{_KIND}{_UNIT})\)?"
)
_MOST_CHARACTERS = 200


@dataclass(frozen=True)
class Stated:
    """A number of entries that a comment states.

    Attributes
    ----------
    line
        Of the comment.
    number
        As it stands there.
    what
        What it counts, in words.
    """

    line: int
    number: str
    what: str


def differs(stated: object, n_read: int, what: str) -> str:
    """Return what is wrong with a number that a file states; empty where as many were read."""
    digits = str(stated).replace(",", "")
    if isinstance(stated, bool) or not (digits.isascii() and digits.isdecimal()):
        return f"expected a number of {what}, got {shown(str(stated))}"
    # Not converted: Python converts no text of thousands of digits.
    digits, read = digits.lstrip("0") or "0", str(n_read)
    if digits == read:
        return ""
    is_short = (len(digits), digits) > (len(read), read)
    why = "the file is not whole" if is_short else "it holds more than that"
    return f"expected {stated!s:.20} {what}, as this line says, got {n_read:,}: {why}"


def find_stated(text: bytes, first_line: int) -> list[Stated]:
    """Return what the comments of some lines state, those alone on their line."""
    found = []
    for start in _comments(text):
        end = text.find(b"\n", start)
        said = text[start : min(end, start + _MOST_CHARACTERS)].strip(b"#; \t\r-=.").lower()
        match = _COMMENT.fullmatch(" ".join(said.decode("utf-8", "replace").split()))
        if match is None:
            continue
        line = first_line + text.count(b"\n", 0, start)
        for part in filter(None, match.group("first", "second", "bare")):
            number, _, what = part.replace(")", "").partition(" ")
            found.append(Stated(line, number, what or match["label"]))
    return sorted(found, key=lambda stated: stated.line)


def _comments(text: bytes) -> Iterator[int]:
    """Where the lines begin that are comments, of text that ends with a line end."""
    if text.startswith((b"#", b";")):
        yield 0
    for mark in (b"\n#", b"\n;"):
        at = text.find(mark)
        while at >= 0:
            yield at + 1
            at = text.find(mark, at + 1)


def wrong_counts(found: Sequence[Stated], v4: Entries4, v6: Entries6) -> list[tuple[int, str]]:
    """Return the line of each comment that states another number than there is, and what is wrong.

    Where several state a number of the same, as in files that were joined, each speaks of the rows
    from it to the next, or from the one before where rows stand before the first.
    """
    alike: defaultdict[str, list[Stated]] = defaultdict(list)
    for each in found:
        alike[each.what].append(each)
    first_row = min([*v4.line[:1].tolist(), *v6.line[:1].tolist()], default=0)
    wrong = []
    for stated in alike.values():
        lines = [each.line for each in stated]
        begins = [0, *lines[1:]]
        ends: list[float] = [*lines[1:], np.inf]
        if first_row < lines[0]:
            begins, ends = [0, *lines[:-1]], [*lines[:-1], np.inf]
        for each, begin, end in zip(stated, begins, ends, strict=True):
            in4, in6 = ((rows.line > begin) & (rows.line < end) for rows in (v4, v6))
            counts = _counts(each.what, v4.take(in4), v6.take(in6))
            told = [differs(each.number, n, each.what) for n in counts]
            if all(told):
                wrong.append((each.line, told[0]))
    return wrong


def _counts(what: str, v4: Entries4, v6: Entries6) -> list[int]:
    """Counts that a stated number may mean: rows, ranges, or addresses."""
    if "ipv6" in what:
        v4 = Entries4.empty()
    if "ipv4" in what:
        v6 = Entries6.empty()
    addresses = AddressSet(v4.to_set(), v6.to_set())
    n_addresses = addresses.v4.n_addresses + addresses.v6.n_addresses
    n_rows = len(v4) + len(v6)
    if what.endswith(("total", "count")):
        return [n_rows, addresses.n_intervals, n_addresses]
    if not what.endswith(("ips", "addresses")):
        return [n_rows, addresses.n_intervals]
    return [n_addresses] if re.search("unique|distinct", what) else [n_rows, n_addresses]
