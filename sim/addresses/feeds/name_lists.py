"""Lists of names, which block no address, and the answers that resolve names to addresses.

A name that did not resolve is a record whose addresses are not known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np

from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.gather import Gathering, read_numbered
from sim.addresses.feeds.groups import Groups
from sim.addresses.feeds.inputs import Sample, is_address
from sim.addresses.feeds.json_tables import parse_object, text_of
from sim.addresses.feeds.verdicts import ELEMENTS
from sim.addresses.sets.notation import shown
from sim.addresses.text.source import Readable

_LABEL = r"[\w-]{1,63}"
NAME = rf"(?:{_LABEL}\.)+[^\W\d_][\w-]{{1,62}}\.?"
"""A name with a dot in it, as a regular expression."""
_LABELS = rf"(?:{_LABEL}\.)*{_LABEL}\.?"
NOWHERE = r"(?:0\.0\.0\.0|127\.0\.0\.1|::1?)"
"""Where hosts files send names that are to be unreachable."""
LOCAL = r"(?:localhost(?:\.localdomain)?|local|broadcasthost|0\.0\.0\.0|ip6-[a-z]+)"
"""Names that a hosts file gives the machine itself."""

# A rule with badfilter takes back the one that it repeats.
_CONDITIONS = r"(?:\$(?!\S*\bbadfilter\b)\S*)?"
_PLAIN = re.compile(rf"({NAME})(?:\s+#.*)?")
_BELOW = re.compile(rf"(\*\.|\+\.|\.)({_LABELS})(?:\s+#.*)?")
_HOSTS = re.compile(rf"{NOWHERE}\s+([\w.\s-]+)(?:#.*)?")
_BROWSER = re.compile(rf"\|\|({_LABELS})(\^?)\|?{_CONDITIONS}")
_BROWSER_STARS = re.compile(rf"\|\|([\w.*-]+)(\^?)\|?{_CONDITIONS}")
_EXPRESSION = re.compile(rf"/(.+)/{_CONDITIONS}")
_URL = re.compile(rf"\w+://({NAME})(?::\d+)?(?:[/?#]\S*)?")
_RANKED = re.compile(rf'\d{{1,12}}[,;\t]\s*"?({NAME})"?')
_STARS = re.compile(rf"([\w.-]*\*[\w.*-]*){_CONDITIONS}")
# Types that give no answer, or a false one; others let the name through (unbound.conf(5)).
_ZONE = re.compile(
    rf'local-zone:\s*"?({_LABELS})"?\s+'
    r"(?:static|deny|refuse|redirect|(?:inform|always)_\w+(?<!transparent))"
)
# The name of a zone that matches addresses or servers stands in one of its labels.
_POLICY = re.compile(
    rf"(?!\S*\.rpz-)(\*\.)?({_LABELS})\s+(?:\d+\s+)?(?:IN\s+)?CNAME\s+(\.|\*\.|rpz-drop\.|rpz-passthru\.)"
)
_NAMES_BETWEEN = re.compile(r"(address|server|local|ipset|nftset)=/(.*)/([^/]*)")
_TYPED = re.compile(r"(full|domain|keyword|regexp):\s*([^\s,]+)", re.IGNORECASE)
_COMMENT = re.compile(
    r"[!#;].*|\[[Aa]dblock.*\]"
    # What a zone of RPZ says of itself.
    r"|\$TTL\s.*|(?:@\s+)?(?:\d\w*\s+)?(?:IN\s+)?(?:SOA|NS)\s[^()]*"
)
_MACHINE = re.compile(rf"[\da-fA-F.:]+(?:%\w+)?(?:\s+{LOCAL})+\s*(?:#.*)?")
_OF_PAGES = re.compile(r".*#[@?$%]?#.*|(?:\|\|?)?[^\s/]*/.*")


class NameKind(StrEnum):
    """How a rule matches names: ``pattern`` is of no one name, or of names below one alone."""

    EXACT = "exact"
    SUBDOMAINS = "subdomains"
    PATTERN = "pattern"
    EXPRESSION = "expression"


class NameRule(NamedTuple):
    """A rule: its name, pattern or expression, and whether it lets through what it matches."""

    kind: NameKind
    text: str
    is_exception: bool = False


def normal(name: str) -> str:
    """Return a name in lower case and without dots or stars around it."""
    return name.strip("*.").lower()


def says_nothing(line: str) -> bool:
    """Return whether a line is a comment, a heading, or of the machine itself."""
    return bool(_COMMENT.fullmatch(line) or _MACHINE.fullmatch(line))


def is_of_elements(line: str) -> bool:
    """Return whether a rule hides elements of pages, and blocks nothing."""
    return re.match(ELEMENTS, line) is not None


def is_of_pages(line: str) -> bool:
    """Return whether a rule is of paths or of elements of pages, and so of no whole name."""
    return bool(_OF_PAGES.fullmatch(line)) and not _EXPRESSION.fullmatch(line)


def rules_in(line: str) -> list[NameRule] | None:
    """Return the rules of a line; None where it is none of names.

    Names are in lower case and without a dot at the end.

    Parameters
    ----------
    line
        Without blanks around it, and not one that says nothing.

    References
    ----------
    AdGuard, "DNS filtering rules syntax"; dnsmasq(8); unbound.conf(5); RFC 1034, section 4.3.3 (a
    wildcard matches what is below it and not itself); v2fly, "domain-list-community".
    """
    found = _rules(line.removeprefix("@@"))
    if found and line.startswith("@@"):
        return [rule._replace(is_exception=True) for rule in found]
    return found


def _rules(line: str) -> list[NameRule] | None:
    if found := _EXPRESSION.fullmatch(line):
        return [NameRule(NameKind.EXPRESSION, found[1])]
    if found := _BELOW.fullmatch(line):
        kind = NameKind.PATTERN if found[1] == "*." else NameKind.SUBDOMAINS
        return [NameRule(kind, normal(found[2]))]
    for form in (_PLAIN, _RANKED, _URL):
        if found := form.fullmatch(line):
            return [NameRule(NameKind.EXACT, normal(found[1]))]
    if found := _HOSTS.fullmatch(line):
        names = (each for each in found[1].split() if not re.fullmatch(LOCAL, each))
        return [NameRule(NameKind.EXACT, normal(each)) for each in names]
    if found := _BROWSER.fullmatch(line):
        # Without ^ a label begins so.
        return [NameRule(NameKind.SUBDOMAINS if found[2] else NameKind.PATTERN, normal(found[1]))]
    if found := _BROWSER_STARS.fullmatch(line) or _STARS.fullmatch(line):
        return [NameRule(NameKind.PATTERN, found[1].lower())]
    if found := _TYPED.fullmatch(line):
        match found[1].lower():
            case "regexp":
                return [NameRule(NameKind.EXPRESSION, found[2])]
            case "keyword":
                return [NameRule(NameKind.PATTERN, f"*{found[2].lower()}*")]
            case typed if re.fullmatch(r"[\w.-]+", found[2]):
                kind = NameKind.EXACT if typed == "full" else NameKind.SUBDOMAINS
                return [NameRule(kind, normal(found[2]))]
    return _directives(line)


def _directives(line: str) -> list[NameRule] | None:
    """Lines of name servers: of dnsmasq, unbound and response policy zones."""
    if found := _NAMES_BETWEEN.fullmatch(re.split(r"\s#", line)[0].strip()):
        if found[1] == "server" and found[3]:
            return []
        return [
            NameRule(NameKind.PATTERN, "*")
            if each == "#"
            else NameRule(NameKind.SUBDOMAINS, normal(each))
            for each in found[2].split("/")
            if each
        ]
    if found := _ZONE.fullmatch(line):
        return [NameRule(NameKind.SUBDOMAINS, normal(found[1]))]
    if found := _POLICY.fullmatch(line):
        is_exception = found[3] == "rpz-passthru."
        if is_exception and found[1]:
            # What the zone says of one name below counts before it.
            return None
        kind = NameKind.PATTERN if found[1] else NameKind.EXACT
        return [NameRule(kind, normal(found[2]), is_exception)]
    return None


_A_NAME = re.compile(NAME)
# Rules that name an address, or the first three bytes of one, which is a prefix of 24.
_BROWSER_ADDRESS = re.compile(r"\|\|?(\d{1,3}(?:\.\d{1,3}){3})(\^?)(?:\$\S*)?")
_BROWSER_BYTES = re.compile(r"\|\|((?:\d{1,3}\.){3})(?:\$\S*)?")
_OF_BROWSERS = (
    "rules for browsers name addresses: counted as blocked, though a browser blocks a request to "
    "the address itself, and none to a name there"
)
_OPTIONS = re.compile(r"\|\|?[^\s$]+\$(\S+)")
_EVERYWHERE = ("important", "all", "document", "doc")
_SKIPPED = re.compile(r"[!#].*|\[[Aa]dblock.*\]|@@.*")
_DIRECTIVE = re.compile(r"([a-z][a-z-]*)(?:=(.*))?")
_NAMING = ("address", "server", "local", "ipset", "nftset")
# To browsers a comment; in tables of addresses what is not meant.
_NEGATED = re.compile(r"!\s*[\da-fA-F]*[.:][\da-fA-F.:]+(?:/\d+)?$")

Read = Callable[[str, int, "_Names", Gathering], None]


def read_names(source: Readable, gathering: Gathering) -> Feed:
    """Read a list of names, one a line, or addresses among them.

    A line is a name, ``0.0.0.0 name`` as in hosts files, ``||name^`` as for browsers, a web
    address, a zone of unbound or RPZ, or an address, prefix or range. Lines of a hosts file about
    the machine itself are skipped; rules for elements of pages are counted and ignored. The rule
    ``||198.51.100.7^`` for browsers is an address and ``||198.51.100.`` a prefix; regular
    expressions are ignored. A name that an exception of the file (``@@||name^``, ``rpz-passthru``)
    lets through is ignored; exceptions with conditions are counted; those for addresses and
    patterns are refused.
    """
    found = _read(source, gathering, _read_name)
    return found.groups.finish("names", found.lets_through)


def read_dnsmasq(source: Readable, gathering: Gathering) -> Feed:
    """Read a configuration of dnsmasq.

    Names come from ``address=/name/``, ``local=/name/``, ``ipset=/name/set``, ``nftset`` and
    ``server=/name/`` without a server; addresses from ``bogus-nxdomain`` and ``ignore-address``.
    Names that have a server of their own, or the usual ones (``#``), are counted and left out; the
    address of ``address=/name/198.51.100.1`` is where the name is sent, not where it is. A name
    that is both blocked and resolved is refused, and so is ``address=/#/``, which is every name.

    References
    ----------
    dnsmasq(8).
    """
    found = _read(source, gathering, _read_directive)
    feed = found.groups.finish("dnsmasq")
    if both := found.exact.intersection(feed.labels["name"].names if feed.labels else ()):
        message = f"expected names that are blocked or resolved, got both of {shown(min(both))}"
        raise gathering.wrong(message)
    return feed


def _read(source: Readable, gathering: Gathering, read: Read) -> _Names:
    found = _Names(Groups(gathering, "kinds"), set(), set())
    for lines in read_numbered(source, gathering):
        for number, line in lines:
            read(line, number, found, gathering)
        found.groups.flush()
    return found


class _Names(NamedTuple):
    """Names and addresses that are blocked, and names that exceptions let through."""

    groups: Groups
    exact: set[str]
    with_below: set[str]

    def lets_through(self, name: str) -> bool:
        """Return whether an exception is of a name, or of one that it is below of."""
        labels = name.split(".")
        above = (".".join(labels[row:]) for row in range(len(labels)))
        return name in self.exact or not self.with_below.isdisjoint(above)

    def take_exception(self, rule: NameRule) -> bool:
        """Take an exception; False of kinds that are looked for in a name, and of addresses."""
        is_known = rule.kind in (NameKind.EXACT, NameKind.SUBDOMAINS) and rule.text[-1:].isalpha()
        if is_known:
            names = self.exact if rule.kind == NameKind.EXACT else self.with_below
            names.add(normal(rule.text))
        return is_known


def _read_name(line: str, number: int, found: _Names, gathering: Gathering) -> None:
    groups = found.groups
    if line.startswith("@@") and ("$" in line or is_of_pages(line[2:])):
        groups.leave_out("lines are exceptions under conditions, or for parts of pages")
        return
    if _NEGATED.match(line) is None and says_nothing(line):
        return
    if options := _OPTIONS.fullmatch(line):
        named = [option.partition("=")[0] for option in options[1].split(",")]
        if "badfilter" in named:
            message = "expected rules that block, got one that takes another back"
            gathering.refuse_opposite(f"{message}: {shown(line)}", number)
            return
        if any(option not in _EVERYWHERE for option in named):
            gathering.note(
                f"rules with conditions, such as {shown(line)}, are counted as if they had none"
            )
    address, first = _BROWSER_ADDRESS.fullmatch(line), _BROWSER_BYTES.fullmatch(line)
    if address and not address[2] and len(address[1].rsplit(".", 1)[1]) < len("255"):
        message = f"expected ^ behind the address, got {shown(line)}, which any more digits match"
        gathering.refuse(message, number)
        return
    if named_by := address or first:
        gathering.note(_OF_BROWSERS)
        groups.take(named_by[1] if address else f"{named_by[1]}0/24", number, "")
        return
    rules = rules_in(line)
    if rules is None and is_of_elements(line):
        groups.leave_out("lines are rules for elements of pages, and block nothing")
        return
    if rules is None:
        text = line.partition("#")[0].partition(";")[0].strip()
        if is_address(text):
            groups.take(text, number, "")
        else:
            message = f"expected a name or an address, got {shown(line)}"
            lets_through = line.startswith("@@") or _NEGATED.match(line)
            (gathering.refuse_opposite if lets_through else gathering.refuse)(message, number)
        return
    for rule in rules:
        if rule.is_exception:
            if not found.take_exception(rule):
                message = "expected an exception of one name, or of a name and all below it"
                gathering.refuse_opposite(f"{message}, got {shown(line)}", number)
        elif rule.kind == NameKind.EXPRESSION:
            groups.leave_out("lines are regular expressions")
        elif rule.kind == NameKind.EXACT or _A_NAME.fullmatch(rule.text):
            groups.take("", number, "", normal(rule.text))
        else:
            groups.leave_out("rules are of no one name (words, stars, whole domains)")


def _read_directive(line: str, number: int, found: _Names, gathering: Gathering) -> None:
    if line.startswith("#"):
        return
    directive = _DIRECTIVE.fullmatch(re.split(r"\s#", line)[0].strip())
    if not directive:
        gathering.refuse(f"expected a directive of dnsmasq, got {shown(line)}", number)
        return
    key, value = directive[1], (directive[2] or "").strip()
    if key in _NAMING and value.startswith("/"):
        *names, target = value[1:].split("/")
        if key == "server" and target:
            found.groups.leave_out("names have a server of their own, or the usual", len(names))
            found.exact.update(map(normal, names))
            return
        for each in names:
            if each == "#":
                gathering.refuse(f"expected names, got every name: {shown(line)}", number)
            elif each:
                found.groups.take("", number, "", normal(each))
    elif key in ("bogus-nxdomain", "ignore-address"):
        found.groups.take(value, number, "")
    elif key == "host-record":
        found.groups.leave_out("addresses are given to hosts of one's own (host-record)")


def _names_in(sample: Sample) -> Iterator[bool]:
    """Say of each of the first lines whether it is one of names."""
    texts = [line.strip() for line in sample.first_lines("#", "!")]
    with_addresses = any(map(is_of_elements, texts))
    for text in texts:
        if is_of_elements(text) or (with_addresses and is_address(text)):
            yield True
            continue
        rules = rules_in(text) or []
        is_rule = bool(rules) and all(_A_NAME.fullmatch(rule.text.strip("*")) for rule in rules)
        forms = (_BROWSER_ADDRESS, _SKIPPED)
        yield is_rule or says_nothing(text) or any(form.fullmatch(text) for form in forms)


def fits_names(sample: Sample) -> bool:
    """Return whether more than half of the lines are names."""
    found = list(_names_in(sample))
    return bool(found) and 2 * sum(found) > len(found)


def fits_dnsmasq(sample: Sample) -> bool:
    """Return whether most lines are directives of dnsmasq, with names or faked answers."""
    form = r"(address|server|local|ipset|nftset)=/.*|(bogus-nxdomain|ignore-address|host-record)=.*"
    return bool(sample.lines) and sample.most_lines(form, "#")


_ADDRESS_TYPES = ("A", "AAAA")


def read_zdns(source: Readable, gathering: Gathering) -> Feed:
    """Read one JSON object a line, with ``results`` by module, or flat as massdns and old ZDNS do.

    Only answers of type A and AAAA are addresses; CNAME and other answers are skipped.
    """
    n_skipped = n_unresolved = 0
    for found_lines in read_numbered(source, gathering):
        names: list[str] = []
        text: list[str] = []
        rows: list[int] = []
        lines: list[int] = []
        for number, line_text in found_lines:
            found = _object(line_text, number, gathering)
            if found is None:
                continue
            addresses = []
            for answer in _answers(found):
                if answer.get("type") in _ADDRESS_TYPES:
                    # ZDNS calls it answer, massdns data.
                    addresses.append(str(answer.get("answer", answer.get("data", ""))))
                else:
                    n_skipped += 1
            n_unresolved += not addresses
            text += dict.fromkeys(addresses)
            rows += [len(names)] * len(dict.fromkeys(addresses))
            lines += [number] * len(dict.fromkeys(addresses))
            names.append(text_of(found, "name").rstrip("."))
        first = gathering.add_records(len(names))
        gathering.add_labels("name", names)
        gathering.add_texts(
            text, np.array(rows, np.int64) + first, np.array(lines, np.int64), key="answer"
        )
    if n_skipped:
        gathering.note(f"{n_skipped:,} answers are no addresses (CNAME and others): skipped")
    if n_unresolved:
        gathering.note(f"{n_unresolved:,} names have no address: not known, not unblocked")
    return gathering.finish("zdns")


def _object(line: str, number: int, gathering: Gathering) -> dict[str, Any] | None:
    """Read one line; None, and refused, where it is no object with a name."""
    found = parse_object(line, number, gathering)
    if found is not None and not isinstance(found.get("name"), str):
        gathering.refuse("expected an object with a name, got something else", number)
        return None
    return found


def _answers(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the answers of all modules."""
    results = found.get("results")
    modules = list(results.values()) if isinstance(results, dict) else [found]
    for module in modules:
        data = module.get("data") if isinstance(module, dict) else None
        answers = data.get("answers") if isinstance(data, dict) else None
        for answer in answers if isinstance(answers, list) else ():
            if isinstance(answer, dict):
                yield answer
