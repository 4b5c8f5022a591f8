"""What to tell of a file in which few addresses were found, or none.

Nothing is read as what it looks like.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.inputs import Input
from sim.addresses.feeds.refused import refuse_rules
from sim.addresses.feeds.samples import read_sample
from sim.addresses.feeds.sniffing import sniff
from sim.addresses.text.source import Limits
from sim.errors import BadLinesError, DataError, Problem, told_once

# Formats that a file is read as when it is like nothing else.
_LISTS = ("list", "firehol")
# Mistakes that are told one by one where one sentence tells them all.
_EXAMPLES = 3
# Mistakes that may all be told one by one, though there are more of them than rows.
_FEW = 20
# Lines that are looked at, of those that are neither blank nor comment, and bytes of each.
_MOST_LINES = 200
_MOST_CHARACTERS = 200

_ADDRESS = r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*)"
_PREFIX = rf"{_ADDRESS}(?:/\d+)?"
_NETMASK = r"(?:0|128|192|224|240|248|252|254|255)"

_ONE_A_LINE = "keep the addresses, one a line"
_DENIED = "keep the addresses that are denied, one a line, and let a person check them"
_COLUMN = "name the column of addresses 'address' in the first line, with nothing above it"

# What stands somewhere at the start of a line in files of a kind, and in no others.
_MARKS: Mapping[str, str] = {
    r"\s*<(!doctype html|html|head|body)\b": "an HTML page: a download that failed may leave one",
    r"\s*<\?xml": f"XML: {_ONE_A_LINE}",
}
# Forms of whole lines, of which a file of a kind holds more than half; the special ones first.
_LINES: Mapping[str, str] = {
    r"(set policy-options|ip prefix-list|ipv6 prefix-list|ip route|ipv6 route|access-list|route"
    r"|permit|deny|seq \d+) .*[^;]": f"a router's configuration: {_DENIED}",
    r"(deny|allow) \S+;|(deny|allow) from .*|require (not )?ip .*": (
        f"a web server's access rules: {_DENIED}"
    ),
    rf"{_ADDRESS}\s+{_NETMASK}(\.\d+){{3}}": (
        "addresses with netmasks: write 198.51.100.0/24 for 198.51.100.0 255.255.255.0"
    ),
    rf"{_PREFIX}\s+[a-z_*-][^\s,;]*(\s.*)?": (
        "a hosts file, or addresses with a name behind each: in a hosts file the address is where "
        "names are sent, not their own; else give a table with the columns address and name"
    ),
    rf"{_PREFIX}([\s,]+{_PREFIX})+,?": (
        "several addresses a line: write them as first-last (198.51.100.0-198.51.100.9) if they "
        "are the ends of a range, one a line if each is listed"
    ),
    r"\d+(\.\d+){0,2}(\.\*)+": "addresses with wildcards: write 198.51.100.0/24 for 198.51.100.*",
    r"\d+(\.\d+){3}:\d+|\[[0-9a-f:]+\]:\d+": "addresses with ports: leave the ports out",
    r"\d+(\[\.\]|\(\.\))\d+.*": "addresses with brackets around their dots: take those out",
    rf"(- *['\"]?|['\"]){_PREFIX}['\"]?,?|{_PREFIX},": (
        f"addresses with marks around them: {_ONE_A_LINE}, bare"
    ),
    rf"[^;\t]*:{_ADDRESS}-{_ADDRESS}": (
        "a PeerGuardian (P2P) list: keep what follows the last colon of each line"
    ),
    r"---|- .*|[\w.-]+:( .*)?": f"YAML: {_ONE_A_LINE}",
    r"[{}\[\]].*|\"[^\"]*\":.*": f"JSON: {_ONE_A_LINE}",
    r"[^;]*;.*": f"a table with semicolons (;) between its cells: {_COLUMN}",
    r"[^\t]*\t.*": f"a table with tabs between its cells: {_COLUMN}",
    r"[^,]*,.*": f"a table with commas between its cells: {_COLUMN}",
    r"[^|]*\|.*": f"a table with bars (|) between its cells: {_ONE_A_LINE}",
}


@contextmanager
def explained(
    given: Input, format_name: str, limits: Limits, *, is_asked: bool = False
) -> Iterator[None]:
    """Tell a file with more mistakes than addresses by what it looks like, not line by line.

    Parameters
    ----------
    given, format_name
        The file, and what it is read as.
    limits
        How much of it is read.
    is_asked
        Whether somebody said what to read it as; else its content did.

    Raises
    ------
    DataError
        In place of a `BadLinesError`; by their name, if its mistakes are firewall rules.
    """
    try:
        yield
    except BadLinesError as error:
        refuse_rules(given, limits)
        told = _mostly_refused(given, format_name, error.n_bad, error.n_good, limits)
        if told:
            summary = (
                f"expected a list of addresses, got {error.n_bad:,} lines that are none and "
                f"{error.n_good:,} that are; it looks like {told}"
            )
        elif error.n_bad > max(error.n_good, _FEW):
            summary = (
                f"expected a file of the form {format_name}, got {error.n_bad:,} mistakes and "
                f"{error.n_good:,} rows; {_form_of(given, format_name, limits, is_asked)}"
            )
        else:
            raise
        described = [problem for problem in error.problems if problem.line or problem.key]
        are_all = len(described) == error.n_bad
        examples = told_once(described, are_all=are_all)[:_EXAMPLES]
        raise DataError([Problem(given.name, summary), *examples]) from None


def _form_of(given: Input, format_name: str, limits: Limits, is_asked: bool) -> str:
    """What its first lines say of a file that does not hold what it is read as."""
    try:
        form = sniff(given, limits) if is_asked else format_name
    except DataError:
        return "its first lines are of no form that is read"
    if form != format_name:
        return f"by its first lines it is of the form {form}: leave --as out"
    return "its first lines look like that; if it is of another form, name that with --as"


def checked(feed: Feed, given: Input, limits: Limits, *, allow_empty: bool) -> Feed:
    """Return a feed that holds an address, with a note where most of its file was refused.

    Raises
    ------
    DataError
        If it holds none, unless ``allow_empty``; if its mistakes are firewall rules.
    """
    if feed.n_bad:
        refuse_rules(given, limits)
    n_rows = len(feed.v4) + len(feed.v6)
    told = _mostly_refused(given, feed.origin.format, feed.n_bad, n_rows, limits)
    if not n_rows and not allow_empty:
        got = f"none in {feed.n_lines:,} lines or entries" if feed.n_lines else "an empty file"
        parts = [
            f"expected at least one address, got {got}",
            f"{feed.n_bad:,} mistakes were left out" if feed.n_bad else "",
            f"it looks like {told}" if told else "",
            *feed.notes,
            "if nothing is meant to be there, say --allow-empty",
        ]
        message = "; ".join(filter(None, parts))
        raise DataError([Problem(given.name, message), *feed.problems[:_EXAMPLES]])
    if not told:
        return feed
    note = f"most of its lines are no addresses; it looks like {told}"
    return replace(feed, notes=(note, *feed.notes))


def likeness(sample: bytes) -> str:
    """Name what a file looks like that is none of the formats read.

    Parameters
    ----------
    sample
        Its first bytes, decompressed.

    Returns
    -------
    told
        A phrase to stand after "it looks like"; empty where no kind fits.
    """
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")) or sample[:400].count(b"\0") > 40:
        return "UTF-16 text or a binary file: text must be UTF-8"
    lines = sample.decode("utf-8-sig", "replace").split("\n")
    said = [line.strip()[:_MOST_CHARACTERS] for line in lines[: 10 * _MOST_LINES]]
    said = [line for line in said if line and not line.startswith("#")][:_MOST_LINES]
    for form, told in _MARKS.items():
        if any(re.match(form, line, re.I) for line in said):
            return told
    for form, told in _LINES.items():
        if 2 * sum(re.fullmatch(form, line, re.I) is not None for line in said) > len(said):
            return told
    return ""


def _mostly_refused(given: Input, format_name: str, n_bad: int, n_good: int, limits: Limits) -> str:
    """What a file looks like, if most of it was refused as a list."""
    if format_name not in _LISTS or n_bad <= n_good:
        return ""
    return likeness(read_sample(given, limits))
