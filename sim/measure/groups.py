"""Counts businesses hit by group: by sector, provider and region of the front end, by operator.

In: a world and an outcome. Out: counts of one run, and their summary over replicates: the rows of
``groups.csv``. By operator, businesses whose addresses were dropped are counted, not those whose
demand failed: a run keeps no state of a business at one operator.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.engine.record.outcome import Outcome
from sim.measure.names import Held, ever_dropped_at, names_in_use
from sim.measure.summary import LEVEL, spread_of
from sim.world.build import World

BUSINESSES = "businesses"


@dataclass(frozen=True)
class GroupCount:
    """Businesses of one group in one run.

    Attributes
    ----------
    by
        What groups are of: ``sector``, ``provider``, ``region`` or ``operator``.
    group
        Name of the group; a region's is ``provider/region``.
    denominator
        Businesses of the group; for an operator all, since everybody has users there.
    """

    by: str
    group: str
    metric: str
    value: float
    denominator: float


@dataclass(frozen=True)
class GroupLine:
    """One count over replicates: a row of ``groups.csv``."""

    strategy: str
    by: str
    group: str
    metric: str
    unit: str
    mean: float
    median: float
    low: float
    high: float
    level: float
    n_replicates: int
    denominator: float
    denominator_unit: str


def count_groups(world: World, outcome: Outcome) -> tuple[GroupCount, ...]:
    """Businesses ever affected, impaired and down by group, and ever hit by operator.

    Notes
    -----
    A business is hit at an operator when the operator dropped or throttled one of the addresses
    that its components sit on at t = 0, for a second or longer. Groups without a business are left
    out.
    """
    businesses, places, ledger = world.businesses, world.places, outcome.ledger
    home = businesses.home_place_row
    regions = [
        f"{places.provider[provider]}/{region}"
        for provider, region in zip(places.provider_row.tolist(), places.region, strict=True)
    ]
    states = {
        "affected": ledger.affected_s > 0,
        "impaired": ledger.impaired_s > 0,
        "down": ledger.down_s > 0,
    }
    found = []
    for by, names, row in (
        ("sector", businesses.sector, businesses.sector_row),
        ("provider", places.provider, places.provider_row[home]),
        ("region", regions, home),
    ):
        n = np.bincount(row, minlength=len(names))
        for state, is_so in states.items():
            n_so = np.bincount(row, is_so, minlength=len(names))
            found += [
                GroupCount(
                    by,
                    names[group],
                    f"businesses_ever_{state}",
                    float(n_so[group]),
                    float(n[group]),
                )
                for group in np.flatnonzero(n).tolist()
            ]
    return (*found, *_by_operator(world, outcome))


def _by_operator(world: World, outcome: Outcome) -> Iterator[GroupCount]:
    n = world.businesses.n_businesses
    address, *_ = names_in_use(world)
    owner, place = _seats(world, address)
    held = Held(outcome, address)
    for row, name in enumerate(world.operators.name):
        is_dropped = ever_dropped_at(held, [row])
        n_hit = np.unique(owner[is_dropped[place]]).size
        yield GroupCount("operator", name, "businesses_ever_hit", float(n_hit), float(n))


def _seats(world: World, address: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Addresses of each business at t = 0: rows of businesses and of addresses."""
    rows = world.businesses.component_row
    host, _, n_hosts = world.components.hosts_of(rows.ravel())
    owner = np.repeat(np.repeat(np.arange(rows.shape[0]), rows.shape[1]), n_hosts)
    return owner, np.searchsorted(address, world.components.address[host])


def summarise_groups(
    strategy: str, replicates: Sequence[Sequence[GroupCount]]
) -> tuple[GroupLine, ...]:
    """Summarise the counts of each group; a replicate without the group counts 0 out of 0."""
    counted: dict[tuple[str, str, str], dict[int, GroupCount]] = {}
    for replicate, counts in enumerate(replicates):
        for count in counts:
            counted.setdefault((count.by, count.group, count.metric), {})[replicate] = count
    n = len(replicates)
    lines = []
    for (by, group, metric), found in counted.items():
        value, whole = np.zeros((2, n))
        for replicate, count in found.items():
            value[replicate], whole[replicate] = count.value, count.denominator
        lines.append(
            GroupLine(
                strategy=strategy,
                by=by,
                group=group,
                metric=metric,
                unit=BUSINESSES,
                **spread_of(value)._asdict(),
                level=LEVEL,
                n_replicates=n,
                denominator=float(whole.mean()),
                denominator_unit=BUSINESSES,
            )
        )
    return tuple(sorted(lines, key=lambda line: (line.by, line.group)))
