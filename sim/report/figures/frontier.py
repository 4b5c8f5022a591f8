"""Effect against harm of strategies, and least collateral against the number of rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.catalogue.choices import label_with_unit
from sim.measure.estimates import Estimate, estimate_of
from sim.report.figures.outage import refuted_note
from sim.report.figures.rows import note_of, said
from sim.report.words.languages import capitalised
from sim.report.words.numbers import percent
from sim.report.words.plain import strategies_of, strategy_names
from sim.results.folder import RunFolder
from sim.results.tables import number, read_rows, text

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
            f"{one.name}: {said(one.effect)}; {said(one.harm)}; on the frontier in "
            f"{percent(one.on_frontier)} of simulations."
            for one in self.points
        ]
        return f"{self.effect}, against {self.harm}. {' '.join(points)}"

    @property
    def note(self) -> str:
        """What its marks are."""
        found = [one.harm for one in self.points]
        filled = " Filled: on the frontier in half of them or more."
        return note_of(found) + filled + self.warning

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
    names = strategy_names(strategies_of(run))
    points = [
        Point(
            capitalised(names[text(row, "strategy")]),
            estimate_of({**row, "unit": units[metrics[0]]}, "efficacy"),
            estimate_of({**row, "unit": units[metrics[1]]}, "collateral"),
            number(row, "share_on_frontier"),
        )
        for row in rows
    ]
    effect, harm = (capitalised(label_with_unit(one, units[one])) for one in metrics)
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
        is_share = bool(found) and found[0].unit.startswith("share")
        look.number_axis(ax, 1.12 * most, is_share=is_share, way=way)
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
