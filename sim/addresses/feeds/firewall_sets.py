"""Named sets of addresses, as ``ipset save`` and ``nft list set`` write them.

Whatever else a file holds (commands that take away, chains, rules, maps, definitions) is no list,
and the whole file is refused.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from sim.addresses.feeds.feed import RESOLVE, Feed
from sim.addresses.feeds.gather import Gathering, read_numbered
from sim.addresses.feeds.inputs import Sample
from sim.addresses.feeds.refused import NFTABLES
from sim.addresses.feeds.verdicts import verdicts_among
from sim.addresses.sets.notation import shown
from sim.addresses.text.source import Readable
from sim.errors import Problem

# Sets of one file: thousands are in use, and each is kept by name.
_MOST_GROUPS = 100_000
_TOLD = 8

EXPIRES = "some entries expire (timeout): they are read as blocked"
"""Text of the note about entries with a timeout."""


class Groups:
    """Collects addresses by group.

    Parameters
    ----------
    gathering
        Takes the addresses.
    noun
        What a group is called in notes, in the plural.
    """

    def __init__(self, gathering: Gathering, noun: str) -> None:
        self._gathering = gathering
        self._noun = noun
        self.n_of: Counter[str] = Counter()
        self._waiting: list[tuple[str, str, int]] = []
        self._left_out: Counter[str] = Counter()

    def take(self, text: str, line: int, group: str, name: str = "") -> None:
        """Take an address, prefix or range of a group; or a name, whose addresses are not known."""
        self._waiting.append((text, name, line))
        self.n_of[group] += 1
        self.check(len(self.n_of))

    def flush(self) -> None:
        """Read what was taken: to be called after every block of lines."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            listed = [(text, row, at) for row, (text, name, at) in enumerate(waiting) if not name]
            self._gathering.add_named([name for _, name, _ in waiting], listed)

    def leave_out(self, why: str, n: int = 1) -> None:
        """Count what names addresses and blocks none of them."""
        self._left_out[why] += n
        self.check(len(self._left_out))

    def check(self, n: int) -> None:
        """Refuse a file with more groups than can be kept by name."""
        if n > _MOST_GROUPS:
            message = f"expected at most {_MOST_GROUPS:,} {self._noun}, got more"
            raise self._gathering.wrong(message)

    def finish(self, form: str, is_let_through: Callable[[str], bool] | None = None) -> Feed:
        """Return the feed, without names that are let through."""
        self.flush()
        taken = [f"{shown(group)} {n:,}" for group, n in self.n_of.items() if group]
        if len(taken) > 1:
            more = f" and {len(taken) - _TOLD:,} more" if len(taken) > _TOLD else ""
            self._gathering.note(f"{self._noun} read: {', '.join(taken[:_TOLD])}{more}")
        told = list(self._left_out.items())
        for why, n in told[:_TOLD]:
            self._gathering.note(f"{n:,} {why}: left out")
        if rest := told[_TOLD:]:
            n, reasons = sum(n for _, n in rest), "reason" if len(rest) == 1 else "reasons"
            self._gathering.note(f"{n:,} more, for {len(rest):,} other {reasons}: left out")
        feed = self._gathering.finish(form)
        notes = list(feed.notes)
        if is_let_through is not None and "name" in feed.labels:
            labels = feed.labels["name"]
            # The last is that of records without a name.
            through = np.array([*map(is_let_through, labels.names), False])[labels.code]
            if n_through := int(np.count_nonzero(through)):
                notes.append(f"{n_through:,} entries are let through by exceptions: left out")
                feed = feed.of_records(~through)
        if feed.n_unplaced and "name" in feed.labels and (n := feed.labels["name"].n_known):
            notes.append(f"{n:,} entries are names: {RESOLVE}")
        return replace(feed, notes=tuple(notes), questions=self._questions())

    def _questions(self) -> tuple[Problem, ...]:
        """Ask about groups that by their names are not blocked."""
        message = f"expected {self._noun} that are blocked, got one whose name says that it is not"
        return tuple(
            Problem(
                self._gathering.name,
                f"{message}: {shown(group)}; take it out, or name the form by --as",
            )
            for group in self.n_of
            if verdicts_among([re.sub(r"[\W\d_]+", " ", group.split(" ")[-1])])
        )


