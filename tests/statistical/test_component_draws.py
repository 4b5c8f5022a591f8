"""Components come in the numbers, modes and services of their tables."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.scenario.tables import ROLES
from sim.scenario.tables_sharing import N_ADDRESSES, ComponentRow, ServiceRow
from sim.world.components import OWN, is_spread, n_addresses_of, service_of
from tests.names import shipped_table

N = 100_000
LAST = np.nextafter(1, 0)
ROWS = shipped_table("components-2018", ComponentRow).rows
SERVICES = shipped_table("third-party-services-2018", ServiceRow).rows


def within(found: float, expected: float) -> bool:
    return abs(found - expected) <= 4 * math.sqrt(expected * (1 - expected) / N)


@pytest.mark.parametrize("role", range(len(ROLES)))
def test_components_follow_their_tables(role):
    row = ROWS[role]
    rng = np.random.default_rng(role)
    role_row = np.full(N, role)
    n_addresses = n_addresses_of(ROWS, role_row, rng.random(N))
    for number, share in zip(N_ADDRESSES, row.address_shares, strict=True):
        assert within((n_addresses == number).mean(), share)
    assert within(is_spread(ROWS, role_row, rng.random(N)).mean(), row.share_spread)
    service = service_of(ROWS, SERVICES, role_row, rng.random(N))
    assert within((service != OWN).mean(), row.share_third_party)
    assert not within((service != OWN).mean(), row.share_third_party + 0.02)
    total = sum(one.popularity for one in SERVICES if one.role == row.role)
    for number, one in enumerate(SERVICES):
        expected = row.share_third_party * one.popularity / total * (one.role == row.role)
        assert within((service == number).mean(), expected), one.service


def test_edges_of_luck_fall_in_the_table():
    role_row, edges = np.arange(5).repeat(2), np.tile([0.0, LAST], 5)
    assert n_addresses_of(ROWS, role_row, edges).tolist() == [1, 8] * 5
    assert is_spread(ROWS, role_row, edges).tolist() == [True, False] * 5
    service = service_of(ROWS, SERVICES, role_row, edges)
    assert service[1::2].tolist() == [OWN] * 5
    assert [SERVICES[row].role for row in service[::2]] == list(ROLES)


def test_one_more_component_changes_only_its_own_draw():
    rng = np.random.default_rng(11)
    role_row, u = rng.integers(0, 5, 501), rng.random(501)
    for draw in (n_addresses_of, is_spread):
        assert np.array_equal(draw(ROWS, role_row[:500], u[:500]), draw(ROWS, role_row, u)[:500])
    fewer = service_of(ROWS, SERVICES, role_row[:500], u[:500])
    assert np.array_equal(fewer, service_of(ROWS, SERVICES, role_row, u)[:500])


def test_a_role_without_services_is_built_by_businesses_themselves():
    without = [row for row in SERVICES if row.role != "payment"]
    role_row = np.full(3, ROLES.index("payment"))
    assert service_of(ROWS, without, role_row, np.array([0.0, 0.5, LAST])).tolist() == [OWN] * 3


def test_order_of_rows_does_not_matter_but_every_role_needs_one():
    role_row, u = np.arange(5), np.full(5, 0.55)
    assert np.array_equal(
        n_addresses_of(ROWS, role_row, u), n_addresses_of(ROWS[::-1], role_row, u)
    )
    with pytest.raises(ValueError, match="expected one row for each of frontend"):
        n_addresses_of(ROWS[:4], role_row, u)
