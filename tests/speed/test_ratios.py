"""Did anything get slower? Ratios of processor time against those of ``benchmarks/ratios.csv``.

``python -m benchmarks.ratios --write`` writes the table anew, where a change is meant, and with a
name behind it the row of what is new.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from benchmarks import ratios
from benchmarks.strategies import NAME, STRATEGIES, settings
from sim.scenario.load import load_scenario
from sim.scenario.strategies import DECLARED


def test_every_strategy_is_measured_and_kept() -> None:
    assert list(ratios.read()) == list(ratios.NAMES)
    assert {*ratios.NAMES, ratios.YARDSTICK} > set(DECLARED)


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategy_is_asked_for_with_what_it_needs(name: str) -> None:
    asked = load_scenario(NAME, settings(name, 300, ratios.DAYS)).scenario.strategy
    assert asked.id == name.partition(",")[0]


def burning(processor_s: float) -> Callable[[], None]:
    def burn() -> None:
        end = time.process_time() + processor_s
        while time.process_time() < end:
            pass

    return burn


@pytest.mark.parametrize(("slower", "lost"), [(1.0, set()), (1.4, set()), (1.7, {"exact"})])
def test_a_loss_of_more_than_a_half_is_found_and_no_smaller_one(
    slower: float, lost: set[str]
) -> None:
    def pairs(name: str) -> tuple[Callable[[], None], Callable[[], None]]:
        return burning(0.05 * (slower if name == "exact" else 1)), burning(0.025)

    assert set(ratios.confirmed({"exact": 2.0, "cover": 2.0}, pairs)) == lost


DAILY = ("exact", "escalate", "cover", "rolling")
"""An order for an address, for a step of a ladder, for all fronts at once, for some time."""


@pytest.mark.laws
def test_no_strategy_of_some_got_slower_by_a_half() -> None:
    kept = ratios.read()
    assert ratios.confirmed({name: kept[name] for name in DAILY}) == {}


@pytest.mark.long
def test_no_strategy_and_no_growth_got_slower_by_a_half() -> None:
    assert ratios.confirmed(ratios.read()) == {}
