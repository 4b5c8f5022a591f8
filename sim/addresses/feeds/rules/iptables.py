"""Firewall rules in the form of ``iptables-save``.

In: ``-A CHAIN … -s PREFIX … -j TARGET`` lines. Out: one record per address that a rule drops or
rejects, directly or through a chain that ends so. Interfaces, protocols and ports are not kept.
What is dropped and not named by an address is said, or refused where it is every address. It is one
file, since no rule can be read without the chains that lead to it.
"""

from __future__ import annotations

import shlex
from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from enum import Enum, auto
from typing import BinaryIO

from sim.addresses.feeds.feed import Feed, Origin
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.numbered import read_numbered
from sim.addresses.feeds.rules.verdicts import Verdict, Verdicts
from sim.addresses.feeds.samples import Sample
from sim.addresses.sets.notation import shown
from sim.addresses.text.source import Limits, Source
from sim.errors import DataError, Problem

_DROPS = ("DROP", "REJECT", "TARPIT", "STEAL")
# Targets that decide otherwise than by a drop, and those after which a packet goes on through the
# chain (iptables-extensions(8)).
_PASSES = ("ACCEPT", "QUEUE", "NFQUEUE", "DNAT", "SNAT", "MASQUERADE", "REDIRECT", "NETMAP")
_GOES_ON = ("", "LOG", "NFLOG", "ULOG", "AUDIT", "SET", "MARK", "CONNMARK", "TRACE")
_SIDES = {
    **dict.fromkeys(("-s", "--source", "--src", "--src-range"), "source"),
    **dict.fromkeys(("-d", "--destination", "--dst", "--dst-range"), "destination"),
}
_JUMPS, _GOTOS = ("-j", "-g", "--jump", "--goto"), ("-g", "--goto")
_PORTS = ("--dport", "--sport", "--dports", "--sports", "--ports")
_ADDS, _INSERTS = ("-A", "-I", "--append", "--insert"), ("-I", "--insert")
_OTHER_COMMANDS = ("-N", "-X", "-Z", "-L", "-S", "--new-chain", "--delete-chain", "--zero")
_FLUSHES, _POLICIES = ("-F", "--flush"), ("-P", "--policy")
# Chains that packets come to by themselves (iptables(8), "TABLES").
_BUILT_IN = ("INPUT", "FORWARD", "OUTPUT", "PREROUTING", "POSTROUTING")
_RULE = r"(\[\d+:\d+\] )?(ip6?tables (-t \w+ )?)?(-[AI]|--append|--insert) \S+ .*"
_MOST_HOPS = 64


@dataclass(frozen=True)
class _Rule:
    """A rule: its chain, where it leads, its addresses and sets, and whether it matches all."""

    chain: str
    target: str
    addresses: list[str]
    sets: list[str]
    is_bare: bool
    is_goto: bool
    is_first: bool


@dataclass(frozen=True)
class _Step:
    """Where a rule that names neither an address nor a set leads, and in which line it stands."""

    target: str
    is_bare: bool
    is_goto: bool
    line: int


class _End(Enum):
    """What becomes of a packet that comes to a chain, if no rule with a condition matches it."""

    DROPPED = auto()
    PASSED = auto()
    RETURNED = auto()


