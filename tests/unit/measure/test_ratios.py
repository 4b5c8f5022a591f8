"""Harm for each user-hour denied: a ratio of each simulation, not known where nothing is denied."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import numpy as np
import pytest

from sim.catalogue.choices import RATIOS
from sim.experiment.execution import Answers
from sim.measure.impact import measure_ratios
from sim.measure.measures import Measure, over
from sim.measure.summary import summarise
from sim.uncertainty.sweep import sweep_sheet

HOURS = "collateral_per_million_user_hours_denied"
NAMES = "names_hit_per_million_user_hours_denied"
SITES = "active_sites_hit_per_million_user_hours_denied"
DOLLARS = "private_loss_usd_per_user_hour_denied"
HARM, DENIED = (4.0, 6.0, 7.0, 9.0), (0.0, 3.0, 1.0, 2.0)


def simulations(harm: Sequence[float], denied: Sequence[float]) -> list[tuple[Measure, ...]]:
    """Measures of runs with so much harm, in all units alike, and so much denied."""
    runs = []
    for above, below in zip(harm, denied, strict=True):
        parts = (
            Measure("business_hours_impaired", "business-hours", above),
            Measure("names_hit", "names", 3 * above),
            Measure("active_sites_hit", "active sites", 2 * above),
            Measure("target_user_hours_denied", "user-hours", below, 1e6, "user-hours"),
            Measure("private_loss_usd", "USD", 5 * above),
        )
        runs.append((*parts, *measure_ratios(parts)))
    return runs


def test_harm_is_measured_in_hours_names_sites_and_dollars() -> None:
    (run,) = simulations([100.0], [2e6])
    found = {measure.metric: measure for measure in run}
    values = [found[name].value for name in (HOURS, NAMES, SITES, DOLLARS)]
    assert values == [50, 150, 100, 500 / 2e6]
    units = [found[name].unit for name in RATIOS]
    assert units == ["business-hours", "names", "active sites", "USD"]
    for name in RATIOS:
        assert (found[name].denominator, found[name].denominator_unit) == (2e6, "user-hours denied")


def test_a_ratio_already_there_is_not_measured_twice() -> None:
    (run,) = simulations([100.0], [2e6])
    assert measure_ratios(run) == ()
    assert measure_ratios(run[:1]) == ()


def test_a_ratio_is_not_known_over_nothing() -> None:
    found = over([1.0, 6.0, 3.0, np.nan], [0.0, 2.0, np.nan, 4.0], 10)
    np.testing.assert_array_equal(found, [np.nan, 30, np.nan, np.nan])


@pytest.mark.parametrize("metric", sorted(RATIOS))
def test_a_simulation_in_which_nothing_is_denied_has_no_ratio(metric: str) -> None:
    lines = {line.metric: line for line in summarise("s", simulations(HARM, DENIED))}
    line = lines[metric]
    times = {HOURS: 1e6, NAMES: 3e6, SITES: 2e6, DOLLARS: 5.0}[metric]
    assert (line.n_simulations, line.n_known) == (4, 3)
    # The median of ratios, and no ratio of medians: 2, 7 and 4.5 times.
    assert line.median == pytest.approx(4.5 * times)
    assert line.low == pytest.approx((2 + 0.1 * 2.5) * times)
    assert line.denominator == statistics.median(DENIED[1:])
    assert line.denominator_unit == "user-hours denied"


def answers(harm: Sequence[float], denied: Sequence[float]) -> Answers:
    runs = simulations(harm, denied)
    cells = np.array([[measure.value for measure in run] for run in runs])[None, None]
    whole = np.array([[measure.denominator for measure in run] for run in runs])[None, None]
    return Answers(("s",), runs[0], cells, whole)


def test_a_sweep_holds_medians_of_ratios() -> None:
    sheet = sweep_sheet((), ((),), answers(HARM, DENIED), (HOURS, "names_hit"))
    names = [column.name for column in sheet.columns]
    ratio, plain = (dict(zip(names, row, strict=True)) for row in sheet.rows)
    assert ratio["median"] == pytest.approx(4.5e6)
    assert (ratio["n_replicates"], ratio["n_known"]) == (4, 3)
    assert ratio["denominator"] == 2
    assert (plain["median"], plain["n_known"]) == (3 * 6.5, 4)


def test_a_sensitivity_analysis_is_of_ratios_of_sums() -> None:
    assert answers((4.0, 6.0, 7.0), (0.0, 3.0, 1.0)).mean(HOURS)[0] == pytest.approx(1e6 * 17 / 4)
    assert np.isnan(answers((4.0, 6.0), (0.0, 0.0)).mean(HOURS)[0])
