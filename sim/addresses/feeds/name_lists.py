"""Lists of names, which block no address, and the answers that resolve names to addresses.

A name that did not resolve is a record whose addresses are not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.firewall_sets import Groups
from sim.addresses.feeds.gather import Gathering, read_numbered
from sim.addresses.feeds.inputs import Sample, is_address
from sim.addresses.feeds.json_tables import parse_object, text_of
from sim.addresses.feeds.verdicts import ELEMENTS
from sim.addresses.sets.notation import shown
from sim.addresses.text.source import Readable

_LABEL = r"[\w-]{1,63}"
_LABELS = rf"(?:{_LABEL}\.)*{_LABEL}\.?"
_A_NAME = re.compile(rf"(?:{_LABEL}\.)+[^\W\d_][\w-]{{1,62}}\.?")
_LOCAL = r"(?:localhost(?:\.localdomain)?|local|broadcasthost|0\.0\.0\.0|ip6-[a-z]+)"
"""Names that a hosts file gives the machine itself."""
_OPTIONS = r"(?:\$(?P<options>\S*))?"

# A name or a web address, alone; names that a hosts file sends nowhere; a rule for browsers; a line
# of a response policy zone, of which a trigger of addresses or servers has a label of its own.
_PLAIN = re.compile(rf"(?P<names>{_A_NAME.pattern}|(?:\*\.|\+\.|\.){_LABELS})(?:\s+#.*)?")
_URL = re.compile(rf"\w+://(?P<names>{_A_NAME.pattern})(?::\d+)?(?:[/?#]\S*)?")
_HOSTS = re.compile(r"(?:0\.0\.0\.0|127\.0\.0\.1|::1?)\s+(?P<names>[\w.\s-]+)(?:#.*)?")
_BROWSER = re.compile(rf"\|\|(?P<names>{_LABELS})(?P<end>\^?)\|?{_OPTIONS}")
_POLICY = re.compile(
    rf"(?!\S*\.rpz-)(?P<below>\*\.)?(?P<names>{_LABELS})\s+(?:\d+\s+)?(?:IN\s+)?CNAME\s+"
    r"(?:\.|\*\.|rpz-drop\.|(?P<through>rpz-passthru\.))"
)
_FORMS = (_PLAIN, _URL, _HOSTS, _BROWSER, _POLICY)
# Words, stars and regular expressions, which are of no one name.
_PATTERN = re.compile(rf"(?:/.+/|(?:\|\|)?[\w.-]*\*[\w.*-]*\^?\|?){_OPTIONS}")
_SILENT = re.compile(
    r"[!#;].*|\[[Aa]dblock.*\]"
    # What a zone of RPZ says of itself, and what a hosts file says of its machine.
    r"|\$TTL\s.*|(?:@\s+)?(?:\d\w*\s+)?(?:IN\s+)?(?:SOA|NS)\s[^()]*"
    rf"|[\da-fA-F.:]+(?:%\w+)?(?:\s+{_LOCAL})+\s*(?:#.*)?"
)
_OF_PAGES = re.compile(r".*#[@?$%]?#.*|(?:\|\|?)?[^\s/]*/.*")
# Rules that name an address, or the first three bytes of one, which is a prefix of 24.
_BROWSER_ADDRESS = re.compile(
    rf"\|\|?(?:(?P<address>\d{{1,3}}(?:\.\d{{1,3}}){{3}})(?P<end>\^?)|(?P<bytes>(?:\d{{1,3}}\.){{3}}))"
    rf"{_OPTIONS}"
)
_OF_BROWSERS = (
    "rules for browsers name addresses: counted as blocked, though a browser blocks a request to "
    "the address itself, and none to a name there"
)
_EVERYWHERE = ("", "important", "all", "document", "doc")
# To browsers a comment; in tables of addresses what is not meant.
_NEGATED = re.compile(r"!\s*[\da-fA-F]*[.:][\da-fA-F.:]+(?:/\d+)?$")
_DIRECTIVE = re.compile(r"([a-z][a-z-]*)(?:=(.*))?")
_NAMING = re.compile(r"(address|server|local|ipset|nftset)=/(.*)/([^/]*)")


def read_names(source: Readable, gathering: Gathering) -> Feed:
    """Read a list of names, one a line, or addresses among them.

    A line is a name, ``0.0.0.0 name`` as in hosts files, ``||name^`` as for browsers, a web
    address, a line of a response policy zone, or an address, prefix or range. Lines of a hosts file
    about the machine itself are skipped; rules for parts of pages, and rules of no one name (words,
    stars, regular expressions), are counted and ignored. The rule ``||198.51.100.7^`` for browsers
    is an address and ``||198.51.100.`` a prefix. A name that an exception of the file
    (``@@||name^``, ``rpz-passthru``) lets through is ignored; exceptions with conditions are
    counted; those for addresses and patterns are refused.
    """
    found = _Names(gathering)
    for lines in read_numbered(source, gathering):
        for number, line in lines:
            found.read(line, number)
        found.groups.flush()
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
    groups = Groups(gathering, "kinds")
    resolved: set[str] = set()
    for lines in read_numbered(source, gathering):
        for number, line in lines:
            if not line.startswith("#"):
                resolved |= _read_directive(line, number, groups, gathering)
        groups.flush()
    feed = groups.finish("dnsmasq")
    if both := resolved.intersection(feed.labels["name"].names if feed.labels else ()):
        message = f"expected names that are blocked or resolved, got both of {shown(min(both))}"
        raise gathering.wrong(message)
    return feed


def _read_directive(line: str, number: int, groups: Groups, gathering: Gathering) -> set[str]:
    """Read one directive; return names that are resolved."""
    text = re.split(r"\s#", line)[0].strip()
    directive = _DIRECTIVE.fullmatch(text)
    if not directive:
        gathering.refuse(f"expected a directive of dnsmasq, got {shown(line)}", number)
    elif found := _NAMING.fullmatch(text):
        names = [_normal(name) for name in found[2].split("/") if name]
        if found[1] == "server" and found[3]:
            groups.leave_out("names have a server of their own, or the usual", len(names))
            return set(names)
        for name in names:
            if name == "#":
                gathering.refuse(f"expected names, got every name: {shown(line)}", number)
            else:
                groups.take("", number, "", name)
    elif directive[1] in ("bogus-nxdomain", "ignore-address"):
        groups.take((directive[2] or "").strip(), number, "")
    elif directive[1] == "host-record":
        groups.leave_out("addresses are given to hosts of one's own (host-record)")
    return set()


def _normal(name: str) -> str:
    return name.strip("*.").lower()


class _Names:
    """Names and addresses that are blocked, and names that exceptions let through."""

    def __init__(self, gathering: Gathering) -> None:
        self._gathering = gathering
        self.groups = Groups(gathering, "kinds")
        self._exact: set[str] = set()
        self._with_below: set[str] = set()

    def lets_through(self, name: str) -> bool:
        """Return whether an exception is of a name, or of one that it is below of."""
        labels = name.split(".")
        above = (".".join(labels[row:]) for row in range(len(labels)))
        return name in self._exact or not self._with_below.isdisjoint(above)

    def read(self, line: str, number: int) -> None:
        """Read one line."""
        if line.startswith("@@"):
            self._read_exception(line, number)
            return
        if _NEGATED.match(line):
            message = f"expected a name or an address, got {shown(line)}"
            self._gathering.refuse_opposite(message, number)
            return
        if _SILENT.fullmatch(line):
            return
        found = _match(line)
        options = (found.groupdict().get("options") or "" if found else "").split(",")
        named = [option.partition("=")[0] for option in options]
        if "badfilter" in named:
            message = "expected rules that block, got one that takes another back"
            self._gathering.refuse_opposite(f"{message}: {shown(line)}", number)
            return
        if any(option not in _EVERYWHERE for option in named):
            self._gathering.note(
                f"rules with conditions, such as {shown(line)}, are counted as if they had none"
            )
        if re.match(ELEMENTS, line):
            self.groups.leave_out("lines are rules for elements of pages, and block nothing")
        elif is_address(address := line.partition("#")[0].partition(";")[0].strip()):
            self.groups.take(address, number, "")
        elif found and found.re is _BROWSER_ADDRESS:
            self._read_address(found, number, line)
        elif found and found.groupdict().get("through"):
            if found["below"]:
                # What the zone says of one name below counts before it.
                message = f"expected an exception of one name, got {shown(line)}"
                self._gathering.refuse_opposite(message, number)
            self._exact.add(_normal(found["names"]))
        elif found and found.re is not _PATTERN:
            for name in _names_of(found):
                if _A_NAME.fullmatch(name):
                    self.groups.take("", number, "", _normal(name))
                else:
                    self.groups.leave_out(_OF_NO_NAME)
        elif found:
            self.groups.leave_out(_OF_NO_NAME)
        else:
            message = f"expected a name or an address, got {shown(line)}"
            self._gathering.refuse(message, number)

    def _read_address(self, found: re.Match[str], number: int, line: str) -> None:
        """Take the address that a rule for browsers names."""
        address = found["address"] or f"{found['bytes']}0/24"
        if found["address"] and not found["end"] and len(address.rsplit(".", 1)[1]) < len("255"):
            message = f"expected ^ behind the address, got {shown(line)}, which any more digits"
            self._gathering.refuse(f"{message} match", number)
            return
        self._gathering.note(_OF_BROWSERS)
        self.groups.take(address, number, "")

    def _read_exception(self, line: str, number: int) -> None:
        """Take an exception for a name, or for it and all below it."""
        rule = line.removeprefix("@@")
        found = _PLAIN.fullmatch(rule) or _BROWSER.fullmatch(rule)
        # Of one name, or of a name and all below it.
        is_whole = found and (rule[0] != "*" if found.re is _PLAIN else found["end"])
        if "$" in rule or (_OF_PAGES.fullmatch(rule) and not _PATTERN.fullmatch(rule)):
            why = "lines are exceptions under conditions, or for parts of pages"
            self.groups.leave_out(why)
        elif not found or not is_whole or not all(map(_A_NAME.fullmatch, _names_of(found))):
            message = "expected an exception of one name, or of a name and all below it"
            self._gathering.refuse_opposite(f"{message}, got {shown(line)}", number)
        else:
            is_exact = found.re is _PLAIN and rule[0] not in "+."
            (self._exact if is_exact else self._with_below).add(_normal(found["names"]))


_OF_NO_NAME = "rules are of no one name (words, stars, expressions, whole domains)"


def _names_of(found: re.Match[str] | None) -> list[str]:
    """Names that a line holds, without those of the machine itself."""
    names = found.groupdict().get("names", "").split() if found else []
    return [name.lstrip("*+.") for name in names if not re.fullmatch(_LOCAL, name)]


def _match(line: str) -> re.Match[str] | None:
    """What a line is found to be."""
    forms = (_BROWSER_ADDRESS, *_FORMS, _PATTERN)
    return next((found for form in forms if (found := form.fullmatch(line))), None)


def fits_names(sample: Sample) -> bool:
    """Return whether more than half of the lines are names, or rules for pages."""
    texts = [line.strip() for line in sample.first_lines("#", "!")]
    with_addresses = any(re.match(ELEMENTS, text) for text in texts)
    n_found = 0
    for text in texts:
        found = _match(text)
        names = _names_of(found)
        n_found += bool(
            text.startswith("@@")
            or re.match(ELEMENTS, text)
            or _SILENT.fullmatch(text)
            or (found and found.re is _BROWSER_ADDRESS)
            or (names and all(map(_A_NAME.fullmatch, names)))
            or (with_addresses and is_address(text))
        )
    return 2 * n_found > len(texts)


def fits_dnsmasq(sample: Sample) -> bool:
    """Return whether most lines are directives of dnsmasq, with names or faked answers."""
    form = rf"{_NAMING.pattern}|(bogus-nxdomain|ignore-address|host-record)=.*"
    return bool(sample.lines) and sample.most_lines(form, "#")


_ADDRESS_TYPES = ("A", "AAAA")


def read_zdns(source: Readable, gathering: Gathering) -> Feed:
    """Read one JSON object a line, with ``results`` by module, or flat as massdns and old ZDNS do.

    Only answers of type A and AAAA are addresses; CNAME and other answers are skipped.
    """
    n_skipped = n_unresolved = 0
    for found_lines in read_numbered(source, gathering):
        names: list[str] = []
        listed: list[tuple[str, int, int]] = []
        for number, line_text in found_lines:
            found = parse_object(line_text, number, gathering)
            if found is None:
                continue
            if not isinstance(found.get("name"), str):
                gathering.refuse("expected an object with a name, got something else", number)
                continue
            addresses = []
            for answer in _answers(found):
                if answer.get("type") in _ADDRESS_TYPES:
                    # ZDNS calls it answer, massdns data.
                    addresses.append(str(answer.get("answer", answer.get("data", ""))))
                else:
                    n_skipped += 1
            n_unresolved += not addresses
            listed += [(address, len(names), number) for address in dict.fromkeys(addresses)]
            names.append(text_of(found, "name").rstrip("."))
        gathering.add_named(names, listed, "answer")
    if n_skipped:
        gathering.note(f"{n_skipped:,} answers are no addresses (CNAME and others): skipped")
    if n_unresolved:
        gathering.note(f"{n_unresolved:,} names have no address: counted as not known")
    return gathering.finish("zdns")


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
