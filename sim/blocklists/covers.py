"""The cover of least collateral, for targets and inventories as users have them.

In: lists and inventories as read, a unit, a budget, constraints. Out: the frontier, the cover at
the budget with its collateral in every unit, and, beside a real order, what it could have spared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sim.addresses.cover.cover import find_covers
from sim.addresses.cover.frontier import Cover, Frontier
from sim.addresses.cover.regret import Constraints, Judgement, judge_order
from sim.addresses.cover.targets import Number
from sim.addresses.cover.tradeoff import TradeOff, trade_off
from sim.addresses.cover.weights import Weights
from sim.addresses.feeds.feed import Feed
from sim.addresses.sets.families import AddressSet
from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.intervals6 import IntervalSet6
from sim.blocklists.units import (
    ADDRESSES4,
    ADDRESSES6,
    REVENUE,
    Units,
    count_rules,
    row_worth,
    units_of,
    weigh_all,
)
from sim.errors import UsageError

UNITS = ("addresses", "names", "businesses", "demand", "usd")
MOST_RULES = 1_000
_NEEDED = {"names": "", "businesses": "a column name", "demand": REVENUE, "usd": REVENUE}


@dataclass(frozen=True)
class Question:
    """What is asked.

    Attributes
    ----------
    unit
        One of `UNITS`.
    constraints
        What rules may not do.
    budget
        Most rules; None for those of the order, or as many as there are target prefixes, at most
        `MOST_RULES`.
    miss_price
        Price of missing a target, in the unit; None if all have to be covered.
    family
        4 or 6 to leave the other family aside; 0 for both.
    with_trade_off
        Whether to look for covers of part of the targets too.
    frontier_to
        Most rules of the frontier; the budget where None or less.
    """

    unit: str
    constraints: Constraints
    budget: int | None = None
    miss_price: Number | None = None
    family: int = 0
    with_trade_off: bool = False
    frontier_to: int | None = None


@dataclass(frozen=True)
class Answer:
    """What was found.

    Attributes
    ----------
    unit
        Key of the unit among ``collateral``.
    budget
        Most rules of ``cover``.
    n_targets
        Worth of all targets: their number, a row of the list being one.
    targets
        Their addresses.
    frontier
        Least collateral by number of rules, up to the budget or beyond.
    cover
        The best with at most ``budget`` rules.
    collateral
        What it hits beside the targets, by unit.
    trade_off
        Corners between targets missed and collateral at the budget, if asked for.
    judgement
        The order against the frontier, if there is an order.
    units
        Weights in every unit.
    conflicts
        Targets that cannot be blocked, in words; none unless they have a price.
    """

    unit: str
    budget: int
    n_targets: Number
    targets: AddressSet
    frontier: Frontier
    cover: Cover
    collateral: Mapping[str, Number]
    trade_off: TradeOff | None
    judgement: Judgement | None
    units: Units
    conflicts: tuple[str, ...]


def answer(
    question: Question, targets: Feed, inventory: Feed | None, orders: Sequence[Feed] = ()
) -> Answer:
    """Find the covers of least collateral.

    Parameters
    ----------
    question
        What is asked.
    targets
        Rows to block; each distinct row counts as one target.
    inventory
        Who else is there.
    orders
        Lists that together are one order to compare with.

    Raises
    ------
    UsageError
        If the unit needs what the inventory does not have, the targets cannot be covered, or a
        number is out of range.
    """
    aimed = _of_family(targets.to_set(), question.family)
    if not aimed:
        raise UsageError("expected at least one target, got none")
    order = AddressSet.empty()
    for feed in orders:
        order = order.union(_of_family(feed.to_set(), question.family))
    n_rules = count_rules([_rows_of(feed, question.family) for feed in orders])
    if orders and not order:
        raise UsageError("expected an order with at least one rule, got none")
    units = units_of(inventory)
    units = replace(units, weights=_needed(units.weights, aimed.union(order)))
    unit = _unit_key(question.unit, units.weights, aimed)
    weights, worth = units.weights[unit], row_worth(targets)
    may_miss = question.miss_price is not None
    ready = question.constraints.prepare(aimed, may_miss=may_miss)
    budget = question.budget
    if budget is None:
        budget = n_rules if orders else min(max(ready.n_leaves, 1), MOST_RULES)
    most = max(budget, question.frontier_to or budget)
    # Where an inventory knows of nobody, narrow rules are better than wide ones all the same.
    breadth = None if question.unit == "addresses" else Weights.per_address()
    frontier = find_covers(
        ready, weights, most, miss_price=question.miss_price, worth=worth, breadth=breadth
    )
    cover = frontier.cover(budget)
    corners = None
    if question.with_trade_off:
        partly = question.constraints.prepare(aimed, may_miss=True)
        corners = trade_off(partly, weights, budget, worth=worth, breadth=breadth)
    judgement = None
    if orders:
        judgement = judge_order(
            order,
            n_rules,
            aimed,
            units.weights,
            unit,
            question.constraints,
            worth=worth,
            breadth=breadth,
        )
    return Answer(
        unit,
        budget,
        worth.inside(aimed),
        aimed,
        frontier,
        cover,
        weigh_all(units.weights, cover.to_set().difference(aimed)),
        corners,
        judgement,
        units,
        ready.conflicts,
    )


def _of_family(addresses: AddressSet, family: int) -> AddressSet:
    """Leave one family aside."""
    if family == 4:
        return AddressSet(addresses.v4, IntervalSet6.empty())
    return AddressSet(IntervalSet.empty(), addresses.v6) if family == 6 else addresses


def _rows_of(feed: Feed, family: int) -> Feed:
    """Leave the rows of one family aside."""
    if family == 4:
        return replace(feed, v6=type(feed.v6).empty(), record6=feed.record6[:0])
    if family == 6:
        return replace(feed, v4=type(feed.v4).empty(), record4=feed.record4[:0])
    return feed


def _needed(weights: Mapping[str, Weights], touched: AddressSet) -> dict[str, Weights]:
    """Leave out the addresses of a family that neither the targets nor the order have."""
    absent = {ADDRESSES4: not touched.v4, ADDRESSES6: not touched.v6}
    return {name: weight for name, weight in weights.items() if not absent.get(name)}


def _unit_key(unit: str, weights: Mapping[str, Weights], targets: AddressSet) -> str:
    """Return the key of the unit asked for, or say why there is none."""
    if unit == "addresses":
        if targets.v4 and targets.v6:
            raise UsageError(
                "expected targets of one address family, got both: IPv4 and IPv6 addresses do not "
                "add up; choose a family, or another weight"
            )
        return ADDRESSES4 if targets.v4 else ADDRESSES6
    if unit not in UNITS:
        raise UsageError(f"expected one of the weights {', '.join(UNITS)}, got {unit!r}")
    if unit not in weights:
        needed = _NEEDED[unit]
        what = f"an inventory with {needed}" if needed else "an inventory"
        raise UsageError(f"expected {what} to weigh {unit}, got none")
    return unit
