"""How long outages last: demand lost by length of spell, and the curve of recovery.

In: a run folder. Out: figures with their tables.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from sim.engine.state.ledger import SPELL_NAMES
from sim.measure.summary import LEVEL
from sim.report.figures import style
from sim.report.figures.drawing import (
    DEFAULT,
    Choice,
    Drawing,
    FigureTable,
    brackets,
    in_words,
    spread_as_given,
)
from sim.report.figures.recovery import Recovery, lost_by_spell, recovery
from sim.report.words import findings
from sim.report.words.numbers import capitalised, count
from sim.results.burdens import read_businesses
from sim.results.read import RunFolder

BELOW = "below_threshold"
CLASSES = (BELOW, *SPELL_NAMES)
LABELS = (
    "while not affected", "under 1 h", "1 h to 6 h", "6 h to 24 h", "1 d to 3 d", "3 d to 14 d",
    "over 14 d",
)  # fmt: skip
_TICKS_S = {
    60: "1 min", 600: "10 min", 3600: "1 h", 21_600: "6 h", 86_400: "1 d", 3 * 86_400: "3 d",
    14 * 86_400: "14 d", 60 * 86_400: "60 d", 365 * 86_400: "1 a",
}  # fmt: skip


def spells_table(run: RunFolder, choice: Choice = DEFAULT) -> FigureTable:
    """Demand lost by length of the spell in which it was lost: mean and interval."""
    names = [f"lost_demand_h_{name}" for name in CLASSES]
    columns = read_businesses(run, names, choice.strategy)
    lost = lost_by_spell(columns["replicate"], np.stack([columns[name] for name in names], axis=1))
    n = len(CLASSES)
    return FigureTable.of(
        spell=CLASSES,
        label=LABELS,
        mean_h=lost.mean,
        low_h=lost.low,
        high_h=lost.high,
        share=lost.share,
        n_replicates=[lost.n_replicates] * n,
    )


def plot_spells(
    ax: Axes,
    labels: Sequence[str],
    mean_h: NDArray[np.float64],
    low_h: NDArray[np.float64],
    high_h: NDArray[np.float64],
    share: NDArray[np.float64],
) -> Axes:
    """Bars by class of length, the shortest on top, with intervals and shares.

    Parameters
    ----------
    mean_h, low_h, high_h, share : shape (n_classes,)
        Hours of lost demand, and share of all that was lost; NaN where it is not known.
    """
    rows = np.arange(len(labels))
    ax.barh(rows, mean_h, color=style.BLUE, height=0.66)
    style.whiskers(ax, rows, mean_h, low_h, high_h)
    ends = np.fmax(mean_h, np.nan_to_num(high_h))
    reach = max(float(ends.max()), 1e-9)
    for row, end in enumerate(ends.tolist()):
        part = "" if np.isnan(share[row]) else f" ({_percent(float(share[row]))})"
        ax.text(
            end + 0.012 * reach, row, f"{style.short(float(mean_h[row]))}{part}", va="center",
            fontsize=8,
        )  # fmt: skip
    ax.set_yticks(rows, labels)
    ax.invert_yaxis()
    ax.set_xlim(0, 1.2 * reach)
    ax.grid(visible=False, axis="y")
    ax.xaxis.set_major_formatter(style.short_tick)
    return ax


def _where_lost(share: NDArray[np.float64]) -> str:
    """In outages of which length most demand was lost."""
    if np.isnan(share).all():
        return "No demand was lost"
    most = int(np.nanargmax(share))
    where = LABELS[most] if CLASSES[most] == BELOW else f"in outages of {LABELS[most]}"
    return f"Most demand was lost {where}: {_percent(float(share[most]))}"


def _percent(share: float) -> str:
    """A share in whole percent, in which what is small is not nothing."""
    return "<1%" if 0 < share < 0.005 else f"{share:.0%}"


def draw_spells(run: RunFolder, choice: Choice = DEFAULT) -> Drawing:
    """Demand lost by length of spell."""
    table = spells_table(run, choice)
    figure = style.new_figure(8, 3.6)
    ax = figure.subplots()
    columns = [table.numbers(name) for name in ("mean_h", "low_h", "high_h", "share")]
    plot_spells(ax, LABELS, *columns)
    ax.set_ylabel("length of the outage")
    ax.set_xlabel("lost demand, business-hours of mean domestic demand (share of all)")
    total = float(columns[0].sum())
    found = _where_lost(columns[3])
    ax.set_title(style.wrapped(findings.as_given(found) if run.n_draws else found, 8))
    rows = zip(LABELS, *(column.tolist() for column in columns[:3]), strict=True)
    parts = "; ".join(f"{label}: {in_words(mean, low, high)}" for label, mean, low, high in rows)
    alt = (
        "Lost demand by length of the outage in which it was lost, in business-hours of mean "
        f"domestic demand, in all {total:,.0f}. {parts}. {brackets(run.n_replicates)}"
    )
    n = run.n_replicates
    spread = (
        f"Bars: mean of {count(n, 'replicate')}; whiskers: {LEVEL:.0%} of them (luck only, "
        "assumptions held)."
        if n > 1
        else ""
    )
    so_far = "An outage that was running when the run ended counts with its length so far."
    return Drawing(figure, f"{alt} {so_far}", table, f"{spread} {so_far}".strip())


def recovery_table(found: Recovery) -> FigureTable:
    """Share of businesses recovered by time since their first outage."""
    n = found.since_s.size
    return FigureTable.of(
        since_first_outage_s=found.since_s,
        mean=found.mean,
        low=found.low,
        high=found.high,
        businesses_hit=[found.n_hit] * n,
        businesses_not_recovered=[found.n_not_recovered] * n,
        n_replicates=[found.n_replicates] * n,
    )


def plot_recovery(
    ax: Axes,
    since_s: NDArray[np.float64],
    mean: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> Axes:
    """Share recovered by time since the first outage, on a logarithmic scale of time.

    Parameters
    ----------
    since_s, mean, low, high : shape (n_times,)
        Times in seconds, shares; low and high are NaN with one replicate.
    """
    shown = since_s > 0
    ax.step(since_s[shown], mean[shown], where="post", color=style.BLUE)
    if not np.isnan(low).any():
        ax.fill_between(
            since_s[shown], low[shown], high[shown], step="post", color=style.BLUE, alpha=0.25,
            linewidth=0,
        )  # fmt: skip
    ax.set_xscale("log")
    ticks = [tick for tick in _TICKS_S if tick <= since_s[-1]]
    ax.set_xticks(ticks, [_TICKS_S[tick] for tick in ticks])
    ax.minorticks_off()
    ax.set_xlim(600, since_s[-1])
    ax.set_ylim(0, 1)
    ax.yaxis.set_major_formatter(PercentFormatter(1))
    return ax


def draw_recovery(run: RunFolder, choice: Choice = DEFAULT) -> Drawing:
    """Share of the businesses hit that have recovered."""
    names = ("first_outage_s", "last_outage_s", "is_affected_at_end")
    columns = read_businesses(run, names, choice.strategy)
    first_s, last_s, is_open = (columns[name] for name in names)
    found = recovery(columns["replicate"], first_s, last_s, is_open, run.horizon_s)
    figure = style.new_figure(8, 3.8)
    ax = figure.subplots()
    plot_recovery(ax, found.since_s.astype(float), found.mean, found.low, found.high)
    ax.set_xlabel("time since a business's first outage (logarithmic)")
    ax.set_ylabel("share of businesses hit\nthat have recovered")
    last = float(found.mean[-1])
    never = f"{found.n_not_recovered:,.0f} of {found.n_hit:,.0f} businesses hit"
    at_end = "no business was hit" if np.isnan(last) else f"{never} had not recovered at the end"
    title = capitalised(at_end)
    ax.set_title(style.wrapped(findings.as_given(title) if run.n_draws else title, 8))
    meaning = "Recovered: the last outage of a business has ended."
    ax.annotate(meaning, (0.015, 0.96), xycoords="axes fraction", va="top", fontsize=8)
    days = []
    for at_s in (3600, 86_400, 14 * 86_400):
        row = int(np.searchsorted(found.since_s, at_s, side="right")) - 1
        if at_s <= found.since_s[-1]:
            mean, low, high = (float(one[row]) for one in (found.mean, found.low, found.high))
            days.append(f"after {_TICKS_S[at_s]}: {in_words(mean, low, high, '.0%')}")
    counts = "" if np.isnan(last) else f": {'; '.join(days)}"
    alt = (
        "Share of the businesses hit whose last outage has ended, by time since their first one "
        "(product-limit estimate; businesses still affected when the run ended are censored, not "
        f"counted as recovered){counts}. Mean over replicates: {at_end}. "
        f"{brackets(run.n_replicates)}"
    )
    return Drawing(figure, alt, recovery_table(found), spread_as_given(run))
