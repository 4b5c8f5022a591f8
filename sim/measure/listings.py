"""Measures of the register and of enforcement: addresses listed and dropped, orders, rules.

In: a world and an outcome. Out: measures. Who uses the addresses is not known here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.engine.eventlog import Kind
from sim.engine.orders import BLOCKING
from sim.engine.record.outcome import Outcome
from sim.engine.state.tally import Group
from sim.measure.measures import UNKNOWN, Measure, measured
from sim.world.build import World


def measure_register(world: World, outcome: Outcome) -> tuple[Measure, ...]:
    """Measures of the register and of enforcement.

    Notes
    -----
    Addresses are those of IPv4; of IPv6 the /64 networks touched are counted: none in a world
    without IPv6, so that every world has the same measures.
    ``overblocking_ratio_peak`` is the most addresses listed outside the target's own ranges over
    the addresses in these ranges; not known where the target has none of its own.
    """
    listed, dropped = _values(outcome, "addresses_listed"), _values(outcome, "addresses_dropped")
    own = float(world.target.addresses.n_addresses)
    log = outcome.events
    is_order = (log.kind == Kind.BLOCK) | (log.kind == Kind.UNBLOCK)
    return (
        measured("addresses_listed_peak", float(listed.max())),
        measured("addresses_dropped_peak", float(dropped.max())),
        measured("addresses_listed_at_end", float(listed[-1])),
        *_measure_networks(world, outcome),
        measured("orders_placed", float(np.count_nonzero(is_order))),
        measured("rules_in_force_peak", float(most_rules(outcome))),
        measured("overblocking_ratio_peak", float(listed.max()) / own if own > 0 else UNKNOWN, own),
    )


def _measure_networks(world: World, outcome: Outcome) -> tuple[Measure, ...]:
    listed, dropped = (
        _values(outcome, name) if world.places.line.has_ipv6 else np.zeros(1)
        for name in ("networks_listed", "networks_dropped")
    )
    return (
        measured("networks_listed_peak", float(listed.max())),
        measured("networks_dropped_peak", float(dropped.max())),
        measured("networks_listed_at_end", float(listed[-1])),
    )


def most_rules(outcome: Outcome) -> int:
    """Most rules in force at the end of any second; a rule is a prefix of a blocking entry.

    Exempting entries and names do not count.
    """
    log = outcome.events
    rules = np.array(
        [
            addresses.n_prefixes if mechanism in BLOCKING else 0
            for addresses, mechanism in zip(
                outcome.entry_addresses, outcome.entry_mechanism, strict=True
            )
        ],
        np.int64,
    )
    is_order = (log.kind == Kind.BLOCK) | (log.kind == Kind.UNBLOCK)
    t_s, entry = log.t_s[is_order], log.entry_row[is_order]
    if not t_s.size:
        return 0
    step = np.where(log.kind[is_order] == Kind.BLOCK, 1, -1) * rules[entry]
    in_force = np.cumsum(step)
    is_last = np.append(t_s[1:] != t_s[:-1], True)
    return max(0, int(in_force[is_last].max()))


def _values(outcome: Outcome, metric: str) -> NDArray[np.float64]:
    return outcome.curves.points(metric, Group())[1]
