"""Rules of sing-box and of Xray or V2Ray, as JSON.

In: a sing-box rule set in source form, or a configuration of either program. Out: one record per
address and per name; a name has no address here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from sim.addresses.feeds.feed import Feed, Origin
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.published.documents import (
    check_entries,
    check_keys,
    read_document,
    text_of,
)
from sim.addresses.feeds.rules.verdicts import Verdict, Verdicts
from sim.addresses.feeds.samples import Sample
from sim.addresses.sets.notation import shown
from sim.addresses.text.source import Limits, Source

_ADDRESSES = ("ip_cidr", "source_ip_cidr", "ip", "source", "sourceIP")
_NAMES = ("domain", "domain_suffix")
# What narrows a rule: its addresses are blocked for some connections only.
_NARROWING = ("port", "port_range", "network", "protocol", "source_port", "sourcePort", "inbound")
_UNREAD = ("geoip", "geosite", "domain_keyword", "domain_regex", "process_name", "rule_set")
_BLOCKING = ("block", "blackhole", "reject")
_DIRECT = ("direct", "freedom")
_MOST_DEEP = 20


def read_routing(source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
    """Read the rules of a document.

    Where rules name an outbound, those that lead to a direct one alone are left out. A rule that
    is inverted, or holds together several that must all match, is refused if it has addresses.

    References
    ----------
    sing-box documentation, "Source Format" and "Headless Rule"; Project X, "Routing".
    """
    document = read_document(source, name, limits)
    check_keys(document, ("rules", "route", "routing"), name, "rules of sing-box or Xray")
    gathering = Gathering(name, skip_bad=skip_bad, limits=limits)
    verdicts = Verdicts(gathering, "outbounds")
    outbounds = _outbounds(document)
    n_rules = 0
    for path, rule in _rules(document, gathering):
        n_rules += 1
        check_entries(n_rules, name, path)
        _read_rule(path, rule, outbounds, verdicts, gathering)
    gathering.n_lines = max(n_rules, gathering.n_lines)
    return verdicts.finish(Origin(name, "routing"))


def _outbounds(document: dict[str, Any]) -> dict[str, str]:
    """Kind of each outbound by its tag."""
    listed = document.get("outbounds")
    return {
        text_of(item, "tag"): text_of(item, "type") or text_of(item, "protocol")
        for item in (listed if isinstance(listed, list) else [])
        if isinstance(item, dict)
    }


def _rules(document: dict[str, Any], gathering: Gathering) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rules of a document with their paths; those of logical ones in their place."""
    waiting: list[tuple[str, Any, int]] = [
        (f"{key}.rules", document[key].get("rules"), 0)
        for key in ("route", "routing")
        if isinstance(document.get(key), dict)
    ]
    if "rules" in document:
        waiting.append(("rules", document["rules"], 0))
    while waiting:
        path, listed, depth = waiting.pop()
        if not isinstance(listed, list) or depth > _MOST_DEEP:
            gathering.refuse("expected a list of rules", key=path)
            continue
        for position, rule in enumerate(listed):
            at = f"{path}.{position}"
            if not isinstance(rule, dict):
                gathering.refuse(f"expected a rule, got {type(rule).__name__}", key=at)
            elif rule.get("type") == "logical":
                if rule.get("mode") == "or" and not rule.get("invert"):
                    waiting.append((f"{at}.rules", rule.get("rules"), depth + 1))
                else:
                    message = "expected rules of which one must match (or), got a stricter rule"
                    gathering.refuse(message, key=at)
            else:
                yield at, rule


def _read_rule(
    path: str,
    rule: dict[str, Any],
    outbounds: dict[str, str],
    verdicts: Verdicts,
    gathering: Gathering,
) -> None:
    """Take the addresses and names of one rule."""
    if rule.get("invert") is True:
        gathering.refuse("expected a rule that says what it matches, got an inverted one", key=path)
        return
    tag = text_of(rule, "outbound") or text_of(rule, "outboundTag") or text_of(rule, "action")
    if tag:
        kind = outbounds.get(tag) or tag
        verdict = Verdict.DROP if kind in _BLOCKING else Verdict.OTHER
        verdicts.use(tag, Verdict.PASS if kind in _DIRECT else verdict)
    has_addresses = False
    is_xray = path.startswith("routing.")
    for key, value in rule.items():
        if key in _UNREAD:
            verdicts.leave_out(f"parts of rules ({key}) name no address")
        if key not in (*_ADDRESSES, *_NAMES):
            continue
        for text in value if isinstance(value, list) else [value]:
            gathering.n_lines += 1
            if not isinstance(text, str):
                got = shown(str(text))
                gathering.refuse(f"expected a text, got {got}", key=f"{path}.{key}")
            elif key in _ADDRESSES:
                has_addresses |= _take_address(text_of({"": text}, ""), tag, verdicts)
            else:
                name = text_of({"": text}, "")
                if is_xray and ":" not in name:
                    if "." not in name.strip("."):
                        verdicts.leave_out("parts of rules (keyword) name no address")
                        continue
                    gathering.note("Xray takes a plain text for a part of names: read as a name")
                _take_name(name, tag, verdicts)
        verdicts.flush()
    if has_addresses and any(key in rule for key in _NARROWING):
        gathering.note("some rules match some ports or networks only: their addresses are counted")


def _take_address(text: str, tag: str, verdicts: Verdicts) -> bool:
    kind, colon, _ = text.partition(":")
    if colon and kind in ("geoip", "ext", "!geoip", "ext-ip"):
        verdicts.leave_out("parts of rules (geoip) name no address")
        return False
    verdicts.take(text, 0, tag)
    return True


def _take_name(text: str, tag: str, verdicts: Verdicts) -> None:
    kind, colon, name = text.partition(":")
    if colon and kind not in ("domain", "full"):
        verdicts.leave_out(f"parts of rules ({shown(kind)}) name no address")
    else:
        verdicts.take_name((name if colon else text).lstrip(".").lower(), 0, tag)


def fits_routing(sample: Sample) -> bool:
    """Return whether there are the keys of rules of these programs."""
    named = ("ip_cidr", "domain_suffix", "domain_keyword", "domain_regex", "source_ip_cidr")
    if "rules" in sample.keys and any(key in sample.keys for key in named):
        return True
    has_outbounds = "outboundTag" in sample.keys or "outbounds" in sample.keys
    return has_outbounds and "rules" in sample.keys
