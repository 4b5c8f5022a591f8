"""Sets of addresses as ipset and nftables write them.

Whatever else nftables has (chains, rules, maps, definitions, commands that take away) is no list,
and the whole file is refused.
"""

from __future__ import annotations

import ipaddress
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import NoReturn

from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.gather import Gathering, read_numbered
from sim.addresses.feeds.groups import EXPIRES, Groups
from sim.addresses.feeds.inputs import Sample
from sim.addresses.feeds.refused import NFTABLES
from sim.addresses.sets.notation import shown
from sim.addresses.text.reading import differs
from sim.addresses.text.source import Readable
from sim.errors import DataError, Problem

# Kinds of sets whose members are addresses, and those that hold none (ipset(8), "SET TYPES"). Of
# the others a member is an address together with a port, a mark, an interface or another address.
_ADDRESSES = ("hash:ip", "hash:net", "bitmap:ip", "iphash", "nethash", "ipmap")
_NO_ADDRESSES = ("list:set", "hash:mac", "bitmap:port", "setlist", "portmap")
# Commands by all their names, short ones in capitals; what only reads is passed over.
_COMMANDS = {
    **dict.fromkeys(("add", "-A", "--add"), "add"),
    **dict.fromkeys(("create", "-N", "--create"), "create"),
    **dict.fromkeys(("flush", "-F", "--flush", "destroy", "-X", "--destroy"), "clears"),
    **dict.fromkeys(("del", "-D", "--del", "swap", "-W", "--swap"), "changes"),
    **dict.fromkeys(("rename", "-E", "--rename"), "changes"),
    **dict.fromkeys(("commit", "list", "-L", "--list", "save", "-S", "test", "-T"), "reads"),
}
_LENIENT = ("-exist", "-!", "--exist", "-q", "-quiet", "--quiet")
_KIND = r"(hash|bitmap|list|\w+hash|\w+map|setlist)\b"
_SAVED = re.compile(
    rf"(ipset )?((create|-N|--create) (-exist |-! )?\S+ {_KIND}.*"
    r"|(add|-A|--add|del|-D|--del) (-exist |-! )?\S+ [\w.:,/][^\s={]*( .*)?"
    r"|(flush|destroy|-F|-X) \S+|(swap|rename|-W|-E) \S+ \S+)"
)


def read_ipset(source: Readable, gathering: Gathering) -> Feed:
    """Read what ``ipset save`` or ``ipset list`` wrote.

    Commands that change what earlier ones added are refused. Members of a set with a netmask are
    networks of that size. Members of a set that has ports, marks or interfaces beside addresses
    block no whole address, and are refused.

    References
    ----------
    ipset(8).

    Raises
    ------
    DataError
        If a member is an exception to a wider one (``nomatch``), or a command takes something
        back: without it, the list would say more than is blocked. Other mistakes as ``skip_bad``
        has it.
    """
    found = _IpSets(gathering)
    for lines in read_numbered(source, gathering):
        for number, line in lines:
            if not line.startswith("#"):
                found.read(line, number)
        found.groups.flush()
    found.check_number()
    return found.groups.finish("ipset")


