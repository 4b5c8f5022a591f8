"""The reference page of measures names every measure there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sim.experiment.metrics import metrics_of
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve

SCENARIOS = ("telegram-2018", "telegram-2018-replay", "piracy-shield")
STEMS = re.compile(r"`([a-z_]+)`")


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_measure_of_a_scenario_stands_on_the_page(repository: Path, name: str) -> None:
    page = (repository / "docs/reference/measures.md").read_text(encoding="utf-8")
    named = set(STEMS.findall(page))
    metrics = metrics_of(resolve(load_scenario(name)))
    assert len(metrics) > 20
    assert set(metrics) <= named


def test_the_three_scenarios_have_every_kind_of_measure() -> None:
    found = {metric for name in SCENARIOS for metric in metrics_of(resolve(load_scenario(name)))}
    for metric in ("moves", "complaints", "target_user_hours_left", "arrivals", "private_loss_usd"):
        assert metric in found
