"""The map of the IPv4 space: what is listed, whose it is, and where the target's fronts are.

In: a run folder. Out: a figure with its table. Layout: ``sim/report/figures/hilbert.py``.
"""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from sim.report.figures import style
from sim.report.figures.curves import offset_name
from sim.report.figures.drawing import DEFAULT, Choice, Drawing, instant
from sim.report.figures.hilbert import Window, shares
from sim.report.figures.map_key import (
    LEVEL_COLOURS,
    LEVELS,
    MAX_PROVIDERS,
    UNUSED,
    line_colour,
    plot_key,
)
from sim.report.figures.regions import name_places, outline
from sim.report.figures.scene import (
    OWN,
    MapScene,
    peak_s,
    pixel_table,
    provider_table,
    scene_at,
    window_of,
)
from sim.results.read import RunFolder
from sim.results.register import read_register

PAPER = "#f5f5f2"
CHANGING = "changing"
"""Mark of the lines that are another's in every frame of a film."""
MAX_MARKS = 20_000
HALO: list[patheffects.AbstractPathEffect] = [
    patheffects.withStroke(linewidth=2.4, foreground="white")
]


def plot_map(ax: Axes, scene: MapScene) -> Axes:
    """Pixels by share listed, providers outlined and named, fronts and the target's own marked."""
    window = scene.window
    height, width = window.shape
    ax.set_xlim(0, width)
    ax.set_ylim(height, 0)
    ax.set_aspect("equal")
    ax.set_facecolor(PAPER)
    ax.grid(visible=False)
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(True)
    _draw_blocks(ax, window)
    plot_shares(ax, shares(scene.listed, window))
    _draw_providers(ax, scene)
    _draw_target(ax, scene)
    plot_fronts(ax, scene)
    return ax


def plot_shares(ax: Axes, share: NDArray[np.float64]) -> None:
    """Colour each pixel that holds listed addresses by the class of its share.

    A pixel of the lowest class is drawn larger: single addresses would not be seen.
    """
    colours = ListedColormap(LEVEL_COLOURS)
    norm = BoundaryNorm([0, *LEVELS, 1.0000001], len(LEVEL_COLOURS))
    ax.imshow(
        np.ma.masked_equal(share, 0), cmap=colours, norm=norm, interpolation="nearest",
        extent=(0, share.shape[1], share.shape[0], 0), zorder=2,
    )  # fmt: skip
    y, x = np.nonzero((share > 0) & (share < LEVELS[0]))
    if x.size <= MAX_MARKS:
        ax.plot(
            x + 0.5, y + 0.5, linestyle="none", marker="s", markersize=1.8, zorder=2.5,
            markerfacecolor=LEVEL_COLOURS[0], markeredgecolor=LEVEL_COLOURS[2],
            markeredgewidth=0.3, gid=CHANGING,
        )  # fmt: skip