class _IpSets:
    """Reads line by line, and knows the kind of each set."""

    def __init__(self, gathering: Gathering) -> None:
        self._gathering = gathering
        self.groups = Groups(gathering, "sets")
        # Type of each set, and the bits of its netmask where it has one.
        self._kinds: dict[str, tuple[str, str]] = {}
        self._listed = ""
        self._is_member = False
        self._n_stated = ""
        self._n_members = self._line_stated = 0

    def read(self, line: str, number: int) -> None:
        """Read one line."""
        head, colon, rest = line.partition(":")
        if colon and head in ("Name", "Type", "Revision", "Header", "Size in memory"):
            self._read_header(head, rest.strip())
        elif colon and head == "Number of entries":
            self._n_stated, self._line_stated = rest.strip(), number
        elif colon and head in ("References", "Default"):
            return
        elif line == "Members:":
            self._is_member = True
        elif self._is_member and not re.match(_SAVED, line):
            self._n_members += 1
            self._add(self._listed, line.split(), number)
        else:
            self._read_command(line, number)

    def _read_header(self, key: str, value: str) -> None:
        if key == "Name":
            self.check_number()
            self._listed, self._is_member = value, False
        elif key == "Type":
            self._create(self._listed, value, ())
        elif key == "Header" and self._listed in self._kinds:
            self._create(self._listed, self._kinds[self._listed][0], value.split())

    def check_number(self) -> None:
        """Refuse the set listed last where it has not as many members as it states."""
        what = f"members of {self._listed}"
        if self._n_stated and (wrong := differs(self._n_stated, self._n_members, what)):
            self._gathering.refuse(wrong, self._line_stated)
        self._n_stated, self._n_members = "", 0

    def _read_command(self, line: str, number: int) -> None:
        try:
            words = shlex.split(line) if '"' in line else line.split()
        except ValueError:
            self._gathering.refuse(f"expected quotes that close, got {shown(line)}", number)
            return
        words = [word for word in words if word not in _LENIENT]
        if words and words[0] == "ipset":
            words = words[1:]
        command = words[0] if words else ""
        match _COMMANDS.get(command, _COMMANDS.get(command.lower(), "")), words[1:]:
            case "create", [name, kind, *options]:
                self._create(name, kind, options)
            case "add", [name, member, *options]:
                self._add(name, [member, *options], number)
            case "clears", sets if not (
                self.groups.n_of.keys() & sets if sets else self.groups.n_of
            ):
                pass
            case "reads", _:
                pass
            case what, _:
                message = (
                    f"expected create and add of ipset, got {shown(line)}: restore and save the "
                    "sets (ipset restore < FILE; ipset save > list.ipset)"
                )
                # Without what it removes, the list would say more than is blocked.
                gathering, is_known = self._gathering, what in ("clears", "changes")
                (gathering.refuse_opposite if is_known else gathering.refuse)(message, number)

    def _create(self, name: str, kind: str, options: Sequence[str]) -> None:
        words = [word.strip("-:") for word in options]
        netmask = words[words.index("netmask") + 1 :][:1] if "netmask" in words else []
        # A mask of any bits is no netmask, and none of its members is read.
        kind += " with a bitmask" if "bitmask" in words else ""
        self._kinds[name] = kind, "".join(netmask)
        # As many as there may be groups of addresses.
        self.groups.check(len(self._kinds))

    def _add(self, name: str, words: list[str], number: int) -> None:
        """Take one member: the address before its options."""
        if address := self._address(name, words, number):
            self.groups.take(address, number, name)

    def _address(self, name: str, words: list[str], number: int) -> str:
        """Return the addresses of a member; empty where it has none, or was refused."""
        member, options = words[0], " ".join(words[1:]).partition("comment ")[0]
        if name not in self._kinds:
            self._gathering.note("sets that the file does not create are read as of hash:net")
        kind, netmask = self._kinds.get(name, ("hash:net", ""))
        if kind in _NO_ADDRESSES:
            self.groups.leave_out(f"members of sets of kind {kind} hold no address")
            return ""
        if "nomatch" in options.split():
            message = "expected a member that matches, got an exception to a wider one (nomatch)"
            problem = Problem(self._gathering.name, f"{message}: {shown(' '.join(words))}", number)
            raise DataError([problem])
        if kind not in _ADDRESSES or "," in member:
            self._gathering.refuse(
                "expected a member that is an address alone, as of hash:ip and hash:net, got "
                f"{shown(member)} of {shown(kind)}: save the other sets one by one",
                number,
            )
            return ""
        if re.search(r"\btimeout [1-9]", options):
            self._gathering.note(EXPIRES)
        return self._masked(member, netmask, number) if netmask else member

    def _masked(self, member: str, netmask: str, number: int) -> str:
        """Return the network that a member stands for in a set with a netmask."""
        try:
            if not netmask.isdecimal():
                raise ValueError
            return str(ipaddress.ip_network((member, int(netmask)), strict=False))
        except ValueError:
            message = f"expected a single address and a netmask in bits, got {shown(member)}"
            self._gathering.refuse(f"{message} and netmask {shown(netmask)}", number)
            return ""


def fits_ipset(sample: Sample) -> bool:
    """Return whether most lines create sets or add to them, or a listing of sets begins."""
    lines = sample.lines
    if len(lines) > 1 and lines[0].startswith("Name: ") and lines[1].startswith("Type: "):
        return True
    return bool(lines) and sample.most_lines(_SAVED.pattern, "#")


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


def read_nft_sets(source: Readable, gathering: Gathering) -> Feed:
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
    found = _Sets(gathering)
    for lines in read_numbered(source, gathering):
        for number, line in lines:
            for token in _tokens(line):
                found.read(token, number)
            if not line.endswith("\\"):
                found.end_line(number)
        found.groups.flush()
    found.end()
    return found.groups.finish("nftables")


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
                message = "expected a set of addresses, got one of addresses with other fields"
                raise self._gathering.wrong(f"{message}: {said}", number)

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
        raise self._gathering.wrong(NFTABLES.refusal + got, number)


def fits_nft_sets(sample: Sample) -> bool:
    """Return whether a line opens a table or a set, or is a command about sets."""
    return any(_OPENS.match(line) for line in (*sample.text.split("\n")[:1], *sample.lines))
