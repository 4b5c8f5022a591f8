"""Reading a file of any form: recognise it, read it, explain what is wrong with it.

Nothing is guessed that cannot be checked. JSON of no known kind is refused; what fits nothing else
is a plain list, read line by line and refused there. A file with more mistakes than addresses is
described by what it looks like, and never read as that.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sim.addresses.feeds.delimited import cut_header
from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.forms import EXPORTS, FORM, FORMATS, FORMS, JSON_FORMS
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.inputs import (
    DELIMITERS,
    Input,
    Sample,
    cut_lines,
    is_address,
    plain_name,
    take_sample,
)
from sim.addresses.feeds.inventories import ADDRESS_COLUMNS
from sim.addresses.feeds.orders import Orders
from sim.addresses.feeds.refused import refuse_rules, refuse_unread
from sim.addresses.feeds.verdicts import verdict_behind, verdicts_among, words_against
from sim.addresses.sets.notation import shown
from sim.addresses.text.source import Block, Limits, read_blocks
from sim.errors import BadLinesError, DataError, Mistakes, Problem, UsageError, told_once

# A line of a list with cells behind a semicolon, and cells of figures, which may be addresses,
# lengths, netmasks or dates.
_WITH_CELLS = re.compile(r"(?m)^[\da-fA-F.:/ \t-]+;([^\n#]+)")
_FIGURES = re.compile(r"[\da-fA-F.:/,+TZ \t-]*\d[\da-fA-F.:/,+TZ \t-]*", re.ASCII)
_PIECE = 2**18
_WITH_COMMENTS = ("names", "dnsmasq", "ipset", "nftables")
# A line that is no comment, a comment with a word in it, and how many of them are named.
_ENTRY = re.compile(r"(?m)^[ \t]*[^#;!\s/\[]")
_COMMENT = re.compile(
    r"(?m)(?:^[ \t]*(?:[;!]|#(?![#@?$%]\S))|(?<=[ \t\d])[#;])[#;! \t]*+([^\n]*\w[^\n]*)"
)
_NUMBER = re.compile(r"\d+")
_NAMED, _MOST_KINDS = 3, 1_000
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs"}


def sniff(given: Input, limits: Limits | None = None) -> str:
    """Return the form a file appears to be of; ``list`` where nothing else fits.

    Raises
    ------
    DataError
        If the file cannot be read, is of a kind that is refused, JSON of none of the kinds that are
        read, or a table without a column that can be read.
    """
    sample = take_sample(given, limits or Limits())
    _refuse_unread(given, limits or Limits())
    found = next((form.name for form in FORMS if form.fits is not None and form.fits(sample)), "")
    if found in _WITH_COMMENTS:
        _check_comments(given, limits or Limits())
    if found:
        return found
    if sample.is_json:
        keys = ", ".join(list(sample.keys)[:8])
        got = f"other JSON, with keys {keys}" if keys else "JSON without keys"
        kinds = "; ".join(form.file.replace("`", "") for form in JSON_FORMS)
        message = (
            f"expected JSON of one of these kinds: {kinds}; got {got}; give the addresses as a "
            "list, one a line, or as CSV with a column address"
        )
        raise DataError([Problem(given.name, message)])
    _check_no_table(sample, given)
    _check_comments(given, limits or Limits())
    _check_cells(given, limits or Limits())
    return "list"


def _refuse_unread(given: Input, limits: Limits) -> None:
    """Refuse what `refuse_unread` does, but no inventory, whose texts may be scripts."""
    sample = take_sample(given, limits)
    if not any(form.fits is not None and form.fits(sample) for form in EXPORTS):
        refuse_unread(given, limits)


def _has_address(cell: str) -> bool:
    return is_address(cell) or any(map(is_address, re.split(r"[\s,;]+", cell)))


def _check_no_table(sample: Sample, given: Input) -> None:
    """Refuse a table that would be read as a list, each line up to its first semicolon."""
    if re.match("sep=.", sample.text):
        message = (
            f"expected a list or a table, got {shown(sample.lines[0])}: take this line of Excel out"
        )
        raise DataError([Problem(given.name, message, 1)])
    lines = sample.first_lines("#", ";")
    for delimiter in DELIMITERS:
        rows = cut_lines(lines, delimiter)
        if len(rows) < 2 or len(rows[0]) < 2 or len({len(row) for row in rows}) > 1:
            continue
        n_addresses = [sum(map(_has_address, row)) for row in rows]
        if n_addresses[0] == 0 and all(n_addresses[1:]):
            cut_header(sample.data.partition(b"\n")[0], given.name)  # Names that are no UTF-8.
            got = f"{', '.join(rows[0])[:200]} between {_NAMES[delimiter]}"
            wanted = f"expected a column named {', '.join(ADDRESS_COLUMNS)}, got {got}"
            held = [one for one, cell in zip(rows[0], rows[1], strict=True) if _has_address(cell)]
            way = ": say which by --column address=NAME"
            if len(held) == 2:
                first, last = held
                way = (
                    f": say --column address={first} --column last={last} if each row is a range; "
                    f"--column address={first} --column address={last} if both are listed"
                )
            mistakes = Mistakes(DataError)
            mistakes.append(Problem(given.name, wanted + way * given.columns.has_options, 1))
            roles = {**given.columns.roles, plain_name(held[-1] if held else ""): "address"}
            is_one = len(held) == 1 and "" not in roles and roles != given.columns.roles
            if given.columns.has_options and is_one:
                # What is wrong with the other columns, to be settled in the same go.
                with mistakes.of_part():
                    read_file(replace(given, columns=replace(given.columns, roles=roles)))
            mistakes.raise_any()


def _check_cells(given: Input, limits: Limits) -> None:
    """Refuse lines whose cells behind a semicolon, where a list has comments, may decide."""
    for block in _marked_blocks(given, limits):
        text = block.text.decode("utf-8", "replace") if b";" in block.text else ""
        cells: dict[str, int] = {}
        for found in _WITH_CELLS.finditer(text):
            for cell in found[1].split(";"):
                cells.setdefault(cell.strip(), found.start())
        deciding = words_against(cells, are_texts=True)
        deciding.update(filter(_FIGURES.fullmatch, cells))
        if deciding:
            cell = next(cell for cell in cells if cell in deciding)
            message = (
                f"expected a comment in words behind a semicolon, got {shown(cell)}: name the "
                "columns in the first line, or say --as list to ignore what is behind semicolons"
            )
            line = block.first_line + text.count("\n", 0, cells[cell])
            raise DataError([Problem(given.name, message, line)])


def _check_comments(given: Input, limits: Limits) -> None:
    """Refuse a comment by which an entry, or those below it, are not blocked."""
    for block in _marked_blocks(given, limits):
        if found := verdict_behind(block.text.decode("utf-8", "replace")):
            n_before, word = found
            message = (
                f"expected entries that are blocked, got a comment that says {shown(word)}: take "
                "out what is not blocked and the comment, or the comment alone if all of them are "
                "blocked, or name the form by --as to ignore comments"
            )
            raise DataError([Problem(given.name, message, block.first_line + n_before)])


def _note_comments(given: Input, limits: Limits) -> str:
    """Name comments, the rarest kinds first: above the first entry those that turn it round."""
    counts: Counter[str] = Counter()
    first: dict[str, tuple[int, str]] = {}
    is_below = False
    for block in _marked_blocks(given, limits):
        text = block.text.decode("utf-8", "replace")
        entry = None if is_below else _ENTRY.search(text)
        above = 0 if is_below else entry.start() if entry else len(text)
        is_below = is_below or entry is not None
        turned = verdicts_among(found[1] for found in _COMMENT.finditer(text, 0, above))
        for found in _COMMENT.finditer(text):
            if found.start() < above and found[1] not in turned:
                continue
            # Digits make no kind.
            kind = _NUMBER.sub("0", found[1])
            kind = kind if kind in first or len(first) < _MOST_KINDS else ""
            counts[kind] += 1
            if kind not in first:
                line = block.first_line + text.count("\n", 0, found.start(1))
                first[kind] = line, found[1].strip()
    rarest = sorted((n, *first[kind]) for kind, n in counts.items())[:_NAMED]
    told = [f"{shown(comment)} (line {line:,})" for _, line, comment in rarest]
    n_more = counts.total() - len(told)
    more = f" and {n_more:,} more" if n_more else ""
    return f"comments ignored: {', '.join(told)}{more}" if told else ""


def _marked_blocks(given: Input, limits: Limits) -> Iterator[Block]:
    """Yield the lines of a file with a mark of comments somewhere, block by block."""
    with given.open(limits) as source:
        pieces = iter(lambda: source.read(_PIECE), b"")
        if not any(mark in piece for piece in pieces for mark in (b"#", b";", b'"')):
            return
    with given.open(limits) as source:
        yield from read_blocks(source, limits.max_line_bytes)


# Mistakes that are told one by one where one sentence tells them all.
_EXAMPLES = 3
# Lines that are looked at, of those that are neither blank nor comment.
_MOST_LINES = 200

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
    r"[a-z]+\|[a-z*]{0,2}\|(asn|ipv4|ipv6)\|.*": (
        "delegations of a registry: iptoasn.com has the country of each range"
    ),
    rf"{_PREFIX},([a-z][a-z])?(,.*)?": (
        "a geofeed (RFC 8805): leave --as out, or say --as geofeed"
    ),
    rf"{_PREFIX}\s+AS\d+\b.*|(AS)?\d+\s*\|.*": (
        "addresses with the AS of each: write a table with the columns address and asn"
    ),
    r"\S+\.\s+(A|AAAA|CNAME)\s+\S+": "answers of massdns as text: run massdns with -o J",
    rf"{_PREFIX}\s+[a-z_*][^\s,;]*(\s.*)?": (
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
    r"[^;\t]*:\d+(\.\d+){3}-\d+(\.\d+){3}": (
        "a PeerGuardian (P2P) list: keep what follows the last colon of each line"
    ),
    rf"[\w*.-]+\.[a-z][\w-]+[\s,;]+{_PREFIX}": (
        "names with an address behind each: put the line name,address above them, and commas "
        "between the two"
    ),
    r'(resource|data) ".*|[\w"-]+ +(=|->) .*|[\])}]+,?': (
        "Terraform's notation for people: give the output of `terraform show -json`"
    ),
    r"[A-Z][A-Z_/ ]*|\S+(?: {2,}\S+)+|[-+=| ]+|\|.*\||.*\t/subscriptions/.*": (
        "a table for people: write it as CSV, or ask the command that printed it for JSON "
        "(aws --output json, az -o json, gcloud --format=json)"
    ),
    r"---|- .*|[\w.-]+:( .*)?": f"YAML: ask for JSON (-o json), or {_ONE_A_LINE}",
    r"[{}\[\]].*|\"[^\"]*\":.*": f"JSON: {_ONE_A_LINE}",
    r"[^;,\t]*[;,\t].*": f"a table: {_COLUMN}",
    r"[^|]*\|.*": f"a table with bars (|) between its cells: {_ONE_A_LINE}",
}


def _explained(error: BadLinesError, given: Input, format_name: str, limits: Limits) -> DataError:
    """A file with more mistakes than addresses by what it looks like; others line by line."""
    refuse_rules(given, limits)
    told = _mostly_refused(given, format_name, error.n_bad, error.n_good, limits)
    if told:
        summary = (
            f"expected a list of addresses, got {error.n_bad:,} lines that are none and "
            f"{error.n_good:,} that are; it looks like {told}"
        )
    elif error.n_bad > max(error.n_good, 20):  # Fewer are told one by one.
        summary = (
            f"expected a file of the form {format_name}, got {error.n_bad:,} mistakes and "
            f"{error.n_good:,} rows; if it is of another form, leave --as out or name that form"
        )
    else:
        return error
    described = [problem for problem in error.problems if problem.line or problem.key]
    examples = told_once(described, are_all=len(described) == error.n_bad)[:_EXAMPLES]
    return DataError([Problem(given.name, summary), *examples])


def _checked(feed: Feed, given: Input, limits: Limits, *, allow_empty: bool) -> Feed:
    """A feed that holds an address, with a note where most of its file was refused."""
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
            "if nothing is meant to be there: import, cover and exposure take --allow-empty",
        ]
        message = "; ".join(filter(None, parts))
        raise DataError([Problem(given.name, message), *feed.problems[:_EXAMPLES]])
    if not told:
        return feed
    note = f"most of its lines are no addresses; it looks like {told}"
    return replace(feed, notes=(note, *feed.notes))


def _mostly_refused(given: Input, format_name: str, n_bad: int, n_good: int, limits: Limits) -> str:
    """Likely kind of a file whose lines were mostly refused; empty for other files and kinds."""
    if format_name != "list" or n_bad <= n_good:
        return ""
    sample = take_sample(given, limits).data
    if sample[:400].count(b"\0") > 40:
        return "UTF-16 text or a binary file: `iconv -f utf-16le -t utf-8 FILE > NEW` may help"
    lines = sample.decode("utf-8-sig", "replace").split("\n")
    said = [line.strip() for line in lines[: 10 * _MOST_LINES]]
    said = [line for line in said if line and not line.startswith("#")][:_MOST_LINES]
    for form, told in _MARKS.items():
        if any(re.match(form, line, re.I) for line in said):
            return told
    for form, told in _LINES.items():
        if 2 * sum(re.fullmatch(form, line, re.I) is not None for line in said) > len(said):
            return told
    return ""


_UNDATED = (
    "its orders are read without their times: whatever one of them names is listed, even if "
    "another unblocks it later"
)


def read_file(
    given: Input,
    format_name: str = "",
    *,
    skip_bad: bool = False,
    limits: Limits | None = None,
    allow_empty: bool = False,
) -> Feed | Orders:
    """Read a file of any known form: dated orders with their times, all else as a feed.

    Parameters
    ----------
    given
        The file.
    format_name
        One of ``FORMATS``; found out from the file where empty.
    skip_bad
        Leave mistakes out and count them, instead of refusing the file.
    limits
        How much is read and described.
    allow_empty
        Return a feed without any address, too.

    Raises
    ------
    DataError
        If the file is missing, unreadable, of another format, holds mistakes, or gives no address.
    UsageError
        If there is no such format.
    """
    limits = limits or Limits()
    if format_name and format_name not in FORMATS:
        raise UsageError(f"--as: expected one of {', '.join(FORMATS)}, got {format_name!r}")
    if format_name:
        _refuse_unread(given, limits)
    name = format_name or sniff(given, limits)
    form = FORM[name]
    gathering = Gathering(given.name, skip_bad=skip_bad, limits=limits, columns=given.columns)
    try:
        if form.read_path is not None:
            found: Feed | Orders = form.read_path(given.path, gathering)
        else:
            assert form.read is not None
            with given.open(limits) as source:
                found = form.read(source, gathering)
    except BadLinesError as error:
        raise _explained(error, given, name, limits) from None
    if isinstance(found, Orders):
        return replace(found, feed=_checked(found.feed, given, limits, allow_empty=allow_empty))
    if name in ("list", *_WITH_COMMENTS) and (note := _note_comments(given, limits)):
        found = replace(found, notes=(*found.notes, note))
    # Names of a zone may be resolved afterwards.
    if found.questions and not format_name and not (allow_empty and name == "zone"):
        raise DataError(list(found.questions))
    if not format_name and form.named_by is not None:
        found = _of_whom(found, given, form.named_by, limits)
    return _checked(found, given, limits, allow_empty=allow_empty)


def read_feed(given: Input, format_name: str = "", **options: Any) -> Feed:
    """Read a file as `read_file`; dated orders without their times, and a note that says so."""
    found = read_file(given, format_name, **options)
    if isinstance(found, Feed):
        return found
    return replace(found.feed, notes=(*found.feed.notes, _UNDATED))


def _of_whom(feed: Feed, given: Input, named_by: str, limits: Limits) -> Feed:
    """Ranges without their provider where the file has a provider's keys and does not name it."""
    sample, form = take_sample(given, limits), feed.origin.format
    if re.search(named_by, sample.text + sample.tail.decode("utf-8", "replace"), re.IGNORECASE):
        return feed
    note = (
        f"its keys are those of the form {form}, but it does not say whose addresses these are: no "
        f"provider is named; --as {form}, or --attribute NAME={feed.origin.file}, names one"
    )
    return replace(
        feed,
        origin=replace(feed.origin, licence=""),
        labels={name: labels for name, labels in feed.labels.items() if name != "provider"},
        notes=(note, *feed.notes),
    )
