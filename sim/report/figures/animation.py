"""The address map over time, as frames of a film.

In: a run folder. Out: a figure whose map changes from frame to frame, and the table of frames.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.animation import AbstractMovieWriter, FFMpegWriter, PillowWriter
from numpy.typing import NDArray

from sim.errors import UsageError
from sim.report.figures import style
from sim.report.figures.address_map import (
    CHANGING,
    moment_text,
    own_text,
    plot_fronts,
    plot_map,
    plot_shares,
    where_text,
)
from sim.report.figures.curves import date_axis, offset_name, times_of
from sim.report.figures.drawing import DEFAULT, Choice, Drawing, FigureTable, instant
from sim.report.figures.frames import frame_rows, sizes_of
from sim.report.figures.hilbert import shares
from sim.report.figures.map_key import plot_key
from sim.report.figures.scene import provider_table, scene_at, window_of
from sim.results.read import RunFolder
from sim.results.register import RegisterHistory, read_register
from sim.version import __version__

MAX_FRAMES = 60
FRAMES_PER_S = 4
HOLD_FRAMES = 6
FILM_DPI = 100
N_BITS = 18
FILMS = ("gif", "mp4")


@dataclass(frozen=True)
class Film:
    """A figure with frames.

    Attributes
    ----------
    drawing
        The figure at its first frame, what it shows in words, and one row a frame.
    show
        Turns the figure to a frame, by its place from 0.
    """

    drawing: Drawing
    show: Callable[[int], None]

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return len(self.drawing.table)


def draw_film(run: RunFolder, choice: Choice = DEFAULT) -> Film:
    """The map as the register changes, with the curve below it."""
    register = read_register(run, choice.strategy, choice.replicate)
    window = window_of(choice.zoom, N_BITS)
    first = scene_at(run, register, 0, window)
    part = window.addresses
    change_s = register.change_s
    listed = [register.listed_at(at_s).intersection(part) for at_s in change_s.tolist()]
    counts = np.array([one.difference(first.target).n_addresses for one in listed])
    rows = frame_rows(sizes_of(listed), MAX_FRAMES)
    table = _table(run, register, change_s[rows], counts[rows])

    figure = style.new_figure(8.0, 7.8)
    grid = figure.add_gridspec(2, 2, height_ratios=(6.0, 1.0), width_ratios=(5.8, 2.1))
    ax, key, curve = (figure.add_subplot(place) for place in (grid[0, 0], grid[0, 1], grid[1, :]))
    plot_map(ax, first)
    times = times_of(np.append(change_s, run.horizon_s), run.start)
    curve.step(times, np.append(counts, counts[-1]), where="post", color=style.BLUE)
    curve.set_xlim(*times_of([0, run.horizon_s], run.start))
    curve.set_ylim(0, max(float(counts.max()) * 1.08, 1.0))
    curve.yaxis.set_major_formatter(style.short_tick)
    curve.set_ylabel("addresses\nlisted", fontsize=8)
    curve.set_xlabel(f"date, {offset_name(run.start)}", fontsize=8)
    date_axis(curve)
    hand = curve.axvline(times[0], color=style.VERMILION, linewidth=1.4)
    where = where_text(window)

    def show(frame: int) -> None:
        at_s, count = int(change_s[rows[frame]]), int(counts[rows[frame]])
        scene = scene_at(run, register, at_s, window, first)
        for artist in (*ax.images, *(line for line in ax.lines if line.get_gid() == CHANGING)):
            artist.remove()
        plot_shares(ax, shares(scene.listed, window))
        plot_fronts(ax, scene)
        key.clear()
        plot_key(key, scene, provider_table(scene))
        hand.set_xdata([times[rows[frame]]] * 2)
        ax.set_title(
            f"{moment_text(run.start, at_s)} {offset_name(run.start)}: "
            f"{count:,} IPv4 addresses listed {where}{own_text(scene)}"
        )

    show(0)
    peak = int(np.argmax(counts))
    alt = (
        f"Film of {rows.size} frames: the map of listed IPv4 addresses {where}at some of "
        f"{change_s.size} changes of the register, from {instant(run.start, 0)} on; below it the "
        f"number listed over time. Most are listed on {instant(run.start, int(change_s[peak]))}: "
        f"{counts[peak]:,}; at the end {counts[-1]:,} (without the target's own)."
    )
    spread = f"One history: replicate {choice.replicate} of {run.n_replicates}."
    return Film(Drawing(figure, alt, table, spread), show)


def _table(
    run: RunFolder, register: RegisterHistory, t_s: NDArray[np.int64], counts: NDArray[np.int64]
) -> FigureTable:
    fronts = register.fronts
    known = [(fronts.discovered_s >= 0) & (fronts.discovered_s <= at_s) for at_s in t_s.tolist()]
    rented = [fronts.at(at_s) for at_s in t_s.tolist()]
    return FigureTable.of(
        t_s=t_s,
        time=[instant(run.start, at_s) for at_s in t_s.tolist()],
        addresses_listed=counts,
        fronts=[int(one.sum()) for one in rented],
        fronts_discovered=[int((a & b).sum()) for a, b in zip(rented, known, strict=True)],
    )


def save_film(film: Film, folder: Path, name: str, formats: Sequence[str]) -> list[Path]:
    """Write a film in some formats of ``gif`` and ``mp4``.

    Raises
    ------
    UsageError
        If an MP4 is asked for and there is no ffmpeg.
    """
    if "mp4" in formats and shutil.which("ffmpeg") is None:
        raise UsageError("--format mp4: needs the program ffmpeg, which is not installed; try gif")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    # Titles change, their places do not: laying out each frame anew would take most of the time.
    style.fix_layout(film.drawing.figure)
    for suffix in formats:
        path = folder / f"{name}.{suffix}"
        writer = _writer(suffix)
        with writer.saving(film.drawing.figure, str(path), dpi=FILM_DPI):
            for frame in range(film.n_frames):
                film.show(frame)
                writer.grab_frame()
            for _ in range(HOLD_FRAMES):
                writer.grab_frame()
        written.append(path)
    return written


def _writer(suffix: str) -> AbstractMovieWriter:
    if suffix == "gif":
        return PillowWriter(fps=FRAMES_PER_S)
    # Nothing of when or where it was made, and a pixel format that every player knows.
    exact = ["-fflags", "+bitexact", "-flags:v", "+bitexact", "-threads", "1"]
    return FFMpegWriter(
        fps=FRAMES_PER_S,
        codec="libx264",
        metadata={"comment": f"overblock {__version__}"},
        extra_args=[*exact, "-pix_fmt", "yuv420p"],
    )
