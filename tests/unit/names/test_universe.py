"""What a study finds of the names it looks at: name by name, and against names that are drawn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtri

from sim.names.law import NamesLaw, Seen, seen_by_popularity, seen_evenly

SIZES = [50, 12, 11, 10, 2, 1, 1, 1]
LAW = NamesLaw(np.array([50, 12, 11, 10, 2, 1]), np.array([1, 1, 1, 1, 1, 3]))
QUANTITIES = (
    "n_names", "n_addresses", "share_single", "mean_names", "share_sites_crowded",
    "share_sites_alone",
)  # fmt: skip


def found_in(sizes: list[int]) -> dict[str, float]:
    """Quantities of addresses with these numbers of names, counted name by name."""
    names = [size for size in sizes for _ in range(size)]
    shown = [size for size in sizes if size]
    return {
        "n_names": len(names),
        "n_addresses": len(shown),
        "share_single": sum(size == 1 for size in shown) / max(len(shown), 1),
        "mean_names": len(names) / max(len(shown), 1),
        "share_sites_crowded": sum(size - 1 >= 10 for size in names) / max(len(names), 1),
        "share_sites_alone": sum(size == 1 for size in names) / max(len(names), 1),
    }


def test_all_names_are_counted_one_by_one():
    seen = seen_evenly(LAW, 1.0)
    for quantity, value in found_in(SIZES).items():
        assert seen.quantity(quantity) == pytest.approx(value), quantity
    assert seen.quantity("max_names") == 50
    assert seen.quantity("share_top", 2) == pytest.approx(62 / sum(SIZES))
    with pytest.raises(ValueError, match="a quantity of the law"):
        seen.quantity("share_of_cats")


@pytest.mark.parametrize("share", [0.05, 0.4, 0.9])
def test_a_random_part_of_the_names_shows_what_drawing_them_shows(share):
    wide = NamesLaw(np.array([400, 40, 12, 5, 1]), np.array([20, 100, 300, 900, 4000]))
    drawn = thinned(wide, np.full(5, share), np.random.default_rng(1))
    for quantity in QUANTITIES:
        expected = seen_evenly(wide, share).quantity(quantity)
        assert drawn[quantity] == pytest.approx(expected, rel=0.08, abs=0.004), quantity
    # Negative control: what all names show is another thing.
    assert drawn["n_names"] < 0.96 * seen_evenly(wide, 1.0).quantity("n_names")


def thinned(law: NamesLaw, share: np.ndarray, rng: np.random.Generator) -> dict[str, float]:
    sizes = np.repeat(law.size, law.count)
    return found_in(rng.binomial(sizes, np.repeat(share, law.count)).tolist())


def test_names_with_ten_neighbours_are_counted_by_the_binomial_law():
    size = np.array([4000, 60, 12, 11, 10, 1])
    for share in (0.003, 0.3, 1.0):
        for row, n in enumerate(size.tolist()):
            one = NamesLaw(size[row : row + 1], np.array([3]))
            expected = stats.binom.sf(9, n - 1, share)
            found = seen_evenly(one, share).quantity("share_sites_crowded")
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-15), (n, share)


def test_popular_names_are_looked_at_as_drawn_ones_are():
    law = NamesLaw(np.array([500, 20, 3, 1]), np.array([100, 2000, 10_000, 30_000]))
    share, rho, n = 0.1, 0.5, 400_000
    rng = np.random.default_rng(2)
    # Names by how lonely they sit, and a popularity that goes with it; the top tenth is looked at.
    lonely, own = rng.random(n), rng.standard_normal(n)
    popular = rho * ndtri(lonely) + np.sqrt(1 - rho**2) * own
    is_seen = popular > np.quantile(popular, 1 - share)
    row = np.searchsorted(law.name_edge / law.n_names, lonely)
    expected = np.bincount(row, is_seen, law.size.size) / np.bincount(row, minlength=law.size.size)
    seen = seen_by_popularity(law, share, rho)
    assert np.allclose(seen.share, expected, atol=0.005)
    assert not np.allclose(seen_evenly(law, share).share, expected, atol=0.02)


def test_popularity_that_goes_with_nothing_is_a_random_part():
    seen = seen_by_popularity(LAW, 0.2, 0.0)
    assert np.allclose(seen.share, 0.2)
    assert seen.quantity("n_names") == pytest.approx(0.2 * LAW.n_names)


def test_the_share_looked_at_is_kept_and_popular_names_sit_more_alone():
    for rho in (0.2, 0.4, 0.8):
        seen = seen_by_popularity(LAW, 0.1, rho)
        assert seen.quantity("n_names") == pytest.approx(0.1 * LAW.n_names)
        alone = Seen.quantity(seen, "share_sites_alone")
        assert alone > seen_evenly(LAW, 0.1).quantity("share_sites_alone")
