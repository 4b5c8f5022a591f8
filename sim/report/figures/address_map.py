"""The map of the IPv4 space of the typical simulation: what is listed, and whose it is.

The curve is the one of xkcd 195 and of ipv4-heatmap: 0.0.0.0/8 in the top left corner, 64.0.0.0/2
the quarter below, 192.0.0.0/2 the one to the right. A pixel is a /16.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.addresses.sets.intervals import IntervalSet
from sim.report.figures.outage import LISTED, day_text, instant
from sim.report.words.numbers import count, number
from sim.results.folder import RunFolder, input_rows, ipv4_set, read_target
from sim.results.register import read_register
from sim.scenario.tables.rows import CloudPrefixRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ORDER = 8
SIDE = 2**ORDER
SIZE = 2 ** (32 - 2 * ORDER)
"""Addresses of a pixel."""
MOST_NAMES = 8
LEAST_SEEN, MOST_MARKS = 0.01, 5000
"""Share of a pixel below which it is drawn larger, unless there are too many."""
LEAST_SHARE = 1e-3
"""Share of a pixel that is listed from which on the colour grows; below, it is the lightest."""
# Two bits of the position to one bit of x, one of y, and the next state; four states of four rows.
# A state is kept as its first row. Warren, Hacker's Delight (2002), figure 14-5, as in
# ipv4-heatmap's hilbert.c.
_X = np.array([(0x936C >> row) & 1 for row in range(16)], np.int64)
_Y = np.array([(0x39C6 >> row) & 1 for row in range(16)], np.int64)
_NEXT = np.array([4 * ((0x3E6B94C1 >> 2 * row) & 3) for row in range(16)], np.int64)
# Before the first step: the row whose next state is the state in which the curve begins.
_BEGIN = int(np.flatnonzero(_NEXT == 0)[0])


def position(cell: ArrayLike, order: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Column and row of each cell of the curve, from the left and from the top.

    Parameters
    ----------
    cell : shape (n,)
        Position along the curve in [0, 4**order): the first ``2 * order`` bits of an address.

    References
    ----------
    Warren, Hacker's Delight (2002), section 14-2; ipv4-heatmap, ``hilbert.c``; xkcd 195.
    """
    wanted = np.asarray(cell, np.int64)
    row = np.full(wanted.shape, _BEGIN)
    x, y = np.zeros((2, *wanted.shape), np.int64)
    for shift in range(2 * order - 2, -1, -2):
        row = _NEXT[row] + ((wanted >> shift) & 3)
        x, y = 2 * x + _X[row], 2 * y + _Y[row]
    return x, y


def shares(addresses: IntervalSet) -> NDArray[np.float64]:
    """Share of the addresses of each /16 that are in a set, shape (65536,)."""
    edges = np.arange(SIDE * SIDE + 1, dtype=np.int64) * SIZE
    # How many addresses of the set lie below each edge: straight lines between its ends.
    ends = np.column_stack((addresses.start, addresses.stop)).ravel().astype(np.float64)
    below = np.cumsum(addresses.stop - addresses.start)
    known = np.column_stack((np.append(0, below)[:-1], below)).ravel()
    if not ends.size:
        return np.zeros(SIDE * SIDE)
    return np.asarray(np.diff(np.interp(edges, ends, known)) / SIZE)


@dataclass(frozen=True, eq=False)
class AddressMap:
    """What the map shows of one simulation at one time.

    Attributes
    ----------
    start, at_s
        Start of the run, and the time.
    simulation
        Number of the simulation.
    n_listed
        Addresses listed, without the target's own.
    listed, known : shape (65536,)
        Share of each /16 that is listed, and that belongs to a provider of the tables.
    providers
        Providers with what of theirs is listed, the most first: name, addresses, and the /16s.
    """

    start: datetime
    at_s: int
    simulation: int
    n_listed: int
    listed: NDArray[np.float64]
    known: NDArray[np.float64]
    providers: tuple[tuple[str, int, NDArray[np.float64]], ...]

    @property
    def title(self) -> str:
        """What it shows."""
        day = day_text(self.start, self.at_s)
        return f"{number(self.n_listed)} addresses listed on {day}, and whose they are"

    @property
    def alt(self) -> str:
        """What it shows, in numbers."""
        said = "; ".join(f"{name} {number(n)}" for name, n, _ in self.providers)
        return (
            "Map of the IPv4 space as a Hilbert curve, 0.0.0.0 in the top left corner, one pixel a "
            f"/16. Listed: {number(self.n_listed)} addresses. {said or 'None of a known provider'}."
        )

    @property
    def note(self) -> str:
        """What its marks are."""
        return (
            f"A pixel is a /16, {count(SIZE, 'address')}; the darker, the more of it is listed; "
            "below 1% it is drawn larger. "
            f"Grey: held by providers of the tables. Simulation {self.simulation}, the typical one."
        )

    def rows(self) -> tuple[list[str], list[list[object]]]:
        """Names of the columns of its table, and the rows: each /16 of which a part is listed."""
        names = ["time", "prefix", "share_listed", "share_of_providers"]
        at = instant(self.start, self.at_s)
        return names, [
            [at, f"{cell >> 8}.{cell & 255}.0.0/16", self.listed[cell], self.known[cell]]
            for cell in np.flatnonzero(self.listed).tolist()
        ]


