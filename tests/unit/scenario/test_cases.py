"""Case files: what is refused, where, and that a figure has one role."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from sim.errors import DataError, ScenarioError
from sim.scenario.cases import Published, choose, read_cases, shipped_cases

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
         "6:11: cases.0.role: expected 'calibration' or 'held-out', got 'heldout'; did you mean "
         "'held-out'?"),
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
    ],
)  # fmt: skip
def test_mistakes_are_named_by_place(tmp_path, old, new, expected):
    assert ONE.count(old) == 1
    found = problems(tmp_path, ONE.replace(old, new))
    assert any(each.startswith(expected) for each in found), found


def test_all_mistakes_are_named_at_once(tmp_path):
    text = ONE.replace("role: held-out", "role: x").replace("value: 16", "value: y")
    text = text.replace("  title: One", "  titel: One")
    assert len(problems(tmp_path, text)) == 4  # title is absent as well


def test_run_predictors_read_one_thing(tmp_path):
    names = "      kind: names-law\n      quantity: mean_names\n"
    run = "      kind: run\n      scenario: telegram-2018-replay\n"
    for lines, message in [
        ("", "expected one of measure, curve, event, first_outage, got 0"),
        ("      curve: addresses_listed\n      event: block\n", "got 2"),
        ("      measure: spells\n      until: 2018-04-17T00:00+03:00\n", "no time beside measure"),
        ("      event: block\n      at: 2018-04-17T00:00+03:00\n", "at beside curve only"),
    ]:
        (found,) = problems(tmp_path, ONE.replace(names, run + lines))
        assert message in found


def test_an_id_comes_once_and_a_figure_has_one_role_for_one_subject(tmp_path):
    second = ONE.split("cases:\n")[1]
    (found,) = problems(tmp_path, ONE + second)
    assert found == "18:9: cases.1.id: expected each id once, got 'one' again"
    other = second.replace("id: one", "id: two").replace("role: held-out", "role: calibration")
    (found,) = problems(tmp_path, ONE + other)
    assert found.startswith("21:11: cases.1.role: expected one role for one figure of law of names")
    # Another subject may be calibrated by a figure that this one is held out from.
    elsewhere = other.replace(
        "kind: names-law\n      quantity: mean_names",
        "kind: national-method\n      method: raec\n      duration_d: 1",
    )
    assert len(read_cases(write(tmp_path, ONE + elsewhere)).cases) == 2


def test_a_file_that_is_not_there_or_too_large_is_refused(tmp_path):
    with pytest.raises(DataError, match="expected a readable case file"):
        read_cases(tmp_path / "none.yaml")
    with pytest.raises(ScenarioError, match="expected at most 262144 bytes"):
        read_cases(write(tmp_path, ONE + "# " + "x" * 300_000))


def test_bounds_have_no_end_on_one_side():
    parts = {"value": 3.0, "rounding": 0.5, "nature": "counted", "unit": "x", "source": "s",
             "date": "2018"}  # fmt: skip
    assert Published(**parts, relation="at_least").interval == (2.5, float("inf"))
    assert Published(**parts, relation="at_most").interval == (float("-inf"), 3.5)
    assert Published(**parts, low=1.0, high=4.0).interval == (0.5, 4.5)


def test_shipped_cases_are_many_disjoint_and_say_whom_they_rest_on():
    files = shipped_cases()
    placed = choose(files, [])
    assert len(placed) > 50
    by_role = {role: [] for role in ("calibration", "held-out")}
    for each in placed:
        case = each.case
        figure = (case.subject, case.published.value, case.published.source)
        by_role[case.role].append(figure)
        assert len(case.published.source) > 10
        assert case.why_role.endswith(".")
    assert len(by_role["held-out"]) > 20
    assert not set(by_role["calibration"]) & set(by_role["held-out"])


def test_calibration_rows_of_the_census_are_the_rows_that_the_law_is_fitted_to(repository):
    with (repository / "seeds/hosting-concentration.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    fitted = [float(row["value"]) for row in rows if row["role"] == "calibration"]
    law = [each.case for each in choose(shipped_cases(), [])
           if each.case.subject == "law of names per address"]  # fmt: skip
    assert sorted(c.published.value for c in law if c.role == "calibration") == sorted(fitted)
    held_out = {c.published.source for c in law if c.role == "held-out"}
    calibration = {c.published.source for c in law if c.role == "calibration"}
    # The census itself has one row that fits nothing: names per address as seen from Europe.
    assert held_out & calibration == {"blog.cloudflare.com/consequences-of-ip-blocking"}
    assert [c.id for c in law if c.role == "held-out" and c.published.source in calibration] == [
        "census-2022-europe"
    ]


def test_an_unknown_case_is_refused_with_a_hint():
    with pytest.raises(ScenarioError, match=r"got no such; did you mean 'emergent-2018-peak'\?"):
        choose(shipped_cases(), ["emergent-2018-peek"])
