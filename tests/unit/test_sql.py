"""DuckDB reads and writes the file that it is told, whatever this and its folders are called."""

from pathlib import Path

import duckdb
import numpy as np
import pytest

from sim.addresses.feeds.formats import read_feed
from sim.addresses.feeds.inputs import Input
from sim.addresses.feeds.normal import write_normal
from sim.errors import DataError
from sim.results.parquet import is_part_of, merge_parts, read_columns, write_part
from sim.results.tables import connect_tables

WILD = ("a*.parquet", "a?.parquet", "a[b].parquet", "a'].parquet", "~/a.parquet", "file:/a.parquet")
"""Names that mean other files to DuckDB; a user stands where they are."""
PARTED = ("asn=64496/a.parquet", "address=203.0.113.0/a.parquet")
"""Folders that DuckDB takes for columns."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file that most of the names would fit."""
    monkeypatch.chdir(tmp_path)
    duckdb.execute("COPY (SELECT '203.0.113.9' AS address) TO 'ab.parquet' (FORMAT parquet)")
    return tmp_path


def put(folder: Path, name: str) -> Path:
    """Write a table of one row, and give its path as the user would."""
    plain = folder / "plain"
    duckdb.execute(f"COPY (SELECT '198.51.100.1' AS address) TO '{plain}' (FORMAT parquet)")
    path = Path(name)
    path.parent.mkdir(exist_ok=True)
    plain.rename(path)
    return path


@pytest.mark.parametrize("name", [*WILD, *PARTED])
def test_a_users_table_is_read_alone_and_as_it_is(folder, name):
    feed = read_feed(Input(put(folder, name), "given"))
    assert list(feed.v4.start) == [0xC6336401]
    assert "asn" not in feed.labels
    assert not feed.notes


@pytest.mark.parametrize("name", [*WILD, *PARTED])
def test_a_table_is_written_where_it_is_told(folder, name):
    feed = read_feed(Input(put(folder, "plain.parquet"), "plain.parquet"))
    before = (folder / "ab.parquet").read_bytes()
    assert write_normal(feed, Path(name), sha256="", version="1") == 1
    assert list(read_feed(Input(Path(name), "given")).v4.start) == [0xC6336401]
    assert (folder / "ab.parquet").read_bytes() == before


@pytest.mark.parametrize("name", [*WILD, "replicate=7/a.parquet"])
def test_tables_of_runs_are_written_merged_and_read_alone(folder, name):
    part, path = Path(name), Path(f"{name}.whole")
    part.parent.mkdir(exist_ok=True)
    write_part(part, {"replicate": np.array([1, 2])})
    assert merge_parts([part, part], path, {"result_id": "x"}) == 4
    columns = read_columns(path, "SELECT * FROM data")
    assert list(columns) == ["replicate", "file_row_number"]
    assert columns["replicate"].tolist() == [1, 2, 1, 2]
    assert is_part_of(part, part, "true", [])


@pytest.mark.parametrize("name", ["run*", "strategy=none", "~"])
def test_views_of_a_run_folder_are_of_its_own_tables(folder, name):
    for run in (Path(name), Path("runs")):
        run.mkdir()
        write_part(run / "curves.parquet", {"replicate": np.array([1])})
    with connect_tables(Path(name)) as connection:
        assert connection.execute("SELECT * FROM curves").fetchall() == [(1,)]


def test_a_name_that_duckdb_cannot_be_told_is_refused(folder):
    with pytest.raises(DataError, match="expected a path without a backslash beside one of"):
        read_feed(Input(put(folder, "a\\*.parquet"), "given"))
    assert read_feed(Input(put(folder, "a\\b.parquet"), "given")).n_records == 1
