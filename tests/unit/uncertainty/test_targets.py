"""Targets of a calibration as people write them."""

from __future__ import annotations

import pytest

from sim.errors import ScenarioError
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, resolve
from sim.uncertainty.targets import Target, parse_targets

METRICS = ("addresses_listed_peak", "private_loss_usd")
DAY = 86_400


@pytest.fixture(scope="module")
def resolved() -> Resolved:
    return resolve(load_scenario("telegram-2018-replay"))


def target(resolved: Resolved, text: str) -> Target:
    (found,) = parse_targets(resolved, [text], METRICS)
    return found


@pytest.mark.parametrize(
    "text", ["addresses_listed_peak=18e6±5%", "addresses_listed_peak = 18e6 +- 900000"]
)
def test_a_number_and_its_tolerance(resolved: Resolved, text: str) -> None:
    found = target(resolved, text)
    assert (found.name, found.metric) == ("addresses_listed_peak", "addresses_listed_peak")
    assert (found.value, found.tolerance) == (18e6, 900_000)
    assert found.source == "given with the command"
    assert found.curve_time is None


def test_a_published_figure_brings_its_value_and_source(resolved: Resolved) -> None:
    found = target(resolved, "addresses_listed_peak=article-figures:blacklisted_addresses±10%")
    assert (found.value, found.tolerance) == (18_000_000, 1_800_000)
    assert found.source.startswith("article-figures:blacklisted_addresses (")


def test_a_published_total_brings_its_time(resolved: Resolved) -> None:
    row = "telegram-2018-published-totals:2018-04-18T12:00+03:00"
    found = target(resolved, f"addresses_listed_with_target={row}±500000")
    assert found.value == 16_300_000
    assert found.curve_time is not None
    assert found.curve_time.t_s == 2 * DAY + DAY // 2
    assert found.name == "addresses_listed_with_target@2018-04-18T12:00+03:00"
    assert target(resolved, f"addresses_listed_peak={row}±5%").curve_time is None


def test_a_curve_is_read_at_the_time_asked(resolved: Resolved) -> None:
    found = target(resolved, "businesses_impaired@2018-04-17T00:00+03:00=40±4")
    assert found.curve_time is not None
    assert (found.curve_time.metric, found.curve_time.t_s) == ("businesses_impaired", DAY)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("addresses_listed_peak=18e6", "expected METRIC"),
        ("addresses_listed_peak=±3", "expected METRIC"),
        ("addresses_listed_peak=many±3", "expected METRIC"),
        ("addresses_listed_peak=18e6±0", "expected a tolerance above 0"),
        ("addresses_listed_peak=0±5%", "expected an absolute tolerance"),
        ("addresses_listed_pek=1±1", "did you mean 'addresses_listed_peak'?"),
        ("businesses_impaired=1±1", "expected a time, since businesses_impaired is a curve"),
        ("private_loss_usd@2018-04-17T00:00+03:00=1±1", "expected one of the curves"),
        ("businesses_impaired@2018-04-17=1±1", "expected a date and time with offset"),
        ("businesses_impaired@2017-04-17T00:00+03:00=1±1", "expected a time within the run"),
        ("private_loss_usd=no-such-table:x±1", "expected a seed table"),
        ("private_loss_usd=article-figures:amazon_stance±1", "expected a number in"),
        ("private_loss_usd=article-figures:x±1", "expected a row of article-figures"),
        ("businesses_impaired=telegram-2018-published-totals:2018-04-19±1", "got 2 rows"),
    ],
)  # fmt: skip
def test_what_is_no_target_is_refused(resolved: Resolved, text: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        target(resolved, text)
    assert message in str(caught.value)


def test_a_target_given_twice_is_refused_with_all_other_mistakes(resolved: Resolved) -> None:
    twice = ["private_loss_usd=1±1", "private_loss_usd=2±1", "x=1±1"]
    with pytest.raises(ScenarioError) as caught:
        parse_targets(resolved, twice, METRICS)
    assert len(caught.value.problems) == 2
