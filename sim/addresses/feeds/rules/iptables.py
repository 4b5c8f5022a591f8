"""Firewall rules in the form of ``iptables-save``.

In: ``-A CHAIN … -s PREFIX … -j TARGET`` lines. Out: one record per address that a rule drops or
rejects, directly or through a chain that ends so. Interfaces, protocols and ports are not kept.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import BinaryIO

from sim.addresses.feeds.feed import Feed, Origin
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.numbered import read_numbered
from sim.addresses.feeds.rules.verdicts import Verdict, Verdicts
from sim.addresses.feeds.samples import Sample
from sim.addresses.sets.notation import shown
from sim.addresses.text.source import Limits, Source

_DROPS = ("DROP", "REJECT", "TARPIT", "STEAL")
# Targets after which a packet goes on through the chain.
_GOES_ON = ("", "LOG", "NFLOG", "ULOG", "AUDIT", "SET", "MARK", "CONNMARK", "TRACE")
_SIDES = {
    **dict.fromkeys(("-s", "--source", "--src", "--src-range"), "source"),
    **dict.fromkeys(("-d", "--destination", "--dst", "--dst-range"), "destination"),
}
_JUMPS = ("-j", "-g", "--jump", "--goto")
_PORTS = ("--dport", "--sport", "--dports", "--sports", "--ports")
_ADDS = ("-A", "-I", "--append", "--insert")
_OTHER_COMMANDS = ("-N", "-F", "-X", "-P", "-Z", "-L", "-S")
_RULE = r"(\[\d+:\d+\] )?(ip6?tables (-t \w+ )?)?(-[AI]|--append|--insert) \S+ .*"
_MOST_HOPS = 64


@dataclass(frozen=True)
class _Rule:
    """A rule: its chain, where it leads, its addresses, and whether it matches everything."""

    chain: str
    target: str
    addresses: list[str]
    is_bare: bool


def read_iptables(source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
    """Read rules as ``iptables-save`` and ``ip6tables-save`` write them.

    Rules that let through, lead elsewhere or only mark are counted and left out. A rule with a
    negated address, or with a source and a destination, says of no address that it is blocked,
    and is refused.

    References
    ----------
    iptables(8), iptables-save(8).
    """
    gathering = Gathering(name, skip_bad=skip_bad, limits=limits)
    verdicts = Verdicts(gathering, "targets")
    ends: dict[str, str] = {}
    for lines in read_numbered(source, gathering, limits):
        for number, line in lines:
            rule = None if line[0] in "#*:" or line == "COMMIT" else _cut(line, number, gathering)
            if rule is None:
                continue
            if rule.is_bare and rule.target not in _GOES_ON:
                ends.setdefault(rule.chain, rule.target)
                verdicts.check(len(ends))
            for address in rule.addresses:
                verdicts.take(address, number, rule.target)
        verdicts.flush()
    for target in verdicts.groups:
        is_drop = _end(target, ends) in _DROPS
        verdicts.use(target, Verdict.DROP if is_drop else Verdict.PASS)
    return verdicts.finish(Origin(name, "iptables"))


def _cut(line: str, number: int, gathering: Gathering) -> _Rule | None:
    """Return one rule; None where the line is none, or was refused."""
    try:
        words = shlex.split(line)
    except ValueError:
        gathering.refuse(f"expected quotes that close, got {shown(line)}", number)
        return None
    at = next((row for row, word in enumerate(words) if word in _ADDS), len(words))
    if at + 1 >= len(words):
        if not any(word in _OTHER_COMMANDS for word in words):
            message = f"expected a rule as iptables-save writes it, got {shown(line)}"
            gathering.refuse(message, number)
        return None
    target, addresses = "", []
    sides: set[str] = set()
    is_bare, is_not = True, False
    rest = iter(words[at + 2 :])
    for word in rest:
        if word in _JUMPS:
            target = next(rest, "")
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
        is_not = word == "!"
    if len(sides) > 1:
        message = "expected a source or a destination, got a rule for pairs of both"
        gathering.refuse(f"{message}: {shown(line)}", number)
        return None
    if addresses and any(word in _PORTS for word in words):
        gathering.note("some rules match some ports only: their addresses are counted as blocked")
    return _Rule(words[at + 1], target, addresses, is_bare)


def _end(target: str, ends: dict[str, str]) -> str:
    """Where a chain leads in the end, through others."""
    for _ in range(_MOST_HOPS):
        if target not in ends:
            break
        target = ends[target]
    return target


def fits_iptables(sample: Sample) -> bool:
    """Return whether a table of rules begins, or most lines are rules."""
    lines = sample.lines
    if not lines:
        return False
    tables = ("*filter", "*nat", "*mangle", "*raw", "*security")
    return lines[0].strip() in tables or sample.most_lines(_RULE, "#", ":", "*", "COMMIT")
