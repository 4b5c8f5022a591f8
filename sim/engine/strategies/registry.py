"""Which rule carries out which strategy of the scenario language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sim.engine.decisions import Strategy
from sim.scenario.quantities import Model
from sim.scenario.resolve import Resolved
from sim.streams import Streams

S_PER_H = 3600
Asked = TypeVar("Asked", bound=Model)


@dataclass(frozen=True)
class Given:
    """Inputs of a strategy besides its keys: the scenario, its tables and random streams."""

    resolved: Resolved
    streams: Streams


@dataclass(frozen=True)
class Rule:
    """A rule as it is written, and how a strategy is made of it."""

    written: Callable[..., Any]
    build: Callable[[Any, Given], Strategy]


RULES: dict[type[Model], Rule] = {}
"""The rule of each strategy, by the class that declares it."""


def register(
    declared: type[Asked],
    written: Callable[..., Any],
    build: Callable[[Asked, Given], Strategy] | None = None,
) -> None:
    """Say which rule carries out a strategy.

    Parameters
    ----------
    declared
        Class of the strategy in ``sim.scenario.strategies``.
    written
        The rule; its docstring says where it was really used.
    build
        From the keys that a scenario sets to the strategy; None where the rule has none and is the
        strategy itself.
    """
    assert declared not in RULES, f"{declared.__name__} has two rules"
    RULES[declared] = Rule(written, build or (lambda asked, given: written))


def seconds(hours: float) -> int:
    """Hours of a scenario in whole seconds of the clock."""
    return round(hours * S_PER_H)
