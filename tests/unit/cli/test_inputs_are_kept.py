"""No verb writes over a file that it reads, by whatever name or link; other files need --force."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from sim.addresses.feeds.formats import read_feed
from sim.addresses.feeds.inputs import Input
from sim.errors import OverblockError, UsageError
from sim.files import check_all_free, check_free, keeps_what_is_read, new_file
from sim.results.folder import read_manifest
from sim.scenario.cases import read_cases
from sim.scenario.load import load_scenario
from sim.scenario.tables.seeds import read_bytes
from tests.commands import run

ORDERS = "effective,action,prefix\n2018-04-16T11:00+03:00,block,198.51.100.0/24\n"
READ = "is a file that this command reads; choose another output"


def same(path: Path) -> Path:
    return path.parent / ".." / path.parent.name / path.name


def symlink(path: Path) -> Path:
    link = path.with_name(f"link{path.suffix}")
    link.symlink_to(path)
    return link


def hard_link(path: Path) -> Path:
    link = path.with_name(f"hard{path.suffix}")
    os.link(path, link)
    return link


LINKS = [same, symlink, hard_link]


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_import_replaces_no_file_that_it_reads(kind, link, tmp_path):
    given = tmp_path / f"mine.{kind}"
    (tmp_path / "list.csv").write_text("address\n192.0.2.1\n")
    if kind == "csv":
        given.write_text(ORDERS)
    else:
        run("import", tmp_path / "list.csv", "-o", given, status=0)
    form = "parquet" if kind == "parquet" else "orders"
    before = given.read_bytes()
    assert READ in run("import", given, "--as", form, "-o", link(given), "--force", status=2).stderr
    assert given.read_bytes() == before
    run("import", given, "--as", form, "-o", tmp_path / f"other.{kind}", status=0)
    run("import", given, "--as", form, "-o", tmp_path / f"other.{kind}", "--force", status=0)


@pytest.mark.parametrize("name", ["mine.txt", "mine", "mine.parquet.gz", "mine.xlsx", "mine.CSV"])
def test_import_writes_parquet_and_csv_alone(name, tmp_path):
    given = tmp_path / "list.txt"
    given.write_text("198.51.100.1\n")
    told = run("import", given, "-o", tmp_path / name, "--force", status=2).stderr
    assert "expected a table TABLE.parquet or TABLE.csv" in told
    assert [path.name for path in tmp_path.iterdir()] == ["list.txt"]


@pytest.mark.parametrize(
    "read",
    [
        lambda path: read_feed(Input(path, path.name), "list", allow_empty=True, skip_bad=True),
        lambda path: read_bytes(path),
        lambda path: load_scenario(str(path)),
        lambda path: read_cases(path),
        lambda path: read_manifest(path.parent),
    ],
)
def test_what_any_reader_reads_is_written_over_by_nothing(read, tmp_path):
    path = tmp_path / "manifest.json"
    path.write_text("{}")
    with keeps_what_is_read():
        with suppress(OverblockError):
            read(path)
        for link in LINKS:
            with pytest.raises(UsageError, match=READ):
                check_free(link(path), force=True)
        with pytest.raises(UsageError, match=READ):
            check_all_free(tmp_path, ["manifest.json"], force=True)
        (tmp_path / "other").write_text("")
        check_free(tmp_path / "other", force=True)
    with new_file(path, force=True) as partial:
        partial.write_text("after the command")


def test_tables_of_a_run_are_written_over_by_nothing(tmp_path):
    (tmp_path / "manifest.json").write_text("{}")
    (tmp_path / "impact.parquet").write_text("")
    with keeps_what_is_read():
        read_manifest(tmp_path)
        with pytest.raises(UsageError, match=READ):
            check_free(tmp_path / "impact.parquet", force=True)


@pytest.mark.parametrize("file", ["summary.csv", "manifest.json"])
def test_no_table_of_a_folder_is_replaced_by_what_is_made_of_it(file, tmp_path, comparison_folder):
    folder = shutil.copytree(comparison_folder, tmp_path / "out")
    table = folder / file
    before = table.read_bytes()
    assert READ in run("bundle", folder, "-o", table, "--force", status=2).stderr
    assert table.read_bytes() == before
