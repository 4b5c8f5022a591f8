"""A real order against the best covers with its own number of rules.

In: an order, targets, weights in several units. Out: what the order hit, and how much less would
have done: the same targets with less collateral, or more targets with the same. It does not know
why the order was given, nor what was known then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sim.addresses.cover.cover import find_covers
from sim.addresses.cover.frontier import Cover
from sim.addresses.cover.targets import ANY_LENGTH4, ANY_LENGTH6, Number, Targets
from sim.addresses.cover.tradeoff import Widest, widest_within
from sim.addresses.cover.tree import LengthLimits
from sim.addresses.cover.weights import Weights
from sim.addresses.sets.families import AddressSet
from sim.errors import UsageError


@dataclass(frozen=True)
class Constraints:
    """What a cover may not do.

    Attributes
    ----------
    protected
        Addresses that no rule may touch.
    limits4, limits6
        Prefix lengths that rules may have.
    """

    protected: AddressSet
    limits4: LengthLimits = ANY_LENGTH4
    limits6: LengthLimits = ANY_LENGTH6

    def prepare(
        self, targets: AddressSet, *, exempt: AddressSet | None = None, may_miss: bool = False
    ) -> Targets:
        """Prepare targets under these constraints; see `Targets.prepare`."""
        return Targets.prepare(
            targets,
            protected=self.protected,
            exempt=exempt,
            limits4=self.limits4,
            limits6=self.limits6,
            may_miss=may_miss,
        )


@dataclass(frozen=True)
class Regret:
    """One order in one unit.

    Attributes
    ----------
    collateral
        What the order hit beside the targets.
    best
        Cover of the same targets with least collateral in this unit; None if the constraints
        allow none with so few rules.
    reason
        Why there is none.
    """

    collateral: Number
    best: Cover | None
    reason: str = ""

    @property
    def regret(self) -> Number | None:
        """Collateral of the order beyond the best; negative if it broke the constraints."""
        return None if self.best is None else self.collateral - self.best.collateral


@dataclass(frozen=True)
class Judgement:
    """An order against the frontier.

    Attributes
    ----------
    n_rules
        Rules of the order.
    worth, covered
        Worth of all targets, and of those the order covers.
    by_unit
        Same targets, less collateral: by unit of weight.
    widest
        Same collateral in the chosen unit, more targets.
    """

    n_rules: int
    worth: Number
    covered: Number
    by_unit: Mapping[str, Regret]
    widest: Widest


def judge_order(
    order: AddressSet,
    n_rules: int,
    targets: AddressSet,
    units: Mapping[str, Weights],
    unit: str,
    constraints: Constraints,
    *,
    worth: Weights | None = None,
    breadth: Weights | None = None,
) -> Judgement:
    """Compare an order with the best covers of as many rules.

    Parameters
    ----------
    order, n_rules
        What the order blocks, and with how many rules; at least 1.
    targets
        What it was meant to block; never collateral, covered or not.
    units
        Weights by name of the unit.
    unit
        The unit in which collateral is held equal where more targets are looked for.
    constraints
        What covers may not do; the order may have done it.
    worth
        What targets are worth; by default every target address is worth one.
    breadth
        Decides among covers of equal cost, as for `find_covers`.
    """
    counted = Weights.per_address() if worth is None else worth
    hit = targets.intersection(order)
    beside = order.difference(targets)
    by_unit: dict[str, Regret] = {}
    same = None
    for name, weights in units.items():
        found: Cover | None = None
        reason = ""
        try:
            if hit:
                same = constraints.prepare(hit, exempt=targets) if same is None else same
                frontier = find_covers(same, weights, n_rules, worth=worth, breadth=breadth)
                found = frontier.cover(n_rules)
            else:
                reason = "the order covers no target"
        except UsageError as error:
            reason = str(error)
        by_unit[name] = Regret(weights.inside(beside), found, reason)
    allowed = by_unit[unit].collateral
    aim = constraints.prepare(targets, may_miss=True)
    widest = widest_within(aim, units[unit], n_rules, allowed, worth=worth, breadth=breadth)
    total, covered = counted.inside(targets), counted.inside(hit)
    best = by_unit[unit].best
    if best is not None and best.collateral <= allowed and total - covered < widest.cover.missed:
        # The best cover of the same targets may be best at no price, and still be wider.
        widest = replace(widest, cover=replace(best, missed=total - covered))
    return Judgement(n_rules, total, covered, by_unit, widest)
