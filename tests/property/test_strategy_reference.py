"""The rule of every strategy, written a second time from the documents, leads to the same run.

Everything acts at once, as in `test_engine_whole.py`, where `replay` and `exact` are compared; the
strategy is another one. More happens in `test_crowded_reference.py`, the worlds here differ more.
`cover` is compared in `test_cover_exactness.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest
from hypothesis import given, settings

from sim.engine.decisions import Strategy as EngineStrategy
from sim.scenario.strategies import DECLARED
from tests.chases import RULES, made
from tests.crowded import SEEDS
from tests.property.test_crowded_reference import crowd
from tests.property.test_engine_whole import assert_same_run, whole_worlds
from tests.reference import RefStrategy
from tests.reference_strategies import NEIGHBOURS
from tests.worlds import SmallWorld, many_worlds

pytestmark = pytest.mark.laws

ELSEWHERE = {"none", "replay", "exact", "cover"}
TOLD_DAILY = {"allow-list", "negotiate", "orders", "provider"}
"""Of these a rule a little off is told apart for every change; of the others in long tests."""
ALIKE_IN_A_CROWD = {"allow-list"}
"""Of these a rule a little off is told apart among random worlds: it may take hundreds."""


def assert_agrees(small: SmallWorld, engine: EngineStrategy, rule: RefStrategy) -> None:
    assert_same_run(small, engine, replace(small.reference(), orders=(), strategy=rule))


def test_every_id_of_the_language_has_a_second_rule() -> None:
    assert set(DECLARED) == {label.partition(",")[0] for label in NEIGHBOURS} | ELSEWHERE


def _long_but(daily: Collection[str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "name",
        [pytest.param(name, marks=[pytest.mark.long] * (name not in daily)) for name in NEIGHBOURS],
    )


# Whose rule is held in the crowded world, is held in random ones now and then.
@_long_but([name for name in NEIGHBOURS if name not in RULES])
def test_the_rule_written_from_the_documents_leads_to_the_same_run(name: str) -> None:
    asked, rule, _ = NEIGHBOURS[name]
    engine = made(asked)

    @many_worlds(2)
    @given(whole_worlds())
    def agree(small: SmallWorld) -> None:
        assert_agrees(small, engine, rule)

    agree()


@_long_but(TOLD_DAILY)
def test_a_rule_a_little_off_is_told_apart(name: str) -> None:
    asked, rule, off = NEIGHBOURS[name]
    engine = made(asked)
    crowded = replace(crowd(SEEDS[0], "aggregate"), orders=())
    assert_agrees(crowded, engine, rule)
    if name not in ALIKE_IN_A_CROWD:
        with pytest.raises(AssertionError):
            assert_agrees(crowded, engine, off)
        return

    # It ends with the first world that tells them apart.
    @settings(many_worlds(300), derandomize=True, report_multiple_bugs=False)
    @given(whole_worlds())
    def look(small: SmallWorld) -> None:
        assert_agrees(small, engine, off)

    with pytest.raises(AssertionError):
        look()
