"""Did anything get slower? Ratios of processor time against those of ``benchmarks/ratios.csv``.

``python -m benchmarks.ratios --write`` writes the table anew, where a change is meant, and with a
name behind it the row of what is new.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pytest

from benchmarks import ratios
from benchmarks.memory import Memory
from benchmarks.replicate import cost, scenario, split
from benchmarks.split import SECTIONS
from benchmarks.strategies import NAME, STRATEGIES, settings
from sim.scenario.load import load_scenario
from sim.scenario.strategies import DECLARED
from sim.streams import Streams
from sim.world.build import build_world


def test_every_strategy_is_measured_and_kept():
    assert list(ratios.read()) == list(ratios.NAMES)
    assert {*ratios.NAMES, ratios.YARDSTICK} > set(DECLARED)


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategy_is_asked_for_with_what_it_needs(name):
    asked = load_scenario(NAME, settings(name, 300, ratios.DAYS)).scenario.strategy
    assert asked.id == name.partition(",")[0]


def burning(processor_s: float) -> Callable[[], None]:
    def burn() -> None:
        end = time.process_time() + processor_s
        while time.process_time() < end:
            pass

    return burn


@pytest.mark.laws
@pytest.mark.parametrize(("slower", "lost"), [(1.4, set()), (1.7, {"exact"})])
def test_a_loss_of_more_than_a_half_is_found_and_no_smaller_one(slower, lost):
    def pairs(name: str) -> tuple[Callable[[], None], Callable[[], None]]:
        return burning(0.02 * (slower if name == "exact" else 1)), burning(0.01)

    assert set(ratios.confirmed({"exact": 2.0, "cover": 2.0}, pairs)) == lost


DAILY = ("exact", "escalate", "cover", "rolling")
"""An order for an address, for a step of a ladder, for all fronts at once, for some time."""


@pytest.mark.laws
def test_no_strategy_of_some_got_slower_by_a_half():
    kept = ratios.read()
    assert ratios.confirmed({name: kept[name] for name in DAILY}) == {}


@pytest.mark.long
def test_no_strategy_and_no_growth_got_slower_by_a_half():
    assert ratios.confirmed(ratios.read()) == {}


# Parts of the page of benchmarks still run: one that fails is found by nobody else.


SMALL = ("population.n_businesses=30", "end=2018-04-17T00:00+03:00")


@pytest.mark.laws
def test_operators_are_split_into_equal_shares_that_poll_in_turn():
    resolved = scenario("telegram-2018", SMALL)
    whole = build_world(resolved, Streams(1, 1)).operators
    parts = split(whole, 3)
    for column in fields(whole):
        assert len(getattr(parts, column.name)) == 3 * whole.n_operators, column.name
    assert len(set(parts.name)) == 3 * whole.n_operators
    assert parts.share_users.reshape(-1, 3).sum(axis=1) == pytest.approx(whole.share_users)
    phase = parts.poll_phase_s.reshape(-1, 3)
    assert phase[:, 0].tolist() == whole.poll_phase_s.tolist()
    apart = np.diff(phase, axis=1) % whole.poll_interval_s[:, None]
    # Whole seconds.
    assert np.abs(apart - whole.poll_interval_s[:, None] / 3).max() <= 1
    found = cost(resolved, 1, 3)
    assert found.engine_s > 0
    assert found.n_orders > 0


@pytest.mark.long
def test_memory_is_told_by_file_the_world_among_what_running_holds():
    asked = json.dumps(["telegram-2018-replay", ["population.n_businesses=20000"]])
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", asked],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    took = Memory(**json.loads(done.stdout))
    engine = {file for file in took.running if file.startswith("`sim/engine/state/")}
    assert engine.isdisjoint(took.built)
    # Each business has a column of eight bytes for each operator, and more.
    assert took.running["`sim/engine/state/parts`"] > 8 * 20_000
    world = "`sim/world/build`"
    assert took.running[world] == pytest.approx(took.built[world], rel=0.01)


@pytest.mark.long
def test_a_command_is_split_into_what_it_spends_its_time_on(repository, tmp_path):
    asked = ["run", "telegram-2018-replay", "-n", "1", "--fixed", "--workers", "1", "-q"]
    asked += ["--set", SMALL[0], "--set", SMALL[1], "-o", str(tmp_path / "out")]
    subprocess.run(
        [sys.executable, "-m", "benchmarks.split", str(tmp_path / "split.json"), *asked],
        cwd=repository, check=True,
    )  # fmt: skip
    seconds = json.loads((tmp_path / "split.json").read_text())
    assert set(SECTIONS) <= set(seconds)
    assert all(seconds[section] > 0 for section in ("load", "build", "engine", "measure", "encode"))
