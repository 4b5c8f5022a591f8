"""The law of names per address against seeds/hosting-concentration.csv, rank by rank."""

from __future__ import annotations

import time

import numpy as np
import pytest

from sim.names.law import Calibration, fit_curve
from tests.names import census_law, census_rows

ROWS = {(row.quantity, row.n_addresses): row for row in census_rows()}
TOPS = sorted(n for quantity, n in ROWS if quantity == "share_top")


@pytest.fixture(scope="module")
def names_by_rank():
    """Names at every rank, by the power law of each piece and not by the law's own columns."""
    calibration = Calibration.of(census_rows())
    curve = fit_curve(calibration)
    names = np.empty(calibration.n_addresses, np.int64)
    knots = zip(curve.rank, curve.size, strict=True)
    first_rank, first_size = next(knots)
    for rank, size in knots:
        r = np.arange(np.ceil(first_rank), np.floor(rank) + 1)
        slope = np.log(size / first_size) / np.log(rank / first_rank)
        value = first_size * (r / first_rank) ** slope
        names[r.astype(np.int64) - 1] = np.floor(value * (1 + 1e-11))
        first_rank, first_size = rank, size
    return names


def test_the_census_holds_its_names_and_addresses(names_by_rank):
    total = ROWS["n_names", None]
    assert abs(int(names_by_rank.sum()) - total.value) <= 20
    addresses = ROWS["n_addresses", None]
    assert abs(names_by_rank.size - addresses.value) <= addresses.rounding


def test_single_addresses_come_in_their_share(names_by_rank):
    row = ROWS["share_single", None]
    assert abs((names_by_rank == 1).mean() - row.value) <= row.rounding
    assert (names_by_rank == 1).sum() == round(row.value * names_by_rank.size)


@pytest.mark.parametrize("n_addresses", TOPS)
def test_the_most_crowded_addresses_hold_their_share(names_by_rank, n_addresses):
    assert TOPS == [10, 100, 1000, 10000]
    row = ROWS["share_top", n_addresses]
    held = names_by_rank[:n_addresses].sum() / names_by_rank.sum()
    assert abs(held - row.value) <= row.rounding
    reached_by = n_addresses - (row.relation == "fewer")
    assert abs(names_by_rank[:reached_by].sum() / names_by_rank.sum() - row.value) < 1e-6


def test_the_columns_of_the_law_are_the_curve(names_by_rank):
    law = census_law()
    assert np.array_equal(np.repeat(law.size, law.count), names_by_rank)
    assert law.n_addresses == names_by_rank.size
    assert law.n_names == names_by_rank.sum()
    for n_addresses in (1, 9, 57, 1000, 123_456):
        held = names_by_rank[:n_addresses].sum() / names_by_rank.sum()
        assert law.share_top(n_addresses) == pytest.approx(held, rel=1e-12)


def test_a_draw_per_rank_gives_the_rank_back_in_time(names_by_rank):
    law = census_law()
    u = (np.arange(law.n_addresses) + 0.5) / law.n_addresses
    started = time.process_time()
    drawn = law.n_names_of(u)
    assert time.process_time() - started < 3
    assert np.array_equal(drawn, names_by_rank)


def test_no_address_holds_more_than_one_was_seen_to_hold():
    assert census_law().size[0] <= ROWS["max_names", None].value
