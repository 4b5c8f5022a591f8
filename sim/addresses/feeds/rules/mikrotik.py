"""Exports of MikroTik RouterOS: address lists, dropping rules, blackhole routes.

In: ``.rsc`` scripts as ``/export`` writes them, or as list makers do. Out: one record per address.
Entries that are names are records
without addresses: the router resolves them.
"""

from __future__ import annotations

import re
from typing import BinaryIO

from sim.addresses.feeds.feed import Feed, Origin
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.numbered import Numbered, read_numbered
from sim.addresses.feeds.rules.verdicts import Verdict, Verdicts
from sim.addresses.feeds.samples import Sample
from sim.addresses.sets.notation import shown
from sim.addresses.text.source import Limits, Source

_WORD = re.compile(r'([\w.-]+)=("(?:[^"\\]|\\.)*"|[^\s"}]*)|([^\s{}]+)')
_PATH = re.compile(r"/(ip|ipv6)[ /](?:firewall[ /](address-list|filter|raw)|(route))\b")
_ADD = re.compile(r"(?:^|[\s{])add\s(.*)", re.DOTALL)
_NAME = re.compile(r"(?=[^:]*[a-z])([\w-]+\.)+[a-z][\w-]*", re.I)
_DROPS = ("drop", "reject", "tarpit")
_BLACKHOLES = ("blackhole", "unreachable", "prohibit")
# Bytes of a command that backslashes spread over lines.
_MOST_LETTERS = 2**18
_COMMAND = r"/.*|:?do \{.*|add .*|:(global|local|foreach|if|log|put) .*|\}.*"


def read_mikrotik(source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
    """Read a RouterOS script.

    Addresses come from ``/ip firewall address-list``, from ``filter`` and ``raw`` rules that drop,
    and from routes that are blackholes, of both families. A list that rules only let through is
    left out, as is what is disabled. Other commands are passed over.

    References
    ----------
    RouterOS documentation, "Address-lists" and "Configuration Management".
    """
    gathering = Gathering(name, skip_bad=skip_bad, limits=limits)
    found = _Script(gathering)
    for lines in read_numbered(source, gathering, limits):
        found.read(lines)
        found.verdicts.flush()
    found.finish()
    return found.verdicts.finish(Origin(name, "mikrotik"))


class _Script:
    """Reads commands, each in the menu that was last entered."""

    def __init__(self, gathering: Gathering) -> None:
        self._gathering = gathering
        self.verdicts = Verdicts(gathering, "lists")
        self._menu = ""
        self._begun = ""
        self._begun_at = 0

    def read(self, lines: Numbered) -> None:
        """Read lines; a backslash at the end of one joins the next to it."""
        for number, line in lines:
            if line.startswith("#") and not self._begun:
                continue
            self._begun_at = self._begun_at or number
            if line.endswith("\\") and len(self._begun) < _MOST_LETTERS:
                self._begun += line[:-1]
                continue
            command, at = self._begun + line, self._begun_at
            self._begun, self._begun_at = "", 0
            if len(command) > 2 * _MOST_LETTERS:
                self._gathering.refuse("expected a command of some lines, got a longer one", at)
            else:
                self._run(command, at)

    def finish(self) -> None:
        """Read what was begun."""
        if self._begun:
            self._run(self._begun, self._begun_at)

    def _run(self, command: str, number: int) -> None:
        if path := _PATH.search(command):
            self._menu = path[2] or path[3]
        elif command.startswith("/"):
            self._menu = ""
        added = _ADD.search(command)
        if not added or not self._menu:
            return
        given = {key: value.strip('"') for key, value, _ in _WORD.findall(added[1]) if key}
        flags = {flag for _, _, flag in _WORD.findall(added[1]) if flag}
        if given.get("disabled") == "yes":
            self.verdicts.leave_out("entries are disabled")
        elif self._menu == "address-list":
            self._take(given.get("address", ""), given.get("list", ""), number)
        elif self._menu == "route":
            kinds = {given.get("type", ""), *flags, *(key for key in given if key in _BLACKHOLES)}
            if kinds & set(_BLACKHOLES):
                self._take(given.get("dst-address", ""), "blackhole routes", number)
        else:
            self._rule(given, command, number)

    def _rule(self, given: dict[str, str], command: str, number: int) -> None:
        action = given.get("action", "accept")
        verdict = Verdict.DROP if action in _DROPS else Verdict.OTHER
        if action in ("accept", "return"):
            verdict = Verdict.PASS
        for key in ("src-address-list", "dst-address-list"):
            if key in given and not given[key].startswith("!"):
                self.verdicts.use(given[key], verdict)
        sides = [given[key] for key in ("src-address", "dst-address") if key in given]
        if verdict is not Verdict.DROP or not sides:
            return
        if len(sides) > 1 or sides[0].startswith("!"):
            got = "a rule for pairs of both" if len(sides) > 1 else "one that it does not match (!)"
            message = f"expected a source or a destination that a rule drops, got {got}"
            self._gathering.refuse(f"{message}: {shown(command)}", number)
        else:
            self._take(sides[0], "dropping rules", number)

    def _take(self, text: str, group: str, number: int) -> None:
        if _NAME.fullmatch(text) and not text.startswith("$"):
            self.verdicts.take_name(text.lower(), number, group)
        else:
            self.verdicts.take(text, number, group)


def fits_mikrotik(sample: Sample) -> bool:
    """Return whether a menu of addresses is entered and most lines are commands."""
    if not _PATH.search(sample.text) and "add list=" not in sample.text:
        return False
    return sample.most_lines(_COMMAND, "#")
