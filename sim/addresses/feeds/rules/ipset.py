"""Sets of the Linux kernel, as ``ipset save`` and ``ipset list`` write them.

In: ``create``, ``add`` and ``del`` lines, or the members of listed sets. Out: one record per member
that holds an address and is there at the end. Ports and interfaces beside it are not kept.
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
# Commands by all their names, short ones in capitals; what only reads is passed over.
_COMMANDS = {
    **dict.fromkeys(("add", "-A", "--add"), "add"),
    **dict.fromkeys(("create", "-N", "--create"), "create"),
    **dict.fromkeys(("del", "-D", "--del"), "del"),
    **dict.fromkeys(("flush", "-F", "--flush"), "flush"),
    **dict.fromkeys(("destroy", "-X", "--destroy"), "destroy"),
    **dict.fromkeys(("swap", "-W", "--swap"), "swap"),
    **dict.fromkeys(("rename", "-E", "--rename"), "rename"),
    **dict.fromkeys(("commit", "list", "-L", "--list", "save", "-S", "test", "-T"), "reads"),
}
_LENIENT = ("-exist", "-!", "--exist", "-q", "-quiet", "--quiet")
_KIND = r"(hash|bitmap|list|\w+hash|\w+map|setlist)\b"
_SAVED = re.compile(
    rf"(ipset )?((create|-N|--create) (-exist |-! )?\S+ {_KIND}.*"
    r"|(add|-A|--add|del|-D|--del) (-exist |-! )?\S+ [\w.:,/][^\s={]*( .*)?"
    r"|(flush|destroy|-F|-X) \S+|(swap|rename|-W|-E) \S+ \S+)"
)


def read_ipset(source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
    """Read what ``ipset save`` or ``ipset list`` wrote.

    Later commands act on what earlier ones of the file added, as the kernel would carry them out:
    ``del``, ``flush``, ``destroy``, ``swap``, ``rename``. What the file did not add is not in it.
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
        is_lenient = any(word in ("-exist", "-!", "--exist") for word in words)
        words = [word for word in words if word not in _LENIENT]
        if words and words[0] == "ipset":
            words = words[1:]
        command = words[0] if words else ""
        match _COMMANDS.get(command, _COMMANDS.get(command.lower(), "")), words[1:]:
            case "create", [name, kind, *_]:
                self._create(name, kind)
            case "add", [name, member, *options]:
                self._add(name, [member, *options], number)
            case "del", [name, member, *options]:
                self._remove(name, [member, *options], number, is_lenient=is_lenient)
            case ("flush" | "destroy") as what, [] | [_]:
                self.verdicts.clear(words[1] if words[1:] else None)
                if what == "destroy" and not words[1:]:
                    self._kinds = {}
                elif what == "destroy":
                    self._kinds.pop(words[1], None)
            case "swap" | "rename", [one, other]:
                self._exchange(one, other)
            case "reads", _:
                pass
            case _:
                expected = "expected create, add, del, flush, destroy, swap or rename of ipset"
                self._gathering.refuse(f"{expected}, got {shown(line)}", number)

    def _exchange(self, one: str, other: str) -> None:
        """Let two sets swap what they hold, or give one the name of the other."""
        self.verdicts.exchange(one, other)
        kinds = [self._kinds.pop(each, None) for each in (one, other)]
        self._kinds |= {
            name: kind for name, kind in zip((other, one), kinds, strict=True) if kind is not None
        }

    def _create(self, name: str, kind: str) -> None:
        self._kinds[name] = kind
        # As many as there may be groups of addresses.
        self.verdicts.check(len(self._kinds))

    def _add(self, name: str, words: list[str], number: int) -> None:
        """Take one member: the address before its ports, interface and options."""
        if address := self._address(name, words, number):
            self.verdicts.take(address, number, name)

    def _remove(self, name: str, words: list[str], number: int, *, is_lenient: bool) -> None:
        """Take one member back.

        With -exist it may be missing, but from sets of single addresses, which take ranges apart:
        what is missing here may be part of one.
        """
        if "," in words[0] and self._kinds.get(name, "") not in _NO_ADDRESSES:
            message = "expected to remove a member that is an address alone, got one with a port"
            self._gathering.refuse(f"{message} or interface: {shown(words[0])}", number)
        elif address := self._address(name, words, number):
            is_sure = self._kinds.get(name, "") in ("hash:net", "nethash")
            self.verdicts.remove(address, number, name, may_be_missing=is_lenient and is_sure)

    def _address(self, name: str, words: list[str], number: int) -> str:
        """Return the address of a member; empty where it has none, or was refused."""
        kind = self._kinds.get(name, "")
        if kind in _NO_ADDRESSES:
            self.verdicts.leave_out(f"members of sets of kind {kind} hold no address")
            return ""
        address, *others = words[0].split(",")
        if "nomatch" in words[1:]:
            message = "expected a member that matches, got an exception to a wider one (nomatch)"
            self._gathering.refuse(f"{message}: {shown(' '.join(words))}", number)
            return ""
        if any(is_address(other) and not other.isdigit() for other in others):
            message = "expected one address in a member, got a pair of addresses"
            self._gathering.refuse(f"{message}: {shown(words[0])}", number)
            return ""
        if others:
            self._gathering.note("ports, interfaces and MAC addresses of members are not kept")
        return address


def fits_ipset(sample: Sample) -> bool:
    """Return whether most lines create sets or add to them, or a listing of sets begins."""
    lines = sample.lines
    if len(lines) > 1 and lines[0].startswith("Name: ") and lines[1].startswith("Type: "):
        return True
    return bool(lines) and sample.most_lines(_SAVED.pattern, "#")
