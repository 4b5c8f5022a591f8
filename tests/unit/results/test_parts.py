"""Parts of tables: merged in sequence, and told apart by their values."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pytest

from sim.results.parquet import PartWriter, is_part_of, merge_parts


def write(path: Path, replicate: int, values: list[float]) -> Path:
    writer = PartWriter()
    size = len(values)
    writer.write(path, {"replicate": np.full(size, replicate), "value": np.array(values)})
    writer.close()
    return path


def test_parts_are_merged_in_the_sequence_given(tmp_path: Path) -> None:
    parts = [write(tmp_path / f"{n}", n, [n + 0.5, n + 0.25]) for n in (2, 0, 1)]
    assert merge_parts(parts, tmp_path / "whole.parquet", {"result_id": "x"}) == 6
    rows = duckdb.execute(f"SELECT value FROM '{tmp_path}/whole.parquet'").fetchall()
    assert [row[0] for row in rows] == [2.5, 2.25, 0.5, 0.25, 1.5, 1.25]


def test_a_part_that_cannot_be_read_or_written_is_an_error(tmp_path: Path) -> None:
    part = write(tmp_path / "part", 0, [1.0])
    with pytest.raises(OSError, match=r"^whole\.parquet: "):
        merge_parts([tmp_path / "none"], tmp_path / "whole.parquet", {})
    with pytest.raises(OSError, match=r"^whole\.parquet: "):
        merge_parts([part], tmp_path / "no" / "whole.parquet", {})


@pytest.mark.parametrize(
    ("values", "is_same"),
    [
        ([1.0, np.nan, 3.0], True),
        ([1.0, 2.0, 3.0], False),  # missing is not a number
        ([1.0, np.nan, 3.5], False),
        ([3.0, np.nan, 1.0], False),  # in another sequence
        ([1.0, np.nan], False),
        ([np.nan, np.nan, 3.0], False),
    ],
)
def test_a_part_is_told_from_another_by_its_values(
    tmp_path: Path, values: list[float], is_same: bool
) -> None:
    held = [write(tmp_path / "0", 0, [7.0]), write(tmp_path / "1", 1, [1.0, np.nan, 3.0])]
    merge_parts(held, tmp_path / "whole.parquet", {})
    part = write(tmp_path / "again", 1, values)
    assert is_part_of(part, tmp_path / "whole.parquet", "replicate = ?", [1]) is is_same


def test_an_empty_part_is_that_of_a_run_without_rows(tmp_path: Path) -> None:
    held = [write(tmp_path / "0", 0, [7.0]), write(tmp_path / "1", 1, [])]
    merge_parts(held, tmp_path / "whole.parquet", {})
    empty = write(tmp_path / "again", 1, [])
    assert is_part_of(empty, tmp_path / "whole.parquet", "replicate = ?", [1])
    assert not is_part_of(empty, tmp_path / "whole.parquet", "replicate = ?", [0])


IN_TOKYO = """\
import sys
from pathlib import Path
import numpy as np
from sim.results.parquet import Instants, PartWriter, read_columns
path = Path(sys.argv[1])
writer = PartWriter()
writer.write(path, {"time_utc": Instants(np.array([1523836800]))})
print(*read_columns(path, "SELECT CAST(time_utc AS VARCHAR) AS text FROM data")["text"])
"""


def test_instants_are_read_in_utc_wherever_the_machine_is(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IN_TOKYO, str(tmp_path / "part")],
        capture_output=True, text=True, check=True, env=os.environ | {"TZ": "Asia/Tokyo"},
    )  # fmt: skip
    # 1,523,836,800 s is midnight of 16 April 2018 (`date -u -d @1523836800`).
    assert done.stdout.strip() == "2018-04-16 00:00:00+00"


def test_a_limit_on_the_size_of_files_is_no_fault_of_the_program(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    path, writer = tmp_path / "part.parquet", PartWriter()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    values = np.random.default_rng(1).integers(0, 2**60, 100_000)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(OSError, match=r"^part\.parquet: File too large$"):
            writer.write(path, {"value": values})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        writer.close()
