"""In the crowded world nobody is idle: without any one mechanism some outcome is another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.chases import STRATEGIES, run
from tests.crowded import (
    LIMITS,
    SEEDS,
    SERVICES,
    crowded_world,
    differ,
    outcome_of,
    where_nobody_turns,
    with_limits,
    without_capacity,
)
from tests.worlds import SmallWorld

pytestmark = pytest.mark.laws


def in_mode(small: SmallWorld, mode: str) -> SmallWorld:
    """The same world with all components of businesses in one mode."""
    firms = tuple(
        replace(
            firm,
            seats=tuple(
                seat if isinstance(seat, int) else replace(seat, mode=mode)
                for seat in firm.all_seats()
            ),
        )
        for firm in small.firms
    )
    return replace(small, firms=firms)


def with_services_of_their_own(small: SmallWorld) -> SmallWorld:
    """The same world with the addresses of shared services as the businesses' own."""
    firms = tuple(
        replace(
            firm,
            seats=tuple(SERVICES[s] if isinstance(s, int) else s for s in firm.all_seats()),
        )
        for firm in small.firms
    )
    return replace(small, firms=firms, services=())


def with_proxies_as_waits(small: SmallWorld) -> SmallWorld:
    """The same world in which who would put up a proxy waits."""
    firms = tuple(
        replace(
            firm,
            responses=tuple(
                replace(one, kind="wait") if one.kind == "proxy" else one for one in firm.responses
            ),
        )
        for firm in small.firms
    )
    return replace(small, firms=firms)


WITHOUT = {
    **{limit: lambda small, limit=limit: with_limits(small, **{limit: None}) for limit in LIMITS},
    "exempt prefixes": lambda small: replace(small, exempt_prefixes=()),
    "public events": lambda small: replace(small, pressure_events=()),
    "providers that turn": where_nobody_turns,
    "the provider that turns by itself": lambda small: replace(small, waverings=()),
    "operators that stop": lambda small: without_capacity(small, "stop"),
    "operators that degrade": lambda small: without_capacity(small, "degrade"),
    "tenancy": lambda small: replace(small, has_tenancy=False),
    "shared services": with_services_of_their_own,
    "mode any": lambda small: in_mode(small, "spread"),
    "mode spread": lambda small: in_mode(small, "any"),
    "proxies": with_proxies_as_waits,
    "degrees of throttling": lambda small: replace(small, throttle_severity=1.0),
    "evasion": lambda small: replace(small, name_evasion=0.0),
    "the target's own range": lambda small: replace(small, target_prefixes=()),
    "complaints": lambda small: replace(small, complaints=None),
    "reactions": lambda small: replace(small, reactions=None),
    "users": lambda small: replace(small, users=None, complaints=None),
}


@pytest.mark.parametrize("mechanism", WITHOUT)
def test_every_mechanism_makes_a_difference_to_some_strategy(mechanism):
    assert any(
        differ(outcome_of(name, seed), run(WITHOUT[mechanism](crowded_world(seed, name)), strategy))
        for seed in SEEDS
        for name, strategy in STRATEGIES.items()
    )
