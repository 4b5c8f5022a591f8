"""The figure of a frontier: collateral against the number of rules, and where an order stands.

In: an answer of ``overblock cover``. Out: one PNG or SVG file.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from sim.blocklists.covers import Answer
from sim.blocklists.units import UNIT_NAMES
from sim.report.figures import style
from sim.version import __version__


def draw_frontier(found: Answer, path: Path) -> None:
    """Draw the frontier into a file, whose suffix says how."""
    with style.house_style():
        figure = style.new_figure(7.2, 4.2)
        plot_frontier(found, figure.subplots())
        style.add_caption(figure, caption(found))
        style.save_figure(figure, [path])


def plot_frontier(found: Answer, ax: Axes) -> None:
    """Plot least collateral by number of rules, and the order beside it."""
    frontier = found.frontier
    n_rules = frontier.n_rules
    collateral = frontier.collateral.astype(np.float64)
    ax.step(n_rules, collateral, where="post", color=style.BLUE, label="least possible")
    chosen = min(found.budget, int(n_rules[-1]))
    ax.plot([chosen], [float(found.cover.collateral)], "o", color=style.BLUE, label="at the budget")
    if found.judgement is not None:
        judged = found.judgement
        regret = judged.by_unit[found.unit]
        covered = f"{float(judged.covered):,.0f} of {float(judged.worth):,.0f} targets"
        ax.plot(
            [judged.n_rules],
            [float(regret.collateral)],
            "D",
            color=style.VERMILION,
            label=f"the order ({covered})",
        )
        if regret.best is not None:
            ax.plot(
                [judged.n_rules],
                [float(regret.best.collateral)],
                "D",
                color=style.VERMILION,
                markerfacecolor="white",
                label="best for the same targets",
            )
    values = np.concatenate([np.asarray(line.get_ydata(), float) for line in ax.lines])
    positive = values[values > 0]
    if positive.size and positive.max() > 100 * positive.min():
        ax.set_yscale("symlog", linthresh=positive.min())
    ax.set_ylim(0, 1.08 * positive.max() if positive.size else 1)
    if n_rules[-1] > 20:
        ax.set_xscale("log")
    else:
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    thousands = "{x:,.12g}"
    ax.xaxis.set_major_formatter(thousands)
    ax.yaxis.set_major_formatter(thousands)
    ax.set_xlabel("rules (prefixes)")
    ax.set_ylabel(f"collateral, {UNIT_NAMES[found.unit]}")
    ax.set_title("Least collateral by number of rules")
    ax.legend(frameon=False, fontsize=8)


def caption(found: Answer) -> str:
    """What the figure rests on."""
    missed = "" if not found.cover.missed else "; a target missed has a price"
    return (
        f"{float(found.n_targets):,.0f} targets; exact for every number of rules{missed}. "
        f"overblock {__version__}."
    )
