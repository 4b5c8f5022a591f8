"""What reading takes of memory, measured in a process of its own that has imported it already."""

import gzip
import json
import re
import subprocess
import sys
import time
from textwrap import dedent

import duckdb
import pytest

from sim.addresses.feeds.formats import read_feed
from sim.addresses.feeds.inputs import Input
from sim.addresses.text import source as source_module
from sim.addresses.text.source import Limits
from sim.errors import DataError
from tests.feeds import given
from tests.forks import run_code

pytestmark = [
    pytest.mark.laws,
    pytest.mark.skipif(sys.platform != "linux", reason="peaks are told by Linux"),
]

MB = 2**20
# Time for the interpreter's own small pieces: what a reading of nothing was seen to take, and more.
NOTHING = 4 * MB


def grown(work: str, *arguments: object) -> tuple[int, str]:
    """Bytes by which the peak of a process grows in some work, and what the work refuses.

    The high-water mark of the process's own memory is read; `ru_maxrss` begins at the parent's.
    What imports left free is given back first, or the work would fill that unseen. Pages of files
    do not count: a forked process meets those of the program one by one, in steps of the kernel's.
    """
    code = dedent(
        """
        import ctypes, gc, sys
        from pathlib import Path
        import sim.blocklists.exposure, sim.addresses.feeds.normal, sim.addresses.feeds.formats
        from sim.addresses.text import source
        from sim.addresses.feeds.formats import read_feed
        from sim.addresses.feeds.inputs import Input
        from sim.addresses.text.source import Limits
        from sim.errors import OverblockError


        def peak():
            status = Path("/proc/self/status").read_text()
            whole, files = (int(status.split(key)[1].split()[0]) for key in ("VmHWM:", "RssFile:"))
            return 1024 * (whole - files)


        def read(path, read_as="", **limits):
            return read_feed(Input(Path(path), "file"), read_as, limits=Limits(**limits))


        arguments = sys.argv[1:]
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")  # the mark is what is held now
        before, told = peak(), ""
        try:
            WORK
        except OverblockError as error:
            told = str(error)
        print(peak() - before, told)
        """
    ).replace("WORK", work)
    done = run_code(code, list(map(str, arguments)))
    assert done.returncode == 0, done.stderr
    # DuckDB takes a program without a file for a person at a prompt, and shows its progress.
    n_bytes, _, told = done.stdout.splitlines()[-1].partition(" ")
    return int(n_bytes), told.strip()


def test_what_is_held_for_a_moment_is_seen():
    """The controls: nothing, a little, and what is given back at once."""
    assert grown("pass")[0] < MB
    for work, n_bytes in (("b'x' * 2**23", 8 * MB), ("[0] * 2**22", 32 * MB)):
        assert 0.9 * n_bytes < grown(work)[0] < n_bytes + NOTHING
    assert 6 * MB < grown("[str(row) for row in range(10**5)]")[0] < 12 * MB


def hosts(n: int) -> bytes:
    """So many different addresses in no order."""
    numbers = ((row * 0x9E3779B1) % 2**32 for row in range(n))
    return "".join(
        f"{k >> 24}.{k >> 16 & 255}.{k >> 8 & 255}.{k & 255}\n" for k in numbers
    ).encode()


READ = "read(arguments[0])"
EXPOSE = "sim.blocklists.exposure.assess([read(arguments[0])], None, None)"


@pytest.mark.parametrize(
    ("work", "most"),
    [
        # Two bounds and a line of eight bytes each, in columns that grow; held twice they took 52.
        (READ, 40),
        # With the number of each record, and bounds as they are sorted and merged.
        pytest.param(EXPOSE, 58, marks=pytest.mark.long),
    ],
)
def test_a_line_of_a_list_takes_few_bytes(tmp_path, work, most):
    taken = []
    for n in (100_000, 500_000):
        path = given(tmp_path, hosts(n), f"{n}.txt").path
        n_bytes, told = grown(work, path, tmp_path / f"{n}.parquet")
        assert told == ""
        taken.append(n_bytes)
    assert (taken[1] - taken[0]) / 400_000 < most


