"""Queries as documents show them, against medians worked out from change points in plain Python."""

import bisect
import re
import statistics
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from sim.measure.bands import MOST_TIMES, band_at, even_times
from sim.results.folder import CurvePoints, open_run

WHOLE = "provider IS NULL AND sector IS NULL"
DOCUMENTS = ("README.md", "docs")
PAGE = "docs/reference/run-folder.md"


def queries(repository: Path) -> dict[str, str]:
    """Every block of SQL in a document, by its file and its number there."""
    files = [
        path
        for name in DOCUMENTS
        for path in (
            [repository / name] if name.endswith(".md") else (repository / name).rglob("*.md")
        )
    ]
    return {
        f"{path.relative_to(repository)}:{number}": block
        for path in files
        for number, block in enumerate(re.findall(r"```sql\n(.*?)```", path.read_text(), re.S))
    }


WITHOUT_PYTZ = (2, 0, 1)


def version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:3])


def test_who_needs_pytz_is_told_so_as_long_as_such_a_duckdb_may_be_installed(repository):
    project = (repository / "pyproject.toml").read_text(encoding="utf-8")
    (lowest,) = re.findall(r'"duckdb>=([\d.]+)"', project)
    page = (repository / PAGE).read_text(encoding="utf-8")
    assert ("`pytz`" in page) == (version(lowest) < WITHOUT_PYTZ)


def asked(query: str) -> list[dict[str, Any]]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        found = connection.execute(query)
        names = [column[0] for column in found.description]
        if version(duckdb.__version__) < WITHOUT_PYTZ:
            pytest.importorskip("pytz", reason="DuckDB before 2.0.1 needs it to hand out times")
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@cache
def curves_of(folder: Path, metric: str, strategy: str) -> list[list[tuple[int, float]]]:
    """Points of a curve by time, replicate by replicate."""
    rows = duckdb.execute(
        f"SELECT replicate, t_s, value FROM '{folder}/curves.parquet' "
        f"WHERE metric = ? AND strategy = ? AND {WHOLE}",
        [metric, strategy],
    ).fetchall()
    curves: dict[int, list[tuple[int, float]]] = {}
    for replicate, at, value in rows:
        curves.setdefault(replicate, []).append((at, value))
    return [sorted(points) for points in curves.values()]


def values_at(folder: Path, metric: str, strategy: str, t_s: int) -> list[float]:
    """What each replicate's curve holds at one moment: its last point that is not later."""
    return [
        points[bisect.bisect_right([at for at, _ in points], t_s) - 1][1]
        for points in curves_of(folder, metric, strategy)
    ]


def seconds(folder: Path, row: Mapping[str, Any]) -> int:
    return int((row["time_utc"] - open_run(folder).start) / timedelta(seconds=1))


def test_the_query_for_other_statistics_reads_every_replicate_at_every_time(
    comparison_folder, repository, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "out"
    folder.symlink_to(comparison_folder)
    query = queries(repository)["docs/explanation/ensembles.md:0"]
    found = asked(query.replace("members/", "out/"))
    assert {row["strategy"] for row in found} == {"covering-prefix", "exact", "none"}
    for row in found:
        t_s = seconds(folder, row)
        values = values_at(folder, "businesses_down", row["strategy"], t_s)
        assert row["n_simulations"] == len(values) == 6
        assert row["median"] == pytest.approx(statistics.median(values), rel=1e-12)
        assert row["most"] == max(values)


def test_no_document_averages_change_points(repository):
    averaged = [
        name
        for name, query in queries(repository).items()
        if re.search(r"avg|mean\(", query) and "curves.parquet" in query and "ASOF" not in query
    ]
    assert averaged == []
    assert len(queries(repository)) >= 2


@pytest.mark.parametrize(
    ("horizon_s", "step_s"),
    [(1, 600), (4 * 86_400, 600), (4 * 86_400 + 1, 3600), (49 * 86_400, 3600),
     (365 * 86_400, 21_600), (1500 * 86_400, 86_400), (1501 * 86_400, 7 * 86_400),
     (40_000 * 86_400, 28 * 86_400)],
)  # fmt: skip
def test_times_are_even_and_not_too_many(horizon_s, step_s):
    found = even_times(horizon_s)
    assert found.tolist() == list(range(0, horizon_s, step_s))
    assert len(found) <= MOST_TIMES


def curve(points: Sequence[tuple[int, int, float, float]]) -> CurvePoints:
    replicate, t_s, value, denominator = (np.array(column) for column in zip(*points, strict=True))
    return CurvePoints(replicate, t_s, value.astype(float), denominator.astype(float))


def test_a_replicate_counts_once_in_what_a_band_is_out_of_however_often_it_changes():
    points = curve([(0, 0, 1, 10), (0, 5, 2, 10), (0, 6, 3, 10), (1, 0, 7, 20)])
    band = band_at(points, np.array([0, 5, 9]))
    assert band.denominator == 15
    assert band.median.tolist() == [4, 4.5, 5]
