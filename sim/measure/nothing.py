"""Why a run ordered nothing, hit nobody, or denied the target's users nothing.

In: a run, with its scenario and its measures. Out: what it did not do, and why, in a sentence each,
so that nobody takes a zero that the scenario causes for a finding about the strategy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from sim.engine.eventlog import Kind
from sim.engine.record.outcome import Outcome
from sim.measure.measures import Measure
from sim.scenario.calendars import CALENDARS, Calendar
from sim.scenario.resolve import Resolved
from sim.scenario.schema import Scenario
from sim.scenario.strategies import (
    Dns,
    Negotiate,
    NoBlocking,
    Orders,
    Recurring,
    Replay,
    Sni,
    Throttle,
    TimeWindow,
)

ORDERS, HITS, DENIES = (
    "orders nothing",
    "hits no modelled business",
    "denies the target's users nothing",
)
LIMITS = (
    "orders_per_day",
    "max_addresses",
    "max_rules",
    "order_addresses",
    "exempt",
    "pause_pressure",
    "end_pressure",
)
"""Keys by which a censor limits itself."""


def why_nothing(
    resolved: Resolved, outcome: Outcome, measures: Iterable[Measure]
) -> dict[str, str]:
    """What a run did not do, with the reason; a run that orders nothing does nothing else."""
    scenario, value = resolved.scenario, {one.metric: one.value for one in measures}
    if value["orders_placed"] == 0:
        return {ORDERS: _why_no_order(resolved, outcome)}
    is_enforced = bool((outcome.events.kind == Kind.ENFORCED).any())
    late = "no operator carried an order out before the end"
    found = {}
    if value["businesses_ever_affected"] == 0:
        found[HITS] = _why_no_hit(scenario, value["demand_lost_share"]) if is_enforced else late
    if value.get("target_user_hours_denied") == 0:
        reached = "at every operator the clients always reached it, by a front or a VPN"
        found[DENIES] = reached if is_enforced else late
    return found


def say_nothing(runs: Sequence[Mapping[str, str]]) -> list[str]:
    """Sentences on what no run of a strategy did, each with all reasons."""
    return [
        f"{what}: {'; or '.join(dict.fromkeys(run[what] for run in runs))}"
        for what in (ORDERS, HITS, DENIES)
        if runs and all(what in run for run in runs)
    ]


def _why_no_order(resolved: Resolved, outcome: Outcome) -> str:
    scenario, strategy = resolved.scenario, resolved.scenario.strategy
    if isinstance(strategy, NoBlocking):
        return "the strategy none places no order"
    if isinstance(strategy, Replay):
        assert resolved.orders is not None
        last = strategy.last_order
        for row in resolved.orders.rows:
            if row.effective < scenario.end and (last is None or row.effective <= last):
                return _held_back(scenario)
        keys = "end" if last is None else "end or strategy.last_order"
        return f"every order of {strategy.orders} lies beyond {keys}"
    if isinstance(strategy, Orders):
        limits = _held_back(scenario)
        return f"no given order comes into force between start and end; or {limits}"
    if isinstance(strategy, TimeWindow) and strategy.addresses is not None:
        key = _calendar_of(strategy)
        return f"nothing was listed in any of strategy.{key}; or {_held_back(scenario)}"
    if isinstance(strategy, Recurring) and strategy.when is not None:
        key = _calendar_of(strategy.when)
        return f"nothing was listed in any of strategy.when.{key}; or {_held_back(scenario)}"
    if not np.any(outcome.events.kind == Kind.DISCOVERED):
        return "no front was found before the end (censor.discovery_lag_h)"
    if isinstance(strategy, TimeWindow):
        key = _calendar_of(strategy)
        return f"no front was known, and free to be listed, in any of strategy.{key}"
    if isinstance(strategy, Negotiate):
        return "no provider of a front that was found refused before the end (strategy.talks_h)"
    return _held_back(scenario)


def _calendar_of(calendar: Calendar) -> str:
    """Key that says when there are sessions."""
    return next(key for key in CALENDARS if getattr(calendar, key, None) is not None)


def _held_back(scenario: Scenario) -> str:
    censor = scenario.censor
    limits = [f"censor.{key}" for key in LIMITS if censor and getattr(censor, key) is not None]
    if limits:
        return f"no order passed what the censor holds itself to ({', '.join(limits)})"
    return "what was found called for no order"


def _why_no_hit(scenario: Scenario, demand_lost_share: float) -> str:
    strategy = scenario.strategy
    if demand_lost_share > 0:
        bar = scenario.thresholds.affected
        return f"no business lost more than {bar:g} of its demand at a time (thresholds.affected)"
    if isinstance(strategy, Dns | Sni) and strategy.overmatch == 0:
        return "the entry matches no other name (strategy.overmatch 0)"
    if isinstance(strategy, Dns | Sni) and scenario.effects.name_evasion == 1:
        return "all users get round the blocking of a name (effects.name_evasion 1)"
    if isinstance(strategy, Throttle) and scenario.effects.throttle_severity == 0:
        return "no attempt fails at a throttled address (effects.throttle_severity 0)"
    why = "no customer of one needed an address or a name while it was blocked"
    if not scenario.population.n_businesses:
        return why
    expected = "names expected behind what was listed are in expected_names.csv"
    return f"{why}; they are a sample: {expected}"
