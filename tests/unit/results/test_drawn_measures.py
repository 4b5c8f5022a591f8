"""Measures of draws are those of the folder they stand in, or are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.errors import DataError
from sim.results.draws import read_draws
from sim.results.parquet import Coded, PartWriter
from sim.results.read import RunFolder


def folder_with(path: Path, draws: list[int]) -> RunFolder:
    """A folder of three draws, and measures of some."""
    writer, n = PartWriter(), len(draws)
    writer.write(
        path / "draw_values.parquet", {"draw": np.arange(3), "weight": np.array([0.5, 0.25, 0.25])}
    )
    writer.write(
        path / "draw_measures.parquet",
        {
            "draw": np.array(draws),
            "strategy": Coded(np.zeros(n, np.int64), ["exact"]),
            "metric": Coded(np.zeros(n, np.int64), ["harm"]),
            "value": np.array(draws, float),
        },
    )
    writer.close()
    return RunFolder(path, {"n_draws": 3, "draws": {"n": 3, "per_draw": 1}}, {})


def test_measures_are_found_by_draw(tmp_path: Path) -> None:
    found = read_draws(folder_with(tmp_path, [2, 0, 1]), ["exact"], ["harm"])
    assert found.value["exact", "harm"].tolist() == [0.0, 1.0, 2.0]
    assert found.is_finished.all()


@pytest.mark.parametrize("draws", [[0, 1, 2, 3], [0, 1]])
def test_measures_of_a_folder_with_more_or_fewer_draws_are_refused(
    tmp_path: Path, draws: list[int]
) -> None:
    said = rf"draw_measures\.parquet: draw: expected 3 of 3 draws, got {len(draws)}, the last"
    with pytest.raises(DataError, match=said):
        read_draws(folder_with(tmp_path, draws), ["exact"], ["harm"])
