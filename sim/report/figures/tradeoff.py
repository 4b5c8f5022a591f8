"""What each strategy achieved and what it cost bystanders: points, intervals, and the frontier.

In: the folder of a comparison. Out: a figure with its table.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import permutations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from sim.catalogue.choices import label_with_unit
from sim.catalogue.measures import MEASURES
from sim.measure.summary import LEVEL
from sim.report.figures import style
from sim.report.figures.drawing import DEFAULT, Choice, Drawing, FigureTable, wide_columns
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
_AXES = ("efficacy", "collateral")
_CLAIMS = ("is_dominated", "is_on_frontier")
# Where a name may stand beside its point: nearest first.
_PLACES = ((6, 5), (6, -12), (-6, 5), (-6, -12), (6, 17), (6, -24), (-6, 17), (-6, -24))


def tradeoff_table(run: RunFolder) -> FigureTable:
    """The rows of ``tradeoff.csv`` that the figure draws, and the same measures over draws.

    Raises
    ------
    DataError
        If the table is missing or unreadable.
    """
    rows = first_harm(read_rows(run, "tradeoff.csv", (*_TEXTS, *NUMBERS, *_CLAIMS, "n_replicates")))
    texts = {name: [text(row, name) for row in rows] for name in _TEXTS}
    wide: dict[str, list[float]] = {}
    for name in _AXES:
        metrics = texts[f"{name}_metric"]
        wide |= wide_columns(run, texts["strategy"], metrics, f"{name}_{{}}")
    # The sample of these could hardly be hit as given, and no draw shows more.
    for row, each in enumerate(rows):
        if math.isnan(number(each, "collateral")) and not wide["collateral_all_high"][row] > 0:
            for end in ("median", "low", "high"):
                wide[f"collateral_all_{end}"][row] = math.nan
    beaten = _beaten_in_draws(run, rows)
    return FigureTable.of(
        **texts,
        **{name: [number(row, name) for row in rows] for name in NUMBERS},
        **{name: [_claim(row[name]) for row in rows] for name in _CLAIMS},
        **wide,
        beaten_in_draws_by=[";".join(beaten.get(name, ())) for name in texts["strategy"]],
        n_replicates=[int(number(row, "n_replicates")) for row in rows],
    )


def _beaten_in_draws(run: RunFolder, rows: Sequence[Row]) -> dict[str, list[str]]:
    """Which strategies are settled to be no worse in effect and harm, and better in one of them."""
    if not run.n_draws or not rows:
        return {}
    verdict: dict[tuple[str, str, str], str] = {}
    for row in read_rows(run, "verdicts.csv"):
        metric, one, other = (text(row, name) for name in ("metric", "strategy", "other"))
        found = text(row, "verdict")
        verdict[metric, one, other] = found
        verdict[metric, other, one] = {"better": "worse", "worse": "better"}.get(found, found)
    measures = [text(rows[0], f"{name}_metric") for name in _AXES]
    labels = [text(row, "strategy") for row in rows]
    beaten: dict[str, list[str]] = {label: [] for label in labels}
    for one, other in permutations(labels, 2):
        both = {verdict.get((metric, other, one), "") for metric in measures}
        if "better" in both and both <= {"better", "alike"}:
            beaten[one].append(other)
    return beaten


def has_wide(table: FigureTable) -> bool:
    """Whether values over draws are shown."""
    return not np.isnan(table.numbers("efficacy_all_median")).all()


def shown_values(table: FigureTable, axis: str) -> tuple[NDArray[np.float64], ...]:
    """Values of ``efficacy`` or ``collateral`` that are shown, with their ranges."""
    ends = ("_all_median", "_all_low", "_all_high") if has_wide(table) else ("", "_low", "_high")
    return tuple(table.numbers(f"{axis}{end}") for end in ends)


def beaten_by(table: FigureTable, row: int) -> list[str]:
    """Strategies that beat one: settled over draws, or by the means without any."""
    column = "beaten_in_draws_by" if has_wide(table) else "dominated_by"
    return [one for one in str(table.columns[column][row] or "").split(";") if one]


def first_harm(rows: Sequence[Row]) -> list[Row]:
    """Rows of the kind of harm that stands first; the others weigh the same runs in other units."""
    harm = text(rows[0], "collateral_metric") if rows else ""
    return [row for row in rows if text(row, "collateral_metric") == harm]


def _claim(cell: object) -> bool | None:
    """True, false, or not known."""
    return cell if isinstance(cell, bool) else None


def plot_tradeoff(ax: Axes, table: FigureTable) -> Axes:
    """Points with ranges: beaten strategies in grey; of means the others are joined as a frontier.

    Strategies of which one of the two numbers is not known are left out. With draws, points are
    their medians and lines the range of nine in ten, as on the page.

    Parameters
    ----------
    table
        From ``tradeoff_table``.
    """
    both = shown_values(table, "efficacy"), shown_values(table, "collateral")
    efficacy, collateral = both[0][0], both[1][0]
    known = ~(np.isnan(efficacy) | np.isnan(collateral))
    on_frontier = known & _is_unbeaten(table)
    for axis, (value, _, high) in zip("xy", both, strict=True):
        _scale(ax, axis, np.concatenate([value, high]))
    for row in np.flatnonzero(known).tolist():
        colour = style.BLUE if on_frontier[row] else style.PALE
        for axis, (_, lows, highs) in zip("xy", both, strict=True):
            low, high = lows[row], highs[row]
            if not np.isnan(low):
                ends = ([low, high], [collateral[row]] * 2) if axis == "x" else (
                    [efficacy[row]] * 2, [low, high])  # fmt: skip
                ax.plot(*ends, color=colour, linewidth=1.2, zorder=2)
        ax.plot(
            efficacy[row], collateral[row], marker="o" if on_frontier[row] else "s", markersize=6,
            color=colour, zorder=3,
        )  # fmt: skip
    if has_wide(table):
        return ax
    order = np.flatnonzero(on_frontier)[np.argsort(efficacy[on_frontier], kind="stable")]
    # The least collateral at which at least so much is achieved: that of the next point right.
    ax.step(
        efficacy[order], collateral[order], where="pre", color=style.BLUE, linewidth=0.9,
        linestyle=(0, (4, 2)), zorder=1,
    )  # fmt: skip
    return ax


def _is_unbeaten(table: FigureTable) -> NDArray[np.bool_]:
    if has_wide(table):
        return np.array([not one for one in table.columns["beaten_in_draws_by"]], bool)
    return np.array([one is True for one in table.columns["is_on_frontier"]], bool)


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
    efficacy, collateral = (shown_values(table, axis)[0] for axis in _AXES)
    # Of resampled replicates: as given, by luck alone.
    shares = table.numbers("share_of_draws_on_frontier") * (np.nan if has_wide(table) else 1)
    is_unbeaten = _is_unbeaten(table)
    known = np.flatnonzero(~(np.isnan(efficacy) | np.isnan(collateral)))
    points = ax.transData.transform(np.stack([efficacy[known], collateral[known]], axis=1))
    taken = [Bbox.from_bounds(x - 8, y - 8, 16, 16) for x, y in points]
    frame = ax.get_window_extent(renderer)
    for row in known.tolist():
        share = "" if np.isnan(shares[row]) else f"  {shares[row]:.0%}"
        label = str(table.columns["strategy"][row])
        name = ax.annotate(
            f"{names.get(label, label)}{share}",
            (efficacy[row], collateral[row]),
            textcoords="offset points",
            xytext=_PLACES[0],
            fontsize=8,
            color="#222222" if is_unbeaten[row] else "#7a7a7a",
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
    is_wide, is_unbeaten = has_wide(table), _is_unbeaten(table)
    values = [shown_values(table, axis)[0] for axis in _AXES]
    for row, strategy in enumerate(table.columns["strategy"]):
        one, other = (float(value[row]) for value in values)
        name = names.get(str(strategy), strategy)
        if np.isnan(one) or np.isnan(other):
            parts.append(f"{name}: not known")
            continue
        by = ", ".join(names.get(each, each) for each in beaten_by(table, row))
        on = "not settled to be beaten" if is_wide else "on the frontier"
        where = on if is_unbeaten[row] else f"dominated by {by}" if by else "not on it"
        parts.append(f"{name}: {one:,.0f} for {other:,.0f}, {where}")
    draws = f"{count(run.n_draws, 'draw')} of all that is not known"
    of = f"medians of {draws}" if is_wide else "means over replicates with intervals"
    alt = f"Trade-off of strategies: {efficacy} against {collateral}, {of}. {'; '.join(parts)}."
    spread = (
        f"Points: medians of {draws}; lines: {LEVEL:.0%} of them. Grey squares: another strategy "
        "is settled to achieve no less and to harm no more."
        if is_wide
        else f"Points: means of {count(run.n_replicates, 'replicate')}; lines: 95% intervals of "
        "the mean (bootstrap over replicates, luck only). Blue, joined: on the frontier. Grey "
        "squares: another strategy achieves as much for less. Percent: share of resampled "
        "replicates in which the strategy is on the frontier."
    )
    return Drawing(figure, alt, table, spread, finish=lambda: name_points(ax, table, names))


def _finding(table: FigureTable, names: Mapping[str, str]) -> str:
    """Which strategy denied most, and how many are beaten."""
    efficacy, harm = (shown_values(table, axis)[0] for axis in _AXES)
    known = np.flatnonzero(~(np.isnan(efficacy) | np.isnan(harm)))
    if np.isnan(efficacy).all():
        return "What the strategies denied the target's users is not known"
    best = int(np.nanargmax(efficacy))
    if not efficacy[best] > 0:
        return "None of them denied the target's users anything"
    label = str(table.columns["strategy"][best])
    beaten = sum(bool(beaten_by(table, row)) for row in known.tolist())
    none = "none is settled to be beaten" if has_wide(table) else "none is beaten by another"
    rest = f"beaten by another: {beaten} of {known.size}" if beaten else none
    most = said(float(efficacy[best]))
    name = quoted(names.get(label, label))
    if has_wide(table):
        return (
            f"The most user-hours denied, in the median of the draws, with {name}: {most}; {rest}"
        )
    return f"The target's users were denied most with {name}, {most} user-hours; {rest}"


def _words(table: FigureTable, column: str) -> str:
    names = [str(name) for name in table.columns[column] if name]
    if not names:
        return "not known"
    unit = MEASURES[names[0]].unit if names[0] in MEASURES else ""
    return label_with_unit(names[0], unit)
