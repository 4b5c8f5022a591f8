"""The map: the curve of xkcd 195, and shares counted by plain sets."""

from __future__ import annotations

import ipaddress

import numpy as np
import pytest

from sim.addresses.sets.intervals import IntervalSet
from sim.report.figures import look
from sim.report.figures.maps import (
    ORDER,
    SIDE,
    draw_address_map,
    position,
    read_address_map,
    shares,
)
from sim.results.folder import RunFolder


def test_the_curve_visits_every_pixel_by_steps_of_one() -> None:
    x, y = position(np.arange(4**ORDER), ORDER)
    assert np.unique(x * SIDE + y).size == SIDE * SIDE
    assert (np.abs(np.diff(x)) + np.abs(np.diff(y)) == 1).all()


@pytest.mark.parametrize(
    ("network", "quarter"),
    [("0.0.0.0", (0, 0)), ("64.0.0.0", (0, 1)), ("128.0.0.0", (1, 1)), ("192.0.0.0", (1, 0))],
)
def test_quarters_lie_as_on_the_drawing(network: str, quarter: tuple[int, int]) -> None:
    first = int(ipaddress.IPv4Address(network)) >> 16
    x, y = position(np.arange(first, first + 2**14), ORDER)
    assert {tuple(pair) for pair in np.unique(np.column_stack((x, y)) // 128, axis=0).tolist()} == {
        quarter
    }


def test_shares_are_addresses_of_each_sixteen_that_are_in_the_set() -> None:
    prefixes = ["10.0.0.0/15", "10.3.128.0/17", "192.0.2.0/24", "192.0.9.7/32"]
    networks = [ipaddress.IPv4Network(one) for one in prefixes]
    starts = [int(one.network_address) for one in networks]
    stops = [int(one.broadcast_address) + 1 for one in networks]
    found = shares(IntervalSet.from_bounds(starts, stops))
    expected = np.zeros(2**16)
    for network in networks:
        pieces = network.subnets(new_prefix=16) if network.prefixlen < 16 else [network]
        for piece in pieces:
            expected[int(piece.network_address) >> 16] += piece.num_addresses / 65_536
    assert found == pytest.approx(expected, abs=1e-15)
    assert not shares(IntervalSet.from_bounds([], [])).any()


def test_the_map_is_of_the_typical_simulation(ensemble: RunFolder) -> None:
    shown = read_address_map(ensemble, None)
    assert shown.simulation == ensemble.manifest["typical"][ensemble.strategies[0]]
    assert shown.n_listed == 11
    # All eleven are 188.114.96.0 to .10, of one provider.
    assert np.flatnonzero(shown.listed).tolist() == [188 * 256 + 114]
    assert shown.listed[188 * 256 + 114] == pytest.approx(11 / 65_536)
    assert [(name, n) for name, n, _ in shown.providers] == [("Cloudflare", 11)]
    with look.users_style():
        (ax,) = draw_address_map(shown, 5).axes
    x, y = position([188 * 256 + 114], ORDER)
    marks = next(line for line in ax.lines if line.get_marker() == "s")
    assert (marks.get_xdata()[0], marks.get_ydata()[0]) == (x[0] + 0.5, y[0] + 0.5)
