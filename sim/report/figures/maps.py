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
from sim.measure.estimates import Estimate
from sim.report.figures.outage import LISTED, day_text, instant
from sim.report.words.numbers import count, number, value_text, with_range
from sim.results.folder import RunFolder, input_rows, ipv4_set, read_target
from sim.results.register import read_listed
from sim.results.tables import Row, read_rows, text
from sim.results.tables import number as cell
from sim.scenario.tables.rows import CloudPrefixRow, OperatorRow

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
    """Content of the map: one simulation at one time.

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
        """Names of the columns of its table, and the rows: each /16 with listed addresses."""
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
    listed = read_listed(run, strategy, simulation, at_s)
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


HOURS = "impaired_h"
MOST_SITES = 30


@dataclass(frozen=True)
class SiteMatrix:
    """Hours for which sites were cut off from some of their customers.

    Attributes
    ----------
    sites
        Names, those cut off for longest first.
    operators
        Names of operators, with the share of users of each.
    whole
        Hours of each site over all operators' customers.
    cells
        Of each site, hours by operator.
    n_others
        Sites that are not shown.
    """

    sites: tuple[str, ...]
    operators: tuple[tuple[str, float], ...]
    whole: tuple[Estimate, ...]
    cells: tuple[tuple[Estimate, ...], ...]
    n_others: int
    title: str = "Hours for which each site was cut off, by operator"

    @property
    def alt(self) -> str:
        """What it shows, in numbers."""
        pairs = zip(self.sites, self.whole, strict=True)
        listed = "; ".join(f"{site} {with_range(hours)}" for site, hours in pairs)
        return f"Hours cut off from some customers: {listed}."

    @property
    def note(self) -> str:
        """What its marks are."""
        n = max((one.n_simulations for one in self.whole), default=0)
        others = f" {count(self.n_others, 'other site')} not shown." if self.n_others else ""
        return f"Hours: median of {n} simulations.{others} In brackets: share of users."

    def rows(self) -> tuple[list[str], list[list[object]]]:
        """Names of the columns of its table, and the rows."""
        names = ["site", "operator", "hours", "hours_low", "hours_high"]
        of_operators = [name for name, _ in self.operators]
        return names, [
            [site, operator, one.median, one.low, one.high]
            for site, whole, cells in zip(self.sites, self.whole, self.cells, strict=True)
            for operator, one in zip(("", *of_operators), (whole, *cells), strict=True)
        ]


def read_site_matrix(run: RunFolder, strategy: str | None) -> SiteMatrix:
    """The sites of a folder that were cut off for longest."""
    chosen = run.strategy(strategy)
    mine = [row for row in read_rows(run, "sites.csv", (HOURS,)) if text(row, "strategy") == chosen]
    whole = {text(row, "site"): _hours(row) for row in mine if not text(row, "operator")}
    by_pair = {(text(row, "site"), text(row, "operator")): _hours(row) for row in mine}
    known = input_rows(run, "operators", "groups", OperatorRow)
    names = {row.operator: (row.label or row.operator, float(row.share_users)) for row in known}
    present = {operator for _, operator in by_pair if operator}
    operators = [*(one for one in names if one in present), *sorted(present - set(names))]
    order = sorted(whole, key=lambda site: (-whole[site].median, -whole[site].high, site))
    sites = [site for site in order if whole[site].high > 0][:MOST_SITES]
    # Without a row the site never failed at the operator.
    none = Estimate(0.0, 0.0, 0.0, "h")
    return SiteMatrix(
        tuple(sites),
        tuple(names.get(one, (one, np.nan)) for one in operators),
        tuple(whole[site] for site in sites),
        tuple(tuple(by_pair.get((site, one), none) for one in operators) for site in sites),
        len(whole) - len(sites),
    )


def _hours(row: Row) -> Estimate:
    median, low, high = (cell(row, f"{HOURS}{end}") for end in ("", "_low", "_high"))
    low, high = (median if np.isnan(end) else end for end in (low, high))
    return Estimate(median, low, high, "h", n_simulations=int(cell(row, "n_simulations")))


def draw_site_matrix(shown: SiteMatrix, width_in: float) -> Figure:
    """Draw a cell for each site and operator, the darker the longer."""
    from matplotlib.colors import LinearSegmentedColormap, to_rgb

    from sim.report.figures import look  # matplotlib is slow to import

    size = look.rc("font.size")
    n_sites, n_operators = len(shown.sites), len(shown.operators)
    tall = 1.7 * max(n_sites, 1) + 8.0
    figure = look.new_figure(width_in, tall * size / 72)
    ax = figure.subplots()
    wide = 72 * width_in / size
    longest = max(map(len, shown.sites), default=4)
    left = min(0.6 * longest + 6, 0.45 * wide)
    look.leave_room(figure, left, 6.0, 7.5, 0.5)
    hours = np.array([[one.median for one in row] for row in shown.cells], float)
    hours = hours.reshape(n_sites, n_operators)
    most = np.nanmax(hours, initial=0.0) or 1.0
    shades = LinearSegmentedColormap.from_list("hours", [look.rc("axes.facecolor"), to_rgb("C0")])
    ax.grid(visible=False)
    ax.pcolormesh(
        hours, cmap=shades, vmin=0, vmax=most, edgecolor=look.rc("grid.color"), linewidth=0.8
    )
    ax.invert_yaxis()
    room = wide - left - 6
    is_roomy = room / max(n_operators, 1) > 3
    for (row, column), value in np.ndenumerate(hours):
        if is_roomy and value > 0:
            colour = look.rc("axes.facecolor") if value > 0.55 * most else look.rc("text.color")
            ax.text(
                column + 0.5, row + 0.5, number(value), color=colour, ha="center", va="center",
                fontsize="small",
            )  # fmt: skip
    labels = [
        name if np.isnan(share) else f"{name} ({100 * share:.0f}%)"
        for name, share in shown.operators
    ]
    labels = [one if len(one) <= 24 else f"{one[:22]}…" for one in labels]
    ax.set_xticks(np.arange(n_operators) + 0.5, labels, rotation=40, ha="left", fontsize="small")
    ax.xaxis.tick_top()
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    labels = [
        f"{site}  {value_text(one)} h" for site, one in zip(shown.sites, shown.whole, strict=True)
    ]
    ax.set_yticks(np.arange(n_sites) + 0.5, labels)
    return figure
