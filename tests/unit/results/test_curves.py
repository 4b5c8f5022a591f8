"""Many curves in one scan are the same curves as one by one, whatever reads them."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import numpy as np
import pytest

from sim.errors import DataError
from sim.results.curves import CurveKey, read_curves
from sim.results.read import open_run

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
    curves = read_curves(run, METRICS, ("businesses_impaired",))
    assert {key.metric for key in curves if not key.split} == set(METRICS)
    assert {key.split for key in curves} == {"", "provider", "sector", "role"}
    for key, points in curves.items():
        expected = (
            run.curves_by(key.metric, key.split)[key.name] if key.split else run.curve(key.metric)
        )
        for name in ("replicate", "t_s", "value", "denominator"):
            np.testing.assert_array_equal(getattr(points, name), getattr(expected, name))


def test_rows_that_come_in_another_sequence_are_put_back(
    shipped_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sim.results import curves as module

    run = open_run(shipped_run)
    expected = read_curves(run, METRICS)
    real = module.read_columns

    def in_two_pieces(*arguments: object, **named: object) -> dict[str, object]:
        columns = real(*arguments, **named)  # type: ignore[arg-type]
        half = columns["t_s"].size // 2
        return {name: np.ma.concatenate((c[half:], c[:half])) for name, c in columns.items()}

    monkeypatch.setattr(module, "read_columns", in_two_pieces)
    found = read_curves(run, METRICS)
    assert list(found) == list(expected)
    for key, points in found.items():
        np.testing.assert_array_equal(points.t_s, expected[key].t_s)
        np.testing.assert_array_equal(points.value, expected[key].value)


def test_a_measure_that_is_not_there_is_left_out(shipped_run: Path) -> None:
    run = open_run(shipped_run)
    assert list(read_curves(run, ["addresses_listed", "no_such"])) == [
        CurveKey("replay", "addresses_listed")
    ]
    with pytest.raises(DataError, match="expected curves of no_such, got none"):
        read_curves(run, ["no_such"])
