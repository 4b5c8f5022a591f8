"""Which rule carries out which strategy: shipped ones, and a class in a file or a notebook."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from sim.engine import decisions
from sim.engine.decisions import Decision, Observation
from sim.errors import Problem
from sim.scenario import own
from sim.scenario import strategies as ask
from sim.scenario.quantities import Model
from sim.scenario.resolve import Resolved
from sim.streams import Streams

S_PER_H = 3600


Build: TypeAlias = "Callable[[Any, Resolved, Streams], decisions.Strategy]"
"""From the keys that a scenario sets, its tables and random streams, to the strategy."""


@dataclass(frozen=True)
class Rule:
    """A rule as it is written, and how a strategy is made of it."""

    written: Callable[..., Any]
    build: Build


RULES: dict[type[Model], Rule] = {}
"""The rule of each strategy, by the class that declares it."""


def register(
    declared: type[Model],
    written: Callable[..., Any],
    build: Build | None = None,
) -> None:
    """Say which rule carries out a strategy.

    Parameters
    ----------
    declared
        Class of the strategy in ``sim.scenario.strategies``.
    written
        The rule; its docstring says where it was really used.
    build
        None where the rule has no keys and is the strategy itself.
    """
    assert declared not in RULES, f"{declared.__name__} has two rules"
    RULES[declared] = Rule(written, build or (lambda *_: written))


def seconds(hours: float) -> int:
    """Hours of a scenario in whole seconds of the clock."""
    return round(hours * S_PER_H)


class Strategy(Model):
    """A strategy of your own: its keys as attributes with types, and what it decides.

    A subclass is registered like the shipped ones when it is defined.
    """

    # Where code has no file of its own, there is no source to read docstrings of attributes from.
    model_config = Model.model_config | {"use_attribute_docstrings": False}

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Register the rule."""
        register(cls, cls.decide, lambda asked, *_: asked.decide)

    def decide(self, seen: Observation) -> Decision:
        """Orders that follow from what the censor sees, of nothing else, and when to look again.

        Parameters
        ----------
        seen
            The state just before now.
        """
        raise NotImplementedError


def rule_of(asked: ask.Own, resolved: Resolved) -> Strategy:
    """The strategy of one's own that a scenario asks for.

    Raises
    ------
    OwnCodeError
        If its file does not define it, or it has no such keys.
    """
    kind = own.load_name(resolved.code, asked.file, asked.rule)
    if not (isinstance(kind, type) and issubclass(kind, Strategy)):
        message = f"expected {asked.rule} to be a subclass of overblock.rules.Strategy"
        raise own.OwnCodeError([Problem(asked.file, message)])
    return own.make(kind, asked)


def own_rule(asked: ask.Own, resolved: Resolved, streams: Streams) -> decisions.Strategy:
    """Decide by a class in a user's file, whose mistakes are reported with their line.

    Really used: by whoever wrote it.
    """
    rule = rule_of(asked, resolved)
    written = RULES[type(rule)].build(rule, resolved, streams)

    def decide(observation: Observation) -> Decision:
        try:
            decision = written(observation)
        except Exception as error:
            raise own.failure(asked.file, error) from error
        if not isinstance(decision, Decision):
            message = f"expected {asked.rule}.decide to return a Decision, got {decision!r}"
            raise own.OwnCodeError([Problem(asked.file, message)])
        return decision

    return decide


register(ask.Own, own_rule, own_rule)
