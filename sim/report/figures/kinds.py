"""The figures of a run folder: which there are, which apply, and their files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.catalogue.curves import CURVES
from sim.errors import UsageError
from sim.files import check_all_free, new_files
from sim.measure.bands import Band, even_step, peak_row, whole_band
from sim.measure.estimates import estimate_at
from sim.report.figures import outage
from sim.report.figures.rows import (
    FEWEST_BUSINESSES,
    draw_rows,
    draw_tradeoff,
    read_dependence,
    read_groups,
    read_money,
    read_strategies,
    read_tradeoff,
)
from sim.report.words.heading import changes_in_words
from sim.report.words.languages import IN_ENGLISH
from sim.report.words.numbers import value_text, with_range
from sim.report.words.sentences import step_text
from sim.results.csvtext import csv_text
from sim.results.folder import RunFolder
from sim.results.tables import read_rows, text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DROPPED = CURVES["addresses_dropped"].name
REACHED, LEFT = CURVES["target_reached_share"].name, CURVES["target_left_share"].name
COLOURS = ("C0", "C1")


@dataclass(frozen=True, eq=False)
class Curves:
    """Some curves on one axis."""

    title: str
    subject: str
    """Title, and the quantity that all of them count."""
    start: datetime
    horizon_s: int
    """Start and length of the run."""
    bands: dict[str, Band]
    """Bands by what they count."""
    unit: str
    """Their unit."""
    published: tuple[tuple[int, int], ...] = ()
    """Published counts, when and how many."""
    warning: str = ""
    """That the record contradicts it; or empty."""
    step_s: int = 0
    """Time between two points of a line; 0 where every change is kept."""

    @property
    def alt(self) -> str:
        """What they show, in numbers."""
        lines = (self._said(name, band) for name, band in self.bands.items())
        return " ".join(lines) + self.steps

    @property
    def steps(self) -> str:
        """That what is shorter than a step may be missing."""
        if not self.step_s:
            return ""
        step = IN_ENGLISH.write(step_text(self.step_s // 60))
        return f" Points are {step} apart: what is shorter may be missing."

    def _said(self, name: str, band: Band) -> str:
        rows = (int(np.nanargmin(band.median)), peak_row(band), -1)
        least, most, end = (estimate_at(band, row, self.unit) for row in rows)
        over_time = f"{value_text(least)} to {value_text(most)} (medians over time)"
        return f"{name}: {over_time}; {with_range(end)} at the end."

    @property
    def note(self) -> str:
        """What its marks are."""
        dots = " Dots: counts published at the time." if self.published else ""
        return outage.marks_of(next(iter(self.bands.values()))) + dots + self.steps + self.warning

    def rows(self) -> tuple[list[str], list[list[object]]]:
        """Names of the columns of its table, and the rows."""
        return outage.band_rows(self.bands, self.start, self.published)


def read_addresses(run: RunFolder, strategy: str | None) -> Curves:
    """Addresses that the register lists, and that operators drop."""
    bands = {
        "Listed": whole_band(run, outage.LISTED, strategy),
        "Dropped": whole_band(run, DROPPED, strategy),
    }
    title = "Addresses listed, and dropped by operators, mean over their users"
    whose = ", without the target's own" if run.has_own_addresses else ""
    subject, unit = f"IPv4 addresses{whose}", CURVES[outage.LISTED].unit
    marks = outage.read_published(run)
    step_s = even_step(run.horizon_s) if run.is_ensemble else 0
    return Curves(title, subject, run.start, run.horizon_s, bands, unit, marks, step_s=step_s)


def read_users(run: RunFolder, strategy: str | None) -> Curves:
    """Users who reach the target, and those who left it where users are counted."""
    bands = {"Reach it": whole_band(run, REACHED, strategy)}
    subject = f"Users of {run.scenario['target']['name']}"
    title = f"{subject} who reach it"
    if run.has_curve(LEFT, strategy):
        bands["Have left"] = whole_band(run, LEFT, strategy)
        title += ", and who left"
    unit, warning = CURVES[REACHED].unit, outage.refuted_note(run, REACHED, LEFT)
    step_s = even_step(run.horizon_s) if run.is_ensemble else 0
    return Curves(
        title, subject, run.start, run.horizon_s, bands, unit, warning=warning, step_s=step_s
    )


def draw_curves(shown: Curves, width_in: float) -> Figure:
    """Draw median and range of each curve, named at its end."""
    from sim.report.figures import look  # matplotlib is slow to import

    figure = look.new_figure(width_in, 0.48 * width_in if width_in > look.NARROW_IN else 2.6)
    ax = figure.subplots()
    most = max(float(np.nanmax([band.median, band.high])) for band in shown.bands.values())
    most = max([most, *(n for _, n in shown.published)])
    is_share = shown.unit.startswith("share")
    scale = look.MILLION if most >= look.MILLION and not is_share else 1
    look.date_axis(ax, shown.start, shown.horizon_s)
    look.number_axis(ax, 1.1 * (most / scale or 1), is_share=is_share)
    ax.set_title(shown.subject + (", millions" if scale > 1 else ""))
    look.leave_room(figure, 3.4, 1.0, 2.0, 1.7)
    ends = []
    for colour, (name, band) in zip(COLOURS, shown.bands.items(), strict=False):
        _, median = look.plot_band(ax, band, shown.start, shown.horizon_s, scale, colour)
        ends.append((float(median[-1]), name, colour))
    if shown.published:
        at_s, n = np.array(shown.published).T
        colour = look.rc("text.color")
        ax.plot(look.dates(shown.start, at_s), n / scale, "o", color=colour, markersize=4)
    look.leave_room(figure, 3.4, look.name_ends(ax, ends), 2.0, 1.7)
    return figure


FORMATS = ("png", "svg", "pdf")
TABLES = "tables"
"""Asked for among figures: the values behind them, and no pictures."""
MM_PER_IN = 25.4


@dataclass(frozen=True)
class Kind:
    """One kind of figure."""

    shows: str
    """What it shows, in a line."""
    read: Callable[[RunFolder, str | None], Any]
    """Reads what it shows of a strategy: ``title``; ``alt``, the same in numbers; ``note``, what
    its marks are; ``rows()``, its table."""
    draw: Callable[[Any, float], Figure]
    """Draws that in a width in inches."""
    why_not: Callable[[RunFolder, str | None], str]
    """Why it does not apply to a strategy of a run; empty where it does."""
    of_all: bool = False
    """Whether it shows all strategies of a comparison; else it shows one."""


def _needs_curves(*metrics: str) -> Callable[[RunFolder, str | None], str]:
    def why_not(run: RunFolder, strategy: str | None) -> str:
        absent = [one for one in metrics if not run.has_curve(one, strategy)]
        return f"the folder holds no {absent[0].replace('_', ' ')}" if absent else ""

    return why_not


def _needs_tradeoff(run: RunFolder, _strategy: str | None) -> str:
    if not (run.path / "tradeoff.csv").is_file():
        return "the folder holds no tradeoff.csv"
    return "" if read_rows(run, "tradeoff.csv") else "it has no effect on the target's users"


def _needs_several(run: RunFolder, _strategy: str | None) -> str:
    return "" if len(run.strategies) > 1 else "it compares strategies, and the folder holds one"


def _needs_dependence(run: RunFolder, strategy: str | None) -> str:
    rows = [row for row in read_rows(run, "summary.csv") if strategy in (None, row["strategy"])]
    has_any = any(text(row, "depends_on_1") for row in rows)
    return "" if has_any else "too few simulations to say on which inputs the answer depends"


def _groups(by: str) -> Kind:
    def why_not(run: RunFolder, strategy: str | None) -> str:
        has_any = any(panel.lines for panel in read_groups(run, strategy, by).panels)
        return "" if has_any else f"no {by} has {FEWEST_BUSINESSES} businesses"

    shows = f"share of businesses that was ever cut off, by {by}"
    return Kind(shows, lambda run, one: read_groups(run, one, by), draw_rows, why_not)


FIGURES: dict[str, Kind] = {
    "outage": Kind(
        "addresses listed, and businesses cut off, over time",
        outage.read_outage, outage.draw_outage, _needs_curves(outage.CUT_OFF),
    ),
    "addresses": Kind(
        "addresses listed, and dropped by operators, over time",
        read_addresses, draw_curves, _needs_curves(outage.LISTED, DROPPED),
    ),
    "users": Kind(
        "users who reach the target, and who left it, over time",
        read_users, draw_curves, _needs_curves(REACHED),
    ),
    "strategies": Kind(
        "harm, effect and cost of each strategy",
        read_strategies, draw_rows, _needs_several, of_all=True,
    ),
    "tradeoff": Kind(
        "effect of each strategy against its harm",
        read_tradeoff, draw_tradeoff, _needs_tradeoff, of_all=True,
    ),
    "money": Kind(
        "from the sales that failed to what the country lost",
        read_money, draw_rows, _needs_curves(),
    ),
    "depends-on": Kind(
        "inputs on which the answer depends",
        read_dependence, draw_rows, _needs_dependence,
    ),
    "sectors": _groups("sector"),
    "providers": _groups("provider"),
    "operators": _groups("operator"),
}  # fmt: skip
"""Figures by name, which is also the name of their files."""


def why_not(run: RunFolder, name: str, strategy: str | None = None) -> str:
    """Why a figure does not apply to a run; empty where it does."""
    kind = FIGURES[name]
    several = len(run.strategies) > 1
    if several and not kind.of_all and strategy is None:
        return f"it shows one strategy; give --strategy, one of: {', '.join(run.strategies)}"
    return kind.why_not(run, strategy)


def choose(run: RunFolder, names: Sequence[str], strategy: str | None = None) -> list[str]:
    """Names of the figures to draw: the ones asked for, or all that apply.

    Raises
    ------
    UsageError
        With every name that is unknown or does not apply, and why.
    """
    if strategy is not None:
        run.strategy(strategy)
    refused, chosen = [], []
    for name in names or FIGURES:
        if name not in FIGURES:
            refused.append(f"{name}: unknown figure; known: {', '.join(FIGURES)}")
        elif reason := why_not(run, name, strategy):
            refused += [f"{name}: does not apply to {run.path}: {reason}"] if names else []
        elif names or strategy is None or not FIGURES[name].of_all:
            chosen.append(name)
    if refused:
        raise UsageError("\n".join(refused))
    return list(dict.fromkeys(chosen))


def plot_run(
    run: RunFolder,
    folder: Path,
    names: Sequence[str] = (),
    strategy: str | None = None,
    formats: Sequence[str] = ("png", "svg"),
    *,
    width_mm: float = 180,
    dpi: int = 200,
    has_words: bool = True,
    force: bool = False,
) -> list[Path]:
    """Write figures of a run into a folder: pictures, tables, and what they show in words.

    Parameters
    ----------
    names
        Which; all that apply when empty. ``tables`` stands for the tables alone.
    formats
        Some of ``png``, ``svg``, ``pdf``.
    has_words
        Whether title and source go with them.
    force
        Replace files of the same name.

    Raises
    ------
    UsageError
        If a figure does not apply, a file of the same name is there, or the folder cannot be
        written to.
    """
    suffixes = [] if TABLES in names else [*dict.fromkeys(formats), "alt.txt"]
    chosen = choose(run, [name for name in names if name != TABLES], strategy)
    files = {name: [f"{name}.{suffix}" for suffix in (*suffixes, "csv")] for name in chosen}
    check_all_free(folder, [file for mine in files.values() for file in mine], force=force)
    with new_files(folder, force=force) as partial:
        for name, mine in files.items():
            shown = FIGURES[name].read(run, strategy)
            columns, rows = shown.rows()
            (partial / mine[-1]).write_text(csv_text(columns, rows), encoding="utf-8", newline="")
            if not suffixes:
                continue
            from sim.report.figures import look  # matplotlib is slow to import

            (partial / mine[-2]).write_text(f"{shown.alt}{_doubts(run)}\n", encoding="utf-8")
            with look.users_style():
                figure = FIGURES[name].draw(shown, width_mm / MM_PER_IN)
                if has_words:
                    look.add_words(figure, shown.title, f"{shown.note} {source_of(run)}")
                look.save_figure(figure, [partial / file for file in mine[:-2]], dpi)
    return [folder / file for mine in files.values() for file in mine]


def source_of(run: RunFolder) -> str:
    """Where a figure comes from."""
    manifest = run.manifest
    fixed = "" if run.is_ensemble else " Point values: one value for every assumption."
    version, result = manifest["tool"]["version"], manifest["result_id"][:12]
    return f"{run.title}. overblock {version}, result {result}.{fixed}{_doubts(run)}"


def _doubts(run: RunFolder) -> str:
    """Why not to quote it, behind a blank: it is not complete, or was changed; or nothing."""
    status, changed = run.manifest["status"], changes_in_words(run)
    first = "" if status == "complete" else f" Status: {status}."
    return f"{first} {changed}" if changed else first
