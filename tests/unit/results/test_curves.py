"""Many curves in one scan are the same curves as one by one, whatever reads them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest

from sim.errors import DataError, UsageError
from sim.measure.bands import CurveKey, group_names, read_curves
from sim.results.folder import CurvePoints, RunFolder, open_run, rescaled
from sim.results.tables import connect_tables

METRICS = ("businesses_down", "demand_lost_share", "addresses_listed")


@pytest.fixture(scope="module")
def small_groups(shipped_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped run with its curves in very many row groups, so that threads share them."""
    folder = tmp_path_factory.mktemp("groups") / "run"
    shutil.copytree(shipped_run, folder)
    (folder / "curves.parquet").unlink()
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(
            f"COPY (FROM '{shipped_run}/curves.parquet') TO '{folder}/curves.parquet' "
            "(FORMAT parquet, ROW_GROUP_SIZE 2048)"
        )
    return folder


def test_curves_read_together_are_those_read_one_by_one(small_groups: Path) -> None:
    run = open_run(small_groups)
    curves = read_curves(run, "replay", METRICS, ("businesses_impaired",))
    assert {key.metric for key in curves if not key.split} == set(METRICS)
    assert {key.split for key in curves} == {"", "provider", "sector", "role"}
    for key, points in curves.items():
        expected = (
            run.curves_by(key.metric, key.split)[key.name] if key.split else run.curve(key.metric)
        )
        for name in ("replicate", "t_s", "value", "denominator"):
            np.testing.assert_array_equal(getattr(points, name), getattr(expected, name))


def test_names_of_all_measures_give_the_curves_of_each(shipped_run: Path) -> None:
    run = open_run(shipped_run)
    # Businesses have sectors, addresses have none.
    names = group_names(run, "replay", ["businesses_impaired", "addresses_listed"])
    for metric in ("businesses_impaired", "addresses_listed"):
        mine = read_curves(run, "replay", [metric], [metric])
        given = read_curves(run, "replay", [metric], [metric], names)
        assert list(given) == list(mine)
        for one, other in zip(mine.values(), given.values(), strict=True):
            np.testing.assert_array_equal(one.t_s, other.t_s)
            np.testing.assert_array_equal(one.value, other.value)


def test_a_measure_that_is_not_there_is_left_out(shipped_run: Path) -> None:
    run = open_run(shipped_run)
    assert list(read_curves(run, "replay", ["addresses_listed", "no_such"])) == [
        CurveKey("addresses_listed")
    ]
    with pytest.raises(DataError, match="expected curves of no_such for replay, got none"):
        read_curves(run, "replay", ["no_such"])
    with pytest.raises(UsageError, match="unknown strategy 'other'"):
        read_curves(run, "other", ["addresses_listed"])


def test_counts_are_as_if_there_were_the_median_number_of_businesses() -> None:
    """How many there are is drawn: a band of counts would show that alone."""
    row, of = np.array([0, 0, 1, 2]), np.array([10.0, 10.0, 40.0, 0.0])
    points = CurvePoints(row, np.array([0, 5, 0, 0]), np.array([0.0, 5.0, 8.0, 0.0]), of)
    found = rescaled("businesses_down", points)
    # Half of ten and a fifth of forty, of the median ten; none of none.
    assert found.value.tolist() == [0, 5, 2, 0]
    assert set(found.denominator) == {10}
    for same in (rescaled("demand_lost_share", points), rescaled("addresses_listed", points)):
        assert same is points
    alike = CurvePoints(row, points.t_s, points.value, np.full(4, 7.0))
    assert rescaled("businesses_down", alike) is alike


def test_tables_that_are_asked_for_are_there_and_no_others(shipped_run: Path) -> None:
    with connect_tables(shipped_run, "events", "entries") as some:
        assert _views(some) == ["entries", "events"]
        with connect_tables(shipped_run, "curves") as other:
            assert _views(other) == ["curves"]
    with connect_tables(shipped_run) as connection:
        views = _views(connection.cursor())
    assert {"curves", "entries", "events", "measures", "summary"} <= set(views)


def _views(connection: duckdb.DuckDBPyConnection) -> list[str]:
    return sorted(row[0] for row in connection.execute("SHOW TABLES").fetchall())


def test_a_table_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "curves.parquet").write_bytes(b"no table")
    with pytest.raises(DataError, match=r"curves\.parquet: expected a readable table, got"):
        connect_tables(tmp_path)


ANOTHER_VERSION = (
    "expected the columns {absent}, got none: another version of overblock wrote this table; run "
    "the scenario again, or use the version that manifest.json names"
)


@pytest.mark.parametrize(
    ("file", "absent", "read"),
    [
        ("measures.parquet", "value, denominator", lambda run: run.measures()),
        ("curves.parquet", "t_s", lambda run: run.curve("addresses_listed")),
        ("entries.parquet", "mechanism", lambda run: connect_tables(run.path, "entries")),
        ("summary.csv", "n_known", lambda run: connect_tables(run.path)),
    ],
)
def test_a_table_of_an_earlier_version_is_named_with_the_columns_that_it_lacks(
    file: str, absent: str, read: Callable[[RunFolder], object], shipped_run: Path, tmp_path: Path
) -> None:
    for path in shipped_run.iterdir():
        if path.name != file:
            (tmp_path / path.name).symlink_to(path)
    rows = f"SELECT * EXCLUDE ({absent}) FROM '{shipped_run / file}'"
    duckdb.sql(f"COPY ({rows}) TO '{tmp_path / file}' (FORMAT {file.partition('.')[2]})")
    with pytest.raises(DataError) as caught:
        read(open_run(tmp_path))
    assert str(caught.value) == f"{tmp_path / file}: {ANOTHER_VERSION.format(absent=absent)}"
