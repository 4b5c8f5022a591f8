"""Businesses by how much of their demand failed at once: a curve over thresholds, for groups.

In: a world and an outcome. Out: counts above each threshold: of all, by provider of the front end,
by provider of a component that was dropped, and by cause. The thresholds are definitions.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.causes import CAUSES
from sim.catalogue.worst import WORST_PERCENT, worst_above
from sim.engine.record.outcome import Outcome
from sim.engine.state.levels import SLACK
from sim.measure.measures import Measure, measured
from sim.measure.names import ever_dropped, names_in_use
from sim.world.build import World

Counts = Iterator[tuple[str, str, str, float, float]]
"""What groups are of, group, measure, businesses above the threshold, businesses in all."""


def is_above(outcome: Outcome, share: float) -> NDArray[np.bool_]:
    """Whether more than a share of a business's attempts ever failed at once.

    Notes
    -----
    Of attempts from everywhere, were nobody on a VPN: the largest, over the run, of
    ``sum over k of share(k) m(i, k)``, when it lasted for a second or longer.
    """
    return np.asarray(outcome.ledger.worst_share > share + SLACK, np.bool_)


def measure_worst(outcome: Outcome) -> Iterator[Measure]:
    """Businesses above each threshold, of all."""
    n = float(outcome.ledger.worst_share.size)
    for percent in WORST_PERCENT:
        yield measured(worst_above(percent), float(is_above(outcome, percent / 100).sum()), n)


def count_worst(world: World, outcome: Outcome) -> Counts:
    """Businesses above each threshold by provider and by cause.

    Notes
    -----
    ``component provider`` counts a business at each provider at which a component of it sat at
    t = 0 on an address that an operator with users ever dropped or throttled, of all that have a
    component there; the others count it once. Groups without a business are left out.
    """
    businesses, places = world.businesses, world.places
    home = places.provider_row[businesses.home_place_row]
    main = outcome.at_operators.main_cause
    has_component, is_hit = _at_providers(world, outcome)
    for percent in WORST_PERCENT:
        metric, above = worst_above(percent), is_above(outcome, percent / 100)
        for row, name in enumerate(places.provider):
            is_there = home == row
            if is_there.any():
                n = float((above & is_there).sum())
                yield "provider", name, metric, n, float(is_there.sum())
        for row, name in enumerate(places.provider):
            if has_component[row].any():
                n, whole = (above & is_hit[row]).sum(), has_component[row].sum()
                yield "component provider", name, metric, float(n), float(whole)
        for row, cause in enumerate(CAUSES):
            n = float((above & (main == row)).sum())
            yield "cause", cause.name, metric, n, float(businesses.n_businesses)


def _at_providers(world: World, outcome: Outcome) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Businesses with a component at a provider, and with one there that was ever dropped.

    Returns
    -------
    has_component, is_hit : shape (n_providers, n_businesses)
    """
    components, sits_on = world.components, world.businesses.component_row
    address, *_ = names_in_use(world)
    dropped = address[ever_dropped(world, outcome, address)]
    found = []
    for row in range(len(world.places.provider)):
        # Several places may hold an address; it counts at each of their providers.
        hosts = components.hosts_in(world.places.provider_addresses(row))
        at, component = components.address[hosts], components.component_row[hosts]
        for some in (component, component[np.isin(at, dropped)]):
            is_of = np.zeros(components.n_components, np.bool_)
            is_of[some] = True
            found.append(is_of[sits_on].any(axis=1))
    n = world.businesses.n_businesses
    stacked = np.array(found).reshape(-1, 2, n)
    return stacked[:, 0], stacked[:, 1]
