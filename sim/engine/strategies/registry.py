"""Which rule carries out which strategy: shipped ones, and a class in a file or a notebook."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, TypeAlias

from sim.addresses.sets.intervals import IntervalSet
from sim.engine import decisions
from sim.engine.decisions import Decision, Mechanism, Observation, Order
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
    declared: type[Model], written: Callable[..., Any], build: Build | None = None
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
    groups = frozenset(row.operator for row in resolved.operators.rows)

    def decide(observation: Observation) -> Decision:
        try:
            decision = written(observation)
        except (Exception, SystemExit) as error:
            raise own.failure(asked.file, error) from error
        if not isinstance(decision, Decision):
            message = f"expected {asked.rule}.decide to return a Decision, got {decision!r}"
            raise own.OwnCodeError([Problem(asked.file, message)])
        if wrong := _wrong(decision, observation.t_s, groups):
            message = f"{asked.rule}.decide, at {observation.t_s} s: expected {wrong}"
            raise own.OwnCodeError([Problem(asked.file, message)])
        return decision

    return decide


def _wrong(decision: Decision, now_s: int, groups: frozenset[str]) -> str:
    """Mistake of a decision: what was expected and what it has; empty where nothing is wrong."""
    orders, look_s = decision.orders, decision.next_look_s
    if not (isinstance(orders, tuple | list) and all(isinstance(one, Order) for one in orders)):
        return f"a tuple of orders, got {orders!r}"
    is_number = isinstance(look_s, Integral) and not isinstance(look_s, bool)
    if look_s is not None and not (is_number and look_s > now_s):
        return f"next_look_s of whole seconds after that, or None, got {look_s!r}"
    for one in orders:
        if one.action not in ("block", "unblock"):
            return f"the action block or unblock, got {one.action!r}"
        if not isinstance(one.mechanism, Mechanism):
            return f"a Mechanism, got {one.mechanism!r}"
        is_name = one.mechanism is Mechanism.NAME
        if not isinstance(one.addresses, IntervalSet) or is_name == bool(one.addresses):
            return f"addresses as an IntervalSet, none for a name, got {one.addresses!r}"
        if not (isinstance(one.overmatch, Real) and 0 <= one.overmatch <= 1):
            return f"an overmatch from 0 to 1, got {one.overmatch!r}"
        known = isinstance(one.operators, frozenset) and one.operators <= groups
        if one.operators is not None and not (known and one.operators):
            names = ", ".join(sorted(groups))
            return f"operators None, or a frozenset of {names}; got {one.operators!r}"
    return ""


register(ask.Own, own_rule, own_rule)
