"""Risks of sites, networks and providers: how those of their addresses make them up."""

from dataclasses import replace
from datetime import datetime
from ipaddress import ip_address, ip_network
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from sim.forecast.outlook import forecast
from sim.forecast.record import number_of, read_record
from sim.forecast.risk import (
    _heads,
    _outcomes,
    next_sessions,
    provider_of,
    rate_networks,
    rate_providers,
    rate_sites,
)
from sim.forecast.scores import HORIZON_S
from sim.report.documents.forecasts import answer
from sim.scenario.tables.inventory import read_inventory
from sim.streams import Streams
from tests.csv_rows import csv_rows
from tests.reference_forecast import DAY, POOL, simulate

RECORD = simulate(POOL._replace(propensity_logit=0.5), 10, 60, 3)
OTHERS = tuple(f"203.0.113.{at}" for at in range(20))
RECORD = replace(RECORD, addresses=RECORD.addresses[:40] + OTHERS)
AHEAD = [int(RECORD.start_s[-1] + days * DAY) for days in (3.5, 7)]
A, B, TWIN = RECORD.addresses[0], RECORD.addresses[11], RECORD.addresses[12]
for table in (RECORD.is_listed, RECORD.is_at_start, RECORD.hours):
    table[:, 12] = table[:, 0]
SITES = f"""site,address
a,{A}
b,{B}
both,{A}
both,{B}
mixed,{A}
mixed,2001:db8::1
fresh,104.21.0.99
fresh-too,104.21.0.99
fresh-too,104.21.0.98
fresh-too,198.51.100.7
twins,{A}
twins,{TWIN}
six,2001:db8::1
"""


@pytest.fixture(scope="module")
def outlook():
    return forecast(RECORD, AHEAD, Streams(7, 0))


@pytest.fixture(scope="module")
def rows(outlook, tmp_path_factory):
    path = tmp_path_factory.mktemp("sites") / "sites.csv"
    path.write_text(SITES)
    return {row.name: row for row in rate_sites(outlook, read_inventory("sites", path))}


def test_a_site_of_two_addresses_is_at_least_as_likely_as_each_and_at_most_as_both(rows):
    assert rows["both"].p_next[0] >= max(rows["a"].p_next[0], rows["b"].p_next[0])
    for of in ("p_next", "p_any"):
        a, b, both = (getattr(rows[name], of)[0] for name in ("a", "b", "both"))
        assert max(a, b) - 0.01 <= both <= a + b + 0.01
        assert both > max(a, b) + 0.01 or max(a, b) > 0.98
    mean = (rows["a"].hours_next[0] + rows["b"].hours_next[0]) / 2
    assert rows["both"].hours_next[0] == pytest.approx(mean)
    n_a, n_b = (RECORD.is_listed[:, RECORD.addresses.index(one)] for one in (A, B))
    assert rows["both"].n_listed == (n_a | n_b).sum()
    assert rows["both"].last == RECORD.start_s[np.flatnonzero(n_a | n_b)[-1]]


def test_addresses_of_a_site_that_came_together_come_together_again(rows):
    assert rows["twins"].p_next == rows["a"].p_next
    assert rows["twins"].p_any == rows["a"].p_any
    assert rows["twins"].hours_any == rows["a"].hours_any
    assert rows["fresh-too"].p_next == rows["fresh"].p_next
    assert rows["fresh-too"].p_any == rows["fresh"].p_any


@pytest.mark.parametrize(("shared", "together"), [(4, True), (3, False)])
def test_addresses_come_together_from_a_share_of_sessions_on(shared, together):
    listed = np.zeros((8, 2), bool)
    listed[:5, 0] = listed[:shared, 1] = True
    assert (len(set(_heads(listed, listed.mean(axis=0)).tolist())) == 1) == together


def test_of_addresses_that_come_together_the_likeliest_stands_for_all():
    # The second was listed in one session more, and the first has the higher probability.
    listed = np.ones((8, 3), bool)
    listed[7, 0] = listed[:, 2] = False
    assert _heads(listed, np.array([0.6, 0.5, 0.1])).tolist() == [0, 0, 2]
    assert _heads(listed, np.array([0.5, 0.6, 0.1])).tolist() == [1, 1, 2]


def test_a_session_four_weeks_later_is_as_long_though_clocks_change():
    zone = ZoneInfo("Europe/Madrid")
    # An hour that 29 March lacks.
    last_s = int(datetime(2026, 3, 1, 2, 30, tzinfo=zone).timestamp())
    start_s = RECORD.start_s - RECORD.start_s[-1] + last_s
    record = replace(RECORD, start_s=start_s, end_s=start_s + 3600)
    assert {end - start for start, end in next_sessions(record, zone)} == {3600}


