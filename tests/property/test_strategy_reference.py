"""The rule of every strategy, written a second time from the documents, leads to the same run.

Everything acts at once, as in `test_engine_whole.py`, where `replay` and `exact` are compared; the
strategy is another one. More happens in `test_crowded_reference.py`, the worlds here differ more.
`cover` is compared in `test_cover_exactness.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest
from hypothesis import given

from sim.engine.decisions import Strategy as EngineStrategy
from sim.scenario.strategies import DECLARED
from tests.chases import RULES, made
from tests.property.test_engine_whole import assert_same_run, whole_worlds
from tests.reference import RefStrategy
from tests.reference_strategies import IN_RANDOM_WORLDS
from tests.worlds import SmallWorld, many_worlds

pytestmark = pytest.mark.laws

ELSEWHERE = {"none", "replay", "exact", "cover"}


def assert_agrees(small: SmallWorld, engine: EngineStrategy, rule: RefStrategy) -> None:
    assert_same_run(small, engine, replace(small.reference(), orders=(), strategy=rule))


def test_every_id_of_the_language_has_a_second_rule() -> None:
    assert set(DECLARED) == {label.partition(",")[0] for label in IN_RANDOM_WORLDS} | ELSEWHERE


def _long_but(daily: Collection[str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "name",
        [
            pytest.param(name, marks=[pytest.mark.long] * (name not in daily))
            for name in IN_RANDOM_WORLDS
        ],
    )


# Whose rule is held in the crowded world, is held in random ones now and then.
@_long_but([name for name in IN_RANDOM_WORLDS if name not in RULES])
def test_the_rule_written_from_the_documents_leads_to_the_same_run(name: str) -> None:
    asked, rule = IN_RANDOM_WORLDS[name]
    engine = made(asked)

    @many_worlds(2)
    @given(whole_worlds())
    def agree(small: SmallWorld) -> None:
        assert_agrees(small, engine, rule)

    agree()
