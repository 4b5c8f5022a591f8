"""Rules that block names, one a line, in the forms that blocklists have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_LABEL = r"[\w-]{1,63}"
NAME = rf"(?:{_LABEL}\.)+[^\W\d_][\w-]{{1,62}}\.?"
"""A name with a dot in it, as a regular expression."""
_LABELS = rf"(?:{_LABEL}\.)*{_LABEL}\.?"
NOWHERE = r"(?:0\.0\.0\.0|127\.0\.0\.1|::1?)"
"""Where hosts files send names that are to be unreachable."""
LOCAL = r"(?:localhost(?:\.localdomain)?|local|broadcasthost|0\.0\.0\.0|ip6-[a-z]+)"
"""Names that a hosts file gives the machine itself."""

# A rule with badfilter takes back the one that it repeats.
_OPTIONS = r"(?:\$(?!\S*\bbadfilter\b)\S*)?"
_PLAIN = re.compile(rf"({NAME})(?:\s+#.*)?")
_BELOW = re.compile(rf"(\*\.|\+\.|\.)({_LABELS})(?:\s+#.*)?")
_HOSTS = re.compile(rf"{NOWHERE}\s+([\w.\s-]+)(?:#.*)?")
_BROWSER = re.compile(rf"\|\|({_LABELS})(\^?)\|?{_OPTIONS}")
_BROWSER_STARS = re.compile(rf"\|\|([\w.*-]+)(\^?)\|?{_OPTIONS}")
_EXPRESSION = re.compile(rf"/(.+)/{_OPTIONS}")
_URL = re.compile(rf"\w+://({NAME})(?::\d+)?(?:[/?#]\S*)?")
_RANKED = re.compile(rf'\d{{1,12}}[,;\t]\s*"?({NAME})"?')
_STARS = re.compile(rf"([\w.-]*\*[\w.*-]*){_OPTIONS}")
# Types that give no answer, or a false one; others let the name through (unbound.conf(5)).
_ZONE = re.compile(
    rf'local-zone:\s*"?({_LABELS})"?\s+'
    r"(?:static|deny|refuse|redirect|(?:inform|always)_\w+(?<!transparent))"
)
# The name of a zone that matches addresses or servers stands in one of its labels.
_POLICY = re.compile(
    rf"(?!\S*\.rpz-)(\*\.)?({_LABELS})\s+(?:\d+\s+)?(?:IN\s+)?CNAME\s+(\.|\*\.|rpz-drop\.|rpz-passthru\.)"
)
_DIRECTIVE = re.compile(r"(address|server|local|ipset|nftset)=/(.*)/([^/]*)")
_TYPED = re.compile(r"(full|domain|keyword|regexp):\s*([^\s,]+)", re.IGNORECASE)
ELEMENTS = r"[^\s#]+(?:(?<!\d)#[@?$%]{0,2}#\S|#[@?$%]{0,2}#[.#\[*:])"
"""How a rule for elements of pages begins: of an address it may be a comment as well."""
_COMMENT = re.compile(
    r"[!#;].*|\[[Aa]dblock.*\]"
    # What a zone of RPZ says of itself.
    r"|\$TTL\s.*|(?:@\s+)?(?:\d\w*\s+)?(?:IN\s+)?(?:SOA|NS)\s[^()]*"
)
_MACHINE = re.compile(rf"[\da-fA-F.:]+(?:%\w+)?(?:\s+{LOCAL})+\s*(?:#.*)?")
_OF_PAGES = re.compile(r".*#[@?$%]?#.*|(?:\|\|?)?[^\s/]*/.*")


class NameKind(StrEnum):
    """How a rule matches names."""

    EXACT = "exact"
    SUBDOMAINS = "subdomains"
    WILDCARD = "wildcard"
    START = "start"
    KEYWORD = "keyword"
    GLOB = "glob"
    EXPRESSION = "expression"


@dataclass(frozen=True, slots=True)
class NameRule:
    """One rule.

    Attributes
    ----------
    kind
        ``exact``: the name alone; ``subdomains``: the name and all below it; ``wildcard``: all
        below it alone; ``start``: a label begins so; ``keyword``: the name contains it; ``glob``:
        the whole name, with ``*`` for any letters; ``expression``: a regular expression that some
        part of the name fits.
    text
        The name, word or expression. Names are in lower case and without a dot at the end.
    is_exception
        Whether names that it matches are let through.
    """

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

    Parameters
    ----------
    line
        Without blanks around it, and not one that says nothing.

    References
    ----------
    AdGuard, "DNS filtering rules syntax"; dnsmasq(8); unbound.conf(5); RFC 1034, section 4.3.3 (a
    wildcard matches what is below it and not itself); v2fly, "domain-list-community".
    """
    if line.startswith("@@"):
        found = _rules(line[2:])
        return found and [NameRule(one.kind, one.text, True) for one in found]
    return _rules(line)


