"""Addresses of a list, and what is rejected, by place."""

from pathlib import Path

import pytest

from sim.backtest.predictions import NotComputable, Prediction
from sim.backtest.scores import backtest
from sim.errors import DataError, ScenarioError
from sim.scenario.cases import read_cases, read_files
from tests.refusals import problems_of

CASE = """\
format: overblock/backtest/1
cases:
  - id: one
    title: T
    given: G
    role: held-out
    why_role: W
    predictor: {{{predictor}}}
    published: {{value: 1, rounding: 0, nature: counted, unit: u, source: s, date: 2018}}
"""
LIST = "198.51.100.0/24\n203.0.113.0/25\n192.0.2.1\n"
LISTED = "kind: exposure, blocklist: list.txt"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "list.txt").write_text(LIST)
    return tmp_path


def predict(folder: Path, predictor: str) -> float:
    path = folder / "cases.yaml"
    path.write_text(CASE.format(predictor=predictor))
    (found,) = backtest(read_cases(path).cases, 1).scores
    assert isinstance(found.prediction, Prediction)
    return found.prediction.median


def test_addresses_of_a_list_are_counted_by_hand(folder):
    assert predict(folder, LISTED) == 256 + 128 + 1
    (folder / "list.txt").write_text(LIST + "198.51.100.0/25\n")
    assert predict(folder, LISTED) == 256 + 128 + 1
    assert predict(folder, f"{LISTED}, count: summed") == 256 + 128 + 1 + 128


@pytest.mark.parametrize(
    ("predictor", "message"),
    [
        ("kind: names-law, quantity: names_on_addresses, n_addresses: 5000, address_kind: proxy",
         "cases.0.predictor.n_addresses: expected at most 4"),
        ("kind: names-law, quantity: mean_names, universe: {value: 0}",
         "expected a universe above 0"),
        ("kind: names-law, quantity: mean_names, universe_of: popular",
         "expected a universe below 1 with universe_of: popular"),
        ("kind: names-law, quantity: names_on_addresses",
         "expected n_addresses with share_top and names_on_addresses only"),
        ("kind: names-law, quantity: names_on_addresses, address_kind: rented, n_addresses: 2, "
         "universe: {value: 0.5}", "expected no universe with names_on_addresses"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_place(folder, predictor, message):
    with pytest.raises(ScenarioError) as refusal:
        predict(folder, predictor)
    assert message in str(refusal.value)


RUN = (
    'kind: run, scenario: telegram-2018-replay, overrides: ["population.n_businesses=5", '
    '"end=2018-04-17T00:00+03:00"]'
)
AT = "at: 2018-04-16T12:00+03:00"


@pytest.mark.parametrize(
    ("keys", "messages"),
    [
        (f"listed: {{providers: [AWS, Gogle Cloud]}}, {AT}",
         ["cases.0.predictor.listed.providers.1: expected providers of the scenario, got 'Gogle "
          "Cloud'; did you mean 'Google Cloud'?"]),
        ("listed: {}, take: mean", ["expected take with a curve, or businesses with since"]),
        (f"curve: addresses_listed, take: max, {AT}", ["expected take with a curve"]),
        ("businesses: {above: 0.3, sectors: [bank]}",
         ["cases.0.predictor.businesses.sectors.0: expected sectors of the scenario, got 'bank' "
          "(known: e-commerce, finance, saas-edtech, "]),
        ("businesses: {above: 0.1, providers: [AWSS]}",
         ["cases.0.predictor.businesses.providers.0: expected providers of the scenario, got "
          "'AWSS'; did you mean 'AWS'?"]),
        (f"businesses: {{above: 0.1, providers: [AWS], sectors: [finance]}}, {AT}",
         ["expected providers or sectors with a time, got both"]),
        (f"businesses: {{above: 0.1}}, listed: {{}}, {AT}",
         ["businesses, listed, got 2"]),
    ],
)  # fmt: skip
def test_readings_that_cannot_be_are_refused_all_at_once(folder, keys, messages):
    with pytest.raises(ScenarioError) as refusal:
        predict(folder, f"{RUN}, {keys}")
    for message in messages:
        assert message in str(refusal.value)
    assert len(refusal.value.problems) == len(messages)


def test_a_threshold_that_no_run_keeps_over_time_is_computable_over_the_whole_run(folder):
    path = folder / "cases.yaml"
    asked = f"{RUN}, businesses: {{above: 0.2}}"
    path.write_text(CASE.format(predictor=f"{asked}, at: '2018-04-17T00:00+03:00'"))
    (found,) = backtest(read_cases(path).cases, 1).scores
    assert found.prediction == NotComputable(
        "a run keeps who loses more than 0.01, 0.1, 0.9 of demand at a time, not more than 0.2"
    )
    n = []
    for above in (0.02, 0.3, 0.99):
        path.write_text(CASE.format(predictor=f"{RUN}, businesses: {{above: {above}}}"))
        (found,) = backtest(read_cases(path).cases, 1).scores
        n.append(found.prediction.median)
    assert n[0] > n[1] > n[2] == 0


def test_lists_that_cannot_be_read_are_named_with_all_other_mistakes(folder):
    one = CASE.format(predictor="kind: exposure, blocklist: nowhere.txt")
    two = CASE.format(predictor="kind: exposure, blocklist: telegram-2018-orders")
    two = two.split("cases:\n")[1].replace("id: one", "id: two").replace("s,", "s2,")
    path = folder / "cases.yaml"
    path.write_text(one)
    with pytest.raises(DataError, match=r"nowhere\.txt: expected a file") as alone:
        backtest(read_cases(path).cases, 1)
    assert alone.value.exit_code == 4
    path.write_text(one + two)
    first, second = map(str, problems_of(ScenarioError, backtest, read_cases(path).cases, 1))
    assert "nowhere.txt: expected a file" in first
    assert second == (
        f"{path}:15:16: cases.1.predictor.at: expected a time, as the list holds dated orders, got "
        "none"
    )


def test_mistakes_of_all_files_are_named_at_once(folder):
    paths = [folder / name for name in ("a.yaml", "b.yaml", "none.yaml")]
    for path in paths[:2]:
        path.write_text(CASE.format(predictor=LISTED).replace("role: held-out", "role: heldout"))
    found = problems_of(ScenarioError, read_files, paths)
    assert [problem.file for problem in found] == list(map(str, paths))
    with pytest.raises(DataError, match=r"none\.yaml: expected a readable case file"):
        read_files(paths[2:])
