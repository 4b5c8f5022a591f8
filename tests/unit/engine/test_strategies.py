"""Each strategy id has one implementation, and does what its sentence says."""

import re
from pathlib import Path

import pytest

from sim.engine.decisions import Decision
from sim.engine.eventlog import Kind
from sim.engine.record.outcome import Outcome
from sim.engine.strategies.registry import RULES, Strategy, register
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved
from sim.scenario.strategies import DECLARED, Exact, Own
from sim.streams import Streams
from tests.experiments import resolved_of, simulated
from tests.reference_strategies import EXAMPLES, section


def ask(tmp_path: Path, name: str) -> Resolved:
    text = load_scenario("netblocks").source.decode()
    (tmp_path / "allowed.csv").write_text("prefix\n203.0.113.0/24\n", encoding="utf-8")
    path = tmp_path / "scenario.yaml"
    path.write_text(text, encoding="utf-8")
    overrides = [
        f"strategy={section(name)}",
        "end=2018-04-19T00:00+03:00",
        "population.n_businesses=60",
        "censor.pause_pressure=1",
    ]
    return resolved_of(str(path), overrides)


def run(tmp_path: Path, name: str) -> Outcome:
    resolved, streams = ask(tmp_path, name), Streams(3, 0)
    return simulated(resolved, streams)[1]


def test_every_id_of_the_language_is_tried_here():
    assert list(DECLARED) == list(EXAMPLES)
    assert len(DECLARED) >= 16


def test_every_id_of_the_language_has_one_rule():
    mine = {kind for kind in RULES if kind is not Own and not issubclass(kind, Strategy)}
    assert mine == set(DECLARED.values())


def test_a_second_rule_for_a_strategy_is_refused():
    with pytest.raises(AssertionError, match="Exact has two rules"):
        register(Exact, lambda observation: Decision())


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_strategy_says_where_it_was_really_used(name):
    # The function's own words, as a module may hold several strategies.
    assert re.search(r"^ *Really used: \S", RULES[DECLARED[name]].written.__doc__, re.MULTILINE)


@pytest.mark.parametrize("name", sorted(set(EXAMPLES) - {"none"}))
def test_every_strategy_but_none_places_an_entry(tmp_path, name):
    outcome = run(tmp_path, name)
    assert len(outcome.entry_addresses) > 0
    is_block = outcome.events.kind == Kind.BLOCK
    assert is_block.sum() == len(outcome.entry_addresses)