def _rules(line: str) -> list[NameRule] | None:
    if found := _EXPRESSION.fullmatch(line):
        return [NameRule(NameKind.EXPRESSION, found[1])]
    if found := _BELOW.fullmatch(line):
        kind = NameKind.WILDCARD if found[1] == "*." else NameKind.SUBDOMAINS
        return [NameRule(kind, normal(found[2]))]
    for form in (_PLAIN, _RANKED, _URL):
        if found := form.fullmatch(line):
            return [NameRule(NameKind.EXACT, normal(found[1]))]
    if found := _HOSTS.fullmatch(line):
        names = (each for each in found[1].split() if not re.fullmatch(LOCAL, each))
        return [NameRule(NameKind.EXACT, normal(each)) for each in names]
    if found := _BROWSER.fullmatch(line):
        kind = NameKind.SUBDOMAINS if found[2] else NameKind.START
        return [NameRule(kind, found[1].lower().rstrip(".") if found[2] else found[1].lower())]
    return _patterns(line) or _directives(line)


def _patterns(line: str) -> list[NameRule] | None:
    """Rules with stars, and rules that say their kind."""
    if found := _BROWSER_STARS.fullmatch(line):
        # A label begins so, and the name ends there or goes on.
        text = found[1].lower() + ("" if found[2] else "*")
        return [NameRule(NameKind.GLOB, text), NameRule(NameKind.GLOB, f"*.{text}")]
    if found := _STARS.fullmatch(line):
        text = found[1].lower()
        word = text.strip("*")
        is_word = word and "*" not in word and text.startswith("*") and text.endswith("*")
        return [NameRule(NameKind.KEYWORD, word) if is_word else NameRule(NameKind.GLOB, text)]
    if found := _TYPED.fullmatch(line):
        kind = {
            "full": NameKind.EXACT,
            "domain": NameKind.SUBDOMAINS,
            "keyword": NameKind.KEYWORD,
        }.get(found[1].lower(), NameKind.EXPRESSION)
        if kind == NameKind.EXPRESSION:
            return [NameRule(kind, found[2])]
        if re.fullmatch(r"[\w.-]+", found[2]):
            text = found[2].lower()
            return [NameRule(kind, text if kind == NameKind.KEYWORD else normal(text))]
    return None


def _directives(line: str) -> list[NameRule] | None:
    """Lines of name servers: of dnsmasq, unbound and response policy zones."""
    if found := _DIRECTIVE.fullmatch(re.split(r"\s#", line)[0].strip()):
        if found[1] == "server" and found[3]:
            return []
        return [
            NameRule(NameKind.GLOB, "*")
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
        kind = NameKind.WILDCARD if found[1] else NameKind.EXACT
        return [NameRule(kind, normal(found[2]), is_exception)]
    return None


def with_parents(name: str) -> list[str]:
    """Return a name and all names that it is below of."""
    labels = name.split(".")
    return [".".join(labels[row:]) for row in range(len(labels))]