COMMAND = """
from pathlib import Path
from sim.cli.start import main
try:
    main()
finally:
    print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""


@pytest.mark.long
def test_ten_million_lines_take_as_much_as_the_reference_says(tmp_path, repository):
    path, table = tmp_path / "ten.txt", tmp_path / "ten.parquet"
    path.write_bytes(hosts(10_000_000))
    words = " ".join((repository / "docs/reference/imports.md").read_text("utf-8").split())
    said = re.search(r"ten million lines takes ([\d.]+) GB to assess .* and ([\d.]+) GB to", words)
    assert said is not None
    commands = (["exposure", path], ["import", path, "--as", "list", "-o", table])
    for command, gigabytes in zip(commands, said.groups(), strict=True):
        done = subprocess.run(
            [sys.executable, "-c", COMMAND, *map(str, command), "-q"],
            cwd=repository, capture_output=True, text=True, check=True,
        )  # fmt: skip
        peak = 1024 * int(done.stdout.splitlines()[-1])
        assert abs(peak / 1e9 - float(gigabytes)) < 0.07


LOWERED = "source.LARGE_BYTES = 2**20; read(arguments[0], max_bytes=2**25)"


def test_a_bomb_is_refused_before_its_lines_fill_the_memory(tmp_path):
    """Five million lines, of which a reader that keeps rows would hold 64 MiB at the limit."""
    path = given(tmp_path, gzip.compress(b"0.0.0.0\n" * 500_000, 1) * 10, "bomb").path
    n_bytes, refusal = grown(LOWERED, path)
    assert "at most 33,554,432 bytes of content" in refusal
    assert n_bytes < 32 * MB


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("[]", "prefixes.0: expected an object, got list"),
        *(
            pytest.param(entry, "expected an address, got nothing", marks=pytest.mark.long)
            for entry in ("{}", '{"a":1}')
        ),
    ],
)
def test_a_document_takes_thirty_times_its_text_and_some_for_each_entry(tmp_path, entry, told):
    n_entries = 200_000
    path = tmp_path / "ranges.json"
    path.write_text('{"prefixes":[' + ",".join([entry] * n_entries) + "]}")
    n_bytes, refusal = grown("read(arguments[0], 'aws')", path)
    assert told in refusal
    assert n_bytes < 30 * path.stat().st_size + 300 * n_entries + NOTHING


@pytest.mark.parametrize(
    ("read_as", "document", "place"),
    [
        ("aws", {"prefixes": [{}] * 500_001}, "prefixes"),
        ("azure", {"values": [{"properties": {"addressPrefixes": ["9.0.0.0/8"] * 250_001}}] * 2},
         "values.1.properties.addressPrefixes"),
    ],
)  # fmt: skip
def test_a_document_has_a_limit_of_entries(tmp_path, read_as, document, place):
    path = given(tmp_path, json.dumps(document), "ranges.json").path
    message = f"file: {place}: expected at most 500,000 entries, got 500,00[12]"
    with pytest.raises(DataError, match=message):
        read_feed(Input(path, "file"), read_as)


@pytest.mark.long
def test_one_line_of_nothing_but_delimiters_costs_no_more_than_itself(tmp_path):
    """A block has a row for each line, and must not have a column for each cell of this one."""
    path, line = tmp_path / "table", "198.51.100.1;;;c;d;e"
    path.write_text(f"{line}\n" * 3_000 + line + ";" * 20_000 + f"\n{line}\n" * 3_000)
    n_bytes, told = grown("read(arguments[0], 'z-i')", path)
    assert told == ""
    assert n_bytes < 40 * MB


def test_texts_that_a_small_parquet_file_repeats_are_counted_before_they_are_read(tmp_path):
    path = tmp_path / "bomb.parquet"
    duckdb.execute(
        f"COPY (SELECT '198.51.100.1' AS address, repeat('x', 1000000) AS name FROM range(2000)) "
        f"TO '{path}' (FORMAT parquet)"
    )
    assert path.stat().st_size < 100_000
    n_bytes, told = grown(READ, path)
    assert told == (
        "file: expected at most 1,073,741,824 bytes of text in its columns, got 2,000,024,000"
    )
    assert n_bytes < 64 * MB


COLUMNS = {
    "list": "198.51.100.1\n",
    "z-i": "198.51.100.1;;;c;d;e\n",
    "pfx2as": "198.51.100.0\t24\t1\n",
    "zdns": json.dumps({"name": "a", "data": {"answers": [{"type": "A", "answer": "192.0.2.1"}]}}),
    "orders": "2018-04-16T11:00+03:00,block,198.51.100.1\n",
    "inventory": "198.51.100.1\n",
}
HEADS = {"orders": "effective,action,prefix\n", "inventory": "address\n"}


@pytest.mark.parametrize("read_as", sorted(COLUMNS))
def test_columns_that_take_more_memory_than_the_limit_are_refused(tmp_path, monkeypatch, read_as):
    """Each reader asks the limits block by block whether what it holds is too much."""
    path = tmp_path / "file"
    path.write_text(HEADS.get(read_as, "") + f"{COLUMNS[read_as].strip()}\n" * 50_000)
    assert read_feed(Input(path, "file"), read_as).n_records == 50_000
    asked: list[int] = []
    monkeypatch.setattr(Limits, "check_held", lambda limits, n, name: asked.append(n))
    read_feed(Input(path, "file"), read_as, limits=Limits(max_line_bytes=2**14))
    assert asked == sorted(asked)
    assert asked[-1] > 0.9 * 16 * 50_000
    monkeypatch.undo()
    monkeypatch.setattr(source_module, "LARGE_BYTES", 0)
    limits = Limits(max_bytes=(asked[-1] - 1) // 2)
    limits.check_held(2 * limits.max_bytes, "file")
    told = f"expected a file whose columns take at most {2 * limits.max_bytes:,} bytes of memory"
    with pytest.raises(DataError, match=f"{told}, got more; raise the limit of bytes"):
        limits.check_held(asked[-1], "file")


def test_names_and_lists_are_counted_among_what_is_held(tmp_path, monkeypatch):
    asked: dict[str, int] = {}
    monkeypatch.setattr(Limits, "check_held", lambda limits, n, name: asked.__setitem__(name, n))
    for name, cell in (("same", "x" * 40), ("named", "{:040}"), ("listed", "{}_{}")):
        path = tmp_path / name
        column = "asn" if name == "listed" else "name"
        rows = (f"198.51.100.1,{cell.format(row, row + 1)}\n" for row in range(30_000))
        path.write_text(f"address,{column}\n" + "".join(rows))
        read_feed(Input(path, name), "inventory", limits=Limits(max_line_bytes=2**14))
    assert asked["named"] > asked["same"] + 0.9 * 30_000 * (40 + 16)
    assert asked["listed"] > asked["same"] + 0.9 * 30_000 * 200


def test_a_header_of_many_columns_is_read_at_once(tmp_path):
    """Looking each of 30,000 names up among all took half a minute."""
    path = tmp_path / "wide.csv"
    names = [f"c{row}" for row in range(30_000)]
    path.write_text(f"address,{','.join(names)}\n198.51.100.1{',' * 30_000}\n")
    before_s = time.process_time()
    assert read_feed(Input(path, "wide.csv"), "inventory").n_records == 1
    assert time.process_time() - before_s < 5
