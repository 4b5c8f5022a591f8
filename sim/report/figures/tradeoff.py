"""What each strategy achieved and what it cost bystanders: points, intervals, and the frontier.

In: the folder of a comparison. Out: a figure with its table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from sim.catalogue.choices import label_with_unit
from sim.catalogue.measures import MEASURES
from sim.report.figures import style
from sim.report.figures.drawing import DEFAULT, Choice, Drawing, FigureTable
from sim.report.words.numbers import count
from sim.report.words.numbers import number as said
from sim.report.words.plain import quoted, strategies_of, strategy_names
from sim.results.read import RunFolder
from sim.results.tables import Row, number, read_rows, text

NUMBERS = (
    "efficacy", "efficacy_low", "efficacy_high", "collateral", "collateral_low", "collateral_high",
    "share_of_draws_on_frontier",
)  # fmt: skip
_TEXTS = ("strategy", "efficacy_metric", "collateral_metric", "dominated_by")
_CLAIMS = ("is_dominated", "is_on_frontier")
# Where a name may stand beside its point: nearest first.
_PLACES = ((6, 5), (6, -12), (-6, 5), (-6, -12), (6, 17), (6, -24), (-6, 17), (-6, -24))


def tradeoff_table(run: RunFolder) -> FigureTable:
    """The rows of ``tradeoff.csv`` that the figure draws.

    Raises
    ------
    DataError
        If the table is missing or unreadable.
    """
    rows = first_harm(read_rows(run, "tradeoff.csv", (*_TEXTS, *NUMBERS, *_CLAIMS, "n_replicates")))
    return FigureTable.of(
        **{name: [text(row, name) for row in rows] for name in _TEXTS},
        **{name: [number(row, name) for row in rows] for name in NUMBERS},
        **{name: [_claim(row[name]) for row in rows] for name in _CLAIMS},
        n_replicates=[int(number(row, "n_replicates")) for row in rows],
    )


def first_harm(rows: Sequence[Row]) -> list[Row]:
    """Rows of the kind of harm that stands first; the others weigh the same runs in other units."""
    harm = text(rows[0], "collateral_metric") if rows else ""
    return [row for row in rows if text(row, "collateral_metric") == harm]


def _claim(cell: object) -> bool | None:
    """True, false, or not known."""
    return cell if isinstance(cell, bool) else None


def plot_tradeoff(ax: Axes, table: FigureTable) -> Axes:
    """Points with intervals: dominated strategies in grey, the others joined by the frontier.

    Strategies of which one of the two numbers is not known are left out.

    Parameters
    ----------
    table
        From ``tradeoff_table``.
    """
    efficacy, collateral = table.numbers("efficacy"), table.numbers("collateral")
    known = ~(np.isnan(efficacy) | np.isnan(collateral))
    on_frontier = known & np.array([one is True for one in table.columns["is_on_frontier"]], bool)
    _scale(ax, "x", np.concatenate([table.numbers(f"efficacy{end}") for end in ("", "_high")]))
    _scale(ax, "y", np.concatenate([table.numbers(f"collateral{end}") for end in ("", "_high")]))
    for row in np.flatnonzero(known).tolist():
        colour = style.BLUE if on_frontier[row] else style.PALE
        for axis, names in (("x", "efficacy"), ("y", "collateral")):
            low, high = (table.numbers(f"{names}_{end}")[row] for end in ("low", "high"))
            if not np.isnan(low):
                ends = ([low, high], [collateral[row]] * 2) if axis == "x" else (
                    [efficacy[row]] * 2, [low, high])  # fmt: skip
                ax.plot(*ends, color=colour, linewidth=1.2, zorder=2)
        ax.plot(
            efficacy[row], collateral[row], marker="o" if on_frontier[row] else "s", markersize=6,
            color=colour, zorder=3,
        )  # fmt: skip
    order = np.flatnonzero(on_frontier)[np.argsort(efficacy[on_frontier], kind="stable")]
    # The least collateral at which at least so much is achieved: that of the next point right.
    ax.step(
        efficacy[order], collateral[order], where="pre", color=style.BLUE, linewidth=0.9,
        linestyle=(0, (4, 2)), zorder=1,
    )  # fmt: skip
    return ax


def name_points(ax: Axes, table: FigureTable, names: Mapping[str, str]) -> None:
    """Write each strategy's name beside its point, where it covers no other name or point.

    The figure has to have its final size and layout.

    Parameters
    ----------
    names
        What each strategy is called for people, by its label.
    """
    figure = ax.figure
    assert isinstance(figure.canvas, FigureCanvasAgg)
    figure.draw_without_rendering()  # type: ignore[union-attr]
    renderer = figure.canvas.get_renderer()
    efficacy, collateral = table.numbers("efficacy"), table.numbers("collateral")
    shares = table.numbers("share_of_draws_on_frontier")
    known = np.flatnonzero(~(np.isnan(efficacy) | np.isnan(collateral)))
    points = ax.transData.transform(np.stack([efficacy[known], collateral[known]], axis=1))
    taken = [Bbox.from_bounds(x - 8, y - 8, 16, 16) for x, y in points]
    frame = ax.get_window_extent(renderer)
    for row in known.tolist():
        is_on = table.columns["is_on_frontier"][row] is True
        share = "" if np.isnan(shares[row]) else f"  {shares[row]:.0%}"
        label = str(table.columns["strategy"][row])
        name = ax.annotate(
            f"{names.get(label, label)}{share}",
            (efficacy[row], collateral[row]),
            textcoords="offset points",
            xytext=_PLACES[0],
            fontsize=8,
            color="#222222" if is_on else "#7a7a7a",
            zorder=4,
        )
        best, least = _PLACES[0], np.inf
        for place in _PLACES:
            name.set_position(place)
            name.set_horizontalalignment("left" if place[0] > 0 else "right")
            box = name.get_window_extent(renderer)
            cost = sum(_overlap(box, other) for other in taken)
            cost += box.width * box.height - _overlap(box, frame)
            if cost < least - 1e-9:
                best, least = place, cost
        name.set_position(best)
        name.set_horizontalalignment("left" if best[0] > 0 else "right")
        taken.append(name.get_window_extent(renderer))


def _overlap(one: Bbox, other: Bbox) -> float:
    shared = Bbox.intersection(one, other)
    return 0.0 if shared is None else float(shared.width * shared.height)


def _scale(ax: Axes, axis: str, values: NDArray[np.float64]) -> None:
    """From zero, evenly; where values differ thirtyfold, by factors, with zero at the edge."""
    known = values[~np.isnan(values)]
    positive = known[known > 0]
    set_scale, set_limits = (ax.set_xscale, ax.set_xlim) if axis == "x" else (
        ax.set_yscale, ax.set_ylim)  # fmt: skip
    highest = float(positive.max()) if positive.size else 1.0
    lowest = float(known.min()) if known.size else 0.0
    if positive.size and positive.max() > 30 * positive.min():
        least = float(positive.min())
        set_scale("symlog", linthresh=least)
        set_limits(min(lowest, 0.0) - (0.0 if lowest < 0 else least * 0.15), highest * 2.2)
    else:
        set_limits(min(lowest, 0.0) - 0.03 * highest, highest * 1.12)
    line = ax.xaxis if axis == "x" else ax.yaxis
    line.set_major_formatter(style.short_tick)


def draw_tradeoff(run: RunFolder, choice: Choice = DEFAULT) -> Drawing:
    """Efficacy–collateral frontier."""
    table = tradeoff_table(run)
    figure = style.new_figure(8.4, 5.4)
    ax = figure.subplots()
    plot_tradeoff(ax, table)
    efficacy = _words(table, "efficacy_metric")
    collateral = _words(table, "collateral_metric")
    ax.set_xlabel(f"{efficacy}  (what the block achieves: further right is more)")
    ax.set_ylabel(f"{collateral}  (what bystanders lose)")
    names = strategy_names(strategies_of(run))
    ax.set_title(style.wrapped(_finding(table, names), 7.2))
    parts = []
    for row, strategy in enumerate(table.columns["strategy"]):
        one, other = table.numbers("efficacy")[row], table.numbers("collateral")[row]
        name = names.get(str(strategy), strategy)
        if np.isnan(one) or np.isnan(other):
            parts.append(f"{name}: not known")
            continue
        beaten_by = str(table.columns["dominated_by"][row] or "").split(";")
        by = ", ".join(names.get(each, each) for each in beaten_by)
        is_on = table.columns["is_on_frontier"][row] is True
        where = "on the frontier" if is_on else f"dominated by {by}" if by else "not on it"
        parts.append(f"{name}: {one:,.0f} for {other:,.0f}, {where}")
    alt = (
        f"Trade-off of strategies: {efficacy} against {collateral}, means over replicates with "
        f"intervals. {'; '.join(parts)}."
    )
    spread = (
        f"Points: means of {count(run.n_replicates, 'replicate')}; lines: 95% intervals of the "
        "mean (bootstrap over replicates, luck only). Blue, joined: on the frontier. Grey squares: "
        "another strategy achieves as much for less. Percent: share of resampled replicates in "
        "which the strategy is on the frontier."
    )
    return Drawing(figure, alt, table, spread, finish=lambda: name_points(ax, table, names))


def _finding(table: FigureTable, names: Mapping[str, str]) -> str:
    """Which strategy denied most, and how many are beaten."""
    efficacy = table.numbers("efficacy")
    known = np.flatnonzero(~(np.isnan(efficacy) | np.isnan(table.numbers("collateral"))))
    if not known.size:
        return "What the strategies denied the target's users is not known"
    best = int(known[np.argmax(efficacy[known])])
    if not efficacy[best] > 0:
        return "None of them denied the target's users anything"
    label = str(table.columns["strategy"][best])
    beaten = sum(table.columns["is_dominated"][row] is True for row in known.tolist())
    rest = f"beaten by another: {beaten} of {known.size}" if beaten else "none is beaten by another"
    most = said(float(efficacy[best]))
    name = quoted(names.get(label, label))
    return f"The target's users were denied most with {name}, {most} user-hours; {rest}"


def _words(table: FigureTable, column: str) -> str:
    names = [str(name) for name in table.columns[column] if name]
    if not names:
        return "not known"
    unit = MEASURES[names[0]].unit if names[0] in MEASURES else ""
    return label_with_unit(names[0], unit)