def read_address_map(run: RunFolder, strategy: str | None) -> AddressMap:
    """The typical simulation when most addresses are listed in it."""
    simulation = run.typical(strategy)
    curve = run.curve(LISTED, strategy)
    mine = curve.replicate == simulation
    at_s = int(curve.t_s[mine][np.argmax(curve.value[mine])]) if mine.any() else 0
    listed = read_register(run, strategy, simulation).listed_at(at_s)
    listed = listed.difference(read_target(run))
    prefixes: dict[str, list[object]] = {}
    for row in input_rows(run, "providers", "prefixes", CloudPrefixRow):
        prefixes.setdefault(row.provider, []).append(row.prefix)
    held = {name: ipv4_set(own) for name, own in prefixes.items()}  # type: ignore[arg-type]
    found = [(name, own.intersection(listed)) for name, own in held.items()]
    found.sort(key=lambda pair: (-pair[1].n_addresses, pair[0]))
    return AddressMap(
        run.start,
        at_s,
        simulation,
        int(listed.n_addresses),
        shares(listed),
        shares(IntervalSet.union_all(list(held.values()))),
        tuple((name, int(one.n_addresses), shares(one)) for name, one in found if one)[:MOST_NAMES],
    )


def draw_address_map(shown: AddressMap, width_in: float) -> Figure:
    """Draw the square, with the numbers of the /8s and the names of providers."""
    from matplotlib.colors import LinearSegmentedColormap, to_rgb

    from sim.report.figures import look  # matplotlib is slow to import

    figure = look.new_figure(width_in, width_in)
    ax = figure.add_axes((0.01, 0.01, 0.98, 0.98))
    ax.set(xlim=(0, SIDE), ylim=(SIDE, 0), xticks=[], yticks=[], aspect="equal")
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    paper, ink = to_rgb(look.rc("axes.facecolor")), to_rgb(look.rc("axes.edgecolor"))
    image = np.ones((SIDE, SIDE, 3)) * paper
    x, y = position(np.arange(SIDE * SIDE), ORDER)
    colours = np.ones((SIDE * SIDE, 3)) * paper
    grey = 0.75 * np.array(paper) + 0.25 * np.array(ink)
    colours[shown.known >= 0.5] = grey
    is_listed = shown.listed > 0
    depth = np.log(np.maximum(shown.listed, LEAST_SHARE) / LEAST_SHARE) / -np.log(LEAST_SHARE)
    first = 0.55 * np.array(to_rgb("C1")) + 0.45 * np.array(paper)
    shades = LinearSegmentedColormap.from_list("listed", [first, 0.75 * np.array(to_rgb("C1"))])
    colours[is_listed] = shades(depth[is_listed])[:, :3]
    image[y, x] = colours
    ax.imshow(image, extent=(0, SIDE, SIDE, 0), interpolation="nearest", zorder=1)
    few = is_listed & (shown.listed < LEAST_SEEN)
    if few.sum() <= MOST_MARKS:
        ax.plot(x[few] + 0.5, y[few] + 0.5, "s", color=first, markersize=2.4, zorder=2.5)
    for edge in range(0, SIDE + 1, SIDE // 16):
        for line in (ax.axhline, ax.axvline):
            line(edge, color=look.rc("grid.color"), linewidth=0.5, zorder=2)
    left, top = position(np.arange(256), 4)
    size = 0.55 * look.rc("font.size") * min(1.0, width_in / 6)
    for number8, (column, row) in enumerate(zip(left.tolist(), top.tolist(), strict=True)):
        ax.text(
            16 * column + 0.8, 16 * row + 0.8, str(number8), fontsize=size, va="top", zorder=3,
            color=look.rc("xtick.color"),
        )  # fmt: skip
    taken: list[object] = []
    for name, _, part in shown.providers:
        # Where most of it lies close together: in its largest /8.
        eight = int(np.argmax(part.reshape(256, 256).sum(axis=1)))
        at = (16.0 * left[eight] + 8, 16.0 * top[eight] + 8)
        look.place_text(ax, name, at, [], taken, gap_pt=4, weight="bold", zorder=4)  # type: ignore[arg-type]
    return figure
