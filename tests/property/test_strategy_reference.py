"""The rule of every strategy, written a second time from the documents, leads to the same run.

Everything acts at once, as in `test_engine_whole.py`, where `replay` and `exact` are compared; the
strategy is another one. More happens in `test_crowded_reference.py`, the worlds here differ more.
`cover` is compared in `test_cover_exactness.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given, settings

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.orders import Strategy as EngineStrategy
from sim.engine.strategies.allow_list import allow_list
from sim.engine.strategies.calendars import rolling, time_window
from sim.engine.strategies.escalate import escalate
from sim.engine.strategies.exact import aggregate, throttle
from sim.engine.strategies.names import dns, sni
from sim.engine.strategies.negotiate import negotiate
from sim.engine.strategies.provider_ranges import covering_prefix, provider, provider_region
from sim.scenario.strategies import Strategy
from tests import reference_strategies as ref
from tests.property.test_engine_whole import assert_same_run, whole_worlds
from tests.reference import RefStrategy
from tests.worlds import DAY, HOUR, SmallWorld, many_worlds

pytestmark = pytest.mark.laws

WINDOWS = [(DAY, DAY + 9 * HOUR), (2 * DAY, 3 * DAY), (3 * DAY, 3 * DAY + HOUR), (5 * DAY, 9 * DAY)]
RULES: dict[str, tuple[EngineStrategy, RefStrategy, RefStrategy]] = {
    "aggregate": (aggregate(28), ref.aggregate(28), ref.aggregate(27)),
    "throttle": (throttle(27), ref.throttle(27), ref.aggregate(27)),
    "covering-prefix": (
        covering_prefix(0.5, 20),
        ref.covering_prefix(0.5, 20),
        ref.covering_prefix(0.9, 20),
    ),
    "covering-prefix, shortest": (
        covering_prefix(0.01, 26),
        ref.covering_prefix(0.01, 26),
        ref.covering_prefix(0.01, 27),
    ),
    "provider-region": (provider_region, ref.provider_region(), ref.whole_provider()),
    "provider": (provider, ref.whole_provider(), ref.provider_region()),
    "escalate": (
        escalate([32, 30, 28, 25], 20 * HOUR, 0.5),
        ref.escalate([32, 30, 28, 25], 20 * HOUR, 0.5),
        ref.escalate([32, 30, 28, 25], 20 * HOUR + 60, 0.5),
    ),
    "dns": (dns(0.25), ref.name(0.25), ref.name(0.9)),
    "sni": (sni(0.75), ref.name(0.75), ref.name(0.0)),
    "time-window": (
        time_window(WINDOWS, 28),
        ref.time_window(WINDOWS, 28),
        ref.time_window([(start + 60, stop) for start, stop in WINDOWS], 28),
    ),
    "rolling": (
        rolling(20 * HOUR, 7 * HOUR, 29),
        ref.rolling(20 * HOUR, 7 * HOUR, 29),
        ref.rolling(20 * HOUR, 7 * HOUR + 60, 29),
    ),
    "allow-list": (
        allow_list(IntervalSet.of("203.0.113.0/24")),
        ref.allow_list(["203.0.113.0/24"]),
        ref.allow_list(["203.0.113.0/25"]),
    ),
    "negotiate": (
        negotiate(30 * HOUR, 0.9, 20),
        ref.negotiate(30 * HOUR, 0.9, 20),
        ref.negotiate(30 * HOUR + 60, 0.9, 20),
    ),
}
"""The engine's strategy, its second rule, and one a little off or that looks like it."""
ELSEWHERE = {"none", "replay", "exact", "cover"}


def assert_agrees(small: SmallWorld, engine: EngineStrategy, rule: RefStrategy) -> None:
    assert_same_run(small, engine, replace(small.reference(), orders=(), strategy=rule))


def test_every_id_of_the_language_has_a_second_rule() -> None:
    ids = {get_args(m.model_fields["id"].annotation)[0] for m in get_args(get_args(Strategy)[0])}
    assert ids == {label.partition(",")[0] for label in RULES} | ELSEWHERE


@pytest.mark.parametrize("name", RULES)
def test_the_rule_written_from_the_documents_leads_to_the_same_run(name: str) -> None:
    engine, rule, _ = RULES[name]

    @many_worlds(3)
    @given(whole_worlds())
    def agree(small: SmallWorld) -> None:
        assert_agrees(small, engine, rule)

    agree()


@pytest.mark.parametrize("name", RULES)
def test_a_rule_a_little_off_is_told_apart(name: str) -> None:
    engine, _, off = RULES[name]

    # It ends with the first world that tells them apart.
    @settings(many_worlds(60), derandomize=True, report_multiple_bugs=False)
    @given(whole_worlds())
    def look(small: SmallWorld) -> None:
        assert_agrees(small, engine, off)

    with pytest.raises(AssertionError):
        look()
