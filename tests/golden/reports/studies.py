"""Figures that are made of no run: what an answer hangs on, scores, the least collateral by rules.

In: small values, chosen so that each kind of row, mark and end occurs. Out: lines as of any figure.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sim.addresses.cover.regret import Constraints
from sim.addresses.feeds.columns import feed_of_columns
from sim.addresses.sets.families import AddressSet
from sim.blocklists.covers import Question, answer
from sim.report.documents.backtest import draw_backtest
from sim.report.figures.frontier import draw_frontier
from sim.report.figures.tornado import draw_sensitivity
from sim.uncertainty.influence import Line
from tests.golden.reports.drawings import figure_lines, unsaved


def _influence(factor: str, low: float, high: float, **more: Any) -> Line:
    values: dict[str, Any] = {
        "metric": "private_loss_usd", "unit": "USD", "factor": factor, "factor_unit": "h",
        "range": "1 to 2", "n_dials": 1, "given": 10_000.0, "at_low": low, "at_high": high,
    }  # fmt: skip
    return Line(**(values | more))


INFLUENCES = (
    _influence("censor.patience_h", 9_000, 11_000),
    _influence("a-table-of-the-scenario.a_column_with_a_long_name_of_its_own", 14_000, 2_000,
               total=0.8, total_low=0.7, total_high=0.9, first=0.6, first_low=0.5, first_high=0.7),
    _influence("rows.share", math.nan, math.nan, n_dials=4, mu_star=6_000.0),
    _influence("not.known", math.nan, 12_000),
    _influence("one.side", 11_000, 13_000, total=0.1, total_low=0.0, total_high=0.2, first=0.05),
)  # fmt: skip


def _score(name: str, role: str, verdict: str, published: float, **more: Any) -> dict[str, Any]:
    predicted = {"median": 100.0, "low": 50.0, "high": 400.0}
    allowed = {"relation": "equal", "allowed_low": 0.9 * published, "allowed_high": 1.1 * published}
    return {
        "id": name, "title": f"{name.capitalize()} of something with a title that is so long "
        "that it has to be cut somewhere before its end", "role": role, "verdict": verdict,
        "predicted": predicted | more.pop("predicted", {}),
        "published": {"value": published} | allowed | more,
    }  # fmt: skip


SCORES = {
    "version": "0.0", "n_replicates": 3, "n_draws": 64,
    "scores": [
        _score("inside", "held-out", "inside", 120.0),
        _score("bound", "held-out", "inside", 30.0, relation="at_least", allowed_high=None),
        _score("outside", "held-out", "outside", 10.0),
        _score("beyond", "calibration", "outside", 0.5),
        _score("below", "calibration", "outside", 1e6, relation="between"),
        _score("sharp", "calibration", "inside", 99.0, predicted={"low": None, "high": None}),
        _score("rank", "calibration", "inside", 1.0, relation="rank"),
    ],
}  # fmt: skip


def influences() -> list[str]:
    """Lines of the tornado and the shares of variance, with their words."""
    return _told(lambda folder: draw_sensitivity(INFLUENCES, folder, "What it hangs on", "Note."))


def scores() -> list[str]:
    """Lines of the figure of scores, with luck and assumptions drawn, and by luck alone."""
    lines = _told(lambda folder: draw_backtest(SCORES, folder / "scores.png"))
    by_luck = _told(lambda folder: draw_backtest({**SCORES, "n_draws": 0}, folder / "scores.png"))
    return [*lines, "== by luck alone", *(line for line in by_luck if line not in lines)]


def least_collateral() -> list[str]:
    """Lines of the figure of covers, with an order beside them, and with many rules."""
    targets = [f"192.0.2.{host}" for host in (1, 9, 70, 200)]
    others = [f"192.0.2.{host}" for host in (2, 3, 12, 66, 71, 90, 201, 220)]
    few = _cover(targets, others, ["192.0.2.0/26", "192.0.2.192/28"], None)
    many = _cover([f"192.0.2.{host}" for host in range(0, 60, 2)], others, [], 30)
    return [*few, "== many rules", *many]


def _cover(
    targets: Sequence[str], others: Sequence[str], order: Sequence[str], budget: int | None
) -> list[str]:
    aimed, there = (
        feed_of_columns({"address": list(rows)}, name)
        for rows, name in ((targets, "targets"), (others, "inventory"))
    )
    orders = [feed_of_columns({"address": list(order)}, "order")] if order else []
    question = Question("names", Constraints(AddressSet.empty()), budget=budget)
    found = answer(question, aimed, there, orders)
    return _told(lambda folder: draw_frontier(found, folder / "cover.png"))


def _told(draw: Callable[[Path], object]) -> list[str]:
    with tempfile.TemporaryDirectory() as temporary, unsaved() as figures:
        draw(Path(temporary))
        beside = [
            f"{path.name}: {line}"
            for path in sorted(Path(temporary).glob("*.*"))
            for line in path.read_text(encoding="utf-8").splitlines()
        ]
    return [*beside, *(line for figure in figures for line in figure_lines(figure))]
