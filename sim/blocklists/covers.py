"""The cover of least collateral, for targets and inventories as users have them.

Collateral is counted in one unit; `Answer` gives that of the cover in every unit. An order is
compared with the best covers of as many rules for the targets that it covers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.addresses.cover.frontier import Cover, Frontier, Number, find_covers
from sim.addresses.cover.tree import (
    ANY_LENGTH4,
    ANY_LENGTH6,
    LengthLimits,
    Targets,
    WeightedRanges,
    Weights,
)
from sim.addresses.feeds.feed import Feed
from sim.addresses.sets.blocks import IPV4_BITS, IPV6_BITS
from sim.addresses.sets.intervals import AddressSet
from sim.addresses.text.reading import Entries4, Entries6
from sim.blocklists.attribution import first_rows
from sim.blocklists.hosts import business_revenue, names_once, without_repeats
from sim.errors import UsageError

REVENUE = "revenue_usd_per_h"
ADDRESSES4, ADDRESSES6 = "addresses4", "addresses6"
WIDEST4, WIDEST6 = (8, "--shortest"), (16, "--shortest-v6")
"""Length of the widest prefixes that are announced, and the option that allows no wider rule."""
UNIT_NAMES = {
    ADDRESSES4: "IPv4 addresses",
    ADDRESSES6: "IPv6 addresses",
    "names": "names",
    "businesses": "businesses",
    "demand": "share of the inventory's demand",
    "usd": "USD per hour of revenue",
}


def units_of(inventory: Feed | None) -> tuple[dict[str, Weights], list[str]]:
    """Return the weights by unit that an inventory allows, and what is not known, in words.

    ``addresses4`` and ``addresses6`` always; ``names``, ``businesses``, ``demand`` (share of the
    inventory's revenue) and ``usd`` (revenue per hour) where it has the columns they need.
    """
    every = Weights.per_address()
    weights = {
        ADDRESSES4: replace(every, v6=WeightedRanges.none(IPV6_BITS)),
        ADDRESSES6: replace(every, v4=WeightedRanges.none(IPV4_BITS)),
    }
    if inventory is None:
        return weights, []
    notes = []
    records = np.concatenate((inventory.record4, inventory.record6))
    n_rows = np.bincount(records, minlength=inventory.n_records)
    if inventory.n_unplaced:
        notes.append(
            f"{inventory.n_unplaced:,} of {inventory.n_records:,} inventory rows have no usable "
            "address and weigh nothing"
        )
    names = np.ones(inventory.n_records)
    if "n_names" in inventory.numbers:
        names, note = names_once(inventory)
        names[np.isnan(names)] = 1
        notes += [note] if note else []
    weights["names"] = _on_rows(inventory, names, n_rows)
    is_placed = n_rows > 0
    if "name" in inventory.labels:
        share, n_unnamed = _business_shares(inventory, is_placed)
        weights["businesses"] = _on_rows(inventory, share, n_rows)
        if n_unnamed:
            notes.append(f"{n_unnamed:,} inventory rows have no name and count as no business")
    if REVENUE in inventory.numbers:
        revenue, n_without = _revenue(inventory, is_placed, notes)
        weights["usd"] = _on_rows(inventory, revenue, n_rows)
        total = float(revenue[is_placed].sum())
        if total:
            weights["demand"] = _on_rows(inventory, revenue / total, n_rows)
        if n_without:
            notes.append(f"{n_without:,} inventory rows have no revenue and weigh nothing in usd")
    return weights, notes


def row_worth(targets: Feed) -> Weights:
    """Weight of one on each distinct row of a list of targets, shared among its addresses."""
    v4, v6 = targets.v4, targets.v6
    first4, first6 = (first_rows(v.start, v.stop).astype(np.int64) for v in (v4, v6))
    return Weights.on_rows(v4, first4, v6, first6)


def count_rules(orders: list[Feed]) -> int:
    """Number of distinct prefixes that lists consist of; a range may take several."""
    v4 = Entries4.concatenate([feed.v4 for feed in orders])
    v6 = Entries6.concatenate([feed.v6 for feed in orders])
    prefixes = (v4.to_prefixes()[1:], v6.to_prefixes()[1:])
    return sum(int(first_rows(*columns).sum()) for columns in prefixes)


def _on_rows(inventory: Feed, by_record: NDArray[np.float64], n_rows: NDArray[np.int64]) -> Weights:
    """Weights by record as weights on its rows, whole numbers as such."""
    shared = by_record / np.maximum(n_rows, 1)
    column = shared.astype(np.int64) if np.all(shared == np.floor(shared)) else shared
    v4, v6 = inventory.v4, inventory.v6
    return Weights.on_rows(v4, column[inventory.record4], v6, column[inventory.record6])


def _business_shares(
    inventory: Feed, is_placed: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], int]:
    """Part of its business that each record is, and how many records have no name."""
    code = inventory.labels["name"].code
    named = np.flatnonzero((code >= 0) & is_placed)
    n_hosts = np.bincount(code[named], minlength=len(inventory.labels["name"].names))
    share = np.zeros(inventory.n_records)
    share[named] = 1 / n_hosts[code[named]]
    return share, int(np.count_nonzero(code < 0))


def _revenue(
    inventory: Feed, is_placed: NDArray[np.bool_], notes: list[str]
) -> tuple[NDArray[np.float64], int]:
    """Revenue of each record, shared among the rows of a business, and how many have none."""
    given = inventory.numbers[REVENUE]
    revenue = np.nan_to_num(given, nan=0.0)
    unknown = np.isnan(given)
    if "name" in inventory.labels:
        code = inventory.labels["name"].code
        share, _ = _business_shares(inventory, is_placed)
        of_business = business_revenue(inventory, given, notes)
        named = np.flatnonzero(code >= 0)
        revenue[named] = np.nan_to_num(of_business[code[named]], nan=0.0) * share[named]
        unknown[named] = np.isnan(of_business[code[named]])
    return revenue, int(np.count_nonzero(unknown))


UNITS = ("addresses", "names", "businesses", "demand", "usd")
MOST_RULES = 1_000
_NEEDED = {"names": "", "businesses": "a column name", "usd": REVENUE, "demand": f"{REVENUE} > 0"}


@dataclass(frozen=True)
class Question:
    """Which cover to find."""

    unit: str
    """One of `UNITS`."""
    protected: AddressSet
    """Addresses that no rule may touch."""
    limits4: LengthLimits = ANY_LENGTH4
    limits6: LengthLimits = ANY_LENGTH6
    """Prefix lengths that rules may have."""
    budget: int | None = None
    """Most rules; None for those of the order, or as many as there are target prefixes, at most
    `MOST_RULES`."""
    family: int = 0
    """4 or 6 to ignore the other family; 0 for both."""
    frontier_to: int | None = None
    """Most rules of the frontier; the budget where None or less."""

    def prepare(self, targets: AddressSet, exempt: AddressSet | None = None) -> Targets:
        """Prepare targets under these constraints; see `Targets.prepare`."""
        return Targets.prepare(
            targets,
            protected=self.protected,
            exempt=exempt,
            limits4=self.limits4,
            limits6=self.limits6,
        )


@dataclass(frozen=True)
class Regret:
    """Collateral of an order in one unit, and the best cover of the same targets."""

    collateral: Number
    """Amount that the order hit beside the targets."""
    best: Cover | None
    """Cover of the same targets with least collateral in this unit; None if the constraints allow
    none with so few rules."""
    reason: str = ""
    """Why there is none."""

    @property
    def regret(self) -> Number | None:
        """Collateral of the order beyond the best; negative if it broke the constraints."""
        return None if self.best is None else self.collateral - self.best.collateral


@dataclass(frozen=True)
class Comparison:
    """An order compared with the best covers of as many rules."""

    n_rules: int
    """Rules of the order."""
    n_targets_covered: Number
    """Targets that the order covers, as a sum of shares of rows."""
    by_unit: Mapping[str, Regret]
    """By unit of weight."""


@dataclass(frozen=True)
class Answer:
    """Covers of least collateral."""

    unit: str
    """Key of the unit among ``collateral``."""
    budget: int
    """Most rules of ``cover``."""
    n_targets: Number
    """Number of targets: distinct rows of the list."""
    targets: AddressSet
    """Their addresses."""
    frontier: Frontier
    """Least collateral by number of rules, up to the budget or beyond."""
    cover: Cover
    """The best with at most ``budget`` rules."""
    collateral: Mapping[str, Number]
    """Amounts that it hits beside the targets, by unit."""
    comparison: Comparison | None
    """The order against the best covers, if there is an order."""
    notes: Sequence[str]
    """Missing values, in words for the user."""


def answer(
    question: Question, targets: Feed, inventory: Feed | None, orders: Sequence[Feed] = ()
) -> Answer:
    """Find the covers of least collateral.

    Parameters
    ----------
    question
        Unit, constraints and budget.
    targets
        Rows to block; each distinct row is one target.
    inventory
        Hosts and networks that a rule may hit.
    orders
        Lists that together are one order to compare with.

    Raises
    ------
    UsageError
        If the unit needs what the inventory does not have, the targets cannot be covered, or a
        number is out of range.
    """
    aimed = _rows_of(targets, question.family).to_set()
    if not aimed:
        raise UsageError("expected at least one target, got none")
    orders = [_rows_of(feed, question.family) for feed in orders]
    order = AddressSet.union_all(feed.to_set() for feed in orders)
    n_rules = count_rules(orders)
    if orders and not order:
        raise UsageError("expected an order with at least one rule, got none")
    once = None if inventory is None else without_repeats(inventory)[0]
    weights, notes = units_of(once)
    if inventory is not None and once is not None and once is not inventory:
        notes.append(once.notes[-1])
    touched = aimed.union(order)
    absent = {ADDRESSES4: not touched.v4, ADDRESSES6: not touched.v6}
    weights = {name: weight for name, weight in weights.items() if not absent.get(name)}
    unit = _unit_key(question.unit, weights, aimed)
    worth = row_worth(targets)
    ready = question.prepare(aimed)
    budget = question.budget
    if budget is None:
        budget = n_rules if orders else min(ready.n_leaves, MOST_RULES)
    most = max(budget, question.frontier_to or budget)
    # Where an inventory knows of nobody, narrow rules are better than wide ones all the same.
    breadth = None if question.unit == "addresses" else Weights.per_address()
    try:
        frontier = find_covers(ready, weights[unit], most, breadth=breadth)
    except UsageError as error:
        hint = ", the rules of the order: give --budget" if orders and not question.budget else ""
        raise UsageError(f"{error}{hint}") from None
    cover = frontier.cover(budget)
    notes += _wide_rules(cover, question)
    beside = cover.to_set().difference(aimed)
    comparison = None
    if orders:
        hit = aimed.intersection(order)
        by_unit = {
            name: _regret(question, weight, hit, aimed, order, n_rules, breadth)
            for name, weight in weights.items()
        }
        comparison = Comparison(n_rules, worth.inside(hit), by_unit)
    return Answer(
        unit,
        budget,
        worth.inside(aimed),
        aimed,
        frontier,
        cover,
        {name: weight.inside(beside) for name, weight in weights.items()},
        comparison,
        notes,
    )


def _wide_rules(cover: Cover, question: Question) -> Iterator[str]:
    """Caution about rules wider than any prefix announced, where unlisted hosts weigh nothing."""
    for lengths, (widest, option) in ((cover.length4, WIDEST4), (cover.length6, WIDEST6)):
        if question.unit != "addresses" and (n := int((lengths < widest).sum())):
            yield (
                f"{n:,} of {cover.n_rules:,} rules are wider than a /{widest}: hosts that the "
                f"inventory does not have weigh nothing; {option} {widest} allows no such rule"
            )


def _regret(
    question: Question,
    weights: Weights,
    hit: AddressSet,
    targets: AddressSet,
    order: AddressSet,
    n_rules: int,
    breadth: Weights | None,
) -> Regret:
    """Collateral of an order, and the best cover of the targets that it hits."""
    collateral = weights.inside(order.difference(targets))
    if not hit:
        return Regret(collateral, None, "the order covers no target")
    try:
        same = question.prepare(hit, exempt=targets)
        best = find_covers(same, weights, n_rules, breadth=breadth).cover(n_rules)
    except UsageError as error:
        return Regret(collateral, None, str(error))
    return Regret(collateral, best)


def _rows_of(feed: Feed, family: int) -> Feed:
    """Rows of the family asked for."""
    if family == 4:
        return replace(feed, v6=type(feed.v6).empty(), record6=feed.record6[:0])
    if family == 6:
        return replace(feed, v4=type(feed.v4).empty(), record4=feed.record4[:0])
    return feed


def _unit_key(unit: str, weights: Mapping[str, Weights], targets: AddressSet) -> str:
    """Key of the unit asked for; UsageError if the inventory does not allow it."""
    if unit == "addresses":
        if targets.v4 and targets.v6:
            raise UsageError(
                "expected targets of one address family, got both: IPv4 and IPv6 addresses do not "
                "add up; choose one by --family 4 or --family 6, or another weight"
            )
        return ADDRESSES4 if targets.v4 else ADDRESSES6
    if unit not in UNITS:
        raise UsageError(f"expected one of the weights {', '.join(UNITS)}, got {unit!r}")
    if unit not in weights:
        needed = _NEEDED[unit]
        what = f"an inventory with {needed}" if needed else "an inventory"
        raise UsageError(f"expected {what} to weigh {unit}, got none")
    return unit
