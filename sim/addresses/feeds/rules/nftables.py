"""Rulesets of nftables: elements of sets, definitions, and addresses in dropping rules.

In: a ruleset as ``nft list ruleset`` or a script writes it. Out: one record per address that is
there at the end. Ports beside an address are not kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import BinaryIO

from sim.addresses.feeds.feed import Feed, Origin
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.numbered import read_numbered
from sim.addresses.feeds.rules.nft_tables import (
    DROPPING_MAPS,
    DROPPING_RULES,
    Place,
    Tables,
)
from sim.addresses.feeds.rules.verdicts import Verdict, Verdicts
from sim.addresses.feeds.samples import Sample
from sim.addresses.sets.notation import shown
from sim.addresses.text.source import Limits, Source

_TOKEN = re.compile(r'"[^"]*"|#.*|[{},;]|[^\s{},;"#]+')
_ADDRESS = re.compile(r"\d+\.\d+\.\d+.*|[0-9a-f]*:[0-9a-f]*:.*", re.I)
_VERDICTS = {
    "drop": Verdict.DROP,
    "reject": Verdict.DROP,
    "accept": Verdict.PASS,
    "return": Verdict.PASS,
}
_SIDES = ("saddr", "daddr")
_TYPES = ("ipv4_addr", "ipv6_addr", *_SIDES)
_BLOCKS = ("table", "chain", "set", "map")
_ADDS, _TAKES_BACK = ("add", "create"), ("delete", "destroy")
# Words of a statement, addresses of a rule that wait for its verdict, and braces in braces.
_MOST_WORDS, _MOST_WAITING, _MOST_DEEP = 10_000, 500_000, 50
_OPENS = re.compile(
    r"\s*(table\s+((inet|ip6?|bridge|netdev|arp)\s+)?[\w.-]+\s*\{|(add|create)\s+(element|table|set)"
    r"\s|(flush|delete|destroy)\s+(ruleset|set|table|element)\b|define\s+\w+\s*=|#!.*nft\b|elements\s*=\s*\{)"
)


def read_nftables(source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
    """Read a ruleset of nftables.

    Elements count unless rules use their set only to let through. Maps count where their verdict
    drops. Rules count where they drop a source or a destination that they name; one with ``!=``,
    or for pairs of both, is refused. Commands that delete or flush act on what came before them in
    the file; those of which it cannot be told what they take away are refused.

    References
    ----------
    nft(8), "SETS", "MAPS" and "RULES".
    """
    gathering = Gathering(name, skip_bad=skip_bad, limits=limits)
    found = _Ruleset(gathering)
    for lines in read_numbered(source, gathering, limits):
        for number, line in lines:
            for token in _tokens(line):
                found.read(token, number)
            if not line.endswith("\\"):
                found.end_line(number)
        found.verdicts.flush()
    found.end()
    return found.verdicts.finish(Origin(name, "nftables"))


def _tokens(line: str) -> Iterator[str]:
    """Yield the words and marks of a line, up to a comment."""
    for token in _TOKEN.findall(line.removesuffix("\\")):
        if token.startswith("#"):
            return
        yield token


class _Ruleset:
    """Reads word by word, and knows in which braces."""

    def __init__(self, gathering: Gathering) -> None:
        self._gathering = gathering
        self.verdicts = Verdicts(gathering, "sets")
        self._tables = Tables(gathering, self.verdicts)
        # What each open brace holds: "block", or "elements", "map" and "list" inside a statement.
        self._braces: list[str] = []
        # Kind and name of each open block; empty for tables and chains.
        self._blocks: list[tuple[str, str]] = []
        self._holds_addresses: dict[str, bool] = {}
        self._set_of: dict[str, str] = {}
        # Whether packets come to the open chain by themselves.
        self._is_hooked = False
        # The table that is open, or that a command names.
        self._place = Place("", "")
        self._words: list[str] = []
        self._item: list[str] = []
        self._group = ""
        self._waiting: list[tuple[str, int]] = []

    def read(self, token: str, number: int) -> None:
        """Read one word or mark."""
        inside = self._braces[-1] if self._braces else "block"
        if token == "{":
            self._open(number)
        elif token == "}":
            self._close(inside, number)
        elif inside != "block":
            if token in (",", ";"):
                self._end_item(inside, number)
            elif len(self._item) < _MOST_WORDS:
                self._item.append(token)
        elif token == ";":
            self._end_statement(number)
        elif len(self._words) < _MOST_WORDS:
            self._words.append(token)

    def end_line(self, number: int) -> None:
        """End the statement of a line, unless one of its braces is open."""
        if not self._braces or self._braces[-1] == "block":
            self._end_statement(number)

    def end(self) -> None:
        """End the file."""
        if self._braces:
            self._gathering.refuse("expected braces that close, got the end of the file")
        self._end_statement(0)
        for definition, name in self._set_of.items():
            for verdict in self.verdicts.uses(name):
                self.verdicts.use(definition, verdict)
        elsewhere = [
            name
            for name in self.verdicts.dropped_elsewhere()
            if name not in self._holds_addresses and not name.startswith("$")
        ]
        if elsewhere:
            how = "as nft list ruleset writes them"
            self.verdicts.note_elsewhere(len(elsewhere), "sets", elsewhere, how)

    def _open(self, number: int) -> None:
        words = self._words
        kind, name = self._blocks[-1] if self._blocks else ("", "")
        holds = "list"
        if len(self._braces) >= _MOST_DEEP:
            self._gathering.refuse("expected braces a few deep, got more", number)
        elif words[-2:] == ["elements", "="]:
            holds, self._group = ("map" if kind == "map" else "elements"), name
        elif words[1:2] == ["element"]:
            holds, self._group = "elements", words[-1]
            if words[0] in _TAKES_BACK:
                holds = "gone"
            elif words[0] not in _ADDS:
                message = "expected elements to be added or deleted"
                self._gathering.refuse(f"{message}, got {shown(' '.join(words))}", number)
                holds = "list"
            self._place = Place.of(words[2:-1])
        elif words[:1] == ["define"]:
            holds, self._group = "elements", f"${words[1]}" if len(words) > 1 else ""
        elif words[-1:] in (["vmap"], ["map"]):
            holds, self._group = "map", DROPPING_MAPS
        elif not words or words[0] in _BLOCKS or (words[1:2] and words[1] in _BLOCKS):
            holds = "block"
            kind = next((each for each in ("set", "map") if each in words[:2]), "")
            self._blocks.append((kind, words[-1] if kind else ""))
            self._is_hooked = False
            at = 1 + next((row for row, word in enumerate(words[:2]) if word in _BLOCKS), 0)
            if len(self._blocks) == 1 and words:
                self._place = Place.of(words[at:])
            self._words = []
        self._braces.append(holds)

    def _close(self, inside: str, number: int) -> None:
        if not self._braces:
            self._gathering.refuse("expected braces that are open, got one that closes", number)
            return
        if inside == "block":
            self._end_statement(number)
            self._blocks.pop()
        else:
            self._end_item(inside, number)
        self._braces.pop()

    def _end_item(self, inside: str, number: int) -> None:
        """Take one element of a set, a map or a list in a rule."""
        item, self._item = self._item, []
        if not item:
            return
        address = "".join(item[:3]) if item[1:2] == ["-"] else item[0]
        if inside == "list":
            if any(word in _SIDES for word in self._words[-2:]):
                self._wait(address, number)
        elif (inside == "map" or ":" in item) and _VERDICTS.get(item[-1]) is not Verdict.DROP:
            self.verdicts.leave_out("elements of maps are not dropped")
        elif not self._holds_addresses.get(self._group, True) or (
            self._group.startswith("$") and not _ADDRESS.match(address)
        ):
            self.verdicts.leave_out("elements of sets are no addresses")
        elif inside == "gone":
            self._remove_element(item, address, number)
        else:
            self._take_element(item, address, number)

    def _take_element(self, item: list[str], address: str, number: int) -> None:
        """Take one element, which may hold more than its address."""
        if "." in item:
            parts = [word for word in item if _ADDRESS.match(word)]
            if len(parts) > 1:
                message = f"expected one address in an element, got {shown(' '.join(item))}"
                self._gathering.refuse(message, number)
                return
            address = parts[0] if parts else address
            self._gathering.note("ports and interfaces beside addresses are not kept")
        if self._group == DROPPING_MAPS:
            self._tables.hold_rules(self._place)
        elif not self._group.startswith("$"):
            self._tables.hold_elements(self._place, self._group)
        self.verdicts.take(address, number, self._group)

    def _remove_element(self, item: list[str], address: str, number: int) -> None:
        """Take one element away, which must be an address alone."""
        if "." in item:
            message = "expected to delete an element that is an address alone"
            self._gathering.refuse(f"{message}, got {shown(' '.join(item))}", number)
        else:
            self._tables.remove(address, number, self._place, self._group)

    def _wait(self, address: str, number: int) -> None:
        if len(self._waiting) >= _MOST_WAITING:
            self._gathering.refuse(f"expected at most {_MOST_WAITING:,} addresses a rule", number)
        else:
            self._waiting.append((address, number))

    def _end_statement(self, number: int) -> None:
        """End a statement: the kind of a set, a definition, or a rule, whose verdict is known."""
        words, self._words = self._words, []
        waiting, self._waiting = self._waiting, []
        kind, name = self._blocks[-1] if self._blocks else ("", "")
        if kind and words[:1] in (["type"], ["typeof"]):
            self._holds_addresses[name] = any(word in _TYPES for word in words)
            self.verdicts.check(len(self._holds_addresses))
        elif kind and words[:2] == ["elements", "="]:
            self._set_of |= {word: name for word in words[2:] if word.startswith("$")}
            if len(words) > 2:
                self._tables.hold_elements(self._place, name)
                self._tables.hold_definition(self._place)
            self.verdicts.check(len(self._set_of))
        elif words[:1] == ["define"]:
            if len(words) == 4 and _ADDRESS.match(words[3]):
                self.verdicts.take(words[3], number, f"${words[1]}")
        elif words and not kind and (self._blocks or not self._tables.run(words, number)):
            if not self._blocks:
                self._place = Place.of(words[2:])
            self._rule(words, waiting, number)

    def _rule(self, words: list[str], waiting: list[tuple[str, int]], number: int) -> None:
        self._is_hooked |= words[:1] == ["type"] and "hook" in words
        if words == ["policy", "drop"] or (self._is_hooked and _drops_all(words)):
            message = "expected rules that drop the addresses they name"
            got = f"got {shown(' '.join(words))}: it drops every address"
            self._gathering.refuse(f"{message}, {got}", number)
            return
        verdict = next((_VERDICTS[word] for word in words if word in _VERDICTS), Verdict.OTHER)
        operands = [two for one, two in pairwise(words) if one in _SIDES]
        waiting += [(word, number) for word in operands if _ADDRESS.match(word)]
        if "!=" in operands:
            message = "expected addresses that a rule drops, got all others (!=)"
            if verdict is Verdict.DROP:
                self._gathering.refuse(f"{message}: {shown(' '.join(words))}", number)
            return
        for word in words:
            if word[0] in "@$":
                self.verdicts.use(word.removeprefix("@"), verdict)
                self._tables.hold_rules(self._place)
            if word[0] == "$":
                self._tables.hold_definition(self._place)
        if verdict is not Verdict.DROP:
            if waiting:
                self.verdicts.leave_out("addresses of rules are not dropped", len(waiting))
        elif waiting and set(_SIDES) <= set(words):
            message = "expected a source or a destination, got a rule for pairs of both"
            self._gathering.refuse(f"{message}: {shown(' '.join(words))}", number)
        else:
            for text, line in waiting:
                self._tables.hold_rules(self._place)
                self.verdicts.take(text, line, DROPPING_RULES)


def _drops_all(words: list[str]) -> bool:
    """Whether a rule drops, or rejects, without a condition."""
    before = [word for word in words if not word.isdigit()]
    what = [word for word in before if word not in ("counter", "packets", "bytes", "log")]
    return what == ["drop"] or what[:1] == ["reject"]


def fits_nftables(sample: Sample) -> bool:
    """Return whether a line opens a table, a set or a definition."""
    return any(_OPENS.match(line) for line in (*sample.text.split("\n")[:1], *sample.lines))
