"""Laws of kinds in many draws: the law of one kind in each, and no size lost between classes."""

from __future__ import annotations

import numpy as np
import pytest

from sim.names.draws import draw_kinds, draw_law, draw_laws
from sim.names.law import NamesLaw
from sim.names.sharing import build_kinds
from tests.names import assumptions, census_law, census_rows

N_DRAWS = 6


def drawn(**changed: list[float]) -> dict[str, np.ndarray]:
    return {key: np.full(N_DRAWS, value) for key, value in assumptions().items()} | {
        key.replace("__", "."): np.array(value) for key, value in changed.items()
    }


def test_sums_between_sizes_are_those_of_the_law() -> None:
    law = NamesLaw(np.array([5000, 100, 4, 2, 1]), np.array([10, 100, 500, 500, 1000]))
    found = law.sums_between(np.array([[1, 2, 5, 5001], [4, 4, 100, 101]]))
    assert found[0].tolist() == [[1000, 1000, 110], [0, 500, 100]]
    assert found[1].tolist() == [[1000, 3000, 60_000], [0, 2000, 10_000]]
    assert found[2, 0].tolist() == [1000, 4 * 500 + 16 * 500, 100 * 100**2 + 10 * 5000**2]


def test_each_draw_has_the_law_of_its_own_parameters() -> None:
    laws = [census_law(), draw_law(census_rows(), np.random.default_rng(3))]
    value = drawn(
        web_hosting__min_names=[2, 3, 10, 10, 37, 50],
        web_hosting__max_names=[500, 501, 502, 2000, 3000, 5000],
        rented__share_single=[0.6, 0.7, 0.8, 0.85, 0.9, 0.97],
        proxy__min_names=[100, 101, 999, 1000, 1001, 5000],
    )
    found = draw_kinds(laws, value)
    for draw in range(N_DRAWS):
        one = {key: float(each[draw]) for key, each in value.items()}
        for kind, given in zip(build_kinds(laws[draw % 2], one), found, strict=True):
            size, count = kind.law.size.astype(float), kind.law.count
            assert given.mean_names[draw] == pytest.approx(kind.law.mean_names, rel=1e-4)
            # Drawn by names: names of a name's address.
            by_names = given.n_squares[draw].sum() / given.n_names[draw].sum()
            assert by_names == pytest.approx((count * size**2).sum() / kind.law.n_names, rel=1e-4)


def test_names_on_many_addresses_are_as_many_as_their_law_says() -> None:
    n = np.full(N_DRAWS, 200_000)
    (rented,) = draw_kinds([census_law()], drawn())[3:]
    names = rented.names_on(n, np.random.default_rng(1))
    law = build_kinds(census_law(), assumptions())[3].law
    error = np.sqrt(((law.size - law.mean_names) ** 2 @ law.count) / law.n_addresses / n[0])
    assert np.abs(names / n - law.mean_names).max() < 5 * error
    assert np.abs(names / n - 1.05 * law.mean_names).min() > 5 * error


def test_a_kind_without_addresses_is_said() -> None:
    small = NamesLaw(np.array([5000, 4, 1]), np.array([10, 500, 1000]))
    with pytest.raises(ValueError, match="addresses with 10 to 2000 names of the kind web_hosting"):
        draw_kinds([small], drawn())


def test_laws_drawn_together_are_spread_evenly_and_meet_the_rows() -> None:
    n_laws = 24
    laws = draw_laws(census_rows(), n_laws, np.random.default_rng(5))
    (row,) = (r for r in census_rows() if r.quantity == "share_top" and r.n_addresses == 1000)
    off = np.array([(law.share_top(1000) - row.value) / row.rounding for law in laws])
    assert np.abs(off).max() < 1.001
    # One in each part of the range, but for those that no curve met and that were drawn anew.
    part = np.floor((off + 1) / 2 * n_laws).astype(int)
    assert np.unique(part).size > 0.8 * n_laws
    alone = [draw_law(census_rows(), rng) for rng in map(np.random.default_rng, range(n_laws))]
    off = np.array([(law.share_top(1000) - row.value) / row.rounding for law in alone])
    assert np.unique(np.floor((off + 1) / 2 * n_laws)).size < 0.8 * n_laws
