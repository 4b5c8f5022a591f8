"""Do 18 million addresses emerge? A few replicates against what the page and what newspapers say.

`docs/explanation/emergence.md` states a band, the 5th to the 95th percentile of 200 replicates, and
a median. Twenty replicates hold it as far as twenty can:

- each lies in a band of 90 % with probability 0.9, so that fewer than 14 of 20 do once in 400;
- each lies below the median with probability 0.5, so that fewer than 4 or more than 16 of 20 do
  once in 400.

Published totals of the register are held to the mean of the replicates: its 99 % interval, by
Student's t, overlaps the totals of 18 to 20 April. The interval is about 2 million to either side;
a mean that is further than that from every published total has to be explained.

The seed is fixed: a test that passes goes on to pass until the model or the page changes. That the
order of size emerges for assumptions in the middle of their ranges, and not for others, is said on
the page, and `test_another_censor_or_a_quiet_public_lists_something_else` holds it.

That the target loses a little and not much is asked of whole replicates, to the end of the year:
the page says 0.9 % of its user-hours and 0.4 % of its users. Bounds are several times that.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from sim.engine.run import simulate
from sim.engine.state.tally import Group
from sim.engine.strategies import build_strategy
from sim.measure.impact import measure_target
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.streams import Streams
from sim.world.build import build_world

pytestmark = pytest.mark.laws

HOUR = 3600
N = 20
START = np.datetime64("2018-04-16T11:30")
INSTANTS = {
    "18 April, 12:00": np.datetime64("2018-04-18T12:00"),
    "19 April, 12:00": np.datetime64("2018-04-19T12:00"),
    "20 April, 12:00": np.datetime64("2018-04-20T12:00"),
}
PUBLISHED = (16_300_000, 17_771_008)
"""Totals at noon of 18 April (forbes.ru) and of the list of 20 April (ailove-lab/cidr), the least
and the greatest of these days that count no address twice: seeds/telegram-2018-published-totals."""


BEFORE = (
    "strategy={id: covering-prefix, purity: 0.99, shortest: 8}",
    "fronts={n_known: off, cancel_h: off}",
    "censor={under_pressure: silence, narrow_length: off}",
    "censor={review_every_d: off, review_silent_d: off, review_addresses: off}",
    "users.hop_min=off",
    "complaints.per_million_people_per_d=off",
)
"""The censor that the page is about: it widens at once, and is silent under pressure."""


NOW = "## As the scenario is now"
SECTIONS = {NOW: (), "## What came out before": BEFORE}
"""Sections of the page with such a table, and what makes the present scenario theirs."""


@cache
def listed(n: int, *overrides: str, before: tuple[str, ...] = BEFORE) -> np.ndarray:
    """Addresses listed at each instant; shape (n, n_instants)."""
    end = "end=2018-04-20T12:00:01+03:00"
    resolved = resolve(load_scenario("telegram-2018", [end, *before, *overrides]))
    at_s = [int((instant - START) / np.timedelta64(1, "s")) for instant in INSTANTS.values()]
    found = []
    for replicate in range(n):
        streams = Streams(resolved.scenario.root_seed or 0, replicate)
        world = build_world(resolved, streams)
        outcome = simulate(world, build_strategy(resolved, streams), streams)
        t_s, value = outcome.curves.points("addresses_listed", Group())
        found.append(value[np.searchsorted(t_s, at_s, side="right") - 1])
    return np.array(found)


@pytest.fixture(scope="module")
def page(repository: Path) -> dict[str, tuple[float, float, float]]:
    """Median and band that the page states of the censor before, at each instant, in addresses."""
    return stated(repository, "## What came out before")


def stated(repository: Path, section: str) -> dict[str, tuple[float, float, float]]:
    """Median and band that a section of the page states for each instant, in addresses."""
    text = (repository / "docs" / "explanation" / "emergence.md").read_text(encoding="utf-8")
    text = text.split(section + "\n")[1].split("\n## ")[0]
    number = r"\s*([\d.]+)"
    rows = {}
    for name in INSTANTS if section != NOW else ("18 April, 12:00", "20 April, 12:00"):
        row = re.search(rf"\| {name} \|{number} \|{number} to{number} \|", text)
        assert row is not None, name
        rows[name] = tuple(1e6 * float(cell) for cell in row.groups())
    return rows


@pytest.mark.parametrize("name", INSTANTS)
def test_the_band_of_the_page_holds_16_to_18_million(page, name):
    _, low, high = page[name]
    assert low <= 16e6
    assert high >= 18e6


def n_inside(values: np.ndarray, band: tuple[float, float]) -> int:
    return int(((values >= band[0]) & (values <= band[1])).sum())


@pytest.mark.parametrize("section", SECTIONS)
def test_replicates_lie_in_the_bands_of_the_page_and_around_its_medians(repository, section):
    rows = stated(repository, section)
    assert len(rows) >= 2
    for name, (median, *band) in rows.items():
        values = listed(N, before=SECTIONS[section])[:, list(INSTANTS).index(name)]
        assert_in_band(values, median, band)


def test_the_sections_are_told_apart(repository):
    # Negative control: what one section says is not so in the other.
    (median, *band) = stated(repository, NOW)["18 April, 12:00"]
    with pytest.raises(AssertionError):
        assert_in_band(listed(N)[:, 0], median, band)


def assert_in_band(values: np.ndarray, median: float, band: list[float]) -> None:
    assert n_inside(values, tuple(band)) >= stats.binom.ppf(1 / 400, N, 0.9) == 14
    assert 4 <= (values < median).sum() <= 16


def interval_of_mean(values: np.ndarray) -> tuple[float, float]:
    error = values.std(ddof=1) / np.sqrt(values.size)
    reach = stats.t.ppf(0.995, values.size - 1) * error
    return values.mean() - reach, values.mean() + reach


def agrees_with_newspapers(values: np.ndarray) -> bool:
    low, high = interval_of_mean(values)
    return bool(low <= PUBLISHED[1] and high >= PUBLISHED[0])


@pytest.mark.parametrize("column", range(len(INSTANTS)))
def test_the_mean_of_replicates_agrees_with_published_totals(column):
    values = listed(N)[:, column]
    low, high = interval_of_mean(values)
    assert agrees_with_newspapers(values)
    assert high - low < 6e6  # or the agreement would say nothing


def test_published_totals_lie_within_the_spread_of_replicates():
    for total in PUBLISHED:
        n_below = int((listed(N)[:, 0] < total).sum())
        assert 1 <= n_below <= N - 1


@pytest.mark.parametrize(
    "override",
    ["strategy={id: exact}", "strategy={id: provider}", "complaints.per_business_per_d=0.1"],
)
def test_another_censor_or_a_quiet_public_lists_something_else(page, override):
    # Negative controls.
    values = listed(5, override)[:, -1]
    _, *band = page["20 April, 12:00"]
    assert n_inside(values, tuple(band)) <= 1
    assert not agrees_with_newspapers(values)


def lost_by_target(n: int, *overrides: str) -> np.ndarray:
    """Shares of the target's user-hours denied and of its users gone at the end; shape (n, 2)."""
    resolved = resolve(load_scenario("telegram-2018", [*BEFORE, *overrides]))
    found = []
    for replicate in range(n):
        streams = Streams(resolved.scenario.root_seed or 0, replicate)
        world = build_world(resolved, streams)
        outcome = simulate(world, build_strategy(resolved, streams), streams)
        by = {measure.metric: measure for measure in measure_target(world, outcome)}
        asked = by["target_user_hours_denied"], by["target_users_left_at_end"]
        found.append([measure.value / measure.denominator for measure in asked])
    return np.array(found)


def is_little_and_not_nothing(lost: np.ndarray) -> np.ndarray:
    """Whether a replicate's target lost as little as the page says; shape (n,)."""
    denied, left = lost.T
    return (denied > 0) & (denied < 0.05) & (left > 0) & (left < 0.02)


def test_the_target_loses_a_little_and_not_much():
    assert is_little_and_not_nothing(lost_by_target(5)).all()


@pytest.mark.parametrize(
    "override",
    ["strategy={id: none}", "strategy={id: provider}", "strategy={id: dns, overmatch: 0}"],
)
def test_without_blocks_it_loses_nothing_and_with_other_ones_much(override):
    # Negative controls.
    assert not is_little_and_not_nothing(lost_by_target(2, override)).any()