def test_hours_hold_nine_in_ten_outcomes(rows, outlook):
    """Of an address that is listed for all of a session, five hours long, or for nothing of it."""
    at = RECORD.addresses.index(A)
    none, drawn = outlook.none_any[:, :, at], outlook.drawn[:, :, at]
    p_some = [(drawn[drawn > 0] == n).mean() * (1 - none.mean()) for n in range(1, 3)]
    share = np.cumsum([none.mean(), *p_some])
    wanted = [5.0 * np.searchsorted(share, q) for q in (0.05, 0.95)]
    # Courses are scaled to the mean.
    assert rows["a"].hours_any[1:] == pytest.approx(wanted, rel=0.05)
    assert outlook.none_next[:, :, at].mean() < 0.95
    assert rows["a"].hours_next[1:] == pytest.approx((0, 5), rel=1e-3)
    # By hand: none with 0.6, and of the courses with any one in two for one hour, or for nine.
    drawn = np.array([[0, 1, 9, 1, 9, 0]])
    none, expected = np.full((1, 6), 0.6), np.full((1, 6), 2.0)
    assert _outcomes(expected, drawn, np.full((1, 6), 9), drawn > 0, none, 2.0) == (4, 0, 18)
    assert _outcomes(expected, drawn, drawn, drawn > 0, none + 0.36, 2.0) == (4, 0, 0)
    many = np.arange(1001.0)[np.newaxis]
    half = np.full(many.shape, 0.5)
    assert _outcomes(many / 2, many, many * 2, many >= 0, half, 1.0) == pytest.approx((250, 0, 900))
    # Corrected to less: so are its outcomes.
    assert _outcomes(many / 4, many, many, many >= 0, half, 1.0) == pytest.approx((125, 0, 450))
    assert rows["fresh"].hours_any[1:] == (0, 0)
    assert rows["fresh"].hours_any[0] > 0


def test_hours_of_providers_in_the_record_lie_in_their_ranges():
    """Of every second session to 31 January, each forecast from those before it."""
    record, inside = read_record(None).before(20), []
    names = np.array([provider_of(number_of(one)) for one in record.addresses])
    for k in range(7, 20, 2):
        ahead = record.start_s[k:][record.start_s[k:] < record.start_s[k] + HORIZON_S].tolist()
        for row in rate_providers(forecast(record.before(k), ahead, Streams(7, 0))):
            came = record.hours[k : k + len(ahead), names == row.name].sum(axis=1)
            for (_, low, high), hours in ((row.hours_next, came[0]), (row.hours_any, came.sum())):
                inside.append(low <= hours <= high)
    assert len(inside) == 56
    assert 0.8 < np.mean(inside) < 1


def test_what_is_not_known_has_no_number_and_what_is_new_has_a_small_one(rows, outlook):
    six = rows["six"]
    assert (six.addresses, six.p_next, six.p_any, six.hours_next, six.hours_any) == ((),) + 4 * (
        None,
    )
    # IPv4 alone is counted where a site has both.
    assert rows["mixed"]._replace(name="a") == rows["a"]
    fresh = rows["fresh"]
    assert (fresh.n_listed, fresh.last) == (0, None)
    rate = outlook.new_next.mean() * outlook.spread.density(number_of("104.21.0.99"))
    assert fresh.p_next[0] == pytest.approx(rate, rel=0.05)
    assert 0 < fresh.p_next[0] < fresh.p_any[0] < rows["b"].p_any[0]
    many = [fresh._replace(p_next=(0.725,) * 3)] * 400
    assert "to list 290 of your 400 sites with" in answer(outlook, many)


def test_ranges_hold_their_mean_and_no_probability_is_beyond_one(rows, outlook):
    found = [*rows.values(), *rate_networks(outlook), *rate_providers(outlook)]
    for row in found:
        for one in (row.p_next, row.p_any):
            assert one is None or 0 <= one[1] <= one[0] <= one[2]
        for one in (row.hours_next, row.hours_any):
            assert one is None or 0 <= one[1] <= min(one[0], one[2])
        assert row.p_next is None or row.p_next[0] <= row.p_any[0] <= 1


def test_within_one_session_both_probabilities_are_one(tmp_path):
    alone = forecast(RECORD, AHEAD[:1], Streams(7, 0))
    for row in (*rate_networks(alone), *rate_providers(alone)):
        assert row.p_any == pytest.approx(row.p_next)


def test_hours_of_all_networks_are_those_of_what_is_listed(outlook):
    networks, providers = rate_networks(outlook), rate_providers(outlook)
    assert sum(len(row.addresses) for row in networks) == len(RECORD.addresses)
    for row in networks:
        assert all(ip_address(one) in ip_network(row.name) for one in row.addresses)
    # Sessions of five hours, in which all are listed for the whole time.
    expected = outlook.p_next.mean(axis=0).sum() + outlook.new_next.mean()
    assert sum(row.hours_next[0] for row in providers) == pytest.approx(5 * expected)
    listed = outlook.n_listed.mean(axis=(0, 1)).sum() + outlook.new_listed.mean()
    assert sum(row.hours_any[0] for row in providers) == pytest.approx(5 * listed)
    assert {row.name: len(row.addresses) for row in providers} == {"Cloudflare": 40, "other": 20}
    order = [row.hours_next[0] for row in networks]
    assert order == sorted(order, reverse=True)


def test_an_address_has_the_provider_of_its_most_specific_range(repository):
    rows = csv_rows(repository / "seeds/provider-prefixes-2026.csv")
    ranges = [(ip_network(row["prefix"]), row["provider"]) for row in rows]
    ranges = [one for one in ranges if one[0].version == 4]
    rng = np.random.default_rng(5)
    some = [ranges[n][0] for n in rng.choice(len(ranges), 40, replace=False)]
    numbers = [int(one.network_address) + d for one in some for d in (-1, 0, one.num_addresses)]
    for number in numbers:
        address = ip_address(number)
        holding = [one for one in ranges if address in one[0]]
        wanted = max(holding, key=lambda one: one[0].prefixlen)[1] if holding else "other"
        assert provider_of(number) == wanted, address
