"""Sites of one's own by operators: for how long each operator's customers could not reach each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.measure.estimates import Estimate
from sim.report.figures.rows import said
from sim.report.words.numbers import count, number, value_text
from sim.results.folder import RunFolder, input_rows
from sim.results.tables import Row, read_rows, text
from sim.results.tables import number as cell
from sim.scenario.tables.rows import OperatorRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
        listed = "; ".join(f"{site} {said(hours)}" for site, hours in pairs)
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
    none = Estimate(np.nan, np.nan, np.nan, "h")
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
