"""Numbers with their ranges: strategies, money, inputs, sectors, providers, operators."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.catalogue import choices
from sim.catalogue.measures import MEASURES
from sim.measure.estimates import (
    SHARE,
    Estimate,
    Grade,
    estimate_of,
    read_estimates,
    read_group_shares,
)
from sim.report.figures.outage import refuted_note
from sim.report.words import heading
from sim.report.words.answer import answer
from sim.report.words.languages import capitalised, joined
from sim.report.words.numbers import NOT_KNOWN, as_bound, is_share, percent, with_range
from sim.report.words.sentences import LOSS_PARTS, read_bound
from sim.report.words.sites import find_unknown
from sim.results.folder import RunFolder, input_rows
from sim.results.tables import number, read_rows, text
from sim.scenario.tables.rows import OperatorRow, SectorRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

EVER = MEASURES["businesses_ever_impaired"].name
SUMS = (choices.PRIVATE_LOSS, MEASURES["net_social_loss_usd"].name)
DEPENDENT = (
    MEASURES["addresses_listed_peak"].name,
    choices.COLLATERAL,
    MEASURES["demand_lost_share"].name,
    choices.PRIVATE_LOSS,
    *choices.EFFECTS,
    choices.TARGET_LOST,
)
"""Measures that are shown with the inputs on which they depend."""
MOST_ROWS = 15
FEWEST_BUSINESSES = 10
"""Size of a group below which its share is mostly chance."""


@dataclass(frozen=True)
class Line:
    """One row: what it is of, and its number."""

    name: str
    found: Estimate
    is_sum: bool = False
    bound: str = ""
    """Text for a zero of a sample that was unlikely to be cut off."""
    is_least: bool = False
    """Whether the number is a lower bound."""

    @property
    def is_drawn(self) -> bool:
        """Whether it has a number to draw."""
        return self.found.is_known and not self.bound

    @property
    def text(self) -> str:
        """The number with its range in brackets, or the bound."""
        return self.bound or joined("", ("≥" * self.is_least, with_range(self.found)))


@dataclass(frozen=True)
class Panel:
    """Rows on one scale, with what they count."""

    title: str
    lines: tuple[Line, ...]
    colour: str = "C0"


@dataclass(frozen=True)
class Rows:
    """Some panels, with what they show and what their marks are."""

    title: str
    panels: tuple[Panel, ...]
    note: str
    is_part: bool = False
    """Whether numbers are parts, which bars show from nothing up."""

    @property
    def alt(self) -> str:
        """What they show, in numbers."""
        return " ".join(
            f"{panel.title}: {'; '.join(f'{one.name} {one.text}' for one in panel.lines)}."
            for panel in self.panels
        )

    def rows(self) -> tuple[list[str], list[list[object]]]:
        """Names of the columns of its table, and the rows."""
        names = "panel name median low high unit n_simulations grade bound"
        return names.split(), [
            [
                panel.title, line.name, *_ends(line), line.found.unit, line.found.n_simulations,
                str(line.found.grade), str(line.bound),
            ]
            for panel in self.panels
            for line in panel.lines
        ]  # fmt: skip


def _ends(line: Line) -> tuple[float, float, float]:
    """Median and ends of the range; not known where a bound is printed."""
    if line.bound:
        return math.nan, math.nan, math.nan
    return line.found.median, line.found.low, line.found.high


def note_of(estimates: Sequence[Estimate]) -> str:
    """Describe dots and bars of rows."""
    n = max((one.n_simulations for one in estimates), default=0)
    if n < 2:
        return "One simulation."
    return f"Dot: median of {n} simulations; bar: 5 to 95% of them."


def read_strategies(run: RunFolder, _strategy: str | None) -> Rows:
    """Harm, effect and cost of each strategy, as the report shows them first."""
    found = answer(run).strategies
    panels = []
    for at, first in enumerate(found[0].figures):
        lines = []
        for one in found:
            figure = one.figures[at]
            # A contradicted number is drawn, and marked.
            bound = "" if figure.found.grade is Grade.CONTRADICTED else figure.bound
            lines.append(Line(capitalised(one.name), figure.found, bound=bound))
        head = f"Share {first.what}" if first.found.unit == SHARE else capitalised(first.what)
        panels.append(Panel(head, tuple(lines), "C0" if at == 1 else "C1"))
    return _rows("What each strategy does", panels)


def read_money(run: RunFolder, strategy: str | None) -> Rows:
    """From the sales that failed to what the country lost, in its currency where it has one."""
    found, rate = read_estimates(run), heading.rate_of(run)
    chosen = run.strategy(strategy)
    is_open = heading.has_sites(run) and bool(find_unknown(run, chosen))
    lines = []
    for metric, name in LOSS_PARTS:
        if one := found.get((chosen, metric)):
            lost = heading.in_currency(one, rate)
            is_least = is_open and one.median > 0
            bound = "" if one.is_known else NOT_KNOWN
            lost = as_bound(lost) if is_least else lost
            lines.append(Line(name, lost, metric in SUMS, bound, is_least))
    lines = [line for line in lines if line.is_sum or not (line.bound or line.found.high == 0)]
    panel = Panel(capitalised(heading.currency_name(lines[0].found.unit)), tuple(lines))
    note = " Medians of parts need not add up to that of the whole."
    if is_open:
        note += " All are lower bounds: some sites are not known."
    return _rows("What it cost", [panel], note)


def read_dependence(run: RunFolder, strategy: str | None) -> Rows:
    """Inputs on which each of some measures depends most."""
    found, chosen = read_estimates(run), run.strategy(strategy)
    panels = []
    for metric in DEPENDENT:
        one = found.get((chosen, metric))
        if one is None or not one.depends_on or one.grade is Grade.CONTRADICTED:
            continue
        lines = [
            Line(capitalised(heading.input_name(run, key)), Estimate(part, part, part, SHARE))
            for key, part in one.depends_on
        ]
        panels.append(Panel(capitalised(choices.label(metric)), tuple(lines)))
    note = "Bar: share of the variance of the rank over simulations that the input explains."
    return Rows("What the answer depends on", tuple(panels), note, is_part=True)


def read_groups(run: RunFolder, strategy: str | None, by: str) -> Rows:
    """Share of each group's businesses that was ever cut off, the largest first.

    An operator's share is of all businesses, so it has their bound; a group of them has none.
    """
    chosen = run.strategy(strategy)
    found = read_group_shares(run, chosen, by, EVER)
    operators = input_rows(run, "operators", "groups", OperatorRow) if by == "operator" else ()
    sectors = input_rows(run, "population", "sectors", SectorRow) if by == "sector" else ()
    labels = {row.operator: row.label for row in operators}
    labels |= {row.sector: row.label for row in sectors}
    bound = "" if any(one.high > 0 for one in found.values()) else read_bound(run, chosen)
    if bound and by != "operator":
        bound = NOT_KNOWN
    lines = [
        Line(labels.get(group) or group, one, bound=bound)
        for group, one in found.items()
        if one.whole >= FEWEST_BUSINESSES
    ]
    lines.sort(key=lambda line: -np.nan_to_num(line.found.median))
    of = " from its customers" if by == "operator" else ""
    panel = Panel(f"Share of businesses ever cut off{of}", tuple(lines[:MOST_ROWS]))
    fewer = f" Groups of fewer than {FEWEST_BUSINESSES} businesses are not shown."
    return _rows(f"Businesses cut off, by {by}", [panel], fewer)


def _rows(title: str, panels: Sequence[Panel], more: str = "") -> Rows:
    found = [line.found for panel in panels for line in panel.lines]
    return Rows(title, tuple(panels), note_of(found) + more)


def draw_rows(shown: Rows, width_in: float) -> Figure:
    """Draw a dot and a bar for each row, with its number to the right; on phones above it."""
    from sim.report.figures import look  # matplotlib is slow to import

    size_in = look.rc("font.size") / 72
    narrow = width_in < look.NARROW_IN
    step = 2.9 if narrow else 1.9
    n_lines = [len(panel.lines) for panel in shown.panels]
    tall = [n * step + 3.6 for n in n_lines]
    figure = look.new_figure(width_in, size_in * sum(tall))
    wide = width_in / size_in
    names = [line.name for panel in shown.panels for line in panel.lines]
    texts = [line.text for panel in shown.panels for line in panel.lines]
    left = 1.0 if narrow else look.width_of(figure, names, weight="bold") + 1.5
    right = 1.0 if narrow else look.width_of(figure, texts, weight="bold") + 1.5
    top = 0.0
    for panel, n, height in zip(shown.panels, n_lines, tall, strict=True):
        bottom = 1 - (top + height - 1.6) / sum(tall)
        ax = figure.add_axes((left / wide, bottom, 1 - (left + right) / wide, n * step / sum(tall)))
        _draw_panel(ax, panel, is_part=shown.is_part, narrow=narrow)
        ax.set_title(panel.title, x=0.0 if narrow else (1 - left) / (wide - left - right))
        top += height
    return figure


def _draw_panel(ax: Axes, panel: Panel, *, is_part: bool, narrow: bool) -> None:
    from sim.report.figures import look

    found = [line.found for line in panel.lines]
    drawn = [line.found for line in panel.lines if line.is_drawn]
    most = max((one.high for one in drawn), default=1.0) or 1.0
    look.number_axis(ax, 1.06 * most, is_share=is_share(found[0].unit), way="x")
    least = min((one.low for one in drawn), default=0.0)
    ax.set_xlim(left=min(0.0, 1.06 * least))
    ax.set_ylim(len(found) - 0.45, -0.55)
    ax.grid(axis="y", visible=False)
    ax.grid(axis="x", visible=True)
    ax.set_yticks([])
    ax.tick_params(axis="x", labelsize="small", length=0)
    for row, line in enumerate(panel.lines):
        y = row + (0.22 if narrow else 0)
        one = line.found
        if is_part:
            ax.barh(y, one.median, height=0.3, color=panel.colour)
        elif line.is_drawn:
            colour = (panel.colour, look.BAND_ALPHA)
            ax.barh(y, one.high - one.low, left=one.low, height=0.3, color=colour)
            ax.plot(one.median, y, "o", color=panel.colour, markersize=6, clip_on=False)
        weight = "bold" if line.is_sum else "normal"
        bad = " (contradicted)" if one.grade is Grade.CONTRADICTED else ""
        places = [(0.0, "left"), (1.0, "right")] if narrow else [(0.0, "right"), (1.0, "left")]
        for words, (x, side), away in zip(
            (line.name, line.text + bad), places, (-8, 8), strict=True
        ):
            ax.annotate(
                words, (x, row - 0.22 if narrow else row), xycoords=ax.get_yaxis_transform(),
                xytext=(0 if narrow else away, 0), textcoords="offset points", ha=side,
                va="center", weight=weight, fontsize="small" if narrow else "medium",
            )  # fmt: skip


@dataclass(frozen=True)
class Point:
    """A strategy: effect, harm, and the share of simulations in which none is better in both."""

    name: str
    effect: Estimate
    harm: Estimate
    on_frontier: float


@dataclass(frozen=True)
class TradeOff:
    """Points of a comparison, and what their axes are."""

    effect: str
    harm: str
    points: tuple[Point, ...]
    warning: str = ""
    title: str = "What each strategy achieves, and what it does to others"

    @property
    def alt(self) -> str:
        """What it shows, in numbers."""
        points = [
            f"{one.name}: {with_range(one.effect)}; {with_range(one.harm)}; on the frontier in "
            f"{percent(one.on_frontier)} of simulations."
            for one in self.points
        ]
        return f"{self.effect}, against {self.harm}. {' '.join(points)}"

    @property
    def note(self) -> str:
        """What its marks are."""
        found = [one.harm for one in self.points]
        return note_of(found) + " Filled: on the frontier in half of them or more." + self.warning

    def rows(self) -> tuple[list[str], list[list[object]]]:
        """Names of the columns of its table, and the rows."""
        axes = ("efficacy", "collateral")
        names = [f"{axis}{end}" for axis in axes for end in ("", "_low", "_high")]
        ends = ("median", "low", "high")
        return ["strategy", *names, "share_on_frontier"], [
            [
                one.name,
                *(getattr(found, end) for found in (one.effect, one.harm) for end in ends),
                one.on_frontier,
            ]
            for one in self.points
        ]


def read_tradeoff(run: RunFolder, _strategy: str | None) -> TradeOff:
    """The trade-off of a comparison, with the kind of harm that stands first."""
    rows = read_rows(run, "tradeoff.csv", ("efficacy_metric", "collateral_metric"))
    metrics = [text(rows[0], f"{axis}_metric") for axis in ("efficacy", "collateral")]
    rows = [row for row in rows if text(row, "collateral_metric") == metrics[1]]
    units = {text(row, "metric"): text(row, "unit") for row in read_rows(run, "summary.csv")}
    names = heading.strategy_names(heading.strategies_of(run))
    points = [
        Point(
            capitalised(names[text(row, "strategy")]),
            estimate_of({**row, "unit": units[metrics[0]]}, "efficacy"),
            estimate_of({**row, "unit": units[metrics[1]]}, "collateral"),
            number(row, "share_on_frontier"),
        )
        for row in rows
    ]
    effect, harm = (capitalised(choices.label_with_unit(one, units[one])) for one in metrics)
    known = tuple(point for point in points if point.effect.is_known)
    return TradeOff(effect, harm, known, refuted_note(run, *metrics))


def draw_tradeoff(shown: TradeOff, width_in: float) -> Figure:
    """Draw a point for each strategy, with its range either way."""
    from sim.report.figures import look  # matplotlib is slow to import

    figure = look.new_figure(width_in, 0.7 * width_in)
    ax = figure.subplots()
    look.leave_room(figure, 5.5, 1.2, 2.2, 3.6)
    ax.grid(visible=True, axis="both")
    for way, axis in (("x", "effect"), ("y", "harm")):
        found = [getattr(point, axis) for point in shown.points]
        most = max((one.high for one in found if one.is_known), default=1.0) or 1.0
        is_part = bool(found) and is_share(found[0].unit)
        look.number_axis(ax, 1.12 * most, is_share=is_part, way=way)
    ax.set_xlabel(shown.effect)
    ax.set_title(shown.harm)
    taken: list[object] = []
    for point in shown.points:
        x, y = point.effect, point.harm
        ax.plot([x.low, x.high], [y.median] * 2, color=("C0", look.BAND_ALPHA), linewidth=4)
        ax.plot([x.median] * 2, [y.low, y.high], color=("C0", look.BAND_ALPHA), linewidth=4)
        face = "C0" if point.on_frontier >= 0.5 else look.rc("axes.facecolor")
        ax.plot(x.median, y.median, "o", color="C0", markerfacecolor=face, clip_on=False, zorder=4)
    for point in shown.points:
        at = (point.effect.median, point.harm.median)
        look.place_text(ax, point.name, at, [], taken, weight="bold")  # type: ignore[arg-type]
    return figure
