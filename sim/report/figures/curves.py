"""Curves over time: addresses listed and dropped, users who reach the target or left it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from sim.catalogue.curves import CURVES
from sim.measure.bands import Band, peak_row, whole_band
from sim.measure.estimates import estimate_at
from sim.report.words.numbers import value_text, with_range
from sim.results.folder import RunFolder

if TYPE_CHECKING:
    from matplotlib.figure import Figure
from sim.report.figures.outage import LISTED, band_rows, marks_of, read_published, refuted_note

DROPPED = CURVES["addresses_dropped"].name
REACHED, LEFT = CURVES["target_reached_share"].name, CURVES["target_left_share"].name
COLOURS = ("C0", "C1")


@dataclass(frozen=True, eq=False)
class Curves:
    """Some curves on one axis.

    Attributes
    ----------
    title, subject
        What they show, and what all of them count.
    start, horizon_s
        Of the run.
    bands
        By what they are of.
    unit
        Their unit.
    published
        Published counts, when and how many.
    warning
        That the record contradicts it; or empty.
    """

    title: str
    subject: str
    start: datetime
    horizon_s: int
    bands: dict[str, Band]
    unit: str
    published: tuple[tuple[int, int], ...] = ()
    warning: str = ""

    @property
    def alt(self) -> str:
        """What they show, in numbers."""
        return " ".join(self._said(name, band) for name, band in self.bands.items())

    def _said(self, name: str, band: Band) -> str:
        rows = (int(np.nanargmin(band.median)), peak_row(band), -1)
        least, most, end = (estimate_at(band, row, self.unit) for row in rows)
        over_time = f"{value_text(least)} to {value_text(most)} (medians over time)"
        return f"{name}: {over_time}; {with_range(end)} at the end."

    @property
    def note(self) -> str:
        """What its marks are."""
        dots = " Dots: counts published at the time." if self.published else ""
        return marks_of(next(iter(self.bands.values()))) + dots + self.warning

    def rows(self) -> tuple[list[str], list[list[object]]]:
        """Names of the columns of its table, and the rows."""
        return band_rows(self.bands, self.start, self.published)


def read_addresses(run: RunFolder, strategy: str | None) -> Curves:
    """Addresses that the register lists, and that operators drop."""
    bands = {
        "Listed": whole_band(run, LISTED, strategy),
        "Dropped": whole_band(run, DROPPED, strategy),
    }
    title = "Addresses listed, and dropped by operators, mean over their users"
    whose = ", without the target's own" if run.has_own_addresses else ""
    subject, unit = f"IPv4 addresses{whose}", CURVES[LISTED].unit
    marks = read_published(run)
    return Curves(title, subject, run.start, run.horizon_s, bands, unit, marks)


def read_users(run: RunFolder, strategy: str | None) -> Curves:
    """Users who reach the target, and those who left it."""
    bands = {
        "Reach it": whole_band(run, REACHED, strategy),
        "Have left": whole_band(run, LEFT, strategy),
    }
    target = str(run.scenario["target"]["name"])
    title, subject = f"Users of {target} who reach it, and who left", f"Users of {target}"
    unit, warning = CURVES[REACHED].unit, refuted_note(run, REACHED, LEFT)
    return Curves(title, subject, run.start, run.horizon_s, bands, unit, warning=warning)


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
