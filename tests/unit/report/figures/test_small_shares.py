"""Where little is hit, or nothing at the end: axes follow the data, and names find their lines."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from sim.measure.bands import Band
from sim.report.figures import style
from sim.report.figures.layers import plot_layers
from sim.report.figures.outages import _top
from sim.report.figures.reach import BYSTANDERS, IMPAIRED, LOST, plot_shares

START = datetime(2026, 1, 9, tzinfo=UTC)
DAY_S = 86_400


def band(*mean: float, high: float = float("nan")) -> Band:
    values = np.array(mean)
    unknown = np.full(values.size, np.nan)
    return Band(np.arange(values.size) * DAY_S, values, unknown, np.full(values.size, high), 100, 2)


def test_names_stand_where_lines_end_on_the_axis_that_is_drawn() -> None:
    ax = style.new_figure(6, 4).subplots()
    bands = {IMPAIRED: band(0.3, 0.2), LOST: band(0.1, 0.06)}
    plot_shares(ax, bands, BYSTANDERS, START, 2 * DAY_S, 0.4)
    places = {text.get_text(): text.xy[1] for text in ax.texts}  # type: ignore[attr-defined]
    assert places == {
        "businesses\nimpaired": pytest.approx(0.5),
        "demand lost": pytest.approx(0.15),
    }


@pytest.mark.parametrize(
    ("highest", "top"), [(0.9, 1.03), (0.51, 1.03), (0.05, 0.054), (0.0, 0.01)]
)
def test_an_axis_of_shares_ends_little_above_what_is_drawn(highest: float, top: float) -> None:
    shown = [{"down": band(0.0, highest / 2), "impaired": band(0.0, high=highest)}]
    assert _top(shown) == pytest.approx(top)
    assert _top([]) == pytest.approx(0.01)


@pytest.mark.parametrize("last", [0.0, 10.0])
def test_layers_that_end_in_nothing_have_a_key_in_their_sequence(last: float) -> None:
    ax = style.new_figure(8, 4).subplots()
    layers = np.zeros((3, 20))  # too short for names inside
    layers[:, 4], layers[:, -1] = (10, 9, 8), last
    times = np.arange(21) + 20_000.0
    names = ["lowest", "middle", "highest"]
    plot_layers(ax, times, layers, names, np.full(20, np.nan), np.full(20, np.nan))
    key = ax.get_legend()
    beside = {text.get_text() for text in ax.texts}
    if last:
        assert key is None
        assert beside == set(names)
    else:
        assert key is not None
        assert [text.get_text() for text in key.get_texts()] == names[::-1]
        assert beside == set()
        fills = [patch.get_facecolor() for patch in key.get_patches()]
        drawn = [tuple(one.get_facecolor()[0]) for one in ax.collections]
        assert fills == drawn[::-1]
