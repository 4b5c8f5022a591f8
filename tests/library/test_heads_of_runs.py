"""No real run quotes at its head what its draws do not support, or what the record contradicts."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

import sim
from sim.catalogue.choices import TARGET_LOST, label
from sim.report.page.head.how_sure import FEWEST_DRAWS, HIT_FOR, HIT_SHARE

pytestmark = pytest.mark.laws

SAYS = {HIT_SHARE: "hit", HIT_FOR: "half for", TARGET_LOST: "hours"}
"""Words of a headline that are of a measure alone."""
BRIEF = {"telegram-2018": "end=2018-04-20T00:00+03:00", "zello-2018": "population.n_businesses=60"}


def cells(folder: Path, table: str, column: str) -> dict[str, float]:
    with (folder / table).open(encoding="utf-8", newline="") as file:
        return {row["metric"]: float(row[column] or "nan") for row in csv.DictReader(file)}


@pytest.mark.parametrize("name", ["austria-2022", "telegram-2018", "zello-2018"])
@pytest.mark.parametrize("source", ["none", None])
def test_no_head_quotes_a_value_as_given_that_lies_outside_its_draws(
    name: str, source: str | None, tmp_path: Path
) -> None:
    overrides = dict([BRIEF[name].split("=")]) if name in BRIEF else None
    found = sim.run(
        name, n_replicates=2, n_draws=FEWEST_DRAWS, draws_from=source, set=overrides,
        folder=tmp_path / "out",
    )  # fmt: skip
    given = cells(found.folder, "summary.csv", "mean")
    low, high = (cells(found.folder, "uncertainty.csv", end) for end in ("low", "high"))
    told, _, why = found.headline.partition("Not quoted here")
    for metric, words in SAYS.items():
        if math.isnan(given.get(metric, math.nan)) or math.isnan(low[metric]):
            continue
        slack = 1e-9 * abs(given[metric])
        is_apart = not low[metric] - slack <= given[metric] <= high[metric] + slack
        assert (label(metric) in why) is is_apart
        if is_apart:
            assert words not in told.replace("fit for", "")


@pytest.mark.parametrize(("leave_per_d", "is_refuted"), [(0.002, False), (0.9, True)])
def test_a_run_in_which_most_have_left_by_november_quotes_no_hours_lost(
    leave_per_d: float, is_refuted: bool, tmp_path: Path
) -> None:
    overrides = {
        "population.n_businesses": 60, "end": "2018-11-16T00:00+03:00",
        "users.leave_rate_per_d": leave_per_d, "users.return_rate_per_d": 0.01,
    }  # fmt: skip
    found = sim.run(
        "telegram-2018", n_replicates=1, n_draws=0, set=overrides, folder=tmp_path / "out"
    )
    left = found.curve("target_left_share")
    # From 11:30 on 16 April to midnight of 15 November.
    then_s = 212 * 86_400 + 45_000
    row = [t <= then_s for t in left["t_s"].tolist()].count(True) - 1
    assert bool(left["mean"][row] > 0.15) is is_refuted
    assert ("the target's users lost" in found.headline) is not is_refuted
    assert ("since the record contradicts it" in found.headline) is is_refuted
    earlier = sim.run(
        "telegram-2018", n_replicates=1, n_draws=0, folder=tmp_path / "earlier",
        set={**overrides, "end": "2018-06-01T00:00+03:00"},
    )  # fmt: skip
    assert "record" not in earlier.headline
