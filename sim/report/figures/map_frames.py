"""The address map of the report page: what was listed when, as small changes from frame to frame.

In: a run folder. Out: pictures of the whole IPv4 space with one pixel for each /16, as JSON values.
It shows one replicate, the one nearest the middle, and says which.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.line import IPV4
from sim.report.figures.frames import frame_times
from sim.report.figures.hilbert import Window, n_below, shares
from sim.results.inputs import input_rows
from sim.results.read import CurvePoints, RunFolder
from sim.results.register import NEVER, NOT_IPV4, RegisterHistory, read_register
from sim.scenario.tables.rows import CloudPrefixRow

MAX_FRAMES = 48
MAX_PROVIDERS = 6
WINDOW = Window(order=8)


@dataclass(frozen=True, eq=False)
class Providers:
    """Prefixes of providers.

    Attributes
    ----------
    name
        Providers, the largest first.
    row, start, stop : shape (n_prefixes,)
        Whose each prefix is, and its bounds.
    """

    name: tuple[str, ...]
    row: NDArray[np.int64]
    start: NDArray[np.int64]
    stop: NDArray[np.int64]


def map_data(
    run: RunFolder, listed: Mapping[str, CurvePoints], moment_s: int | None = None
) -> dict[str, Any]:
    """Values of the map.

    Parameters
    ----------
    listed
        Change points of the addresses listed, by strategy.
    moment_s
        A second that has a frame in any case, also where nothing changes then.

    Raises
    ------
    DataError
        If the run's register or its prefix tables cannot be read.
    """
    shown = shown_replicates(listed)
    histories = {label: read_register(run, label, shown[label]) for label in run.strategies}
    times = frame_times(
        [_of_replicate(points, shown[label]) for label, points in listed.items()],
        MAX_FRAMES,
    )
    if moment_s is not None:
        times = np.union1d(times, [moment_s])
    providers = read_providers(run)
    return {
        "replicate": replicates_text(shown),
        "side": WINDOW.shape[0],
        "n_addresses_of_pixel": WINDOW.n_addresses_of_pixel,
        "t": times.tolist(),
        # How the curve goes from /16 to /16, and which /8 stands where: the page does not know.
        "way": _way(),
        "network8": (Window(order=4).first_address >> 24).tolist(),
        "providers": list(providers.name),
        "owner": _owners(providers),
        "strategies": {
            label: _frames(history, times, providers) for label, history in histories.items()
        },
    }


def _way() -> dict[str, Any]:
    """Pixel of the first /16, and the step to that of each next one: two bits, four to a byte.

    A list of which /16 each pixel is would take eight times as much.
    """
    pixel = np.argsort(WINDOW.first_address.ravel())
    steps = [1, -1, WINDOW.shape[1], -WINDOW.shape[1]]
    code = np.array([steps.index(step) for step in np.diff(pixel).tolist()], np.uint8)
    four = np.pad(code, (0, -code.size % 4)).reshape(-1, 4)
    packed = (four << np.array([0, 2, 4, 6], np.uint8)).sum(axis=1, dtype=np.uint8)
    return {"first": int(pixel[0]), "steps": steps, "taken": _base64(packed)}


def shown_replicates(listed: Mapping[str, CurvePoints]) -> dict[str, int]:
    """Replicate shown of each strategy: the same one, unless they have none in common."""
    if set.intersection(*(set(points.replicate.tolist()) for points in listed.values())):
        return dict.fromkeys(listed, middle_replicate(list(listed.values())))
    return {label: middle_replicate([points]) for label, points in listed.items()}


def replicates_text(shown: Mapping[str, int]) -> str:
    """Its number; of each strategy where they have none in common: ``0 (a), 1 (b)``."""
    if len(set(shown.values())) == 1:
        return str(next(iter(shown.values())))
    return ", ".join(f"{replicate} ({label})" for label, replicate in shown.items())


def middle_replicate(listed: Sequence[CurvePoints]) -> int:
    """Replicate whose peaks of listed addresses are nearest the median, over all strategies.

    Strategies share their luck, so that one replicate shows them in the same world.
    """
    shared = set.intersection(*(set(points.replicate.tolist()) for points in listed))
    replicates = np.array(sorted(shared), np.int64)
    distance = np.zeros(replicates.size)
    for points in listed:
        mine = np.isin(points.replicate, replicates)
        first = np.searchsorted(points.replicate[mine], replicates)
        peak = np.maximum.reduceat(points.value[mine], first)
        rank = np.searchsorted(np.sort(peak), peak, side="left") + np.searchsorted(
            np.sort(peak), peak, side="right"
        )
        distance += np.abs(rank - replicates.size)
    return int(replicates[np.argmin(distance)])


def read_providers(run: RunFolder) -> Providers:
    """IPv4 prefixes of cloud providers, from the copy in the run folder; none without a table."""
    listed = input_rows(run, "providers", "prefixes", CloudPrefixRow)
    rows = [row for row in listed if row.prefix.version == 4]
    none = np.empty(0, np.int64)
    if not rows:
        return Providers((), none, none, none)
    start, stop = IPV4.bounds(row.prefix for row in rows)
    names = np.array([row.provider for row in rows])
    known, row = np.unique(names, return_inverse=True)
    size = np.bincount(row, weights=stop - start)
    order = np.argsort(-size, kind="stable")
    rank = np.empty(order.size, np.int64)
    rank[order] = np.arange(order.size)
    return Providers(tuple(known[order].tolist()), rank[row], start, stop)


def _owners(providers: Providers) -> dict[str, str]:
    """Pixels of which a provider has a part, and the one that has most, as two columns."""
    edge = WINDOW.first_address.ravel()
    best = np.zeros(edge.size)
    owner = np.full(edge.size, -1)
    for row in range(len(providers.name)):
        mine = providers.row == row
        order = np.argsort(providers.start[mine])
        start, stop = providers.start[mine][order], providers.stop[mine][order]
        held = _held(edge, start, stop)
        owner = np.where(held > best, row, owner)
        best = np.maximum(best, held)
    pixel = np.flatnonzero(owner >= 0)
    return {
        "pixel": _base64(pixel.astype("<u2")),
        "provider": _base64(owner[pixel].astype("u1")),
    }


def _held(
    edge: NDArray[np.int64], start: NDArray[np.int64], stop: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Addresses of disjoint ascending intervals in the pixel that begins at each edge."""
    before = np.concatenate(([0], np.cumsum(stop - start)))
    # Pixels follow each other along the curve: each ends where another begins.
    at = np.arange(edge.size + 1) * WINDOW.n_addresses_of_pixel + int(edge.min())
    row = np.maximum(np.searchsorted(start, at, side="right") - 1, 0)
    below = before[row] + np.clip(at - start[row], 0, stop[row] - start[row])
    place = (edge - edge.min()) // WINDOW.n_addresses_of_pixel
    return np.asarray(np.diff(below)[place], np.float64)


