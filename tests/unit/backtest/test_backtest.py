"""Scores of published outcomes: verdicts, errors, and numbers read off runs and tables."""

import math
from ipaddress import IPv4Network, collapse_addresses
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sim.backtest.document import tallies_of
from sim.backtest.predictions import NotComputable, Prediction, of_ensemble, read_run, take_over
from sim.backtest.scores import CONDITIONED, PRIOR, Backtest, backtest, group_runs, score
from sim.errors import ProblemsError, ScenarioError
from sim.experiment.executors import choose_executor
from sim.experiment.executors.task import Failure
from sim.scenario.cases import CHECKS, PlacedCase, RunPredictor, shipped_cases
from tests.cases import case_file
from tests.csv_rows import csv_rows


def placed(folder: Path, **case: object) -> PlacedCase:
    (only,) = case_file(folder, case).cases
    return only


def scored(folder: Path, *cases: dict[str, object], n: int = 1, **how: Any) -> Backtest:
    return backtest(case_file(folder, *cases).cases, n, **how)


def predicted(median: float, low: float, high: float) -> Prediction:
    return Prediction(median, low, high, 0.9, (), "s", "l", np.array([median]))


@pytest.mark.parametrize(
    ("relation", "rounding", "interval", "verdict", "error"),
    [
        ("equal", 0, (100, 90, 110), "inside", 0.0),
        ("equal", 0, (200, 150, 250), "outside", math.log10(2)),
        ("equal", 50, (200, 150, 250), "inside", math.log10(2)),  # they touch
        ("equal", 49, (200, 150, 250), "outside", math.log10(2)),
        ("equal", 0, (10, 5, 15), "outside", -1.0),
        ("at_least", 0, (200, 150, 250), "inside", math.nan),
        ("at_least", 0, (50, 20, 99), "outside", math.log10(0.5)),
        ("at_least", 0, (50, 20, 101), "inside", math.log10(0.5)),
        ("at_most", 0, (50, 20, 60), "inside", math.nan),
        ("at_most", 0, (200, 150, 250), "outside", math.log10(2)),
        ("equal", 0, (100, math.nan, math.nan), "inside", 0.0),  # one simulation: the median
        ("equal", 0, (0, 0, 0), "outside", math.nan),  # no logarithm of zero
    ],
)
def test_verdict_and_error(tmp_path, relation, rounding, interval, verdict, error):
    case = placed(tmp_path, value=100, rounding=rounding, relation=relation)
    found = score(case, predicted(*interval))
    assert found.verdict == verdict
    assert found.log10_error == pytest.approx(error, nan_ok=True)


def test_an_ensemble_gives_median_and_90_percent():
    found = of_ensemble(range(101), "s", "l")
    assert isinstance(found, Prediction)
    assert (found.median, found.low, found.high) == pytest.approx((50, 5, 95))
    alone = of_ensemble([3.0], "s", "l")
    assert isinstance(alone, Prediction)
    assert alone.median == 3
    assert math.isnan(alone.low)


def test_tallies_count_by_role(tmp_path):
    mean = "{kind: names-law, quantity: mean_names}"
    found = scored(
        tmp_path,
        {"predictor": mean, "value": 16, "rounding": 0.5},
        {"predictor": mean, "value": 8},
        {"predictor": "{kind: none, why: n}"},
        {"predictor": mean, "value": 3, "relation": "at_least"},
        {"predictor": mean, "value": 3, "relation": "at_most"},
        {"predictor": mean, "value": 16, "rounding": 0.5, "role": "calibration"},
    )
    calibration, held_out, *of_subjects = tallies_of(found.scores)
    assert [(each["role"], each["subject"]) for each in of_subjects] == [
        ("calibration", "law of names per address"),
        ("held-out", "law of names per address"),
        ("held-out", "nothing"),
    ]
    assert (calibration["n_cases"], calibration["n_inside"]) == (1, 1)
    assert (held_out["n_cases"], held_out["n_computable"], held_out["n_inside"]) == (5, 4, 2)
    assert (held_out["n_computable_bounds"], held_out["n_inside_bounds"]) == (2, 1)
    # 255 million names on 15.5 to 16.5 million addresses, as the census rounds them.
    errors = [abs(math.log10(16 / value)) for value in (16, 8, 3)]
    assert held_out["median_abs_log10_error"] == pytest.approx(np.median(errors), abs=0.01)
    assert held_out["n_errors"] == 3