def _draw_blocks(ax: Axes, window: Window) -> None:
    """Blocks of the next octet with its number, and what is not on the public Internet."""
    length = min(8 * (window.length // 8 + 1), 32)
    n = 2 ** (length - window.length)
    for rank in range(n):
        address = window.address + rank * 2 ** (32 - length)
        left, top, width, height = _rectangle(window, address, length)
        network = ipaddress.IPv4Network((address, length))
        is_unused = not network.is_global or network.is_multicast or network.is_reserved
        ax.add_patch(
            Rectangle(
                (left, top), width, height, facecolor=UNUSED if is_unused else "none",
                edgecolor="white" if is_unused else "#e2e2dc", linewidth=0.5, zorder=1,
            )
        )  # fmt: skip
        ax.text(
            left + width * 0.05, top + height * 0.07, _block_name(address, length), fontsize=4.6,
            color="#8a8a84", ha="left", va="top", zorder=5,
        )  # fmt: skip


def _block_name(address: int, length: int) -> str:
    """First octet of a /8, the second of a /16 and so on."""
    octet = str(ipaddress.IPv4Address(address)).split(".")[length // 8 - 1]
    return octet if length == 8 else f".{octet}"


def _rectangle(window: Window, address: int, length: int) -> tuple[float, float, float, float]:
    """Left, top, width and height of a prefix on the map."""
    if length > window.pixel_length:
        x, y = window.place([address])
        return float(x[0]), float(y[0]), 1.0, 1.0
    left, top = window.corner
    own = Window(address, length, window.order)
    own_left, own_top = own.corner
    height, width = own.shape
    return float(own_left - left), float(own_top - top), float(width), float(height)


def _draw_providers(ax: Axes, scene: MapScene) -> None:
    """Outline pixels of which a provider holds at least half, and name the large parts."""
    n_pixels = scene.window.n_pixels
    taken: list[tuple[float, float]] = []
    apart = scene.window.shape[1] / 16
    for place, (name, held) in enumerate(list(scene.providers.items())[:MAX_PROVIDERS]):
        colour = line_colour(place)
        inside = shares(held, scene.window) >= 0.5
        lines = LineCollection(list(outline(inside)), colors=colour, linewidths=0.6, zorder=3)
        ax.add_collection(lines)
        for x, y, _ in name_places(inside, max(n_pixels // 4096, 4)):
            if any(abs(x - a) < 1.6 * apart and abs(y - b) < 0.45 * apart for a, b in taken):
                continue  # another name stands there
            taken.append((x, y))
            text = ax.text(
                x, y, name, fontsize=6.5, color=colour, ha="center", va="center", zorder=6,
                weight="bold", clip_on=True,
            )  # fmt: skip
            text.set_path_effects(HALO)


def _draw_target(ax: Axes, scene: MapScene) -> None:
    """Mark the target's own ranges."""
    middle = (scene.target.start + scene.target.stop) // 2
    x, y = scene.window.place(middle)
    ax.plot(
        x + 0.5, y + 0.5, linestyle="none", marker="s", markersize=5.5, markerfacecolor="none",
        markeredgecolor=style.BLACK, markeredgewidth=1.0, zorder=7, path_effects=HALO,
    )  # fmt: skip


def plot_fronts(ax: Axes, scene: MapScene) -> None:
    """Mark the target's fronts: filled where the censor knows of them."""
    x, y = scene.window.place(scene.fronts)
    for is_known, face in ((False, "white"), (True, style.BLACK)):
        mine = scene.is_discovered == is_known
        ax.plot(
            x[mine] + 0.5, y[mine] + 0.5, linestyle="none", marker="o", markersize=5,
            markerfacecolor=face, markeredgecolor=style.BLACK, markeredgewidth=1.0, zorder=8,
            path_effects=HALO, gid=CHANGING,
        )  # fmt: skip


def draw_map(run: RunFolder, choice: Choice = DEFAULT) -> Drawing:
    """The map at one time of one replicate."""
    register = read_register(run, choice.strategy, choice.replicate)
    at_s = peak_s(run, choice.strategy, choice.replicate) if choice.at_s is None else choice.at_s
    scene = scene_at(run, register, at_s, window_of(choice.zoom))
    providers, target = provider_table(scene), str(run.scenario["target"]["name"])
    figure = style.new_figure(8.8, 6.8 if scene.window.length % 2 == 0 else 5.2)
    ax, key = figure.subplots(1, 2, width_ratios=(6.4, 2.1))
    plot_map(ax, scene)
    plot_key(key, scene, providers)
    n = scene.listed.difference(scene.target).n_addresses
    where = where_text(scene.window)
    whole = 2 ** (32 - scene.window.length)
    moment = moment_text(run.start, at_s)
    ax.set_title(
        f"{n:,} IPv4 addresses listed {where}on {moment} {offset_name(run.start)}{own_text(scene)}"
    )
    parts = "; ".join(
        f"{name} {listed:,.0f} of {every:,.0f}"
        for name, listed, every in zip(
            providers.columns["provider"],
            providers.numbers("addresses_listed"),
            providers.numbers("addresses"),
            strict=True,
        )
        if listed and name != OWN
    )
    known = int(scene.is_discovered.sum())
    alt = (
        f"Map of the IPv4 address space {where}as a Hilbert curve, 0.0.0.0/8 in the top left "
        f"corner of the whole map; one pixel is a /{scene.window.pixel_length}. On "
        f"{instant(run.start, at_s)}, {n:,} of {whole:,} addresses are listed ({n / whole:.2%}) "
        f"without the target's own: {parts or 'none'}."
    )
    if register.fronts.address.size:
        alt += f" Fronts of {target} shown: {scene.fronts.size}, of which discovered: {known}."
    spread = f"One history: replicate {choice.replicate} of {run.n_replicates}."
    return Drawing(figure, alt, pixel_table(scene), spread)


def own_text(scene: MapScene) -> str:
    """Say in a title that the target's own addresses are not counted, where it has any."""
    return "\n(the target's own are not counted)" if scene.target else ""


def where_text(window: Window) -> str:
    """``in 52.0.0.0/8``, with a space after it; empty for the whole space."""
    if window.length == 0:
        return ""
    return f"in {ipaddress.IPv4Address(window.address)}/{window.length} "


def moment_text(start: datetime, at_s: int) -> str:
    """A time of the run for a title, in the scenario's offset."""
    moment = start + timedelta(seconds=at_s)
    return f"{moment.day} {moment:%B %Y, %H:%M}"
