"""Laws of kinds in many draws: the law of one kind in each, and no size lost between classes."""

import numpy as np
import pytest

from sim.names.expected import draw_kinds, draw_law, draw_laws
from sim.names.law import NamesLaw, fit_names_law
from sim.names.sharing import build_kinds
from sim.scenario.tables.sharing import ConcentrationRow
from tests.names import assumptions, census_law, census_rows, share_single, share_top

N_DRAWS = 6


def drawn(**changed: list[float]) -> dict[str, np.ndarray]:
    return {key: np.full(N_DRAWS, value) for key, value in assumptions().items()} | {
        key.replace("__", "."): np.array(value) for key, value in changed.items()
    }


def test_sums_between_sizes_are_those_of_the_law():
    law = NamesLaw(np.array([5000, 100, 4, 2, 1]), np.array([10, 100, 500, 500, 1000]))
    found = law.sums_between(np.array([[1, 2, 5, 5001], [4, 4, 100, 101]]))
    assert found[0].tolist() == [[1000, 1000, 110], [0, 500, 100]]
    assert found[1].tolist() == [[1000, 3000, 60_000], [0, 2000, 10_000]]


def test_each_draw_has_the_law_of_its_own_parameters():
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
            assert given.mean_names[draw] == pytest.approx(kind.mean_names, rel=1e-4)


def test_names_on_many_addresses_are_as_many_as_their_law_says():
    n = np.full(N_DRAWS, 200_000)
    (rented,) = draw_kinds([census_law()], drawn())[3:]
    names = rented.names_on(n, np.random.default_rng(1))
    law = build_kinds(census_law(), assumptions())[3]
    error = np.sqrt(((law.size - law.mean_names) ** 2 @ law.count) / law.n_addresses / n[0])
    assert np.abs(names / n - law.mean_names).max() < 5 * error
    assert np.abs(names / n - 1.05 * law.mean_names).min() > 5 * error


def test_a_kind_without_addresses_is_said():
    small = NamesLaw(np.array([5000, 4, 1]), np.array([10, 500, 1000]))
    with pytest.raises(ValueError, match="addresses with 10 to 2000 names of the kind web_hosting"):
        draw_kinds([small], drawn(web_hosting__max_names=[5000] * 5 + [2000]))


def test_large_sizes_are_distinguished_by_a_quarter():
    # Edges of proxies are 20 times powers of 1.25: 711 and 888 lie between 500, 750 and 1000.
    law = NamesLaw(np.array([1000, 750, 500, 10]), np.array([1, 3, 7, 100]))
    proxies, *_ = draw_kinds([law], drawn(proxy__min_names=[100] * 6, parking__min_names=[100] * 6))
    assert proxies.n_addresses[0][proxies.n_addresses[0] > 0].tolist() == [7, 3, 1]


def test_laws_drawn_together_are_spread_evenly_and_meet_the_rows():
    n_laws = 24
    laws = draw_laws(census_rows(), n_laws, np.random.default_rng(5))
    (row,) = (r for r in census_rows() if r.quantity == "share_top" and r.n_addresses == 1000)
    off = np.array([(share_top(law, 1000) - row.value) / row.rounding for law in laws])
    assert np.abs(off).max() < 1.001
    # One in each part of the range, but for those that no curve met and that were drawn anew.
    assert np.unique(np.floor((off + 1) / 2 * n_laws).astype(int)).size > 0.8 * n_laws
    alone = [draw_law(census_rows(), rng) for rng in map(np.random.default_rng, range(n_laws))]
    off = np.array([(share_top(law, 1000) - row.value) / row.rounding for law in alone])
    assert np.unique(np.floor((off + 1) / 2 * n_laws)).size < 0.8 * n_laws


# Laws that a census allows: each meets the rows within their rounding, and they differ.


N = 12


def draws(rows: list[ConcentrationRow]) -> list[NamesLaw]:
    rng = np.random.default_rng(5)
    return [draw_law(rows, rng) for _ in range(N)]


def test_each_law_meets_every_row_within_its_rounding():
    rows = census_rows()
    for law in draws(rows):
        measured = {"n_names": law.n_names, "n_addresses": law.n_addresses}
        measured["share_single"] = share_single(law)
        for row in rows:
            if row.role != "calibration":
                continue
            is_fewer = row.relation == "fewer"
            rank = (row.n_addresses or 0) - is_fewer
            value = measured.get(row.quantity, share_top(law, rank) if rank else None)
            # Sizes are whole names, and so are counts.
            assert abs(value - row.value) <= row.rounding * 1.01 + 1e-3 * row.value, row


def test_laws_differ_where_the_rows_leave_it_open():
    laws = draws(census_rows())
    given = fit_names_law(census_rows())
    most = [int(law.size[0]) for law in laws]
    assert min(most) < given.size[0] < max(most)
    at_the_end = [int(law.n_names_of(np.array([9_999.5 / law.n_addresses]))[0]) for law in laws]
    # The rows leave the size at rank 10,000 anywhere from 5 to 5,674.
    assert min(at_the_end) < 100 < 1000 < max(at_the_end)


def test_the_same_luck_draws_the_same_laws():
    once, again = draws(census_rows()), draws(census_rows())
    assert all(np.array_equal(a.size, b.size) for a, b in zip(once, again, strict=True))
    assert all(np.array_equal(a.count, b.count) for a, b in zip(once, again, strict=True))


def test_rows_that_no_curve_meets_are_refused():
    rows = [
        row.model_copy(update={"value": 0.999}) if row.n_addresses == 100 else row
        for row in census_rows()
    ]
    with pytest.raises(ValueError, match="expected"):
        draw_law(rows, np.random.default_rng(1))


def test_laws_that_no_draw_of_the_rounding_meets_are_refused_and_not_left_out():
    rows = census_rows()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sim.names.expected._law_at", lambda *given: None)
        for draw in (lambda: draw_law(rows, np.random.default_rng(1)),
                     lambda: draw_laws(rows, 2, np.random.default_rng(1))):  # fmt: skip
            with pytest.raises(ValueError, match="expected rows that some falling curve meets"):
                draw()
