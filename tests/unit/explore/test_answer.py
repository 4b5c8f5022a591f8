"""What the explorer says would change the verdict is what the tables say decides it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

import sim
from sim.catalogue.choices import COLLATERAL, EFFICACY
from sim.explore.answer import answer_of
from tests.drawn_folders import FIRST, add_draws

SHORT = {"population.n_businesses": 30, "end": "2018-04-18T00:00+03:00"}


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("answers") / "out"
    sim.compare(
        "telegram-2018", ["exact", "covering-prefix"], n_replicates=2, n_draws=0, set=SHORT,
        folder=folder,
    )  # fmt: skip
    return folder


def test_a_comparison_names_the_region_that_decides_the_harm(compared: Path) -> None:
    drawn = add_draws(compared, compared.parent / "drawn", (EFFICACY, COLLATERAL))
    said = answer_of(drawn)["verdict"]
    assert said.startswith("Not settled: ")
    assert " does no less harm than " in said
    assert said.endswith(f" where {FIRST} <= 0.3.")


def test_what_settles_on_effect_alone_is_no_verdict_on_harm(compared: Path) -> None:
    drawn = add_draws(compared, compared.parent / "effect", (EFFICACY,))
    assert FIRST not in answer_of(drawn)["verdict"]


def test_luck_alone_says_what_to_ask_for(compared: Path) -> None:
    assert answer_of(compared)["verdict"].startswith("Ask for draws")


def test_what_blocks_most_is_shown_before_what_blocks_nothing(compared: Path) -> None:
    found = duckdb.execute(
        "SELECT strategy FROM read_parquet(?) WHERE metric = 'demand_lost_share' "
        "AND provider IS NULL AND sector IS NULL AND role IS NULL GROUP BY strategy "
        "ORDER BY max(value) DESC, strategy = 'none'",
        [str(compared / "curves.parquet")],
    ).fetchall()
    answer = answer_of(compared)
    assert len(found) == 3
    assert found[-1] == ("none",)
    for shown in (answer["pictures"], answer["maps"]):
        assert [(one["strategy"],) for one in shown] == found
