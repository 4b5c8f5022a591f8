"""History matching of a model that is known: what is ruled out, and what the weights hold."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.statistics.designs import sobol_points
from sim.uncertainty.history import Figure, History, match_history

pytest.importorskip("sklearn")

Floats = NDArray[np.float64]
N_LAID, N_FIRST, N_SECOND = 512, 64, 32


def laid(n: int = N_LAID) -> Floats:
    return sobol_points(n, 8, np.random.default_rng(3))


def line(dials: Floats) -> Floats:
    """One figure from 1 to 100, in proportion to 10 ** (2 x)."""
    return np.asarray(10 ** (2 * dials[:, :1]))


def match(
    *figures: Figure, noise: float = 0.0, n_laid: int = N_LAID, n_second: int = N_SECOND
) -> History:
    dials = laid(n_laid)
    luck = np.random.default_rng(4).normal(size=(N_LAID, 1)) * noise
    drawn = line(dials) * 10 ** luck[: len(dials)]

    def run(rows: NDArray[np.int64]) -> Floats:
        return np.asarray(drawn[rows][:, [0] * len(figures)])

    return match_history(dials, run, figures, N_FIRST, n_second, 0.1)


def test_draws_far_from_the_figure_are_ruled_out_and_the_second_wave_has_none_of_them() -> None:
    found = match(Figure.of("ten", 10, 10))
    x = laid()[found.draw, 0]
    # 10 is x = 0.5; three deviations of 0.1 in log10 are 0.15 in x. Emulation makes it no sharper.
    assert not found.is_ruled_out[np.abs(x - 0.5) < 0.14].any()
    assert found.is_ruled_out[np.abs(x - 0.5) > 0.2].all()
    assert found.wave.tolist() == [1] * N_FIRST + [2] * N_SECOND
    assert not found.is_ruled_out[found.wave == 2].any()
    assert found.draw[:N_FIRST].tolist() == list(range(N_FIRST))
    assert (np.diff(found.draw) > 0).all()
    assert found.n_not_ruled_out == N_SECOND
    assert found.n_looked_at == found.draw[-1] - N_FIRST + 1


def test_weights_are_those_of_the_gaussian_by_hand() -> None:
    found = match(Figure.of("ten", 10, 10))
    distance = 2 * (laid()[found.draw, 0] - 0.5) / 0.1
    by_hand = np.where(found.weight > 0, np.exp(-0.5 * distance**2), 0)
    assert found.weight == pytest.approx(by_hand / by_hand.sum(), abs=0.003)
    assert found.weight.sum() == pytest.approx(1)


def test_a_lucky_run_does_not_collect_the_weight() -> None:
    found = match(Figure.of("ten", 10, 10), noise=0.5)
    nearest = np.argmin(np.abs(np.log10(found.values[:, 0]) - 1))
    assert found.weight[nearest] < 0.05
    # Luck of half a decade, a quarter of the range: no draw is ruled out by it.
    assert (found.variance > 0.16).all()
    assert not found.is_ruled_out.any()
    assert found.emulated[0] is not None
    assert found.emulated[0].noise == pytest.approx(0.25, rel=0.35)


def test_figures_of_one_number_weigh_as_one() -> None:
    once = match(Figure.of("ten", 10, 10))
    thrice = match(*(Figure.of(f"ten {row}", 10, 10, number="ten") for row in range(3)))
    assert thrice.numbers == ("ten",)
    assert thrice.weight == pytest.approx(once.weight)
    apart = match(*(Figure.of(f"ten {row}", 10, 10) for row in range(3)))
    assert apart.weight.max() > 1.3 * once.weight.max()


def test_a_bound_rules_out_one_side_alone() -> None:
    found = match(Figure.of("ten or more", 10, np.inf))
    x = laid()[found.draw, 0]
    assert not found.is_ruled_out[x > 0.5].any()
    assert found.is_ruled_out[x < 0.3].all()


def test_laying_more_draws_changes_none_that_were_run() -> None:
    few, many = (match(Figure.of("ten", 10, 10), n_laid=n) for n in (256, 512))
    n = min(few.draw.size, many.draw.size)
    assert few.draw[:n].tolist() == many.draw[:n].tolist()


def test_where_every_draw_is_ruled_out_no_weight_is_left() -> None:
    found = match(Figure.of("a million", 1e6, 1e6))
    assert found.is_ruled_out.all()
    assert found.weight.sum() == 0
    assert (found.wave == 1).all()


def test_a_figure_that_is_hardly_ever_known_rules_nothing_out() -> None:
    dials = laid()
    values = np.concatenate([line(dials), np.full((N_LAID, 1), np.nan)], axis=1)
    figures = [Figure.of("ten", 10, 10), Figure.of("unknown", 3, 3)]
    found = match_history(dials, lambda rows: values[rows], figures, N_FIRST, 0, 0.1)
    assert found.emulated[1] is None
    assert (found.implausible[:, 1] == 0).all()
    alone = match(Figure.of("ten", 10, 10), n_second=0)
    assert found.weight == pytest.approx(alone.weight)


def test_a_range_is_its_middle_and_the_deviation_of_an_even_distribution() -> None:
    figure = Figure.of("range", 10, 1000)
    assert (figure.observed, figure.side) == (2.0, 0)
    assert figure.tolerance == pytest.approx(1 / np.sqrt(3))
    assert Figure.of("least", 10, np.inf).side == 1
    assert Figure.of("most", -np.inf, 10).side == -1
    assert Figure.of("from nothing", 0, 10).floor == pytest.approx(0.01)
    assert Figure.of("floor", 0, 10, floor=0.1).logs(np.array([0.0, np.nan])).tolist()[0] == -1
    with pytest.raises(ValueError, match="above 0"):
        Figure.of("nothing", 0, 0)


def test_figures_of_one_quantity_say_less_than_figures_of_several() -> None:
    """Half of the discrepancy is common to all of one quantity: by the normal law, by hand."""
    n = 12
    apart = match(*(Figure.of(f"ten {row}", 10, 10) for row in range(n)))
    found = match(*(Figure.of(f"ten {row}", 10, 10, quantity="tens") for row in range(n)))
    distance = 2 * (laid()[found.draw, 0] - 0.5)
    by_hand = np.where(found.weight > 0, np.exp(-0.5 * distance**2 / (0.005 + 0.005 / n)), 0)
    assert found.weight == pytest.approx(by_hand / by_hand.sum(), abs=0.003)
    assert apart.weight.max() > 2 * found.weight.max()


def test_figures_of_one_number_are_of_the_quantity_of_its_first() -> None:
    figures = [
        Figure.of("ten", 10, 10, number="one", quantity="tens"),
        Figure.of("again", 10, 10, number="one", quantity="others"),
        Figure.of("later", 10, 10, quantity="tens"),
    ]
    same = [Figure.of(one.name, 10, 10, number=one.number, quantity="tens") for one in figures]
    assert match(*figures).weight == pytest.approx(match(*same).weight)
