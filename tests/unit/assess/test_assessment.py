"""An assessment against the tables of its comparison, and its words against hostile text."""

import html
import math
import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import duckdb
import numpy as np
import pytest

from sim.assess.assessment import (
    _RELEASES,
    Assessment,
    _count_entries,
    _most_cut_off,
    _operator_lags,
    _turned,
    _wait,
    assess,
)
from sim.errors import UsageError
from sim.measure.estimates import Estimate, Grade
from sim.report.documents.assessment import write_assessment
from sim.report.documents.markdown import to_html
from sim.report.words.answer import answer
from sim.report.words.sentences import verdict_sentence
from sim.results.folder import RunFolder, open_run
from sim.results.parquet import read_columns
from sim.scenario.tables.rows import forums, read_court_questions
from tests.commands import run
from tests.csv_rows import csv_rows

OWN = "covering-prefix"
HOSTILE = "<script>alert(1)</script> | [x](y) **b**"
VERDICT = {
    "metric": "business_hours_impaired", "strategy": "a", "other": "b",
    "n_less": 3, "n_equal": 2, "n_more": 25, "n_not_known": 0, "n_needed": 59,
    "verdict": "differ", "depends_on_1": "x", "depends_on_2": "", "depends_on_3": "",
    "difference": 7.0, "difference_low": -1.5, "difference_high": 9.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(comparison_folder: Path) -> Path:
    return comparison_folder


@pytest.fixture(scope="module")
def found(folder: Path) -> Assessment:
    return assess(open_run(folder), OWN, ())


def printed(found: Assessment, forum: str = "") -> str:
    asked = [row for row in read_court_questions().rows if row.forum == forum]
    return write_assessment(found, asked).replace("\N{NO-BREAK SPACE}", " ")


def test_hours_of_who_still_is_cut_off_at_the_end_are_a_bound(found, monkeypatch):
    def hours() -> str:
        return re.search(r"middle one of these, in simulations with any: (.*)\.\n", printed(found))[
            1
        ]

    assert re.fullmatch(
        r"at least [\d.]+ hours \(.*\), as half or more still are near the end", hours()
    )

    def is_cut(*_) -> bool:
        return False

    monkeypatch.setattr("sim.report.documents.assessment.is_cut", is_cut)
    assert re.fullmatch(r"\d+ hours \(.*\)", hours())


def test_numbers_are_those_of_the_summary_and_of_the_report(folder, found):
    for row in csv_rows(folder / "summary.csv"):
        if row["strategy"] == OWN and row["median"]:
            one = found.number(row["metric"])
            assert [one.median, one.low, one.high] == [
                float(row[name] or row["median"]) for name in ("median", "low", "high")
            ]
    for row in csv_rows(folder / "comparison.csv"):
        if row["strategy"] == OWN and row["difference"]:
            assert found.differences[row["metric"]].median == float(row["difference"])
    text = printed(found)
    for strategy in answer(found.run).strategies:
        for figure in strategy.figures:
            assert figure.line.replace("\N{NO-BREAK SPACE}", " ") in text


def test_a_share_is_a_median_of_shares_simulation_by_simulation(folder, found):
    rows = read_columns(
        folder / "measures.parquet",
        "SELECT value / denominator AS share FROM data WHERE strategy = ? AND metric = ?",
        [OWN, "businesses_ever_impaired"],
    )
    assert found.shares[OWN].median == pytest.approx(np.median(rows["share"]))


def test_groups_that_bear_most_come_first_with_their_shares(folder, found, monkeypatch):
    rows = read_columns(
        folder / "hits.parquet",
        'SELECT "group" AS name, median(value / denominator) AS share, '
        "max(value) AS most FROM data "
        "WHERE strategy = ? AND \"by\" = 'provider' AND metric = 'businesses_ever_impaired' "
        "AND denominator > 0 GROUP BY 1 HAVING max(value) > 0 ORDER BY 2 DESC",
        [OWN],
    )
    expected = dict(zip(rows["name"].tolist(), rows["share"].tolist(), strict=True))
    groups = found.burdens["provider"]
    assert groups
    assert [one.median for _, one in groups] == pytest.approx(
        sorted(expected.values(), reverse=True)[:5]
    )
    assert all(one.median == pytest.approx(expected[name]) for name, one in groups)
    shares = {name: Estimate(0.0, 0.0, high, "share") for name, high in (("a", 0.0), ("b", 0.1))}
    monkeypatch.setattr("sim.measure.estimates.read_group_shares", lambda *_: shares)
    (named,) = _most_cut_off(found.run, OWN, "sector")
    assert named[0] == "b", "none of the other is ever cut off"


def test_a_verdict_is_turned_where_the_strategy_is_the_second_of_the_pair():
    turned = _turned(VERDICT)
    assert (turned["strategy"], turned["other"]) == ("b", "a")
    assert [turned[f"n_{one}"] for one in ("less", "equal", "more")] == [25, 2, 3]
    ends = [turned[name] for name in ("difference_low", "difference", "difference_high")]
    assert ends == [-9.0, -7.0, 1.5]
    assert verdict_sentence(VERDICT) == (
        "The simulations differ: a has more harm than b in 25 of 30; it depends most on x."
    )
    assert verdict_sentence(turned) == (
        "The simulations differ: b has less harm than a in 25 of 30; it depends most on x."
    )
    assert math.isnan(_turned({**VERDICT, "difference": math.nan})["difference"])


def test_verdicts_name_the_assessed_strategy_first_and_count_as_the_measures_do(folder, found):
    values = read_columns(
        folder / "measures.parquet",
        "SELECT strategy, replicate, value FROM data WHERE metric = 'target_user_hours_denied' "
        "ORDER BY replicate",
    )
    of = {
        name: values["value"][values["strategy"] == name].astype(float)
        for name in ("exact", OWN)
    }  # fmt: skip
    (row,) = [
        one
        for one in found.verdicts
        if one["metric"] == "target_user_hours_denied" and one["other"] == "exact"
    ]
    assert row["strategy"] == OWN
    assert row["n_less"] == (of[OWN] < of["exact"]).sum()
    assert row["n_more"] == (of[OWN] > of["exact"]).sum()
    assert row["difference"] == pytest.approx(np.median(of[OWN] - of["exact"]))


def test_a_baseline_that_is_an_alternative_too_is_compared_once(folder, found):
    versus = (found.baseline, *(one for one in found.others if one != found.baseline))
    rows = [(row["other"], row["metric"]) for row in assess(open_run(folder), OWN, versus).verdicts]
    assert len(rows) == len(set(rows)) > 0


def test_a_measure_that_the_record_contradicts_is_not_printed(found):
    name = "target_user_hours_lost_share"
    numbers = dict(found.numbers)
    numbers[OWN, name] = replace(numbers[OWN, name], median=0.731, grade=Grade.CONTRADICTED)
    text = printed(replace(found, numbers=numbers))
    assert "lost: not printed, since the record contradicts it of all" not in text
    assert "73" not in text.split("## Does it reach the target?")[1].split("##")[0]


@pytest.mark.parametrize("forum", ["", *forums()])
def test_each_form_has_parts_that_exist_and_says_nothing_twice(found, forum):
    assert all(row.parts for row in read_court_questions().rows)
    text = printed(found, forum)
    lines = [line for line in text.splitlines() if len(line.split()) > 4 and line[0] != "|"]
    assert len(lines) == len(set(lines))
    assert " nan" not in text
    # Two pages hold some 1,000 words.
    assert len(text.split()) < 900
    questions = [row.question for row in read_court_questions().rows if row.forum == forum]
    heads = re.findall(r"^#+ (.*)", text, flags=re.MULTILINE)
    assert [one for one in questions if one not in heads] == []
    assert len(heads) == len(set(heads))


def test_text_of_users_is_text(found):
    run = replace(found.run, scenario={**found.run.scenario, "title": HOSTILE})
    document = write_assessment(replace(found, run=run))
    page = to_html(document, HOSTILE)
    assert "<script>" not in page
    assert "href" not in page
    assert html.escape(HOSTILE, quote=False) in page.replace("&quot;", '"')
    assert "[x](y)" not in document


def test_a_page_has_the_lines_and_tables_of_the_document(found):
    document = write_assessment(found)
    page = to_html(document, "A <title>")
    assert "<title>A &lt;title&gt;</title>" in page
    for line, tag in (("# ", "h1"), ("## ", "h2"), ("- ", "li")):
        n = sum(one.startswith(line) for one in document.splitlines())
        assert page.count(f"<{tag}>") == n > 0
    (header,) = re.findall(r"<thead>.*?</thead>", page, flags=re.DOTALL)
    assert re.findall(r'<th scope="col">(.*?)</th>', header) == [
        "strategy", "harm", "effect", "cost"
    ]  # fmt: skip
    assert page.count("<td>") == 4 * page.count("<tr>") - 4


def test_a_run_and_unknown_strategies_are_refused(folder):
    run = open_run(folder)
    with pytest.raises(UsageError, match=r"got 'exakt'.*did you mean 'exact'"):
        assess(run, "exakt", ())
    with pytest.raises(UsageError, match="expected another strategy than the one under"):
        assess(run, "exact", ("exact",))
    manifest = {key: value for key, value in run.manifest.items() if key != "baseline"}
    with pytest.raises(UsageError, match="expected a comparison, got a run"):
        assess(replace(run, manifest=manifest), None, ())


def test_an_operator_that_did_not_release_a_withdrawn_entry_is_counted(tmp_path):
    for name, rows in {
        "events": "(7, 'unblock', 3600), (8, 'unblock', 9)) AS t(entry, kind, t_s)",
        "enforcement": "(7, 'a', 7200), (7, 'b', NULL)) AS t(entry, operator, released_s)",
        "entries": "(7, 'drop')) AS t(entry, mechanism)",
    }.items():
        # Of another strategy nothing counts.
        table = f"SELECT unnest(['s', 'r']) AS strategy, 0 AS replicate, * FROM (VALUES {rows}"
        duckdb.execute(f"COPY ({table}) TO '{tmp_path / name}.parquet' (FORMAT parquet)")
    wait = _wait(RunFolder(tmp_path, {}, {}), "s", _RELEASES)
    assert (wait.n_done, wait.n_open, wait.median_h) == (1, 1, 1)


def test_an_own_strategy_ends_its_entries_by_withdrawing_them(found):
    remedies = replace(found.remedies, time_limits={}, ends_by_order=False)
    assert "entry ends when it is withdrawn" in printed(replace(found, remedies=remedies))
    given = [{"label": one, "id": "orders"} for one in found.run.strategies]
    run = replace(found.run, manifest={**found.run.manifest, "strategies": given})
    assert "order given has an end of its own" in printed(assess(run, OWN, ()))


def test_entries_are_counted_in_simulations_without_any_event_too(tmp_path):
    for name, rows in {
        "events": "('s', 1, 7, 'block'), ('s', 1, 8, 'block'), ('s', 1, 7, 'unblock'), "
        "('s', 2, 7, 'block')" + 3 * ", ('s', 2, 7, 'unblock')",
        "entries": "('s', 1, 7, 'drop'), ('s', 1, 8, 'drop'), ('s', 2, 7, 'drop')",
        "measures": "('s', 0, 0, 'm'), ('s', 1, 0, 'm'), ('s', 2, 0, 'm'), ('t', 3, 0, 'm')",
    }.items():
        last = "mechanism" if name == "entries" else "kind"
        table = f"(VALUES {rows}) AS t(strategy, replicate, entry, {last})"
        duckdb.execute(f"COPY (FROM {table}) TO '{tmp_path / name}.parquet' (FORMAT parquet)")
    assert _count_entries(RunFolder(tmp_path, {}, {}), "s") == (1, 1)


def test_notices_of_the_report_are_in_the_assessment_too(found):
    run = replace(found.run, manifest=dict(found.run.manifest, status="interrupted"))
    assert "This result is interrupted: 6 of 6 simulations." in printed(replace(found, run=run))


def test_waits_are_those_of_the_events(folder, found):
    events = read_columns(
        folder / "events.parquet",
        "SELECT replicate, business, kind, t_s FROM data WHERE strategy = ? "
        "AND kind IN ('complained', 'exempted')",
        [OWN],
    )
    seen: dict[str, dict[tuple[int, int], float]] = {"complained": {}, "exempted": {}}
    for replicate, business, kind, t_s in zip(*events.values(), strict=True):
        seen[kind][replicate, business] = t_s
    ends = [(end - seen["complained"][key]) / 3600 for key, end in seen["exempted"].items()]
    wait = found.remedies.appeal
    assert (wait.n_done, wait.n_open) == (len(ends), len(seen["complained"]) - len(ends))
    assert wait.median_h == pytest.approx(np.median(ends))


def test_without_a_label_the_first_that_is_no_baseline_is_assessed(folder):
    run = open_run(folder)
    first = next(one for one in run.strategies if one != run.manifest["baseline"])
    assert assess(run, None, ()).label == first


def test_lags_are_the_least_and_most_of_operators_that_comply(folder, found):
    name = found.run.scenario["operators"]["groups"]
    rows = [row for row in csv_rows(found.run.input_path(name)) if float(row["compliance"]) > 0]
    hours = [float(row["apply_lag_median_h"]) for row in rows]
    assert found.remedies.apply_h == (min(hours), max(hours))


def test_the_command_writes_a_page_and_refuses_what_it_cannot_write(folder, tmp_path):
    assess = partial(run, "assess", folder, "--strategy", OWN)
    page = tmp_path / "a.html"
    assess("-o", page, "--along", "echr")
    assert "Would less intrusive means do?" in page.read_text(encoding="utf-8")
    for wrong, said in (
        (("-o", "a.txt"), "expected a file that ends in .md or .html"),
        (("--along", "ecr"), "did you mean 'echr'"),
    ):
        assert said in assess(*wrong, status=2).output


def test_lags_of_operators_without_a_table_are_not_known(monkeypatch):
    nobody = RunFolder(Path("out"), {"inputs": []}, {"operators": {}})
    assert np.isnan(_operator_lags(nobody)).tolist() == [True, True]
    rows = [SimpleNamespace(compliance=one, apply_lag_median_h=h) for one, h in ((0, 1), (1, 2))]
    monkeypatch.setattr("sim.assess.assessment.input_rows", lambda *_: rows)
    assert _operator_lags(nobody) == (2, 2), "who never complies has no lag"
