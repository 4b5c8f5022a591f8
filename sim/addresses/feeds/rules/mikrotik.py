"""Exports of MikroTik RouterOS: address lists, dropping rules, blackhole routes.

In: ``.rsc`` scripts as ``/export`` writes them, or as list makers do. Out: one record per address
that is there at the end. Entries that are names are records without addresses: the router resolves
them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import BinaryIO

from sim.addresses.feeds.feed import Feed, Origin
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.numbered import Numbered, read_numbered
from sim.addresses.feeds.rules.routeros import Change, added, changed, split_commands
from sim.addresses.feeds.rules.verdicts import Verdict, Verdicts
from sim.addresses.feeds.samples import Sample
from sim.addresses.sets.notation import shown
from sim.addresses.text.source import Limits, Source

_PATH = re.compile(r"/(ip|ipv6)[ /](?:firewall[ /](address-list|filter|raw)|(route))\b")
_NAME = re.compile(r"(?=[^:]*[a-z])([\w-]+\.)+[a-z][\w-]*", re.I)
_DROPS = ("drop", "reject", "tarpit")
_BLACKHOLES = ("blackhole", "unreachable", "prohibit")
_RULES, _ROUTES = "dropping rules", "blackhole routes"
# Bytes of a command that backslashes spread over lines.
_MOST_LETTERS = 2**18
_COMMAND = (
    r"/.*|:?do \{.*|add .*|:(global|local|foreach|if|log|put) .*|\}.*|(remove|disable|set) .*"
)


def read_mikrotik(source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
    """Read a RouterOS script.

    Addresses come from ``/ip firewall address-list``, from ``filter`` and ``raw`` rules that drop,
    and from routes that are blackholes, of both families. A list that rules only let through is
    left out, as is what is disabled. ``remove`` and ``disable`` act on what the file added before,
    where they find it by its list or its address, or all of it; other changes of what was added are
    refused. Commands of other menus are passed over.

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
        self.verdicts = Verdicts(gathering, "lists", (_RULES, _ROUTES))
        self._menu = self._family = ""
        # What was added so far: menus with entries, families that have lists, and whether names.
        self._filled: set[str] = set()
        self._families: set[str] = set()
        # Lists of both families may have one name: it stands for the one that came first.
        self._family_of: dict[str, str] = {}
        self._has_names = False
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
        """Read what was begun, and ask for what is not there."""
        if self._begun:
            self._run(self._begun, self._begun_at)
        if elsewhere := self.verdicts.dropped_elsewhere():
            how = "as /export writes them"
            self.verdicts.note_elsewhere(len(elsewhere), "lists", elsewhere, how)

    def _run(self, line: str, number: int) -> None:
        for command in split_commands(line):
            if path := _PATH.search(command):
                self._menu, self._family = path[2] or path[3], path[1]
            elif command.startswith("/"):
                self._menu = ""
            if not self._menu:
                continue
            if found := added(command):
                self._add(*found, command, number)
            elif change := changed(command):
                self._change(change, command, number)

    def _add(self, given: dict[str, str], flags: set[str], command: str, number: int) -> None:
        if given.get("disabled") == "yes":
            self.verdicts.leave_out("entries are disabled")
        elif self._menu == "address-list":
            self._families.add(self._family)
            self._take(given.get("address", ""), self._group(given.get("list", "")), number)
        elif self._menu == "route":
            kinds = {given.get("type", ""), *flags, *(key for key in given if key in _BLACKHOLES)}
            if kinds & set(_BLACKHOLES):
                self._take(given.get("dst-address", ""), _ROUTES, number)
        else:
            self._filled.add(self._menu)
            self._rule(given, command, number)

    def _change(self, change: Change, command: str, number: int) -> None:
        """Carry out a change of what was added before; refuse one that cannot be."""
        if self._menu not in self._filled:
            return
        ends = change.verb in ("remove", "disable") or (
            change.verb == "set" and change.given == {"disabled": "yes"}
        )
        if not ends or change.where is None or not self._take_back(change.where, number):
            message = "expected a command of which it is known which entries of the file it changes"
            self._gathering.refuse(f"{message}, got {shown(command)}", number)

    def _take_back(self, where: Mapping[str, str], number: int) -> bool:
        """Take back what is found so; False where it is not known what that is."""
        key = {"address-list": "address", "route": "dst-address"}.get(self._menu, "")
        address, name = where.get(key, ""), where.get("list")
        known = {"list", "address"} if self._menu == "address-list" else {key}
        if set(where) - known or not key or any(text.startswith("$") for text in where.values()):
            return False
        if self._menu == "route":
            name = _ROUTES
        elif self._has_names if address else name is None and self._families != {self._family}:
            # A name is found by no address; all lists of a family are no group of their own.
            return False
        elif name is not None:
            name = self._group(name)
        if address:
            self.verdicts.remove(address, number, name, may_be_missing=True)
        else:
            self.verdicts.clear(name)
        return True

    def _group(self, name: str) -> str:
        """Return what a list of this menu's family is called among all."""
        is_first = self._family_of.setdefault(name, self._family) == self._family
        self.verdicts.check(len(self._family_of))
        return name if is_first else f"{name} ({self._family})"

    def _rule(self, given: dict[str, str], command: str, number: int) -> None:
        action = given.get("action", "accept")
        verdict = Verdict.DROP if action in _DROPS else Verdict.OTHER
        if action in ("accept", "return"):
            verdict = Verdict.PASS
        for key in ("src-address-list", "dst-address-list"):
            if key in given and not given[key].startswith("!"):
                self.verdicts.use(self._group(given[key]), verdict)
        sides = [given[key] for key in ("src-address", "dst-address") if key in given]
        if verdict is not Verdict.DROP or not sides:
            return
        if len(sides) > 1 or sides[0].startswith("!"):
            got = "a rule for pairs of both" if len(sides) > 1 else "one that it does not match (!)"
            message = f"expected a source or a destination that a rule drops, got {got}"
            self._gathering.refuse(f"{message}: {shown(command)}", number)
        else:
            self._take(sides[0], _RULES, number)

    def _take(self, text: str, group: str, number: int) -> None:
        self._filled.add(self._menu)
        if _NAME.fullmatch(text) and not text.startswith("$"):
            self._has_names = True
            self.verdicts.take_name(text.lower(), number, group)
        else:
            self.verdicts.take(text, number, group)


def fits_mikrotik(sample: Sample) -> bool:
    """Return whether a menu of addresses is entered and most lines are commands."""
    if not _PATH.search(sample.text) and "add list=" not in sample.text:
        return False
    return sample.most_lines(_COMMAND, "#")