def _frames(
    history: RegisterHistory, times: NDArray[np.int64], providers: Providers
) -> dict[str, Any]:
    """Frames of one strategy: pixels that change, how much is listed, and whose."""
    level = np.zeros(WINDOW.first_address.size, np.uint8)
    frames = []
    in_force = None
    total, by_provider = 0, np.zeros(len(providers.name), np.int64)
    for t_s in times.tolist():
        force = history.in_force(t_s)
        pixel, value = np.empty(0, np.int64), np.empty(0, np.uint8)
        if in_force is None or not np.array_equal(force, in_force):
            in_force = force
            listed = history.listed_at(t_s)
            now = levels_of(shares(listed, WINDOW).ravel())
            pixel = np.flatnonzero(now != level)
            value, level = now[pixel], now
            total = listed.n_addresses
            held = n_below(listed, providers.stop) - n_below(listed, providers.start)
            by_provider = np.bincount(
                providers.row, weights=held, minlength=len(providers.name)
            ).astype(np.int64)
        frames.append(
            {
                "pixel": _base64(pixel.astype("<u2")),
                "level": _base64(value.astype("u1")),
                "n": total,
                "by": by_provider.tolist(),
            }
        )
    fronts = history.fronts
    shown = fronts.address != NOT_IPV4
    x, y = WINDOW.place(fronts.address[shown])
    return {
        "frames": frames,
        "fronts": [
            {"x": x, "y": y, "from": start, "to": None if stop == NEVER else stop}
            for x, y, start, stop in zip(
                x.tolist(),
                y.tolist(),
                fronts.rented_s[shown].tolist(),
                fronts.gone_s[shown].tolist(),
                strict=True,
            )
        ],
    }


def levels_of(share: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Level of each pixel: 0 nothing listed, 255 all of it, in between by the share.

    A single address is a 65,536th of its pixel, and is to be seen all the same.
    """
    part = np.clip(np.round(255 * share), 1, 254)
    return np.where(share == 1, 255, np.where(share > 0, part, 0)).astype(np.uint8)


def _of_replicate(
    points: CurvePoints, replicate: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    mine = points.replicate == replicate
    return points.t_s[mine], points.value[mine]


def _base64(values: NDArray[Any]) -> str:
    return base64.b64encode(values.tobytes()).decode("ascii")
