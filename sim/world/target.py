"""The service to be blocked.

In: the target's own prefixes. Out: its addresses as a set. It does not know who blocks it.
"""

from dataclasses import dataclass

from sim.addresses.sets.intervals import IntervalSet
from sim.scenario.resolve import Resolved


@dataclass(frozen=True)
class Target:
    """The service to be blocked.

    Attributes
    ----------
    name
        As shown to readers.
    addresses
        The target's own ranges, never counted as collateral.
    """

    name: str
    addresses: IntervalSet


def build_target(resolved: Resolved) -> Target:
    """Return the target of a scenario; without ranges of its own its set is empty."""
    if resolved.target_prefixes is None:
        return Target(resolved.scenario.target.name, IntervalSet.empty())
    prefixes = [row.prefix for row in resolved.target_prefixes.rows]
    return Target(resolved.scenario.target.name, resolved.line.union(prefixes))