def test_names_on_addresses_are_those_of_the_kind(tmp_path):
    predictor = (
        "{{kind: names-law, quantity: names_on_addresses, n_addresses: {}, address_kind: {}}}"
    )
    cases = [{"predictor": predictor.format(n, "proxy")} for n in (1, 10)]
    one, ten = scored(tmp_path, *cases).scores
    assert isinstance(one.prediction, Prediction)
    assert isinstance(ten.prediction, Prediction)
    assert one.prediction.low >= 100  # seeds/names-assumptions.csv, proxy.min_names
    assert ten.prediction.low >= 1000
    # Where the kind begins is not known: no interval of luck from 1,000 names on alone.
    assert one.prediction.low < 1000
    assert 5 < ten.prediction.median / one.prediction.median < 40


def test_laws_of_names_span_what_the_census_leaves_open(tmp_path):
    law = "{{kind: names-law, quantity: {}}}"
    popular = (
        "{kind: names-law, quantity: share_sites_alone, universe_of: popular, "
        "universe: {value: 0.01, low: 0.001, high: 0.1}}"
    )
    random = popular.replace("universe_of: popular, ", "")
    predictors = [law.format("max_names"), law.format("share_sites_alone"), random, popular]
    scores = scored(tmp_path, *({"predictor": each} for each in predictors)).scores
    most, alone, of_some, of_popular = (each.prediction for each in scores)
    # Nine addresses hold 15 to 25 % of 255 million names: the largest at least 4.3 million.
    assert 4e6 < most.low < 0.8 * most.median < 0.7 * most.high
    assert alone.high < of_some.median < of_popular.median
    assert of_popular.low < 0.7 * of_popular.high


def test_a_national_method_by_hand(tmp_path):
    constant = "{{value: {0}, low: {0}, high: {0}, source: s, date: 2018}}"
    predictor = (
        "{kind: national-method, method: oecd_2011, duration_d: 5, share_affected: 0.5, "
        f"economy: e.csv, constants: {{oecd_share_of_gdp: {constant.format(0.04)}}}}}"
    )
    (tmp_path / "e.csv").write_text(
        "key,value,low,high,unit,kind,source,date,why\n"
        "gdp_usd_per_year,3650e9,3650e9,3650e9,USD/year,fact,s,2018,w\n"
    )
    (found,) = scored(tmp_path, {"predictor": predictor, "value": 1e9}).scores
    assert isinstance(found.prediction, Prediction)
    assert found.prediction.median == pytest.approx(10e9 * 0.04 * 5 * 0.5)
    assert found.log10_error == pytest.approx(0)


