"""Columns read in bulk are what a reader of one cell at a time would give."""

from __future__ import annotations

import csv
import io

from hypothesis import example, given
from hypothesis import strategies as st

from sim.addresses.feeds.delimited import Dialect, read_records
from sim.addresses.feeds.gather import Coder, Gathering
from sim.addresses.text.source import Limits

CELLS = st.text(
    st.characters(blacklist_characters='\n\r\0",', blacklist_categories=["Cs"]), max_size=9
)
LONG = st.integers(0, 80).map(lambda n: "x" * n)
COLUMNS = st.lists(st.lists(CELLS | LONG, max_size=12), max_size=4)


@given(COLUMNS)
def test_numbers_of_texts_are_those_of_a_dictionary(batches):
    coder, known, expected = Coder(), {}, []
    for batch in batches:
        coder.add(batch)
        bare = [text.strip(" \t") for text in batch]
        expected += [known.setdefault(text, len(known)) if text else -1 for text in bare]
    labels = coder.finish()
    assert labels.code.tolist() == expected
    assert list(labels.names) == list(known)


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=8), st.integers(4, 300))
def test_records_of_any_block_size_are_those_of_the_csv_module(rows, max_line_bytes):
    text = "".join(f"{','.join(row)}\n" for row in rows)
    limits = Limits(
        max_line_bytes=max(max_line_bytes, *(len(line.encode()) + 1 for line in text.split("\n")))
    )
    gathering = Gathering("file", skip_bad=False, limits=limits)
    source = io.BytesIO(text.encode())
    found = list(read_records(source, Dialect(",", 3, is_quoted=True), gathering))
    got = [row for records in found for row in zip(*records.columns, strict=True)]
    lines = [line for records in found for line in records.line.tolist()]
    expected = [tuple(row) for row in csv.reader(io.StringIO(text, newline="")) if row]
    assert got == expected
    assert lines == list(range(1, len(rows) + 1))
    assert gathering.n_bad == 0


# As many delimiters in all as three good lines have, and not one of the lines is good.
@example(["a,b,c,d", "a,b", "a,b,c,d", "a,b"])
@given(
    st.lists(
        st.sampled_from(["a,b,c", "a,b", "a,b,c,d", "", '"a,b",c,d', '"a', "a\0,b,c", "#,b,c"]),
        max_size=9,
    )
)
def test_every_line_is_a_record_or_blank_or_refused(lines):
    gathering = Gathering("file", skip_bad=True, limits=Limits())
    source = io.BytesIO("".join(f"{line}\n" for line in lines).encode())
    dialect = Dialect(",", 3, is_quoted=True, comment="#")
    found = list(read_records(source, dialect, gathering))
    good = [line for records in found for line in records.line.tolist()]
    expected = [at for at, line in enumerate(lines, 1) if line in ("a,b,c", '"a,b",c,d')]
    n_bad = sum(line in ("a,b", "a,b,c,d", '"a', "a\0,b,c") for line in lines)
    assert (good, gathering.n_bad) == (expected, n_bad)
