"""Sets of the Linux kernel, as ``ipset save`` and ``ipset list`` write them.

In: ``create`` and ``add`` lines, or the members of listed sets. Out: one record per member that
holds an address. Ports and interfaces beside an address are not kept.
"""

from __future__ import annotations

import re
import shlex
from typing import BinaryIO

from sim.addresses.feeds.feed import Feed, Origin
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.numbered import read_numbered
from sim.addresses.feeds.rules.verdicts import Verdicts
from sim.addresses.feeds.samples import Sample, is_address
from sim.addresses.sets.notation import shown
from sim.addresses.text.source import Limits, Source

# Kinds of sets whose members begin with no address (ipset(8), "SET TYPES").
_NO_ADDRESSES = ("list:set", "hash:mac", "bitmap:port", "setlist", "portmap", "macipmap")
_OTHER_COMMANDS = ("flush", "destroy", "swap", "rename", "commit", "-f", "-x", "-w", "-e")
_ADDS = ("add", "-a", "--add")
_CREATES = ("create", "-n", "--create")
_KIND = r"(hash|bitmap|list|\w+hash|\w+map|setlist)\b"
_SAVED = re.compile(
    rf"(ipset )?((create|-N|--create) (-exist |-! )?\S+ {_KIND}.*"
    r"|(add|-A|--add) (-exist |-! )?\S+ [\w.:,/][^\s={]*( .*)?)"
)


def read_ipset(source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
    """Read what ``ipset save`` or ``ipset list`` wrote.

    Members marked ``nomatch`` are exceptions to a wider one and refused: the list without them
    would say more than is blocked.

    References
    ----------
    ipset(8).
    """
    gathering = Gathering(name, skip_bad=skip_bad, limits=limits)
    found = _Sets(gathering)
    for lines in read_numbered(source, gathering, limits):
        for number, line in lines:
            if not line.startswith("#"):
                found.read(line, number)
        found.verdicts.flush()
    return found.verdicts.finish(Origin(name, "ipset"))


class _Sets:
    """Reads line by line, and knows the kind of each set."""

    def __init__(self, gathering: Gathering) -> None:
        self._gathering = gathering
        self.verdicts = Verdicts(gathering, "sets")
        self._kinds: dict[str, str] = {}
        self._listed = ""
        self._is_member = False

    def read(self, line: str, number: int) -> None:
        """Read one line."""
        head, colon, rest = line.partition(":")
        if colon and head in ("Name", "Type", "Revision", "Header", "Size in memory"):
            self._read_header(head, rest.strip())
        elif colon and head in ("References", "Number of entries", "Default"):
            return
        elif line == "Members:":
            self._is_member = True
        elif self._is_member and not re.match(_SAVED, line):
            self._add(self._listed, line.split(), number)
        else:
            self._read_command(line, number)

    def _read_header(self, key: str, value: str) -> None:
        if key == "Name":
            self._listed, self._is_member = value, False
        elif key == "Type":
            self._create(self._listed, value)

    def _read_command(self, line: str, number: int) -> None:
        try:
            words = shlex.split(line) if '"' in line else line.split()
        except ValueError:
            self._gathering.refuse(f"expected quotes that close, got {shown(line)}", number)
            return
        words = [word for word in words if word not in ("-exist", "-!", "-q", "-quiet")]
        if words and words[0] == "ipset":
            words = words[1:]
        command = words[0].lower() if words else ""
        if command in _CREATES and len(words) >= 3:
            self._create(words[1], words[2])
        elif command in _ADDS and len(words) >= 3:
            self._add(words[1], words[2:], number)
        elif command not in _OTHER_COMMANDS:
            self._gathering.refuse(
                f"expected create or add, as ipset save writes them, got {shown(line)}", number
            )

    def _create(self, name: str, kind: str) -> None:
        self._kinds[name] = kind
        # As many as there may be groups of addresses.
        self.verdicts.check(len(self._kinds))

    def _add(self, name: str, words: list[str], number: int) -> None:
        """Take one member: the address before its ports, interface and options."""
        kind = self._kinds.get(name, "")
        if kind in _NO_ADDRESSES:
            self.verdicts.leave_out(f"members of sets of kind {kind} hold no address")
            return
        address, *others = words[0].split(",")
        if "nomatch" in words[1:]:
            message = "expected a member that matches, got an exception to a wider one (nomatch)"
            self._gathering.refuse(f"{message}: {shown(' '.join(words))}", number)
        elif any(is_address(other) and not other.isdigit() for other in others):
            message = "expected one address in a member, got a pair of addresses"
            self._gathering.refuse(f"{message}: {shown(words[0])}", number)
        else:
            if others:
                self._gathering.note("ports, interfaces and MAC addresses of members are not kept")
            self.verdicts.take(address, number, name)


def fits_ipset(sample: Sample) -> bool:
    """Return whether most lines create sets or add to them, or a listing of sets begins."""
    lines = sample.lines
    if len(lines) > 1 and lines[0].startswith("Name: ") and lines[1].startswith("Type: "):
        return True
    return bool(lines) and sample.most_lines(_SAVED.pattern, "#")
