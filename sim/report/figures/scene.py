"""What the address map shows at one moment, as numbers: listed, whose, fronts.

In: a run folder, a time, a window on the space. Out: sets of addresses, and tables. It draws
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.notation import Prefix
from sim.addresses.text.text import format_prefixes
from sim.report.figures.drawing import FigureTable
from sim.report.figures.hilbert import Window, counts
from sim.results.inputs import input_rows, ipv4_set, read_target
from sim.results.read import RunFolder
from sim.results.register import NOT_IPV4, RegisterHistory
from sim.results.store import NOT_ATTRIBUTED
from sim.scenario.tables.rows import CloudPrefixRow

N_BITS = 20
"""Bits of an address that tell pixels of a map apart, at most: a picture of 1024 × 1024 pixels."""
OWN = "(the target's own)"


@dataclass(frozen=True, eq=False)
class MapScene:
    """What the map shows of one moment.

    Attributes
    ----------
    window
        The part of the space, and its pixels.
    listed
        Addresses listed then.
    providers
        Addresses of each provider, those with most addresses in the window first.
    target
        The target's own addresses.
    fronts : shape (n_fronts,)
        Addresses of the target's fronts then.
    is_discovered : shape (n_fronts,)
        Whether the censor knows of them.
    """

    window: Window
    listed: IntervalSet
    providers: Mapping[str, IntervalSet]
    target: IntervalSet
    fronts: NDArray[np.int64]
    is_discovered: NDArray[np.bool_]


def window_of(zoom: tuple[int, int], n_bits: int = N_BITS) -> Window:
    """Window over a prefix with at most 2**n_bits pixels, and no pixel smaller than an address."""
    address, length = zoom
    return Window(address, length, min(16, (length + n_bits) // 2))


def peak_s(run: RunFolder, strategy: str | None = None, replicate: int = 0) -> int:
    """First time at which most addresses are listed in a replicate."""
    curve = run.curve("addresses_listed_with_target", strategy)
    mine = curve.replicate == replicate
    return int(curve.t_s[mine][int(np.argmax(curve.value[mine]))])


def read_providers(run: RunFolder) -> dict[str, IntervalSet]:
    """Addresses by provider, from the copy of the prefix table in the folder."""
    prefixes: dict[str, list[Prefix]] = {}
    for row in input_rows(run, "providers", "prefixes", CloudPrefixRow):
        prefixes.setdefault(row.provider, []).append(row.prefix)
    return {provider: ipv4_set(own) for provider, own in prefixes.items()}


def scene_at(
    run: RunFolder,
    register: RegisterHistory,
    at_s: int,
    window: Window,
    before: MapScene | None = None,
) -> MapScene:
    """What the map shows at a time of the run.

    Parameters
    ----------
    before
        A scene of the same run in the same window: what does not change is taken from it.
    """
    part = window.addresses
    if before is None:
        providers = {name: held.intersection(part) for name, held in read_providers(run).items()}
        target = read_target(run).intersection(part)
    else:
        providers, target = dict(before.providers), before.target
    order = sorted(providers, key=lambda name: (-providers[name].n_addresses, name))
    fronts = register.fronts
    chosen = fronts.at(at_s) & (fronts.address != NOT_IPV4) & window.holds(fronts.address)
    is_known = (fronts.discovered_s >= 0) & (fronts.discovered_s <= at_s)
    return MapScene(
        window=window,
        listed=register.listed_at(at_s).intersection(part),
        providers={name: providers[name] for name in order if providers[name]},
        target=target,
        fronts=fronts.address[chosen],
        is_discovered=is_known[chosen],
    )


def provider_table(scene: MapScene) -> FigureTable:
    """Addresses in the window and listed ones: by provider, the target's own, all others.

    The rows add up to the window: the target's own are counted with nobody else.
    """
    held = {name: one.difference(scene.target) for name, one in scene.providers.items()}
    known = IntervalSet.union_all([*held.values(), scene.target])
    held |= {OWN: scene.target, NOT_ATTRIBUTED: scene.window.addresses.difference(known)}
    n = [one.n_addresses for one in held.values()]
    listed = [one.intersection(scene.listed).n_addresses for one in held.values()]
    return FigureTable.of(
        provider=list(held),
        addresses=n,
        addresses_listed=listed,
        share_listed=[
            some / every if every else np.nan for some, every in zip(listed, n, strict=True)
        ],
    )


def pixel_table(scene: MapScene) -> FigureTable:
    """Pixels that hold listed addresses, along the curve; equal neighbours as one row."""
    window = scene.window
    first = window.first_address.ravel()
    count = counts(scene.listed, window).ravel()
    order = np.argsort(first)
    first, count = first[order], count[order]
    begins = np.flatnonzero(np.concatenate(([True], np.diff(count) != 0)))
    stops = np.append(begins[1:], count.size)
    shown = count[begins] > 0
    begins, stops = begins[shown], stops[shown]
    size = window.n_addresses_of_pixel
    n_pixels = stops - begins
    return FigureTable.of(
        first_address=_texts(first[begins]),
        last_address=_texts(first[stops - 1] + size - 1),
        n_pixels=n_pixels,
        addresses=n_pixels * size,
        addresses_listed=n_pixels * count[begins],
        share_listed=count[begins] / size,
    )


def _texts(address: NDArray[np.int64]) -> list[str]:
    prefixes = format_prefixes(address, np.full(address.size, 32, np.int64))
    return [prefix.removesuffix("/32") for prefix in prefixes]