@pytest.mark.parametrize(
    ("predictor", "message"),
    [
        ("{kind: national-method, method: oecd, duration_d: 1}",
         ":8:48: cases.0.predictor.method: expected one of oecd_2011, cost_like,"),
        ("{kind: national-method, method: oecd_2011, duration_d: 1, constants: {gdp: {value: 1, "
         "low: 1, high: 1, source: x, date: 2020}}}",
         "cases.0.predictor.constants.gdp: expected one of gdp_usd_per_year, "),
        ("{kind: national-method, method: oecd_2011, duration_d: 1}",
         "cases.0.predictor.constants: expected the constant gdp_usd_per_year that"),
        ("{kind: exposure, blocklist: nowhere.txt}", "nowhere.txt: expected a file"),
        ("{kind: exposure, blocklist: half.txt}", "half.txt:2:"),
        ("{kind: run, scenario: telegram-2019, curve: addresses_listed}", "telegram-2019"),
        ("{kind: run, scenario: telegram-2018-replay, curve: addresses}",
         "cases.0.predictor.curve: expected one of addresses_listed,"),
        ("{kind: run, scenario: telegram-2018-replay, event: moves}",
         "cases.0.predictor.event: expected one of block,"),
        ("{kind: run, scenario: telegram-2018-replay, curve: addresses_listed, "
         "at: 2019-04-17T00:00+03:00}",
         "cases.0.predictor.at: expected a time within the run"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_place(tmp_path, predictor, message):
    (tmp_path / "half.txt").write_text("192.0.2.1\nno address\n192.0.2.2\n")
    with pytest.raises(ProblemsError) as refusal:
        scored(tmp_path, {"predictor": predictor})
    assert message in str(refusal.value)


def run_predictor(**keys: str) -> str:
    parts = "".join(f", {key}: {value}" for key, value in keys.items())
    return "{kind: run, scenario: telegram-2018-replay" + parts + "}"


def test_numbers_read_off_a_run_are_those_of_its_folder(tmp_path, shipped_single_run):
    """The run folder of the same scenario and luck, read back with DuckDB."""
    at, until = "2018-04-18T12:00+03:00", "2018-04-20T00:00+03:00"
    at_s, until_s = int(2.5 * 86_400), 4 * 86_400
    cases = case_file(
        tmp_path,
        {"id": "at", "predictor": run_predictor(curve="businesses_impaired", at=at)},
        {"id": "max", "predictor": run_predictor(curve="businesses_down", until=until)},
        {"id": "min", "predictor": run_predictor(
            curve="businesses_affected", since=at, take="min")},
        {"id": "event", "predictor": run_predictor(event="published", since=at, until=until)},
        {"id": "first", "predictor": run_predictor(first_outage="true", until=until)},
        {"id": "measure", "predictor": run_predictor(measure="business_hours_down")},
    ).cases  # fmt: skip
    (group,) = group_runs(cases)
    readings = {each.case.id: each.case.predictor for each in cases}
    found = read_run(group.resolved, group.root_seed, 0, readings)

    def one(table: str, query: str) -> float:
        file = f"'{shipped_single_run}/{table}'"
        ((value,),) = duckdb.execute(f"SELECT {query.format(file)}").fetchall()
        return float(value)

    def curve(metric: str, what: str, condition: str) -> float:
        return one(
            "curves.parquet",
            f"{what} FROM {{}} WHERE metric = '{metric}' AND provider IS NULL AND sector IS NULL "
            f"AND {condition}",
        )

    def value_at(metric: str) -> float:
        return curve(metric, "arg_max(value, t_s)", f"t_s <= {at_s}")

    assert found["at"] == value_at("businesses_impaired")
    assert found["max"] == curve("businesses_down", "max(value)", f"t_s < {until_s}")
    assert found["min"] == min(
        value_at("businesses_affected"), curve("businesses_affected", "min(value)", f"t_s > {at_s}")
    )
    assert found["event"] == one(
        "events.parquet",
        f"count(*) FROM {{}} WHERE kind = 'published' AND t_s >= {at_s} AND t_s < {until_s}",
    )
    assert found["first"] == one(
        "businesses.parquet", f"count(*) FROM {{}} WHERE first_outage_s < {until_s}"
    )
    assert found["measure"] == pytest.approx(
        one("businesses.parquet", "sum(down_s) / 3600 FROM {}")
    )
    assert found["event"] > 1
    assert found["first"] > 5
    assert found["max"] > 5


def test_counts_of_orders_are_those_of_the_standard_library(tmp_path, repository):
    at = "2018-04-20T12:00+03:00"
    law = "{{kind: exposure, blocklist: telegram-2018-orders, at: {}, count: {}}}"
    cases = [{"predictor": law.format(at, count)} for count in ("summed", "distinct")]
    summed, distinct = (each.prediction.median for each in scored(tmp_path, *cases).scores)
    rows = [
        row
        for row in csv_rows(repository / "seeds/telegram-2018-orders.csv")
        if row["effective"] <= at
    ]
    in_force = [IPv4Network(row["prefix"]) for row in rows if row["action"] == "block"]
    for row in rows:
        if row["action"] == "unblock":
            in_force.remove(IPv4Network(row["prefix"]))
    assert summed == sum(network.num_addresses for network in in_force)
    assert distinct == sum(network.num_addresses for network in collapse_addresses(in_force))
    assert distinct < summed


@pytest.mark.laws
def test_scores_do_not_hang_on_the_number_of_workers(tmp_path):
    small = '["population.n_businesses=20", "end=2018-04-18T00:00+03:00"]'
    cases = case_file(
        tmp_path,
        {"predictor": run_predictor(curve="businesses_impaired", overrides=small)},
        {"predictor": run_predictor(measure="private_loss_usd", overrides=small)},
    ).cases
    alone = backtest(cases, 3)
    together = backtest(cases, 3, executor=choose_executor(2))
    assert [each.prediction for each in alone.scores] == [
        each.prediction for each in together.scores
    ]
    assert isinstance(alone.scores[0].prediction, Prediction)


class Broken:
    """An executor of which every second piece of work fails."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def run(self, job, keys):
        work = job.begin()
        for n, key in enumerate(keys):
            yield key, Failure("ValueError", "it broke") if n % 2 else work(key)


class Dead(Broken):
    """One of which all work fails: what is asked before any is simulated stays as it is."""

    def run(self, job, keys):
        for key in keys:
            yield key, Failure("ValueError", f"it broke in {key[1]}")


def test_a_simulation_that_fails_is_excluded_and_counted(tmp_path):
    small = '["population.n_businesses=5", "end=2018-04-17T00:00+03:00"]'
    cases = case_file(
        tmp_path,
        {"predictor": run_predictor(curve="businesses_impaired", overrides=small)},
        {"predictor": "{kind: names-law, quantity: mean_names}"},
    ).cases
    found = backtest(cases, 2, executor=Broken())
    # Half of them are unknown, which is too many.
    assert found.scores[0].prediction == NotComputable("not known in 1 of 2 simulations")
    assert found.scores[1].verdict == "outside"
    assert list(found.failures) == [(0, 1, PRIOR)]
    prediction = backtest(cases, 5, executor=Broken()).scores[0].prediction
    assert isinstance(prediction, Prediction)
    assert "in 5 simulations; not known in 2 of them, which are excluded" in prediction.spans
    assert prediction.values.size == 3
    assert prediction.by_member == ()


def test_where_every_simulation_fails_the_first_failure_is_the_reason(tmp_path):
    small = '["population.n_businesses=5", "end=2018-04-17T00:00+03:00"]'
    case = {"predictor": run_predictor(curve="businesses_impaired", overrides=small)}
    (found,) = scored(tmp_path, case, n=2, executor=Dead()).scores
    assert found.prediction == NotComputable("simulation 0 failed: ValueError: it broke in 0")


def test_too_many_different_runs_are_refused(tmp_path):
    others = (f'["population.n_businesses={n}"]' for n in range(1, 102))
    runs = [run_predictor(curve="addresses_listed", overrides=one) for one in others]
    with pytest.raises(ScenarioError, match="expected at most 100 different scenarios"):
        scored(tmp_path, *({"predictor": one} for one in runs))


@pytest.mark.parametrize(
    ("take", "expected"), [("max", 5.0), ("min", 1.0), ("mean", (4 * 1 + 2 * 5 + 4 * 2) / 10)]
)
def test_what_is_taken_of_a_curve_over_a_time(take, expected):
    # The first value holds from before the span on, the last to its end.
    t_s, value = np.array([3, 14, 16]), np.array([1.0, 5.0, 2.0])
    assert take_over(t_s, value, (10, 20), take) == pytest.approx(expected)


def test_below_its_floor_a_figure_is_not_told_from_zero(tmp_path):
    case = placed(tmp_path, value=0, rounding=0, floor=0.01)
    assert score(case, predicted(0.004, 0.002, 0.009)).verdict == "inside"
    assert score(case, predicted(0.03, 0.02, 0.09)).verdict == "outside"
    bound = placed(tmp_path, value=0.02, rounding=0, floor=0.01, relation="at_most")
    assert math.isnan(score(bound, predicted(0.004, 0.002, 0.009)).log10_error)


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ("measure: target_user_hours_denied",
         "the scenario has no target_user_hours_denied: it has no section users"),
        ("measure: complaints",
         "the scenario has no complaints: it has no section complaints"),
        ("curve: target_reached_share",
         "the scenario has no curve target_reached_share: it has no section users or "
         "target.addresses"),
        ("curve: networks_listed", "the scenario has no curve networks_listed: its tables hold no "
         "IPv6"),
        ("measure: networks_listed_peak",
         "the scenario has no networks_listed_peak: its tables hold no IPv6"),
    ],
)  # fmt: skip
def test_what_another_scenario_has_is_not_computable_and_refuses_no_file(tmp_path, keys, why):
    small = 'overrides: ["population.n_businesses=5", "end=2018-04-17T00:00+03:00"]'
    case = {"predictor": f"{{kind: run, scenario: telegram-2018-replay, {keys}, {small}}}"}
    (found,) = scored(tmp_path, case).scores
    assert found.prediction == NotComputable(why)


def test_a_curve_that_is_asked_for_as_a_measure_is_told_to_be_one(tmp_path):
    for keys, told in (
        ("measure: addresses_listed", "it is a curve: curve: addresses_listed"),
        ("curve: businesses_ever_impaired", "it is a measure: measure: businesses_ever_impaired"),
        ("curve: addresses-listed", "did you mean 'addresses_listed'?"),
    ):
        predictor = f"{{kind: run, scenario: telegram-2018-replay, {keys}}}"
        with pytest.raises(ScenarioError) as refusal:
            scored(tmp_path, {"predictor": predictor})
        assert told in str(refusal.value)


def test_a_simulation_in_which_nothing_is_known_is_excluded_and_counted():
    numbers = [1.0, math.nan, 3.0, 2.0]
    found = of_ensemble(numbers, "chance", "")
    assert_array_equal(found.values, [1, 3, 2])
    assert found.spans == "chance; not known in 1 of them, which are excluded"
    found = of_ensemble([*numbers, math.nan, math.nan], "chance", "")
    assert found == NotComputable("not known in 3 of 6 simulations")


PLATEAU = (
    "{kind: run, scenario: telegram-2018, curve: addresses_listed, at: 2018-04-18T12:00+03:00}"
)
"""Read as the second piece of evidence of telegram-2018 is."""


@pytest.mark.laws
def test_a_case_is_predicted_by_kept_simulations_and_by_all_declared_ranges(tmp_path):
    """Each kept simulation lies within the window of the evidence, and of others few do."""
    found = scored(tmp_path, {"predictor": PLATEAU, "value": 16_300_000}, n=4)
    (kept,), (prior,) = found.scores, found.prior
    assert (kept.band, prior.band) == (CONDITIONED, PRIOR)
    window = 16_300_000 / 2, 16_300_000 * 2
    assert all(window[0] <= one <= window[1] for one in kept.prediction.by_member)
    assert not all(window[0] <= one <= window[1] for one in prior.prediction.by_member)


@pytest.mark.parametrize(
    ("predictor", "value", "is_evidence"),
    [
        (PLATEAU, 5, True),  # the same number of a run, whatever was published
        (PLATEAU.replace("04-18", "04-19"), 5, False),
        (PLATEAU.replace("at: 2018-04-18T12:00+03:00", "until: 2018-04-19T00:00+03:00"), 5, True),
        (PLATEAU.replace("at: 2018-04-18T12:00+03:00", "since: 2018-04-21T00:00+03:00"), 5, False),
        (PLATEAU.replace("addresses_listed", "target_left_share"), 5, False),
        # The figure itself, read otherwise.
        (PLATEAU.replace("04-18", "04-19"), 16_300_000, True),
    ],
)
def test_a_figure_by_which_simulations_are_kept_is_evidence_and_no_check(
    tmp_path, predictor, value, is_evidence
):
    end = ", overrides: ['end=2018-04-22T00:00+03:00']}"
    one = {"predictor": predictor[:-1] + end, "value": value, "unit": "IPv4 addresses"}
    found = scored(
        tmp_path,
        one | {"role": "known"},
        one | {"role": "held-out", "source": "other"},
        one | {"role": "calibration", "source": "third"},
        executor=Dead(),
    )
    roles = ["evidence", "evidence"] if is_evidence else ["known", "held-out"]
    for scores in (found.scores, found.prior):
        assert [each.role for each in scores] == [*roles, "calibration"]


def test_what_counts_as_a_figure_of_the_evidence_is_evidence(tmp_path):
    end = ", overrides: ['end=2018-04-22T00:00+03:00']}"
    shared = {"role": "known", "counts_as": "plateau"}
    later = PLATEAU.replace("04-18", "04-19")[:-1] + end
    cases = {"predictor": PLATEAU[:-1] + end, **shared}, {"predictor": later, **shared}
    found = scored(tmp_path, *cases, {"predictor": later, "role": "known"}, executor=Dead())
    assert [each.role for each in found.scores] == ["evidence", "evidence", "known"]


def test_without_kept_simulations_no_figure_is_evidence(tmp_path):
    """Another number of businesses makes another model, of which none are kept."""
    few = ", overrides: ['population.n_businesses=5', 'end=2018-04-18T12:01+03:00']}"
    (found,) = scored(tmp_path, {"predictor": PLATEAU[:-1] + few, "role": "known"}).scores
    assert (found.role, found.band) == ("known", PRIOR)


@pytest.mark.laws
def test_no_shipped_figure_that_keeps_simulations_is_a_check():
    """By the evidence of each scenario with kept simulations, against its cases as written."""
    shipped = [each for file in shipped_cases() for each in file.cases]
    runs = [each for each in shipped if isinstance(each.case.predictor, RunPredictor)]
    groups = [group for group in group_runs(runs) if group.kept is not None]
    assert {group.name for group in groups} == {"telegram-2018"}
    found = backtest([each for group in groups for each in group.cases], 1, executor=Dead())
    checks = {each.placed.case.id for each in found.scores if each.role in CHECKS}
    assert not {"target-degraded-2018-04-17", "target-degraded-2018-04-18"} & checks
    assert not {name for name in checks if name.startswith("emergent-")}
    assert len(checks) > 5
    # None of the shipped figures was unknown to those who made the model.
    assert not [each.case.id for each in shipped if each.case.role == "held-out"]
