"""Covers, and lists of scenarios and measures, from Python."""

from __future__ import annotations

from collections.abc import Mapping

from numpy.typing import ArrayLike

from sim.addresses.cover.tree import LengthLimits
from sim.addresses.feeds.feed import without_sinkholes
from sim.addresses.feeds.frames import feed_of_addresses, feed_of_columns
from sim.addresses.sets.intervals import AddressSet
from sim.api.given import in_python_words
from sim.api.tables import Columns
from sim.blocklists.covers import UNITS, Answer, Question, answer
from sim.catalogue.choices import label
from sim.catalogue.measures import MEASURES
from sim.errors import UsageError


def cover(
    targets: ArrayLike,
    inventory: Mapping[str, ArrayLike] | None = None,
    *,
    weight: str = "addresses",
    budget: int | None = None,
    frontier: int | None = None,
    protect: ArrayLike | None = None,
    against: ArrayLike | None = None,
    shortest: int = 0,
    longest: int = 32,
    shortest_v6: int = 0,
    longest_v6: int = 128,
) -> Answer:
    """Find the prefixes that block targets at the least collateral; exact for every budget.

    Parameters
    ----------
    targets : shape (n_targets,)
        Prefixes, addresses or ``first-last`` ranges as text, or IPv4 addresses as integers.
    inventory
        Who else is there, as for `exposure`; a frame or columns by name.
    weight
        What collateral is counted in: ``addresses, names, businesses, demand`` or ``usd``.
    budget
        Most rules; those of the order compared with when None, or one for each target prefix, at
        most 1,000.
    frontier
        Most rules of the frontier; the budget when None or less.
    protect : shape (n_protected,)
        Addresses that no rule may touch.
    against : shape (n_rules,)
        A real order to compare with the best covers of as many rules.
    shortest, longest, shortest_v6, longest_v6
        Bits of the prefixes allowed.

    Raises
    ------
    DataError
        With every value that cannot be read, row by row.
    UsageError
        If the unit is not known or the targets cannot be covered so.

    Examples
    --------
    >>> import overblock
    >>> found = overblock.cover(["192.0.2.1", "192.0.2.3"], budget=1)
    >>> int(found.cover.collateral)
    2
    """
    if weight not in UNITS:
        raise UsageError(f"weight: expected one of {', '.join(UNITS)}, got {weight!r}")
    with in_python_words():
        guarded = AddressSet.empty()
        if protect is not None:
            guarded = feed_of_addresses(protect, "protect").to_set()
        limits = LengthLimits(shortest, longest), LengthLimits(shortest_v6, longest_v6)
        question = Question(weight, guarded, *limits, budget=budget, frontier_to=frontier)
        return answer(
            question,
            feed_of_addresses(targets, "targets"),
            None
            if inventory is None
            else without_sinkholes(feed_of_columns(inventory, "inventory")),
            [] if against is None else [feed_of_addresses(against, "against")],
        )


def scenarios() -> Columns:
    """Shipped scenarios: ``name`` and ``title``."""
    from sim.scenario.library import scenario_names
    from sim.scenario.load import load_scenario

    return Columns.of_rows(
        [{"name": name, "title": load_scenario(name).scenario.title} for name in scenario_names()],
        ("name", "title"),
    )


def measures() -> Columns:
    """All that is measured: ``name``, ``label``, ``unit`` and ``meaning``."""
    return Columns.of_rows(
        [
            {"name": name, "label": label(name), "unit": one.unit, "meaning": one.what}
            for name, one in MEASURES.items()
        ],
        ("name", "label", "unit", "meaning"),
    )
