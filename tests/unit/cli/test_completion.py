"""Shells complete scenarios, strategies, measures, figures and kinds of sources."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from sim.catalogue.measures import MEASURES
from sim.cli.app import app
from sim.cli.options import complete_strategy
from sim.report.figures.kinds import FIGURES
from sim.scenario.library import scenario_names
from sim.scenario.strategies import DECLARED


def completed(*words: str) -> list[str]:
    """What bash is told, the last word being what is typed so far."""
    env = {
        "_OVERBLOCK_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(["overblock", *words]),
        "COMP_CWORD": str(len(words)),
    }
    return CliRunner().invoke(app, env=env, prog_name="overblock").stdout.splitlines()


@pytest.mark.parametrize(
    ("verb", "option"),
    [
        ("compare", "--metric"),
        ("sweep", "--metric"),
        ("sensitivity", "--metric"),
    ],
)
def test_measures_are_completed(verb: str, option: str) -> None:
    assert completed(verb, "telegram-2018", option, "moves_") == [
        name for name in MEASURES if name.startswith("moves_")
    ]


@pytest.mark.parametrize("verb", ["run", "compare", "sweep", "validate", "show", "sources"])
def test_shipped_scenarios_are_completed(verb: str) -> None:
    telegram = [name for name in scenario_names() if name.startswith("tele")]
    assert len(telegram) > 1
    assert completed(verb, "tele") == telegram


@pytest.mark.parametrize("verb", ["compare", "sweep", "sensitivity"])
def test_strategies_are_completed_after_their_label_too(verb: str) -> None:
    cover = [name for name in DECLARED if name.startswith("cover")]
    assert len(cover) > 1
    assert completed(verb, "telegram-2018", "--strategy", "cover") == cover
    labelled = [f"wide={name}" for name in cover]
    assert completed(verb, "telegram-2018", "--strategy", "wide=cover") == labelled
    assert completed(verb, "telegram-2018", "--strategy", "cover:rules") == [""]


@pytest.mark.parametrize("label", ["", "wide="])
def test_each_strategy_is_completed_with_what_it_does(label: str) -> None:
    told = complete_strategy(f"{label}cover")
    assert told == [
        (f"{label}{name}", str(kind.__doc__).splitlines()[0])
        for name, kind in DECLARED.items()
        if name.startswith("cover")
    ]
    assert all(meaning.endswith(".") for _, meaning in told)


def test_figures_and_kinds_of_sources_are_completed() -> None:
    figures = [name for name in FIGURES if name.startswith("s")]
    assert len(figures) > 1
    assert completed("plot", "folder", "s") == figures
    assert completed("sources", "surgical", "--kind", "a") == ["assumption"]
