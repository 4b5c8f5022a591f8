"""Laws that a census allows: each meets the rows within their rounding, and they differ."""

from __future__ import annotations

import numpy as np
import pytest

from sim.names.draws import draw_law, draw_laws
from sim.names.law import NamesLaw, fit_names_law
from sim.scenario.tables.sharing import ConcentrationRow
from tests.names import census_rows

N = 12


def draws(rows: list[ConcentrationRow]) -> list[NamesLaw]:
    rng = np.random.default_rng(5)
    return [draw_law(rows, rng) for _ in range(N)]


def test_each_law_meets_every_row_within_its_rounding():
    rows = census_rows()
    for law in draws(rows):
        measured = {"n_names": law.n_names, "n_addresses": law.n_addresses}
        measured["share_single"] = law.share_single
        for row in rows:
            if row.role != "calibration":
                continue
            is_fewer = row.relation == "fewer"
            rank = (row.n_addresses or 0) - is_fewer
            value = measured.get(row.quantity, law.share_top(rank) if rank else None)
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
        patch.setattr("sim.names.draws._law_at", lambda *given: None)
        for draw in (lambda: draw_law(rows, np.random.default_rng(1)),
                     lambda: draw_laws(rows, 2, np.random.default_rng(1))):  # fmt: skip
            with pytest.raises(ValueError, match="expected rows that some falling curve meets"):
                draw()
