"""Sweeps and analyses from Python are those of the command line."""

import numpy as np
import pytest

import sim
from tests.commands import call

BRIEF = {"population.n_businesses": 20, "end": "2018-04-16T20:00+03:00"}


def test_a_sweep_is_the_commands(tmp_path):
    steps: list[tuple[int, int]] = []
    found = sim.sweep(
        "telegram-2018-replay", {"population.n_businesses": [10, 20]}, n_replicates=2,
        set={"end": BRIEF["end"]}, folder=tmp_path / "mine",
        on_progress=lambda n_done, n_total: steps.append((n_done, n_total)),
    )  # fmt: skip
    assert steps[-1] == (4, 4)
    arguments = [
        "sweep", "telegram-2018-replay", "--over", "population.n_businesses=10,20", "-n", "2",
        "--set", f"end={BRIEF['end']}", "-o", str(tmp_path / "theirs"), "-q",
    ]  # fmt: skip
    assert call(*arguments).exit_code == 0
    for name in ("sweep.csv", "points.csv", "measures.parquet"):
        assert (tmp_path / "mine" / name).read_bytes() == (tmp_path / "theirs" / name).read_bytes()
    assert set(found.tables) == {"sweep", "points"}
    table = found.table("sweep")
    assert set(table["population.n_businesses"].tolist()) == {10, 20}
    assert table["median"].dtype == np.float64
    assert len(repr(found)) < 1000
    assert "sweep" in found._repr_html_()
    with pytest.raises(sim.UsageError, match="expected one of sweep, points, got 'nothing'"):
        found.table("nothing")


def test_ends_of_two_assumptions(tmp_path):
    ends = sim.sensitivity(
        "telegram-2018-replay", trajectories=2,
        only=["population.share_components_at_home", "population.n_businesses"],
        ranges={"population.n_businesses": (10, 20)}, n_replicates=1, set=BRIEF,
        folder=tmp_path / "ends",
    )  # fmt: skip
    assert set(ends.table("sensitivity")["factor"]) == {
        "population.share_components_at_home",
        "population.n_businesses",
    }
