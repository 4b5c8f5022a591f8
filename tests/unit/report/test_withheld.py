"""What no head quotes: a number that no draws support as given, or that the record contradicts."""

from __future__ import annotations

import csv
import html
import re
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sim.api.results import NOT_QUOTED, Results, open_results
from sim.catalogue.choices import COLLATERAL, EFFICACY, TARGET_LOST
from sim.cli.terminal.head import print_headline
from sim.explore.answer import answer_of
from sim.report.page.document import render
from sim.report.page.first_picture.bars import bars_of_comparison
from sim.report.page.head import withheld as module
from sim.report.page.head.headline import Headline, headline_of_comparison, headline_of_run
from sim.report.page.head.how_sure import HIT_FOR, HIT_SHARE
from sim.report.page.head.questions import _effect
from sim.report.page.head.withheld import quotable, withheld
from sim.report.words.languages import IN_ENGLISH
from sim.report.words.money import PRIVATE
from sim.results.read import RunFolder, open_run
from sim.results.tables import Row
from sim.scenario.library import scenario_names
from sim.scenario.load import load_scenario
from sim.scenario.tables.facts import FactRow, facts_of

NBSP = "\N{NO-BREAK SPACE}"
IN_RANGE, APART = (0.3, 0.2, 0.6), (0.1, 0.2, 0.6)
"""Value as given, and the ends of the draws."""
HIT_WORDS, LOST_WORDS = "businesses were hit", "hours"
N_DRAWS = 64


def row(metric: str, ends: tuple[float, float, float], strategy: str = "s") -> Row:
    given, low, high = ends
    return {
        "strategy": strategy, "metric": metric, "unit": "share of them", "mean": 0.4,
        "given": given, "low": given, "high": given, "all_low": low, "all_high": high,
    }  # fmt: skip


def folder_of(name: str, **more: Any) -> RunFolder:
    """A result of a shipped scenario, of which nothing is on disk."""
    scenario = load_scenario(name).scenario.model_dump(mode="json")
    manifest = {"scenario": {"name": name}, "strategy": "s", "n_draws": N_DRAWS, **more}
    return RunFolder(Path("nowhere"), manifest, scenario)


def head_of(run: RunFolder, *rows: Row) -> Headline:
    return headline_of_run(run, {str(one["metric"]): one for one in rows})


