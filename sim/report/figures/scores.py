"""Figures outside of run folders: covers by their rules, and forecasts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sim.version import __version__

if TYPE_CHECKING:
    from sim.blocklists.covers import Answer
    from sim.forecast.scores import ReliabilityRow


def draw_frontier(found: Answer, path: Path) -> None:
    """Draw least collateral by number of rules into a file, whose suffix is the format."""
    from sim.blocklists.covers import UNIT_NAMES
    from sim.report.figures import look

    with look.users_style():
        figure = look.new_figure(180 / 25.4, 99 / 25.4)
        ax = figure.subplots()
        look.leave_room(figure, 5.5, 1.2, 2.2, 3.4)
        frontier, compared = found.frontier, found.comparison
        n_rules, collateral = frontier.n_rules, frontier.collateral.astype(np.float64)
        ax.step(n_rules, collateral, where="post", label="least possible")
        chosen = min(found.budget, int(n_rules[-1]))
        ax.plot(chosen, float(found.cover.collateral), "o", color="C0", label="at the budget")
        if compared is not None:
            regret, at = compared.by_unit[found.unit], compared.n_rules
            hit, of = float(compared.n_targets_covered), float(found.n_targets)
            text = f"the order ({hit:,.0f} of {of:,.0f} targets)"
            ax.plot(at, float(regret.collateral), "D", color="C1", label=text)
            if regret.best is not None:
                ax.plot(
                    at, float(regret.best.collateral), "D", color="C1", markerfacecolor="none",
                    label="best for the same targets",
                )  # fmt: skip
        values = np.concatenate([np.asarray(line.get_ydata(), float) for line in ax.lines])
        positive = values[values > 0]
        look.number_axis(ax, 1.08 * positive.max() if positive.size else 1.0)
        if positive.size and positive.max() > 100 * positive.min():
            ax.set_yscale("symlog", linthresh=positive.min())
        if n_rules[-1] > 20:
            ax.set_xscale("log")
        else:
            first = min(int(np.min(line.get_xdata())) for line in ax.lines)
            ax.set_xticks(range(first, int(n_rules[-1]) + 1))
        ax.xaxis.set_major_formatter("{x:,.12g}")
        ax.set_xlabel("rules (prefixes)")
        ax.set_title(f"Collateral, {UNIT_NAMES[found.unit]}")
        ax.legend(frameon=False, fontsize="small")
        note = f"{float(found.n_targets):,.0f} targets; exact for every number of rules."
        title = "Least collateral by number of rules"
        look.add_words(figure, title, f"{note} overblock {__version__}.")
        look.save_figure(figure, [path], 200)


def draw_risks(sites: Sequence[tuple[str, tuple[float, float, float]]], path: Path) -> None:
    """Draw the probability of each site to be listed in the next session, with its range."""
    from sim.report.figures import look

    with look.users_style():
        figure = look.new_figure(110 / 25.4, (22 + 5.5 * len(sites)) / 25.4)
        ax = figure.subplots()
        names = [name if len(name) <= 26 else f"{name[:25]}…" for name, _ in sites]
        look.leave_room(figure, look.width_of(figure, names, fontsize=7.5) + 2, 2, 1, 3.5)
        for height, (_, (mean, low, high)) in enumerate(sites):
            ax.plot([low, high], [height] * 2, color="C0", linewidth=1.8)
            ax.plot(mean, height, "o", color="C0", markersize=5, clip_on=False)
        ax.set_yticks(range(len(sites)), names, fontsize=7.5)
        ax.set_ylim(len(sites) - 0.4, -0.6)
        ax.set_xlim(0, 1)
        ax.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
        ax.set_xlabel("probability to be listed in the next session")
        look.save_figure(figure, [path], 150)


def draw_reliability(bins: Sequence[Sequence[ReliabilityRow]], path: Path) -> None:
    """Draw the share listed of the addresses forecast alike: in the next session, in four weeks."""
    from scipy.stats import binomtest

    from sim.report.figures import look

    with look.users_style():
        figure = look.new_figure(110 / 25.4, 80 / 25.4)
        ax = figure.subplots()
        look.leave_room(figure, 6, 2, 1, 3.5)
        ax.plot([0, 1], [0, 1], color="#c9c9c9", zorder=1)
        looks = (("next session", "C1", "o"), ("four weeks", "C0", "s"))
        for rows, (name, colour, marker) in zip(bins, looks, strict=True):
            for one in rows:
                ends = binomtest(round(one.listed * one.n), one.n).proportion_ci(0.9, "wilson")
                ax.plot([one.forecast] * 2, [ends.low, ends.high], colour, linewidth=1.2)
            points = [one.forecast for one in rows], [one.listed for one in rows]
            ax.plot(*points, marker, color=colour, markersize=5, clip_on=False, label=name)
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter(lambda share, _: f"{share:.0%}")
        ax.set_xlim(0, 1)
        ax.set_ylim(0, 1)
        ax.set_xlabel("forecast probability, past sessions")
        ax.set_ylabel("share that was listed")
        ax.legend(frameon=False, fontsize="small", loc="upper left")
        look.save_figure(figure, [path], 150)
