"""Case files: what is refused, where, and that a figure has one role."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from sim.errors import ScenarioError
from sim.scenario.cases import (
    BOUNDS,
    NamesPredictor,
    Published,
    RunPredictor,
    choose,
    read_cases,
    shipped_cases,
)
from tests.csv_rows import csv_rows

ONE = """\
format: overblock/backtest/1
cases:
  - id: one
    title: One
    given: Nothing
    role: held-out
    why_role: Nothing was set by it
    predictor:
      kind: names-law
      quantity: mean_names
    published:
      value: 16
      rounding: 0.5
      nature: measured
      unit: names
      source: A study
      date: 2022
"""


NAMES = "      kind: names-law\n      quantity: mean_names\n"
OF_RUN = "      kind: run\n      scenario: telegram-2018-replay\n"
AT = "2018-04-17T00:00+03:00"


def write(folder: Path, text: str) -> Path:
    path = folder / "cases.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(ScenarioError) as refusal:
        read_cases(write(folder, text))
    return [
        str(problem).removeprefix(f"{folder / 'cases.yaml'}:") for problem in refusal.value.problems
    ]


def test_a_case_is_read_and_a_bare_year_is_a_date(tmp_path):
    (placed,) = read_cases(write(tmp_path, ONE)).cases
    assert placed.case.published.date == "2022"
    assert placed.case.published.interval == (15.5, 16.5)
    assert placed.case.subject == "law of names per address"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("role: held-out", "role: heldout",
         "6:11: cases.0.role: expected 'calibration', 'known' or 'held-out', got 'heldout'; did "
         "you mean 'held-out'?"),
        ("kind: names-law", "kind: names",
         "9:13: cases.0.predictor.kind: expected one of run, national-method, names-law, exposure, "
         "none, got 'names'; did you mean 'names-law'?"),
        ("      quantity: mean_names", "      quantity: share_top",
         "9:7: cases.0.predictor: expected n_addresses with share_top and names_on_addresses only"),
        ("value: 16", "value: sixteen", "12:14: cases.0.published.value: expected a number, got"),
        ("      date: 2022", "      date: 2022\n      low: 17",
         "12:7: cases.0.published: expected low <= value <= high, got 17, 16, 16"),
        ("unit: names", "units: names", "15:7: cases.0.published.units: unknown key"),
        ("id: one", "id: One!", "3:9: cases.0.id: expected text that matches"),
        ("    published:\n", "    guess: {low: 5, high: 5}\n    published:\n",
         "11:12: cases.0.guess: expected low < high, got 5, 5"),
        ("    published:\n", "    floor: 0\n    published:\n",
         "11:12: cases.0.floor: expected a number > 0"),
        ("rounding: 0.5", "rounding: 0.5\n      relation: between",
         "12:7: cases.0.published: expected low and high with relation between, got no range"),
        (NAMES, OF_RUN, "9:7: cases.0.predictor: expected one of measure, curve, event, "
         "first_outage, businesses, listed, got 0"),
        (NAMES, f"{OF_RUN}      curve: addresses_listed\n      event: block\n",
         "9:7: cases.0.predictor: expected one of measure, curve, event, first_outage, businesses, "
         "listed, got 2"),
        (NAMES, f"{OF_RUN}      measure: spells\n      until: {AT}\n",
         "9:7: cases.0.predictor: expected no time with measure"),
        (NAMES, f"{OF_RUN}      event: block\n      at: {AT}\n",
         "9:7: cases.0.predictor: expected at with curve, businesses or listed"),
    ],
)  # fmt: skip
def test_mistakes_are_named_by_place(tmp_path, old, new, expected):
    assert ONE.count(old) == 1
    found = problems(tmp_path, ONE.replace(old, new))
    assert any(each.startswith(expected) for each in found), found


LAW = {"kind": "names-law", "quantity": "mean_names"}
DRAWN = {"kind": "names-law", "quantity": "names_on_addresses"}
RUN = {"kind": "run", "scenario": "telegram-2018-replay"}
SOME = {"address_kind": "rented", "n_addresses": 5}


@pytest.mark.parametrize(
    ("model", "given", "expected"),
    [
        (RunPredictor, RUN | {"curve": "addresses_listed", "at": AT, "until": AT},
         "expected at, or since and until, got both"),
        (RunPredictor, RUN | {"measure": "moves", "is_relative_to_start": True},
         "expected is_relative_to_start with curve only, got it elsewhere"),
        (RunPredictor, RUN | {"measure": "moves", "take": "min"},
         "expected take with a curve, or businesses with since or until, and no at"),
        (NamesPredictor, LAW | {"universe": {"value": 0}},
         "expected a universe above 0 and of at most 1"),
        (NamesPredictor, LAW | {"universe": {"value": 39}},
         "expected a universe above 0 and of at most 1"),
        (NamesPredictor, LAW | {"universe_of": "popular"},
         "expected a universe below 1 with universe_of: popular"),
        (NamesPredictor, LAW | {"universe_of": "popular", "universe": {"value": 1}},
         "expected a universe below 1 with universe_of: popular"),
        (NamesPredictor, LAW | {"universe": {"value": 0.5, "low": 0.6}},
         "expected low <= value <= high, got 0.6, 0.5, 0.5"),
        (NamesPredictor, DRAWN | SOME | {"universe": {"value": 0.5}},
         "expected no universe with names_on_addresses"),
        (NamesPredictor, DRAWN, "expected n_addresses with share_top and names_on_addresses only"),
        (NamesPredictor, LAW | {"address_kind": "rented"},
         "expected address_kind with names_on_addresses only"),
        (NamesPredictor, DRAWN | SOME | {"n_addresses": 100_001},
         "expected at most 100000 addresses to draw, got more"),
    ],
)  # fmt: skip
def test_a_predictor_has_no_key_too_many_and_none_too_few(model, given, expected):
    with pytest.raises(ValidationError) as caught:
        model.model_validate(given)
    assert [one["msg"] for one in caught.value.errors()] == [f"Value error, {expected}"]


def test_one_number_has_one_role_for_one_subject(tmp_path):
    one = ONE.replace("    published:\n", "    counts_as: the-number\n    published:\n")
    two = one.split("cases:\n")[1].replace("id: one", "id: two").replace("value: 16", "value: 17")
    (found,) = problems(tmp_path, one + two.replace("role: held-out", "role: calibration"))
    assert "cases.1.role: expected one role for the number 'the-number' of law of names" in found
    assert len(read_cases(write(tmp_path, one + two)).cases) == 2


def test_an_id_comes_once_and_a_figure_has_one_role_for_one_subject(tmp_path):
    second = ONE.split("cases:\n")[1]
    (found,) = problems(tmp_path, ONE + second)
    assert found == "18:9: cases.1.id: expected each id once, got 'one' again"
    other = second.replace("id: one", "id: two").replace("role: held-out", "role: calibration")
    (found,) = problems(tmp_path, ONE + other)
    assert found.startswith("21:11: cases.1.role: expected one role for one figure of law of names")
    # Another subject may be calibrated by a figure that set nothing here.
    elsewhere = other.replace(
        "kind: names-law\n      quantity: mean_names",
        "kind: national-method\n      method: oecd_2011\n      duration_d: 1",
    )
    assert len(read_cases(write(tmp_path, ONE + elsewhere)).cases) == 2


def test_bounds_have_no_end_on_one_side():
    parts = {"value": 3.0, "rounding": 0.5, "nature": "counted", "unit": "x", "source": "s",
             "date": "2018"}  # fmt: skip
    assert Published(**parts, relation="at_least").interval == (2.5, float("inf"))
    assert Published(**parts, relation="at_most").interval == (float("-inf"), 3.5)
    assert Published(**parts, low=1.0, high=4.0).interval == (0.5, 4.5)
    between = Published(**parts, low=1.0, high=4.0, relation="between")
    assert between.interval == (0.5, 4.5)
    assert set(BOUNDS) == {"at_least", "at_most", "between"}


def test_guesses_of_shipped_cases_know_the_order_of_size_and_no_more():
    placed = choose(shipped_cases(), [])
    assert len(placed) > 50
    for each in placed:
        case = each.case
        assert case.guess is not None, case.id
        low, high = case.guess.low, case.guess.high
        if case.published.unit.startswith("share") and case.published.value >= 0.01:
            assert (low, high) == (0.01, 1), case.id
        else:
            assert high / low == pytest.approx(1000), case.id
            assert 10 * low <= case.published.value < high / 10, case.id


def test_what_was_published_until_17_april_18_00_is_calibration_of_the_chase():
    """So are the number that the purity was chosen by, which five rows show, and those of May."""
    by_id = {each.case.id: each.case for each in choose(shipped_cases(), [])}
    register = [case for name, case in by_id.items() if name.startswith("emergent-2018")]
    plateau = [case for case in register if case.counts_as == "register-plateau-2018-04"]
    assert len(plateau) == 5
    early = {"emergent-2018-04-16-21-00", "emergent-2018-04-17-12-00"}
    calibration = {case.id for case in register if case.role == "calibration"}
    may = {"emergent-2018-05-01", "emergent-2018-05-10", "emergent-2018-05-21"}
    assert calibration == early | {case.id for case in plateau} | may


def test_shipped_cases_are_many_disjoint_and_say_whom_they_rest_on():
    placed = choose(shipped_cases(), [])
    assert len(placed) > 50
    by_role = {role: [] for role in ("calibration", "known")}
    for each in placed:
        case = each.case
        figure = (case.subject, case.published.value, case.published.source)
        by_role[case.role].append(figure)
        assert len(case.published.source) > 10
        assert case.why_role.endswith(".")
    assert len(by_role["known"]) > 20
    assert not set(by_role["calibration"]) & set(by_role["known"])


def test_calibration_rows_of_the_census_are_the_rows_that_the_law_is_fitted_to(repository):
    rows = csv_rows(repository / "seeds/hosting-concentration.csv")
    fitted = [float(row["value"]) for row in rows if row["role"] == "calibration"]
    law = [each.case for each in choose(shipped_cases(), [])
           if each.case.subject == "law of names per address"]  # fmt: skip
    assert sorted(c.published.value for c in law if c.role == "calibration") == sorted(fitted)
    known = {c.published.source for c in law if c.role == "known"}
    calibration = {c.published.source for c in law if c.role == "calibration"}
    # The census itself has one row that fits nothing: names per address as seen from Europe.
    assert known & calibration == {"blog.cloudflare.com/consequences-of-ip-blocking"}
    assert [c.id for c in law if c.role == "known" and c.published.source in calibration] == [
        "census-2022-europe"
    ]


def test_an_unknown_case_is_refused_with_a_hint():
    with pytest.raises(ScenarioError, match=r"got no such; did you mean 'emergent-2018-peak'\?"):
        choose(shipped_cases(), ["emergent-2018-peek"])