@pytest.mark.parametrize("name", scenario_names())
def test_no_shipped_scenario_quotes_a_value_that_no_draws_support(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_value_then", lambda *_: 0.0)
    run = folder_of(name)
    hit, lost = (row(metric, IN_RANGE) for metric in (HIT_SHARE, TARGET_LOST))
    both = head_of(run, hit, lost)
    assert HIT_WORDS in both.is_sure.replace("sites named", "businesses")
    assert LOST_WORDS in both.says
    assert both.withheld == ""
    without = head_of(run, hit, row(TARGET_LOST, APART), row(EFFICACY, IN_RANGE))
    assert LOST_WORDS not in f"{without.says} {without.is_sure}"
    assert "share of user-hours lost (10 % as given, 20 to 60 % in the draws)" in (
        without.withheld.replace(NBSP, " ")
    )
    alone = head_of(run, row(HIT_SHARE, APART), lost)
    assert alone.says == "The target's users lost two in five of their hours."
    assert alone.is_sure == (
        "How sure is that? In nine of ten cases tried, one in five to three in five hours were "
        "lost."
    )
    assert "share of businesses ever impaired" in alone.withheld
    nothing = head_of(run, row(HIT_SHARE, APART), row(TARGET_LOST, APART))
    assert nothing.sentences == (
        "No number of this result is fit for a headline.",
        nothing.withheld,
    )


@pytest.mark.parametrize(
    ("ends", "n_draws", "is_withheld"),
    [
        ((0.2, 0.2, 0.6), 64, False),
        ((0.6, 0.2, 0.6), 64, False),
        ((0.61, 0.2, 0.6), 64, True),
        ((0.1, 0.2, 0.6), 20, True),
        # Of fewer nine in ten cannot be told, and no range is quoted either.
        ((0.1, 0.2, 0.6), 19, False),
        # The mean of ten times 0.1 is less than 0.1 by its last digit.
        ((0.1 * (1 - 1e-15), 0.1, 0.1), 64, False),
        ((float("nan"), 0.2, 0.6), 64, False),
    ],
)
def test_where_a_value_as_given_counts_as_outside(
    ends: tuple[float, float, float], n_draws: int, is_withheld: bool
) -> None:
    run = folder_of("austria-2022", n_draws=n_draws)
    found = withheld(run, [row(HIT_SHARE, ends)])
    assert found.metrics == ({HIT_SHARE} if is_withheld else set())
    assert bool(found.why) is is_withheld


def _compared(harm: tuple[float, float, float], lost: tuple[float, float, float]) -> list[Row]:
    inside = [row(metric, IN_RANGE, "first") for metric in (COLLATERAL, TARGET_LOST, PRIVATE)]
    # What the baseline has is quoted nowhere.
    outside = [row(metric, APART, "none") for metric in (COLLATERAL, TARGET_LOST)]
    return [*inside, row(COLLATERAL, harm, "second"), row(TARGET_LOST, lost, "second"), *outside]


def test_a_comparison_quotes_no_measure_that_is_apart_under_one_strategy() -> None:
    ids = {"none": "none", "first": "exact", "second": "exact"}
    strategies = [{"label": label, "id": id_} for label, id_ in ids.items()]
    run = folder_of("match-days", baseline="none", strategies=strategies)

    def told(*ends: tuple[float, float, float]) -> tuple[Headline, Any]:
        rows = _compared(*ends)
        bars = bars_of_comparison(quotable(run, rows), strategies, "none")
        return headline_of_comparison(run, rows, []), bars

    head, bars = told(IN_RANGE, IN_RANGE)
    assert head.withheld == ""
    assert "harmed" not in head.withheld
    assert [*bars.whose] == [0, 1, 2]
    head, bars = told(IN_RANGE, APART)
    assert LOST_WORDS not in head.says
    assert [*bars.whose] == [0, 1]
    head, bars = told(APART, IN_RANGE)
    assert head.says == (
        "Each cost the target's users two in five (one in five to three in five) of their hours."
    )
    assert head.is_sure == head.hangs_on == ""
    assert bars.title == "What each strategy cost"
    assert "business-hours impaired" in head.withheld
    head, bars = told(APART, APART)
    assert head.says == "No number of this result is fit for a headline."
    assert [*bars.whose] == [1]


def moved(folder: Path, to: Path, metric: str, strategy: str = "") -> Path:
    """Copy a folder with draws of one measure that lie below what it is as given."""
    shutil.copytree(folder, to)
    with (to / "uncertainty.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    for line in lines:
        if line["metric"] == metric and strategy in ("", line["strategy"]):
            given = float(line["luck_median"])
            line |= {"low": str(0.2 * given), "median": str(0.3 * given), "high": str(0.4 * given)}
    with (to / "uncertainty.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, lines[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
    return to


def test_every_surface_says_why_and_quotes_nothing(
    drawn_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    apart_run = moved(drawn_run, tmp_path / "apart", HIT_SHARE)
    why = "Not quoted here, since the value as given lies outside the draws' range: share of "
    print_headline(apart_run)
    terminal = " ".join(capsys.readouterr().out.split())
    results = open_results(apart_run)
    page = render(open_run(apart_run))
    (answer,) = re.findall(r'<div class="answer">(.*?)</div>', page, re.DOTALL)
    explorer = " ".join(answer_of(apart_run)["headline"])
    notebook = results._repr_html_()
    for said in (terminal, page, explorer, results.headline, notebook):
        assert why in html.unescape(said)
    for said in (terminal, answer, explorer, results.headline):
        assert "hit" not in said.replace("share of businesses", "")


def _cells_of(results: Results, label: str) -> list[str]:
    """Cells of a measure: of a run those of its row, of a comparison those of its column."""
    names, cells, _ = results._shown()
    if label in names:
        return [row[names.index(label)] for row in cells]
    return next(rest for name, *rest in cells if name == label)


def test_the_table_of_a_notebook_quotes_none_of_them(
    drawn_run: Path, drawn_comparison: Path, tmp_path: Path
) -> None:
    peak, listed = "addresses_listed_peak", "addresses listed, peak"
    assert NOT_QUOTED not in _cells_of(open_results(drawn_run), listed)
    results = open_results(moved(drawn_run, tmp_path / "run", peak))
    assert _cells_of(results, listed) == [NOT_QUOTED, ""]
    assert f"draws' range: {listed} (" in repr(results)
    assert f"range: {listed} (" in html.unescape(results._repr_html_())
    harm = "business-hours impaired"
    results = open_results(drawn_comparison)
    assert NOT_QUOTED not in _cells_of(results, harm)
    one = next(name for name in results.strategies if name != "none")
    results = open_results(moved(drawn_comparison, tmp_path / "compared", COLLATERAL, one))
    assert {*_cells_of(results, harm)} == {NOT_QUOTED}
    assert f"range: {harm} (" in results.headline
    assert "harmed bystanders" not in results.headline


# Dated facts.

AT = datetime(2018, 11, 15, tzinfo=UTC)
FACT: Mapping[str, Any] = {
    "scenario": "telegram-2018", "at": AT, "curve": "target_left_share", "at_most": 0.15,
    "metrics": TARGET_LOST, "source": "somebody",
}  # fmt: skip


@pytest.mark.parametrize(("left", "is_withheld"), [(0.15, False), (0.16, True), (0.0, False)])
def test_what_the_record_contradicts_is_not_quoted(
    left: float, is_withheld: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_value_then", lambda *_: left)
    run = folder_of("telegram-2018")
    head = head_of(run, row(HIT_SHARE, IN_RANGE), row(TARGET_LOST, IN_RANGE))
    assert (LOST_WORDS in head.says) is not is_withheld
    if is_withheld:
        assert "since the record contradicts it: target: share of user-hours lost" in head.withheld
        assert "on 15 November 2018: 16 % in the model, but records allow at most 15 %; daily" in (
            head.withheld.replace(NBSP, " ")
        )
        # What readers ask first is answered by the same reason.
        answered = _effect(run, {TARGET_LOST: row(TARGET_LOST, IN_RANGE)}, IN_ENGLISH)
        assert answered.said == head.withheld
    # Another strategy never was; and a comparison without the own one is on no record.
    other = folder_of("telegram-2018")
    other.manifest["scenario"]["overrides"] = ["strategy={id: exact}"]
    assert head_of(other, row(TARGET_LOST, IN_RANGE)).withheld == ""
    assert head_of(folder_of("match-days"), row(TARGET_LOST, IN_RANGE)).withheld == ""


def test_the_record_binds_where_the_curve_is_kept(shipped_run: Path) -> None:
    """Addresses listed at noon of 20 April, from the table of points and not from a band."""
    run = open_run(shipped_run)
    moment = datetime.fromisoformat("2018-04-20T12:00+03:00")
    fact = FactRow(**{**FACT, "curve": "addresses_listed", "at": moment})
    at_s = (moment - run.start).total_seconds()
    points = run.curve("addresses_listed")
    first = points.replicate == points.replicate.min()
    last = max(t for t in points.t_s[first].tolist() if t <= at_s)
    (expected,) = points.value[first & (points.t_s == last)].tolist()
    found = module._value_then(run, fact, run.strategies[0])
    assert found == pytest.approx(expected)
    late = FactRow(**{**FACT, "curve": "addresses_listed"})
    assert not module._value_then(run, late, run.strategies[0]) > 0


def test_shipped_facts_name_shipped_scenarios_and_times_within_them() -> None:
    found = [fact for name in scenario_names() for fact in facts_of(name)]
    assert found
    for fact in found:
        scenario = load_scenario(fact.scenario).scenario
        assert scenario.start <= fact.at < scenario.end
    with pytest.raises(ValueError, match="expected the name of a curve or a measure, got 'no'"):
        FactRow(**{**FACT, "curve": "no"})


def test_hours_have_their_own_check() -> None:
    run = folder_of("austria-2022")
    head = head_of(run, row(HIT_SHARE, IN_RANGE), row(HIT_FOR, APART))
    assert "half for" not in f"{head.says} {head.is_sure}"
    assert "half for" in head_of(run, row(HIT_SHARE, IN_RANGE), row(HIT_FOR, IN_RANGE)).says