def read_iptables(source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
    """Read rules as ``iptables-save`` and ``ip6tables-save`` write them.

    Rules that let through, lead elsewhere or only mark are counted and left out, and so are those
    that drop by a set, a port or a protocol alone. A rule with a negated address, or with a source
    and a destination, says of no address that it is blocked, and is refused; so is what drops every
    address, by its policy or by a rule without a condition. Chains are followed rule by rule: one
    that returns lets the rules behind it decide. Where a chain drops some ports or protocols only,
    addresses led there count as blocked, as those of a rule with a port do, and that is said.

    References
    ----------
    iptables(8), iptables-save(8).
    """
    gathering = Gathering(name, skip_bad=skip_bad, limits=limits)
    verdicts = Verdicts(gathering, "targets")
    chains = _Chains(gathering, verdicts)
    for lines in read_numbered(source, gathering, limits):
        for number, line in lines:
            chains.read(line, number)
        verdicts.flush()
    chains.end()
    return verdicts.finish(Origin(name, "iptables"))


class _Chains:
    """Reads line by line, and knows where chains end."""

    def __init__(self, gathering: Gathering, verdicts: Verdicts) -> None:
        self._gathering = gathering
        self._verdicts = verdicts
        self._steps: defaultdict[str, deque[_Step]] = defaultdict(deque)
        self._n_steps = 0
        self._ends: dict[str, _End] = {}
        # Rules without an address by their target and set, of which there may be none.
        self._unnamed: Counter[tuple[str, str]] = Counter()
        self._filled: set[str] = set()

    def read(self, line: str, number: int) -> None:
        """Read one line."""
        if line[0] == ":":
            chain, *policy = line[1:].split()[:2] or [""]
            self._take_policy(chain, policy, number)
        elif line[0] in "#*" or line == "COMMIT":
            return
        elif words := _split(line, number, self._gathering):
            command = next((word for word in words if word in (*_FLUSHES, *_POLICIES)), "")
            if rule := _cut(words, line, number, self._gathering):
                self._take(rule, number)
            elif command in _POLICIES:
                chain, *policy = words[words.index(command) + 1 :][:2] or [""]
                self._take_policy(chain, policy, number)
            elif command:
                self._flush(words[words.index(command) + 1 :], line, number)

    def _take(self, rule: _Rule, number: int) -> None:
        self._filled.add(rule.chain)
        if not rule.addresses and not rule.sets and rule.target not in _GOES_ON:
            step = _Step(rule.target, rule.is_bare, rule.is_goto, number)
            steps = self._steps[rule.chain]
            (steps.appendleft if rule.is_first else steps.append)(step)
            self._n_steps += 1
        for address in rule.addresses:
            self._verdicts.take(address, number, rule.target)
        if rule.addresses and rule.sets:
            self._gathering.note("some rules match a set, too: their addresses count as blocked")
        elif not rule.addresses and not rule.is_bare:
            self._unnamed.update((rule.target, each) for each in rule.sets or [""])
        self._verdicts.check(max(self._n_steps, len(self._unnamed), len(self._filled)))

    def _take_policy(self, chain: str, policy: list[str], number: int) -> None:
        if policy and policy[0] in _DROPS:
            self._refuse_all(f"the policy {policy[0]} of {shown(chain)}", number)

    def _flush(self, names: list[str], line: str, number: int) -> None:
        chain = next((name for name in names if not name.startswith("-")), None)
        if chain in self._filled or (chain is None and self._filled):
            message = "expected rules that stay, got a command that takes away what was added"
            self._gathering.refuse(f"{message}: {shown(line)}", number)

    def _refuse_all(self, what: str, number: int) -> None:
        message = "expected rules that drop the addresses they name"
        self._gathering.refuse(f"{message}, got {what}: it drops every address", number)

    def end(self) -> None:
        """Say where the targets of rules lead."""
        for chain in _BUILT_IN:
            if step := self._drops_all(chain):
                self._refuse_all(f"a rule without a condition in {chain}", step.line)
        for target in self._verdicts.groups:
            is_in_part = not self._leads_to_drop(target) and self._drops_in_part(target)
            if is_in_part:
                self._gathering.note(
                    f"{shown(target)} drops by a port, a protocol or another condition: addresses "
                    "that rules lead there are counted as blocked"
                )
            is_drop = is_in_part or self._leads_to_drop(target)
            self._verdicts.use(target, Verdict.DROP if is_drop else Verdict.PASS)
        dropped = {key: n for key, n in self._unnamed.items() if self._leads_to_drop(key[0])}
        if n_rules := sum(n for (_, name), n in dropped.items() if name):
            sets = dict.fromkeys(name for _, name in dropped if name)
            self._verdicts.note_elsewhere(n_rules, "sets", list(sets), "as ipset save writes them")
        if n_rules := sum(n for (_, name), n in dropped.items() if not name):
            self._verdicts.leave_out("dropping rules name no address", n_rules)

    def _drops_all(self, chain: str) -> _Step | None:
        """Rule by which a chain drops whatever comes to it; None where it does not."""
        found = self._deciding(chain, frozenset())
        return found[0] if found and found[1] is _End.DROPPED else None

    def _leads_to_drop(self, target: str) -> bool:
        return self._end_of(target, frozenset()) is _End.DROPPED

    def _end_of(self, target: str, within: frozenset[str]) -> _End:
        """Follow a target; ``within`` are the chains that led to it."""
        if target in _DROPS:
            return _End.DROPPED
        if target == "RETURN" or target in within:
            return _End.RETURNED  # a chain that leads to itself decides nothing
        if target not in self._filled:
            return _End.PASSED if target in _PASSES else _End.RETURNED
        if target not in self._ends:
            if len(within) == _MOST_HOPS:
                message = f"expected at most {_MOST_HOPS} chains that lead to each other, got more"
                raise DataError([Problem(self._gathering.name, message)])
            found = self._deciding(target, within)
            self._ends[target] = found[1] if found else _End.RETURNED
        return self._ends[target]

    def _deciding(self, chain: str, within: frozenset[str]) -> tuple[_Step, _End] | None:
        """Rule of a chain that decides of all that comes to it, and how; None where none does."""
        for step in self._steps.get(chain, ()):
            if step.is_bare:
                end = self._end_of(step.target, within | {chain})
                if end is not _End.RETURNED or step.is_goto or step.target == "RETURN":
                    return step, end
        return None

    def _drops_in_part(self, target: str) -> bool:
        """Whether a chain drops some of what comes to it, by a condition that is no address."""
        seen, waiting = set(), [target]
        while waiting:
            chain = waiting.pop()
            if chain in seen:
                continue
            seen.add(chain)
            found = self._deciding(chain, frozenset())
            for step in self._steps.get(chain, ()):
                if not step.is_bare and self._leads_to_drop(step.target):
                    return True
                waiting.append(step.target)
                if found and step is found[0]:
                    break
        return False


def _split(line: str, number: int, gathering: Gathering) -> list[str]:
    """Words of a line; none where it was refused."""
    try:
        return shlex.split(line)
    except ValueError:
        gathering.refuse(f"expected quotes that close, got {shown(line)}", number)
        return []


def _cut(words: list[str], line: str, number: int, gathering: Gathering) -> _Rule | None:
    """Return one rule; None where the line is none, or was refused."""
    at = next((row for row, word in enumerate(words) if word in _ADDS), len(words))
    if at + 1 >= len(words):
        if not any(word in (*_OTHER_COMMANDS, *_FLUSHES, *_POLICIES) for word in words):
            message = f"expected a rule as iptables-save writes it, got {shown(line)}"
            gathering.refuse(message, number)
        return None
    target, addresses, matched = "", [], []
    sides: set[str] = set()
    is_bare, is_not, negated = True, False, False
    head, is_first = at + 2, words[at] in _INSERTS
    # A number says before which rule; 1 is what is done without one.
    number_of = words[head] if is_first and head < len(words) else ""
    head += number_of.isdecimal()
    rest, is_goto = iter(words[head:]), False
    for word in rest:
        if word in _JUMPS:
            is_goto, target = word in _GOTOS, next(rest, "")
            break
        if word in ("-m", "--match", "--comment"):
            is_bare &= word == "--comment" or next(rest, "") == "comment"
            if word == "--comment":
                next(rest, "")
            continue
        is_bare = False
        if word in _SIDES:
            if is_not:
                message = "expected an address that a rule matches, got one it does not (!)"
                gathering.refuse(f"{message}: {shown(line)}", number)
                return None
            sides.add(_SIDES[word])
            addresses += next(rest, "").split(",")
        elif word == "--match-set":
            negated |= is_not
            matched.append(next(rest, ""))
        is_not = word == "!"
    if len(sides) > 1:
        message = "expected a source or a destination, got a rule for pairs of both"
        gathering.refuse(f"{message}: {shown(line)}", number)
        return None
    if negated and not addresses and target not in _GOES_ON:
        message = "expected a set that a rule matches, got one it does not (!)"
        if target not in ("ACCEPT", "RETURN"):
            gathering.refuse(f"{message}: {shown(line)}", number)
        return None
    if not addresses and not matched and number_of.isdecimal() and number_of != "1":
        message = "expected rules in their sequence, as iptables-save writes them, got one between"
        gathering.refuse(f"{message}: {shown(line)}", number)
        return None
    if addresses and any(word in _PORTS for word in words):
        gathering.note("some rules match some ports only: their addresses are counted as blocked")
    return _Rule(words[at + 1], target, addresses, matched, is_bare, is_goto, is_first)


def fits_iptables(sample: Sample) -> bool:
    """Return whether a table of rules begins, or most lines are rules."""
    lines = sample.lines
    if not lines:
        return False
    rules = rf"{_RULE}|ip6?tables (-[FPXNZD]|-t) .*|ip6?tables -[FXZ]"
    tables = ("*filter", "*nat", "*mangle", "*raw", "*security")
    return lines[0].strip() in tables or sample.most_lines(rules, "#", ":", "*", "COMMIT")
