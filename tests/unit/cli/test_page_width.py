"""What is printed into a file or a pipe fits a page of 80 columns, and breaks no number."""

import io
import json
import math
import re
import sys
from contextlib import redirect_stdout

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.cli import console
from sim.cli.console import number, print_answer, print_json, print_tables, progress
from sim.report.words.tables import Column, Table
from tests.commands import run

WIDTH = 80
LISTS = (
    "exposure samples/blocklist.txt samples/ip-ranges.json --inventory samples/hosts.csv "
    "--by provider,sector --explain"
)
COMMANDS = {
    "cover": "cover --targets samples/targets.txt --against samples/order.txt --budget 5",
    "doctor": "doctor",
    "exposure of files": LISTS,
    "exposure of orders": "exposure telegram-2018-orders --at 2018-04-20T12:00+03:00 --expect-names"
    " --attribute cloud-prefixes-2018 --by provider",
    "list": "list",
    "sensitivity": "sensitivity telegram-2018 --list",
    "sources": "sources telegram-2018",
    "validate": "validate telegram-2018",
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_what_a_verb_prints_fits_a_page(command, repository, monkeypatch):
    monkeypatch.chdir(repository)
    monkeypatch.setenv("COLUMNS", "140")  # of the terminal in which the command is typed
    lines = run(*command.split()).stdout.splitlines()
    too_long = [line for line in lines if len(line) > WIDTH]
    # A path of this computer is not broken.
    assert [line for line in too_long if str(repository) not in line] == []
    assert lines


class Terminal(io.StringIO):
    """A terminal of 140 columns, wider than a page."""

    def isatty(self) -> bool:
        return True


def test_an_answer_on_a_wide_terminal_is_no_wider_than_a_page(shipped_run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")
    with redirect_stdout(Terminal()) as printed:
        print_answer(shipped_run)
    lines = printed.getvalue().replace("\N{NO-BREAK SPACE}", " ").splitlines()
    assert WIDTH - 20 < max(map(len, lines)) <= WIDTH


def test_a_count_on_a_terminal_shows_how_fast_it_goes_once_that_is_known(monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.setattr(sys, "stderr", Terminal())
    # The first run takes a minute, as loops are compiled; the others take 2 s.
    clock = iter([0.0, 0.0, *(60.0 + 2 * at for at in range(4))])
    monkeypatch.setattr(console.time, "monotonic", lambda: next(clock))
    with progress("runs", quiet=False) as watch:
        for n_done in range(5):
            watch.on_progress(n_done, 16)
    shown = [line for line in re.split(r"\r\x1b\[K", sys.stderr.getvalue()) if line]
    assert shown == [
        "1 of 16 runs",
        "2 of 16 runs",
        "3 of 16 runs, 0.5/s, 0:00:26 left",
        "4 of 16 runs, 0.5/s, 0:00:24 left",
    ]


NUMBERS = st.integers(0, 2**40)
TEXTS = st.text("abc -/.", max_size=60)


@st.composite
def a_section(draw: st.DrawFn) -> Table:
    kinds = ["text", *draw(st.lists(st.sampled_from(["text", "number"]), min_size=1, max_size=14))]
    columns = [
        Column(f"{at}", draw(TEXTS), kind, draw(st.sampled_from(["", "g", "h"])))  # type: ignore[arg-type]
        for at, kind in enumerate(kinds)
    ]
    n_rows = draw(st.integers(1, 4))
    rows = [[draw(TEXTS if kind == "text" else NUMBERS) for kind in kinds] for _ in range(n_rows)]
    return Table("key", "A title " * draw(st.integers(1, 20)), columns, rows)


@given(a_section())
def test_a_table_of_any_columns_fits_a_page_and_has_every_number(section):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "140")

        out = io.StringIO()
        with redirect_stdout(out):
            print_tables([section])
    assert max(map(len, out.getvalue().splitlines())) <= WIDTH
    words = out.getvalue().split()
    for row in section.rows:
        for value in row:
            if isinstance(value, int):
                assert f"{value:,}" in words
                words.remove(f"{value:,}")


# Numbers in tables of the terminal: few digits, and what is not known is said to be so.


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0"),
        (0.0000041, "0.0000041"),
        (3.456, "3.46"),
        (-12.4, "-12"),
        (64_900, "64,900"),
        (16_300_000, "16.30 M"),
        (math.nan, "not known"),
    ],
)
def test_a_number_has_three_digits_or_is_whole_or_in_millions(value, said):
    assert number(value) == said


@pytest.mark.parametrize(
    ("encoding", "begins"), [("utf-8", '{\n  "é"'), ("ascii", '{\n  "\\u00e9"')]
)
def test_json_has_letters_that_its_reader_can_show(encoding, begins, monkeypatch):
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding, write_through=True))
    print_json({"é": 1})
    assert out.getvalue().decode(encoding).startswith(begins)
    assert json.loads(out.getvalue()) == {"é": 1}
