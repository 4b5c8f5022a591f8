"""The register read back says what the engine's own count of listed addresses says."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from sim.errors import DataError, UsageError
from sim.results.folder import RunFolder, open_run
from sim.results.register import read_listed


@pytest.fixture
def chase(chase_run: Path) -> RunFolder:
    return open_run(chase_run)


@pytest.mark.parametrize("replicate", [0, 1])
def test_listed_addresses_are_as_many_as_the_curve_says(
    shipped_run: Path, chase: RunFolder, replicate: int
) -> None:
    for run in (open_run(shipped_run), chase):
        curve = run.curve("addresses_listed_with_target")
        mine = curve.replicate == replicate
        assert mine.sum() > 5
        for t_s, count in zip(curve.t_s[mine].tolist(), curve.value[mine], strict=True):
            assert read_listed(run, None, replicate, t_s).n_addresses == count


def test_another_strategy_or_replicate_is_refused(shipped_run: Path) -> None:
    run = open_run(shipped_run)
    with pytest.raises(UsageError, match="expected a replicate from 0 to 1, got 2"):
        read_listed(run, replicate=2)
    with pytest.raises(UsageError, match="unknown strategy 'exact'; known: replay"):
        read_listed(run, "exact")


def test_entries_without_an_order_are_refused(shipped_single_run: Path, tmp_path: Path) -> None:
    for name in ("manifest.json", "scenario.resolved.json", "entries.parquet"):
        (tmp_path / name).symlink_to(shipped_single_run / name)
    duckdb.execute(
        f"COPY (SELECT * FROM '{shipped_single_run}/events.parquet' WHERE kind <> 'block' "
        f"OR entry < 3) TO '{tmp_path}/events.parquet' (FORMAT parquet)"
    )
    with pytest.raises(DataError, match="expected an order for every entry, got none for some"):
        read_listed(open_run(tmp_path))
