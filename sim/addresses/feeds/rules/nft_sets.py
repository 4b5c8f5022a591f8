"""Sets of nftables, as ``nft list set`` and ``nft list sets`` write them.

Whatever else nftables has (chains, rules, maps, definitions, commands that take away) is no list,
and the whole file is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO, NoReturn

from sim.addresses.feeds.feed import Feed, Origin
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.numbered import read_numbered
from sim.addresses.feeds.refused import NFTABLES
from sim.addresses.feeds.rules.groups import EXPIRES, Groups
from sim.addresses.feeds.samples import Sample
from sim.addresses.sets.notation import shown
from sim.addresses.text.source import Limits, Source
from sim.errors import DataError, Problem

_TOKEN = re.compile(r'"[^"]*"|#.*|[{},;]|[^\s{},;"#]+')
_TABLE = r"(?:(?:add|create) )?table(?: (?:inet|ip6?|bridge|netdev|arp))? \S+"
_FAMILY = r"(?:(?:inet|ip6?|bridge|netdev|arp) )?"
# What a statement that is no element may be, by where it stands.
_KNOWN: Mapping[str, re.Pattern[str]] = {
    "file": re.compile(_TABLE + rf"|(?:add|create) set {_FAMILY}\S+ \S+"),
    "table": re.compile(r"set \S+|comment \"[^\"]*\"|flags owner|flags persist"),
    "set": re.compile(
        r"type .*|typeof .*|flags .*|timeout \S+|gc-interval \S+|size \d+|policy \S+|auto-merge"
        r"|counter|comment \"[^\"]*\""
    ),
}
_ELEMENTS: Mapping[str, re.Pattern[str]] = {
    "file": re.compile(rf"(?:nft )?(?:add|create) element {_FAMILY}(\S+ \S+)"),
    "set": re.compile(r"elements =()"),
}
_OF_ADDRESSES = re.compile(r"type ipv[46]_addr|typeof ip6? [sd]addr")
_ADDRESS_IN = re.compile(r"ipv[46]_addr|[sd]addr")
# Behind its address an element may have these, which do not narrow it.
_BEHIND = re.compile(
    r"(?:(?:timeout|expires) \w+|counter(?: packets \d+ bytes \d+)?|comment \"[^\"]*\"| )*"
)
_MOST_WORDS = 10_000
_OPENS = re.compile(
    rf"\s*(?:#!.*\bnft\b|{_TABLE.replace(' ', chr(92) + 's+')}\s*(?:\{{|$)"
    r"|(?:nft\s+)?(?:add|create|flush|delete|destroy)\s+(?:element|table|set|ruleset)\b"
    r"|define\s+\w+\s*=|elements\s*=\s*\{|set\s+\S+\s*\{)"
)


def read_nft_sets(source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
    """Read sets of nftables.

    Sets of ports and the like are counted and left out. A set of addresses together with ports is
    refused, since its elements block no whole address.

    References
    ----------
    nft(8), "SETS".

    Raises
    ------
    DataError
        If the file holds anything but sets.
    """
    gathering = Gathering(name, skip_bad=skip_bad, limits=limits)
    found = _Sets(gathering)
    for lines in read_numbered(source, gathering, limits):
        for number, line in lines:
            for token in _tokens(line):
                found.read(token, number)
            if not line.endswith("\\"):
                found.end_line(number)
        found.groups.flush()
    found.end()
    return found.groups.finish(Origin(name, "nftables"))


def _tokens(line: str) -> Iterator[str]:
    """Yield the words and marks of a line, up to a comment."""
    for token in _TOKEN.findall(line.removesuffix("\\")):
        if token.startswith("#"):
            return
        yield token


class _Sets:
    """Reads word by word, and knows in which braces."""

    def __init__(self, gathering: Gathering) -> None:
        self._gathering = gathering
        self.groups = Groups(gathering, "sets")
        # What each open brace holds: "table", "set" or "elements".
        self._braces: list[str] = []
        self._words: list[str] = []
        self._table = self._group = ""
        self._is_read: dict[str, bool] = {}

    def read(self, token: str, number: int) -> None:
        """Read one word or mark."""
        inside = self._braces[-1] if self._braces else "file"
        if token == "{" and inside != "elements":
            self._open(inside, number)
        elif token == "}" and self._braces:
            self._end_statement(inside, number)
            self._braces.pop()
        elif token == ";" or (token == "," and inside == "elements"):
            self._end_statement(inside, number)
        elif token in "{}" or len(self._words) > _MOST_WORDS:
            self._refuse(number)
        else:
            self._words.append(token)

    def end_line(self, number: int) -> None:
        """End the statement of a line; elements go on to their comma."""
        inside = self._braces[-1] if self._braces else "file"
        # The kind of a list, such as flags, may go on behind a comma.
        if inside != "elements" and self._words[-1:] != [","]:
            self._end_statement(inside, number)

    def end(self) -> None:
        """End the file."""
        if self._braces:
            self._gathering.refuse("expected braces that close, got the end of the file")

    def _open(self, inside: str, number: int) -> None:
        words, self._words = self._words, []
        said = " ".join(words)
        elements = _ELEMENTS[inside].fullmatch(said) if inside in _ELEMENTS else None
        if elements:
            self._group = elements[1] or self._group
            self._braces.append("elements")
        elif inside in ("file", "table") and _KNOWN[inside].fullmatch(said):
            is_table = inside == "file" and "table" in words[:2]
            if is_table:
                self._table = words[-1]
            else:
                self._group = " ".join(words[-2:] if inside == "file" else [self._table, words[-1]])
            self._braces.append("table" if is_table else "set")
        else:
            self._refuse(number, said)

    def _end_statement(self, inside: str, number: int) -> None:
        words, self._words = self._words, []
        if not words:
            return
        said = " ".join(words)
        if inside == "elements":
            self._take_element(said, number)
        elif not _KNOWN[inside].fullmatch(said):
            self._refuse(number, said)
        elif inside == "set" and words[0] in ("type", "typeof"):
            self._is_read[self._group] = _OF_ADDRESSES.fullmatch(said) is not None
            self.groups.check(len(self._is_read))
            if not self._is_read[self._group] and _ADDRESS_IN.search(said):
                message = "expected a set of addresses, got one of addresses with more beside them"
                raise DataError([Problem(self._gathering.name, f"{message}: {said}", number)])

    def _take_element(self, said: str, number: int) -> None:
        """Take one element, which may have a time or a comment behind its address."""
        if not self._is_read.get(self._group, True):
            self.groups.leave_out("elements of sets are no addresses")
            return
        found = re.fullmatch(r"(\S+(?: - \S+)?)(.*)", said)
        if found is None or not _BEHIND.fullmatch(found[2]):
            self._gathering.refuse(f"expected an address alone, got {shown(said)}", number)
        else:
            if "timeout" in found[2] or "expires" in found[2]:
                self._gathering.note(EXPIRES)
            self.groups.take(found[1].replace(" ", ""), number, self._group)

    def _refuse(self, number: int, said: str = "") -> NoReturn:
        """Refuse the file: it holds more than sets."""
        got = f" ({shown(said)})" if said else ""
        raise DataError([Problem(self._gathering.name, NFTABLES.refusal + got, number)])


def fits_nft_sets(sample: Sample) -> bool:
    """Return whether a line opens a table or a set, or is a command about sets."""
    return any(_OPENS.match(line) for line in (*sample.text.split("\n")[:1], *sample.lines))
