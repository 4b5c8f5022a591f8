"""Revenue cannot exceed the country's Internet economy."""

import math

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sim.measure.money.prices import (
    draw_parameters,
    drawn,
    firm_parameters,
    highest_level,
    modelled_revenue_usd_per_year,
    warnings_of_revenue,
)
from sim.scenario.resolve import Resolved
from sim.statistics.designs import triangular_quantile, triangular_share
from sim.streams import Streams
from sim.world.build import build_world
from tests.experiments import resolved_of

LUCK = Streams(5, 0)


def scenario(n_businesses: int, name: str = "telegram-2018") -> Resolved:
    return resolved_of(name, [f"population.n_businesses={n_businesses}"])


def levels(resolved: Resolved, n: int = 4000) -> np.ndarray:
    return draw_parameters(resolved, LUCK, n).revenue_level[:, 0]


def unbounded(resolved: Resolved, n: int = 4000) -> np.ndarray:
    sectors = [row.sector for row in resolved.sectors.rows]
    rows = resolved.money_parameters.rows
    return firm_parameters(rows, sectors, drawn(LUCK, n)).revenue_level[:, 0]


def test_modelled_revenue_is_that_of_a_world():
    resolved = scenario(50_000)
    revenue = build_world(resolved, LUCK).businesses.revenue_usd_per_h
    expected = modelled_revenue_usd_per_year(resolved) / (365.25 * 24)
    # Standard error of the sum of that many lognormal numbers.
    assert abs(revenue.sum() - expected) < 4 * revenue.std() * math.sqrt(revenue.size)


def test_a_thousand_businesses_stay_below_the_bound():
    resolved = scenario(1000)
    assert highest_level(resolved) > 5
    assert_array_equal(levels(resolved), unbounded(resolved))


def test_no_draw_breaks_the_bound_and_the_others_keep_their_distribution():
    resolved = scenario(2000)
    (high,) = [row.high for row in resolved.economy.rows if row.key.startswith("internet_economy")]
    found, free = levels(resolved, 20_000), unbounded(resolved, 20_000)
    revenue = found * modelled_revenue_usd_per_year(resolved)
    assert revenue.max() <= high
    assert revenue.max() > 0.97 * high
    # Without the bound some do.
    is_impossible = free > highest_level(resolved)
    assert is_impossible.mean() > 0.005
    # Impossible draws drawn again leave the distribution of those that are possible.
    shares = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
    assert np.quantile(found, shares) == pytest.approx(
        np.quantile(free[~is_impossible], shares), rel=0.02
    )


@pytest.mark.parametrize(("name", "n"), [("austria-2022", 100_000), ("telegram-2018", 10_000_000)])
def test_without_the_figure_and_where_nothing_is_possible_there_is_no_bound(name, n):
    assert math.isinf(highest_level(scenario(n, name)))


def test_revenue_above_the_bound_at_every_level_is_warned_of():
    assert warnings_of_revenue(scenario(2000)) == []
    # 60.8 billion over 0.2 times 8.3 million each: some 39,000 businesses.
    assert warnings_of_revenue(scenario(35_000)) == []
    (said,) = warnings_of_revenue(scenario(45_000))
    assert "more than the Internet economy of economy-russia-2018" in said


def test_the_share_up_to_a_value_is_that_of_its_quantile():
    u = np.linspace(0, 1, 21)
    values = triangular_quantile(u, -2.0, 0.5, 1.0)
    found = [triangular_share(float(value), -2.0, 0.5, 1.0) for value in values]
    assert found == pytest.approx(u.tolist())
    assert (triangular_share(-3, -2, 0, 1), triangular_share(2, -2, 0, 1)) == (0, 1)
