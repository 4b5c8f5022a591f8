"""Rule sets of proxy programs as text: Clash, Surge, Shadowrocket and others.

In: ``TYPE,VALUE`` lines, plain or in YAML under ``payload:`` or ``rules:``, or prefixes and names
there. Out: one record per address and per name; a name has no address here.
"""

from __future__ import annotations

import re
from typing import BinaryIO

from sim.addresses.feeds.feed import Feed, Origin
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.numbered import read_numbered
from sim.addresses.feeds.rules.verdicts import Verdict, Verdicts
from sim.addresses.feeds.samples import Sample, is_address
from sim.addresses.sets.notation import shown
from sim.addresses.text.source import Limits, Source

_ADDRESSES = ("IP-CIDR", "IP-CIDR6", "IP6-CIDR", "SRC-IP-CIDR", "SRC-IP")
_NAMES = ("DOMAIN", "DOMAIN-SUFFIX", "HOST", "HOST-SUFFIX")
_KEYS = ("payload", "rules", "prepend-rules", "append-rules")
_OPTIONS = ("no-resolve", "src", "extended-matching", "")
_KEY = re.compile(r"([\w-]+):(\s.*)?")
_OTHERS = (
    *("DOMAIN-KEYWORD", "DOMAIN-REGEX", "DOMAIN-WILDCARD", "HOST-KEYWORD", "GEOIP", "GEOSITE"),
    *("IP-ASN", "IP-SUFFIX", "SRC-GEOIP", "SRC-IP-ASN", "PROCESS-NAME", "PROCESS-PATH"),
    *("DST-PORT", "DEST-PORT", "SRC-PORT", "IN-PORT", "RULE-SET", "DOMAIN-SET", "MATCH", "FINAL"),
    *("USER-AGENT", "URL-REGEX", "NETWORK", "PROTOCOL", "SUBNET", "AND", "OR", "NOT", "SUB-RULE"),
)
_NAME = re.compile(r"(\+\.|\*\.|\.)?([\w-]+\.)*[\w-]+\.?")
_COMMENTS = ("#", "//", ";")


def read_proxy_rules(
    source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits
) -> Feed:
    """Read a rule set, or the rules of a whole configuration.

    Where rules say what becomes of what they match, those that lead ``DIRECT`` alone are left out;
    those that reject or lead through a proxy are read. Rules of other types (countries, networks,
    programs, ports) are counted.

    References
    ----------
    Clash, "Rules" and "Rule Providers"; Surge Manual, "Ruleset".
    """
    gathering = Gathering(name, skip_bad=skip_bad, limits=limits)
    verdicts = Verdicts(gathering, "policies")
    key = ""
    for lines in read_numbered(source, gathering, limits):
        for number, line in lines:
            if line.startswith(_COMMENTS):
                continue
            found = _KEY.fullmatch(line)
            if found and not is_address(line):
                key = found[1]
            elif not key or (key in _KEYS and line.startswith("-")):
                _read_rule(_bare(line), number, verdicts, gathering)
        verdicts.flush()
    return verdicts.finish(Origin(name, "clash"))


def _bare(line: str) -> str:
    """Return an item without its dash, its quotes and a comment behind it."""
    text = line.removeprefix("-").strip()
    for quote in "'\"":
        if text.startswith(quote):
            return text[1:].partition(quote)[0].strip()
    return re.split(r"\s(?:#|//)", text)[0].strip()


def _read_rule(text: str, number: int, verdicts: Verdicts, gathering: Gathering) -> None:
    """Take one rule by its type, or one prefix or name."""
    kind, comma, rest = text.partition(",")
    if not comma:
        if is_address(text) or re.match(r"[\d.:/]+$", text):
            verdicts.take(text, number, "")
        elif _NAME.fullmatch(text):
            verdicts.take_name(text.lstrip("+*.").lower(), number, "")
        else:
            gathering.refuse(f"expected a rule, a prefix or a name, got {shown(text)}", number)
        return
    kind = kind.strip().upper()
    value, *others = (part.strip() for part in rest.split(","))
    policy = next((other for other in others if other.lower() not in _OPTIONS), "")
    if policy:
        verdicts.use(policy, _verdict(policy))
    if kind in _ADDRESSES:
        verdicts.take(value, number, policy)
    elif kind in _NAMES:
        verdicts.take_name(value.lower(), number, policy)
    elif kind in _OTHERS:
        verdicts.leave_out(f"rules of type {shown(kind)} name no address")
    else:
        gathering.refuse(f"expected a rule such as IP-CIDR,…, got {shown(text)}", number)


def _verdict(policy: str) -> Verdict:
    if policy.upper().startswith("REJECT"):
        return Verdict.DROP
    return Verdict.PASS if policy.upper() in ("DIRECT", "PASS") else Verdict.OTHER


def fits_proxy_rules(sample: Sample) -> bool:
    """Return whether most lines are rules, or a payload or rules begin."""
    lines = sample.said(*_COMMENTS)
    known = (*_ADDRESSES, *_NAMES, *_OTHERS)
    kinds = [_bare(line.strip()).partition(",") for line in lines]
    typed = sum(kind.strip().upper() in known and bool(comma) for kind, comma, _ in kinds)
    if 2 * typed > len(lines):
        return True
    begins = re.search(r"^(payload|rules):[ \t]*(#.*)?\r?$", sample.text, re.M)
    return begins is not None and re.search(r"^\s*-\s", sample.text, re.M) is not None