# Kinds of sets whose members are addresses (ipset(8), "SET TYPES"). Of the others that have some,
# a member is an address together with a port, a mark, an interface or another address.
_OF_ADDRESSES = ("hash:ip", "hash:net", "bitmap:ip")
_HAS_ADDRESSES = re.compile(r"ip|net")
_COMMAND = re.compile(r"(?:ipset )?(create|-N|add|-A) (?:-exist |-! )?(\S+) (\S+)(.*)")
_CHANGE = re.compile(r"(?:ipset )?(?:(?:--)?(?:del|swap|rename|flush|destroy)|-[DWEFX])(?: .*)?")


def read_ipset(source: Readable, gathering: Gathering) -> Feed:
    """Read what ``ipset save`` wrote.

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
    groups = Groups(gathering, "sets")
    kinds: dict[str, tuple[str, str]] = {}
    for lines in read_numbered(source, gathering):
        for number, line in lines:
            if line.startswith("#") or line == "COMMIT":
                continue
            if line.count('"') % 2:
                gathering.refuse(f"expected quotes that close, got {shown(line)}", number)
            elif not (found := _COMMAND.fullmatch(" ".join(line.split()))):
                message = (
                    f"expected create and add of ipset, got {shown(line)}: restore and save the "
                    "sets (ipset restore < FILE; ipset save > list.ipset)"
                )
                # Without what it removes, the list would say more than is blocked.
                takes_back = _CHANGE.fullmatch(line) is not None
                (gathering.refuse_opposite if takes_back else gathering.refuse)(message, number)
            elif found[1] in ("create", "-N"):
                kinds[found[2]] = found[3], found[4]
                groups.check(len(kinds))
            else:
                _, name, member, options = found.groups()
                if name not in kinds:
                    gathering.note("sets that the file does not create are read as of hash:net")
                kind = kinds.get(name, ("hash:net", ""))
                _add_member(groups, gathering, (number, name, member, options), kind)
        groups.flush()
    return groups.finish("ipset")


def _add_member(
    groups: Groups, gathering: Gathering, added: tuple[int, str, str, str], kind: tuple[str, str]
) -> None:
    """Take the addresses of a member of a set of some kind with some options."""
    number, name, member, behind = added
    kind_name, kind_options = kind
    if not _HAS_ADDRESSES.search(kind_name):
        groups.leave_out(f"members of sets of kind {kind_name} hold no address")
        return
    options = behind.partition(" comment ")[0]
    if "nomatch" in options.split():
        message = "expected a member that matches, got an exception to a wider one (nomatch)"
        raise gathering.wrong(f"{message}: {shown(f'{member}{behind}')}", number)
    if kind_name not in _OF_ADDRESSES or "bitmask" in kind_options or "," in member:
        gathering.refuse(
            "expected a member that is an address alone, as of hash:ip and hash:net, got "
            f"{shown(member)} of {shown(kind_name)}: save the other sets one by one",
            number,
        )
        return
    if re.search(r"\btimeout [1-9]", options):
        gathering.note(EXPIRES)
    if mask := re.search(r"\bnetmask (\S+)", kind_options):
        try:
            member = str(ipaddress.ip_network((member, int(mask[1])), strict=False))
        except ValueError:
            message = f"expected a single address and a netmask in bits, got {shown(member)}"
            gathering.refuse(f"{message} and netmask {shown(mask[1])}", number)
            return
    groups.take(member, number, name)


def fits_ipset(sample: Sample) -> bool:
    """Return whether most lines are commands about sets."""
    form = rf"{_COMMAND.pattern.replace('(.*)', '(?: .*)?')}|{_CHANGE.pattern}"
    return bool(sample.lines) and sample.most_lines(form, "#")


_QUOTED = re.compile(r'"[^"]*"')
_TABLE = re.compile(r"table (?:(?:inet|ip6?|bridge|netdev|arp) )?(\S+) \{")
_SET = re.compile(r"set (\S+) \{")
# What a line that is no element may be, by where it stands.
_KNOWN: Mapping[str, re.Pattern[str]] = {
    "file": re.compile(""),
    "table": re.compile(r'comment ""|flags (?:owner|persist)'),
    "set": re.compile(
        r"flags .*|timeout \S+|gc-interval \S+|size \d+|policy \S+|auto-merge|counter|comment \"\""
    ),
}
_TYPE = re.compile(r"type(?:of)? .*")
_TYPE_OF_ADDRESSES = re.compile(r"type ipv[46]_addr|typeof ip6? [sd]addr")
_ADDRESS_IN = re.compile(r"ipv[46]_addr|[sd]addr")
# Behind its address an element may have these, which do not narrow it.
_ELEMENT = re.compile(
    r"(\S+)((?: (?:timeout|expires) \w+| counter(?: packets \d+ bytes \d+)?| comment \"\")*)"
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
            for statement in _QUOTED.sub('""', line).partition("#")[0].split(";"):
                found.read(" ".join(statement.split()), number)
        found.groups.flush()
    if found.inside != "file":
        gathering.refuse("expected braces that close, got the end of the file")
    return found.groups.finish("nftables")


class _Sets:
    """Reads statement by statement, and knows in which braces."""

    def __init__(self, gathering: Gathering) -> None:
        self._gathering = gathering
        self.groups = Groups(gathering, "sets")
        self.inside = "file"
        self._table = self._set = self._type = ""

    def read(self, text: str, number: int) -> None:
        """Read one statement, or a line of elements."""
        if self.inside == "elements":
            self._read_elements(text, number)
        elif self.inside == "file" and (table := _TABLE.fullmatch(text)):
            self.inside, self._table = "table", table[1]
        elif self.inside == "table" and (opened := _SET.fullmatch(text)):
            self.inside, self._set, self._type = "set", f"{self._table} {opened[1]}", ""
        elif text == "}" and self.inside != "file":
            self.inside = "file" if self.inside == "table" else "table"
        elif self.inside == "set" and _TYPE.fullmatch(text):
            self._type = text
            if not _TYPE_OF_ADDRESSES.fullmatch(text) and _ADDRESS_IN.search(text):
                message = "expected a set of addresses, got one of addresses with other fields"
                raise self._gathering.wrong(f"{message}: {text}", number)
        elif self.inside == "set" and self._type and text.startswith("elements = {"):
            self.inside = "elements"
            self._read_elements(text.removeprefix("elements = {"), number)
        elif not _KNOWN[self.inside].fullmatch(text) and text:
            raise self._gathering.wrong(f"{NFTABLES.refusal} ({shown(text)})", number)

    def _read_elements(self, text: str, number: int) -> None:
        """Read elements up to their closing brace, or to the end of the line."""
        listed, brace, rest = text.partition("}")
        *elements, last = map(str.strip, listed.split(","))
        if last and not brace:
            # It may be cut: 128.0.0.0/1 of 128.0.0.0/16.
            message = f"expected a comma or a brace behind {shown(last)}, got the end of the line"
            self._gathering.refuse(message, number)
            last = ""
        for element in filter(None, [*elements, last]):
            self._take_element(element, number)
        if brace:
            self.inside = "set"
            self.read(rest.strip(), number)

    def _take_element(self, text: str, number: int) -> None:
        """Take one element, which may have a time or a comment behind its address."""
        if not _TYPE_OF_ADDRESSES.fullmatch(self._type):
            self.groups.leave_out("elements of sets are no addresses")
            return
        found = _ELEMENT.fullmatch(text)
        if found is None:
            self._gathering.refuse(f"expected an address alone, got {shown(text)}", number)
            return
        if "timeout" in found[2] or "expires" in found[2]:
            self._gathering.note(EXPIRES)
        self.groups.take(found[1], number, self._set)


def fits_nft_sets(sample: Sample) -> bool:
    """Return whether a line opens a table or a set."""
    return any(_TABLE.match(line) or _SET.match(line.strip()) for line in sample.lines)
