"""Telling the form of a file by its content.

Nothing is guessed that cannot be checked: JSON of no known kind is refused; what fits nothing else
is a plain list, read line by line and refused there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from sim.addresses.feeds.forms import FORMS
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.headed import DELIMITERS
from sim.addresses.feeds.inputs import Input
from sim.addresses.feeds.inventories import ADDRESS_COLUMNS
from sim.addresses.feeds.rows.choice import AS_NAMED
from sim.addresses.feeds.rows.dates import holds_dates
from sim.addresses.feeds.rows.meaning import refusal_of, verdict_behind
from sim.addresses.feeds.rows.neighbours import Neighbours
from sim.addresses.feeds.samples import Sample, cut_lines, is_address, take_sample
from sim.addresses.sets.notation import shown
from sim.addresses.text.cuts import Block, read_blocks
from sim.addresses.text.source import Limits
from sim.errors import DataError, Problem

# A line of a list with something behind a semicolon, and how many such cells are looked at.
_WITH_CELLS, _MOST_CELLS, _TRIED = re.compile(rb"(?m)^[\da-fA-F.:/ \t-]+;[^\n#]*"), 64, 200
_PIECE = 2**18
_WITH_COMMENTS = ("firehol", "names", "dnsmasq", "ipset", "nftables", "geofeed")
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs"}


def sniff(given: Input, limits: Limits | None = None) -> str:
    """Return the form a file appears to be of; ``list`` where nothing else fits.

    Raises
    ------
    DataError
        If the file cannot be read, is JSON of none of the kinds that are read, or a table of which
        it is not known which column to read.
    """
    sample = take_sample(given, limits or Limits())
    found = next((form.name for form in FORMS if form.fits is not None and form.fits(sample)), "")
    if found in _WITH_COMMENTS:
        _check_comments(given, limits or Limits())
    if found:
        return found
    if sample.is_json:
        raise _unknown_json(sample, given.name)
    _check_no_table(sample, given)
    _check_comments(given, limits or Limits())
    _check_no_cells(given, limits or Limits())
    return "list"


def _unknown_json(sample: Sample, name: str) -> DataError:
    """Say which kinds of JSON are read, and what this one holds."""
    keys = ", ".join(list(sample.keys)[:8])
    got = f"other JSON, with keys {keys}" if keys else "JSON without keys"
    kinds = "; ".join(form.file.replace("`", "") for form in FORMS if form.is_json)
    message = (
        f"expected JSON of one of these kinds: {kinds}; got {got}; give the addresses as a list, "
        "one a line, or as CSV with a column address"
    )
    return DataError([Problem(name, message)])


def _check_no_table(sample: Sample, given: Input) -> None:
    """Refuse a table that would be read as a list, each line up to its first semicolon."""
    lines = sample.said("#", ";")
    for delimiter in DELIMITERS:
        rows = cut_lines(lines, delimiter)
        if len(rows) < 2 or len(rows[0]) < 2 or len({len(row) for row in rows}) > 1:
            continue
        n_addresses = [sum(map(is_address, row)) for row in rows]
        if n_addresses[0] == 0 and all(n_addresses[1:]):
            got = f"{', '.join(rows[0])[:200]} between {_NAMES[delimiter]}"
            wanted = f"expected a column named {', '.join(ADDRESS_COLUMNS)}, got {got}"
            held = [one for one, cell in zip(rows[0], rows[1], strict=True) if is_address(cell)]
            way = ": say which by --column address=NAME"
            if len(held) == 2:
                first, last = held
                way = (
                    f": say --column address={first} --column last={last} if each row is a range; "
                    f"--column address={first} --column address={last} if both are listed"
                )
            way = way if given.columns.has_options else ""
            raise DataError([Problem(given.name, wanted + way, 1)])


def _check_no_cells(given: Input, limits: Limits) -> None:
    """Refuse lines whose cells behind a semicolon, where a list has comments, may decide."""
    neighbours = Neighbours(Gathering(given.name, skip_bad=False, limits=limits), (), {}, AS_NAMED)
    for block in _marked_blocks(given, limits):
        found = _WITH_CELLS.findall(block.text) if b";" in block.text else ()
        rows = cut_lines([line.decode("utf-8", "replace") for line in found], ";")
        for at in range(1, min(max(map(len, rows), default=0), _MOST_CELLS)):
            held = [(row[0], row[at]) for row in rows if len(row) > at]
            # An address there is asked about as the list is read.
            if not any(is_address(text) for _, text in held[:_TRIED]):
                _check_cells(held, neighbours, given)


def _check_comments(given: Input, limits: Limits) -> None:
    """Refuse a comment by which an entry, or those below it, are not blocked."""
    for block in _marked_blocks(given, limits):
        text = block.text.decode("utf-8", "replace")
        if found := verdict_behind(text):
            n_before, word = found
            message = f"{refusal_of(word)}, or name the form by --as to ignore comments"
            raise DataError([Problem(given.name, message, block.first_line + n_before)])


def _marked_blocks(given: Input, limits: Limits) -> Iterator[Block]:
    """Yield the lines of a file with a mark of comments somewhere, block by block."""
    with given.open(limits) as source:
        pieces = iter(lambda: source.read(_PIECE), b"")
        if not any(mark in piece for piece in pieces for mark in (b"#", b";", b'"')):
            return
    with given.open(limits) as source:
        yield from read_blocks(source, limits.max_line_bytes)


def _check_cells(held: Sequence[tuple[str, str]], neighbours: Neighbours, given: Input) -> None:
    """Refuse cells, each beside its address, that are more than comments."""
    addresses, texts = map(list, zip(*held, strict=True))
    if date := next((text for text in texts if holds_dates([text])), ""):
        message = (
            f"expected dates in a column with a name, got {shown(date)} behind a semicolon: name "
            "the columns in the first line"
        )
        way = "" if given.columns.zone else ", or say --as list to ignore them"
        raise DataError([Problem(given.name, message + way)])
    line = np.arange(1, len(held) + 1, dtype=np.int64)
    try:
        neighbours.check({"comment": texts}, {"address": addresses}, line)
    except DataError as error:
        found = error.problems[0].message.partition(":")[0]
        message = f"{found}, in cells without names: name the columns in the first line"
        raise DataError(
            [Problem(given.name, f"{message}, or say --as list to ignore them")]
        ) from None
