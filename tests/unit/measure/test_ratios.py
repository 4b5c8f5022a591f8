"""Harm for each user-hour denied: sums over sums, resampled in pairs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from sim.catalogue.choices import RATIOS
from sim.experiment.answers import Answers
from sim.experiment.comparison import Measured, compare_strategies
from sim.experiment.metrics import check_metrics
from sim.measure.impact import measure_ratios
from sim.measure.measures import Measure
from sim.measure.ratios import ratio_difference, ratio_interval
from sim.measure.summary import SummaryLine, price_ratio, summarise, summarise_ratios
from sim.streams import Stream, Streams
from sim.uncertainty.sweep import sweep_sheet

HOURS = "collateral_per_million_user_hours_denied"
NAMES = "names_hit_per_million_user_hours_denied"
SITES = "active_sites_hit_per_million_user_hours_denied"
DOLLARS = "private_loss_usd_per_user_hour_denied"
LUCK = np.random.default_rng(3)
DENIED = LUCK.lognormal(0, 0.5, 30)
HARM = 40 * DENIED * LUCK.lognormal(0, 0.2, 30)


def rng() -> np.random.Generator:
    return Streams(5, 0).generator(Stream.BOOTSTRAP)


def replicates(harm, denied) -> list[tuple[Measure, ...]]:
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


def summary_of(harm, denied) -> dict[str, SummaryLine]:
    runs = replicates(harm, denied)
    return {line.metric: line for line in summarise_ratios(summarise("s", runs), runs, 5)}


def test_harm_is_measured_in_hours_names_sites_and_dollars() -> None:
    (run,) = replicates([100.0], [2e6])
    found = {measure.metric: measure for measure in run}
    values = [found[name].value for name in (HOURS, NAMES, SITES, DOLLARS)]
    assert values == [50, 150, 100, 500 / 2e6]
    units = [found[name].unit for name in RATIOS]
    assert units == ["business-hours", "names", "active sites", "USD"]
    for name in RATIOS:
        assert (found[name].denominator, found[name].denominator_unit) == (2e6, "user-hours denied")


def test_a_ratio_already_there_is_not_measured_twice() -> None:
    (run,) = replicates([100.0], [2e6])
    assert measure_ratios(run) == ()
    assert measure_ratios(run[:1]) == ()


@pytest.mark.parametrize("metric", sorted(RATIOS))
def test_a_replicate_in_which_nothing_is_denied_leaves_the_ratio_known(metric: str) -> None:
    harm, denied = HARM.copy(), DENIED.copy()
    harm[3], denied[3] = 7.0, 0.0
    line = summary_of(harm, denied)[metric]
    times = {HOURS: 1e6, NAMES: 3e6, SITES: 2e6, DOLLARS: 5.0}[metric]
    assert line.mean == pytest.approx(times * harm.sum() / denied.sum())
    assert line.low < line.mean < line.high
    assert line.denominator == pytest.approx(denied.mean())
    assert line.denominator_unit == "user-hours denied"
    # Of the replicates themselves one has no ratio, so that they have no median.
    assert math.isnan(line.median)


def test_the_ratio_is_not_known_where_no_replicate_denies_anything() -> None:
    line = summary_of([1.0, 2.0], [0.0, 0.0])[HOURS]
    assert np.isnan([line.mean, line.low, line.high]).all()
    assert line.denominator == 0


def test_a_part_that_is_not_known_leaves_no_ratio() -> None:
    found = ratio_interval(np.array([1.0, math.nan]), np.array([1.0, 2.0]), rng())
    assert math.isnan(found.mean)
    assert found.n_known == 1


def test_the_interval_is_that_of_scipy_over_pairs() -> None:
    found = ratio_interval(HARM, DENIED, rng())
    again = stats.bootstrap(
        (HARM, DENIED), lambda a, b, axis: a.mean(axis=axis) / b.mean(axis=axis),
        paired=True, vectorized=True, method="BCa", rng=np.random.default_rng(0),
    ).confidence_interval  # fmt: skip
    width = again.high - again.low
    assert found.low == pytest.approx(again.low, abs=0.05 * width)
    assert found.high == pytest.approx(again.high, abs=0.05 * width)
    # Harm moves with what is denied: drawn apart the ratio would be far less sure.
    apart = ratio_interval(HARM[::-1], DENIED, rng())
    assert apart.high - apart.low > 1.5 * width


def test_where_a_resample_may_deny_nothing_the_ratio_has_no_interval() -> None:
    found = ratio_interval(np.array([4.0, 6.0, 2.0]), np.array([0.0, 3.0, 0.0]), rng())
    assert found.mean == 4
    assert np.isnan([found.low, found.high]).all()


def test_one_replicate_has_a_ratio_and_no_interval() -> None:
    line = summary_of([6.0], [3.0])[DOLLARS]
    assert line.mean == 10
    assert math.isnan(line.low)


def test_dollars_are_every_draw_of_the_loss_over_what_is_denied_on_average() -> None:
    loss = SummaryLine("s", "private_loss_usd", "USD", 60, 50, 20, 200, 0.9, 4, 1e6, "USD")
    denied = SummaryLine("s", "target_user_hours_denied", "user-hours", 10, 9, 0, 20, 0.9, 4, 1, "")
    line = price_ratio(RATIOS[DOLLARS], loss, denied)
    assert (line.mean, line.median, line.low, line.high, line.level) == (6, 5, 2, 20, 0.9)
    assert (line.unit, line.denominator) == ("USD", 10)
    nothing = price_ratio(
        RATIOS[DOLLARS], loss, SummaryLine("s", "m", "u", 0, 0, 0, 0, 0.9, 4, 1, "")
    )
    assert np.isnan([nothing.mean, nothing.median, nothing.low, nothing.high]).all()


def compared(zero_in: int | None = 3):
    harm, denied = HARM.copy(), DENIED.copy()
    if zero_in is not None:
        denied[zero_in] = 0.0
    parts = {
        "none": (HARM * 0, DENIED * 0),
        "narrow": (harm, denied),
        "wide": (harm * 4, denied + 1e-3),
    }
    return {
        label: Measured.of(dict(enumerate(replicates(*values)))) for label, values in parts.items()
    }


def test_a_comparison_holds_ratios_of_sums_and_their_differences() -> None:
    parts = compared()
    lines = {(one.strategy, one.metric): one for one in compare_strategies(parts, "narrow", (), 5)}
    (narrow, wide, none) = (lines[label, HOURS] for label in ("narrow", "wide", "none"))
    row = {name: parts["narrow"].values((name,)) for name in (
        "business_hours_impaired", "target_user_hours_denied")}  # fmt: skip
    assert narrow.mean == pytest.approx(
        1e6 * row["business_hours_impaired"].sum() / row["target_user_hours_denied"].sum()
    )
    assert narrow.mean_low < narrow.mean < narrow.mean_high
    assert wide.difference == pytest.approx(wide.mean - narrow.mean)
    assert wide.difference_low < wide.difference < wide.difference_high
    # Nothing is denied under the last one: no ratio, and no difference of one.
    assert np.isnan([none.mean, none.difference, none.difference_low]).all()
    # A t test is made of means, and of no ratio.
    assert np.isnan([wide.p_value, wide.p_holm, wide.difference_t_low]).all()
    assert not math.isnan(lines["wide", "names_hit"].p_value)


def test_a_difference_of_ratios_is_surer_in_pairs() -> None:
    one, other = np.array([HARM, DENIED]), np.array([HARM * 1.1, DENIED])
    pairs = ratio_difference(other, one, rng())
    apart = ratio_difference(other[:, ::-1], one, rng())
    assert pairs.mean == pytest.approx(0.1 * HARM.sum() / DENIED.sum())
    assert pairs.high - pairs.low < 0.2 * (apart.high - apart.low)


def test_a_width_asked_of_a_ratio_is_that_of_its_interval() -> None:
    parts = {label: part for label, part in compared().items() if label != "none"}
    lines = compare_strategies(parts, "narrow", (HOURS,), 5)
    asked = [f"{HOURS}=1%", f"difference:{HOURS}=1%"]
    own, difference = check_metrics([HOURS], (), ("narrow", "wide"), (), asked)[1]
    widest = max((line.mean_high - line.mean_low) / line.mean for line in lines)
    assert own.excess(parts, "narrow", 5) == pytest.approx(100 * widest)
    (wide,) = (line for line in lines if line.strategy == "wide")
    width = (wide.difference_high - wide.difference_low) / wide.difference
    assert difference.excess(parts, "narrow", 5) == pytest.approx(100 * width)


def test_a_sweep_holds_ratios_of_sums() -> None:
    harm, denied = np.array([4.0, 6.0, 7.0]), np.array([0.0, 3.0, 1.0])
    runs = replicates(harm, denied)
    cells = np.array([[measure.value for measure in run] for run in runs])[None, None]
    answers = Answers(("s",), runs[0], cells, np.ones_like(cells), {}, "complete")
    sheet = sweep_sheet((), ((),), answers, (HOURS, "names_hit"), 5)
    names = [column.name for column in sheet.columns]
    ratio, plain = (dict(zip(names, row, strict=True)) for row in sheet.rows)
    assert ratio["mean"] == pytest.approx(1e6 * 17 / 4)
    assert ratio["n_replicates"] == 3
    assert plain["mean"] == 17


def test_a_sensitivity_analysis_is_of_ratios_of_sums() -> None:
    harm, denied = np.array([4.0, 6.0, 7.0]), np.array([0.0, 3.0, 1.0])
    runs = replicates(harm, denied)
    cells = np.array([[measure.value for measure in run] for run in runs])[None, None]
    nothing = cells.copy()
    nothing[..., [measure.metric for measure in runs[0]].index("target_user_hours_denied")] = 0
    answers = Answers(
        ("s",), runs[0], np.concatenate([cells, nothing]), np.ones((2, *cells.shape[1:]))
    )
    at = answers.mean(HOURS)
    assert at[0] == pytest.approx(1e6 * 17 / 4)
    assert np.isnan(at[1])
