"""The page of scores is fresh, and a stranger's case file cannot write markup into it."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

from sim.backtest.document import document, made_from
from sim.backtest.predictors import prediction_of
from sim.backtest.runs import group_runs, read_replicate
from sim.backtest.scores import backtest
from sim.catalogue.choices import PRICED
from sim.measure.money.money_parameters import N_DRAWS
from sim.report.documents.backtest import LARGEST, SMALLEST, draw_backtest, ratios
from sim.report.documents.shortfalls import short_of
from sim.report.documents.validation import page
from sim.report.words.markdown import markdown_text
from sim.scenario.cases import choose, read_cases, shipped_cases
from sim.scenario.predictors import RunPredictor

REPOSITORY = Path(__file__).resolve().parents[3]
PAGE = REPOSITORY / "docs/explanation/validation.md"
STORED = json.loads(PAGE.with_suffix(".json").read_text(encoding="utf-8"))
FIGURE = "../figures/backtest.png"
REMEDY = "stale: run the command in the first line of docs/explanation/validation.md"
BY_ID = {score["id"]: score for score in STORED["scores"]}
LUCK_BY_ID = {score["id"]: score for score in STORED["bands"]["luck"]["scores"]}
"""The same cases, scored over the replicates of each scenario as given."""


HOSTILE = """\
format: overblock/backtest/1
cases:
  - id: hostile
    title: "<script>alert(1)</script> [x](javascript:1) | `c`"
    given: "a\\n\\n# heading\\n| t |\\n"
    role: held-out
    why_role: "<b>"
    predictor: {kind: none, why: "<img src=x>"}
    published:
      value: 1
      rounding: 0
      nature: claimed
      unit: "<u>"
      source: "<i>\\n<h1>"
      date: "2018"
    note: "$x$ *y*"
"""


@pytest.fixture(scope="module")
def cases():
    return choose(shipped_cases(), [])


@pytest.fixture(scope="module")
def groups(cases):
    return group_runs([each for each in cases if isinstance(each.case.predictor, RunPredictor)])


def test_an_interval_of_money_spans_the_draws_of_prices(groups):
    """By the words stored with each score, which are those of the code."""
    for group in groups:
        for each in group.cases:
            is_money = each.case.predictor.measure in PRICED
            draws = [np.ones(N_DRAWS if is_money else 1)] * STORED["n_replicates"]
            spans = prediction_of(each, group, draws).spans
            assert spans == LUCK_BY_ID[each.case.id]["predicted"]["spans"]
            assert is_money == ("draws of the prices in each" in spans)


def test_the_page_says_what_the_stored_scores_say():
    assert PAGE.read_text(encoding="utf-8") == page(STORED, figure=FIGURE), REMEDY
    assert (PAGE.parent / FIGURE).exists()


def test_the_scores_were_made_from_the_present_cases_scenarios_and_tables(cases, groups):
    files = {id(each.file): each.file for each in cases}
    assert STORED["made_from"] == made_from(list(files.values()), groups), REMEDY
    assert list(BY_ID) == [each.case.id for each in cases], REMEDY


def test_words_of_the_page_are_those_of_the_cases(cases):
    """Hashes and words are stored apart: the words might be of other files."""
    for each in cases:
        for key in ("given", "why_role", "note", "why_missed"):
            assert BY_ID[each.case.id][key] == " ".join(getattr(each.case, key).split()), REMEDY
    said = [one for file in shipped_cases() for one in file.content.shortfalls]
    whys = {one.subject: " ".join(one.why.split()) for one in said}
    assert {one["subject"]: one["why"] for one in STORED["shortfalls"]} == whys, REMEDY


def test_what_lies_outside_says_why_beside_the_case_and_nothing_else_does():
    outside = {name for name, each in BY_ID.items() if each["verdict"] == "outside"}
    assert len(outside) > 5
    # One by name, for a case that was outside and is not goes stale as silently as a new miss.
    assert {name for name, each in BY_ID.items() if each["why_missed"]} == outside
    text = page(STORED)
    assert text.count("- **Why it is missed**: ") == len(outside)
    assert "Nothing is said of it." not in text
    for name in outside:
        assert f"| outside ([why](#{name})) |" in text
        own = text.split(f'<a id="{name}">')[1].split("\n### ")[0]
        assert f"- **Why it is missed**: {markdown_text(BY_ID[name]['why_missed'])}" in own


def test_what_falls_short_of_what_is_hoped_for_says_why_and_nothing_else_does():
    short = set(short_of(STORED)) - {""}
    assert {one["subject"] for one in STORED["shortfalls"]} == short


def test_scores_fall_short_by_coverage_both_baselines_and_width():
    """Over luck, in calibration, or of bounds alone nothing was hoped for."""
    fine = {
        "role": "held-out", "subject": "scenario a", "n_figures": 5, "coverage": 0.8,
        "crps": 0.2, "crps_guess": 0.21, "crps_before": 0.2, "crps_persistence": None,
        "log10_width": 1.0,
    }  # fmt: skip

    def ways(*tallies, **beside):
        return short_of({"tallies": list(tallies), "side_by_side": beside})

    few = fine | {"coverage": 0.79}
    assert ways(fine) == {}
    assert ways(few) == {"scenario a": ["79% inside"]}
    assert ways(few | {"role": "calibration"}, few | {"n_figures": 0}, luck=[few]) == {}
    assert ways(fine, ranges=[few]) == {"scenario a": ["79% inside over all ranges"]}
    assert ways(few, calibrated=[few]) == {"scenario a": ["79% inside"]}
    worse = fine | {"crps_guess": 0.2, "crps_persistence": 0.1, "log10_width": 1.1}
    assert ways(worse)["scenario a"] == [
        "CRPS 0.200 against 0.200 of a guess",
        "CRPS 0.200 against 0.100 of persistence",
        "median width ×12.6",
    ]
    text = page(STORED | {"shortfalls": []})
    assert "scenario zello-2018: 0% inside. Nothing is said of it." in text


def test_what_drives_a_run_makes_scores_stale_and_a_word_about_it_does_not(tmp_path):
    base = {
        "kind": "run",
        "scenario": "telegram-2018-replay",
        "curve": "addresses_listed",
        "overrides": [],
    }

    def run_of(*overrides: str) -> dict[str, object]:
        path = tmp_path / "cases.yaml"
        predictor = json.dumps({**base, "overrides": list(overrides)})
        path.write_text(HOSTILE.replace('{kind: none, why: "<img src=x>"}', predictor))
        (group,) = group_runs(read_cases(path).cases)
        (run,) = made_from([], [group])["runs"]
        return {"question": run["question_sha256"], "inputs": run["inputs"]}

    plain = run_of()
    assert run_of("title=Another", "n_replicates=3") == plain
    assert run_of("population.n_businesses=7")["question"] != plain["question"]
    assert run_of("strategy.order_times=drawn")["question"] != plain["question"]
    named = {table["name"] for table in plain["inputs"]}
    assert "telegram-2018-orders" in named
    assert not named & {"article-figures", "telegram-2018-published-totals"}


def test_calculations_give_the_stored_scores(cases):
    calculated = [each for each in cases if not isinstance(each.case.predictor, RunPredictor)]
    fresh = document(backtest(calculated, 1))["scores"]
    assert len(fresh) > 15
    for score in fresh:
        stored = BY_ID[score["id"]]
        for key in ("median", "low", "high"):
            if score["predicted"] is None:
                assert stored["predicted"] is None
            else:
                assert stored["predicted"][key] == pytest.approx(score["predicted"][key]), REMEDY
        assert stored["verdict"] == score["verdict"], REMEDY


@pytest.mark.laws
def test_the_first_replicate_gives_the_stored_numbers(groups):
    """The model itself: a change of any equation moves some number of replicate 0."""
    assert len(groups) >= 2
    n_compared = 0
    for group in groups:
        for case_id, draws in read_replicate(group, 0).items():
            stored = LUCK_BY_ID[case_id]["predicted"]["by_replicate"][0]
            assert stored == pytest.approx(float(np.median(draws)), rel=1e-9), REMEDY
            n_compared += 1
    assert n_compared > 25


def test_stored_medians_are_of_the_stored_replicates():
    with_replicates = [score for score in LUCK_BY_ID.values()
                       if score["predicted"] and score["predicted"]["by_replicate"]]  # fmt: skip
    assert len(with_replicates) > 25
    for score in with_replicates:
        by_replicate = score["predicted"]["by_replicate"]
        assert len(by_replicate) == STORED["n_replicates"] >= 10
        if not score["id"].startswith("loss-"):  # money: the median is over all draws
            assert score["predicted"]["median"] == pytest.approx(np.median(by_replicate))


def test_draws_of_what_is_not_known_stand_beside_luck_of_the_same_cases():
    assert STORED["n_draws"] >= 64
    assert list(LUCK_BY_ID) == list(BY_ID)
    n_wider = 0
    over_ranges = {score["id"]: score for score in STORED["bands"]["ranges"]["scores"]}
    assert list(over_ranges) == list(BY_ID)
    for case_id, over_draws in over_ranges.items():
        wide, luck = over_draws["predicted"], LUCK_BY_ID[case_id]["predicted"]
        if wide and "joint draws" in wide["spans"]:
            assert wide["by_replicate"] == []
            n_wider += wide["high"] - wide["low"] > luck["high"] - luck["low"]
        else:
            assert wide == luck
    assert n_wider > 40


def test_no_weighted_draws_are_shipped():
    assert STORED["weighted"] == [], REMEDY


def test_parts_of_stored_scores_sum_to_them():
    n_compared = 0
    for band in STORED["bands"].values():
        for quality in (one["quality"] for one in band["scores"]):
            if quality["crps"] is not None:
                parts = [quality[f"crps_{name}"] for name in ("spread", "over", "under")]
                assert min(parts) >= 0
                assert sum(parts) == pytest.approx(quality["crps"], abs=1e-12)
                n_compared += 1
    assert n_compared > 100


def test_stored_scores_are_of_the_stored_replicates():
    """By the definition as mean distances; prices are drawn, and their draws are not stored."""
    n_compared = 0
    for score in LUCK_BY_ID.values():
        quality, predicted = score["quality"], score["predicted"]
        published, floor = (BY_ID[score["id"]][name] for name in ("published", "floor"))
        if not (predicted and predicted["by_replicate"]) or score["id"].startswith("loss-"):
            continue
        values = np.array(predicted["by_replicate"])
        if published["relation"] != "equal":
            ends = published["allowed_low"], published["allowed_high"]
            low, high = (math.inf if end is None else end for end in ends)
            low = -math.inf if ends[0] is None else low
            kept = float(((values >= low) & (values <= high)).mean())
            assert quality["probability"] == pytest.approx(kept)
            assert quality["brier"] == pytest.approx((1 - kept) ** 2)
        else:
            log = np.log10(np.maximum(values, floor or 0))
            far = np.abs(log - math.log10(published["value"])).mean()
            apart = np.abs(log[:, np.newaxis] - log).mean()
            assert quality["crps"] == pytest.approx(far - apart / 2, abs=1e-12)
        n_compared += 1
    assert n_compared > 20


def test_the_page_of_limits_says_whether_the_chase_does_better_than_a_guess():
    wanted = "scenario telegram-2018", "held-out"
    (tally,) = [one for one in STORED["tallies"] if (one["subject"], one["role"]) == wanted]
    is_better = tally["crps"] < tally["crps_guess"]
    limits = (PAGE.parent / "limitations.md").read_text(encoding="utf-8")
    word = "better" if is_better else "worse"
    assert f"`telegram-2018` scores {word} than a guess" in " ".join(limits.split())


def test_no_shipped_figure_goes_without_a_score():
    figures = [score for score in STORED["scores"]
               if score["predicted"] and score["published"]["relation"] == "equal"]  # fmt: skip
    assert len(figures) > 25
    assert all(score["quality"]["crps"] is not None for score in figures)
    assert all(score["quality"]["crps_guess"] is not None for score in figures)


def test_case_text_is_text_on_the_page(tmp_path):
    path = tmp_path / "x<y>.yaml"
    path.write_text(HOSTILE, encoding="utf-8")
    text = page(document(backtest(read_cases(path).cases, 1)))
    own = text.replace('<a id="hostile"></a>', "")
    assert not re.search(r"(?<!\\)<", own)
    assert "- **Given**: a \\# heading \\| t \\|\n" in own  # one line, and no markup in it
    assert "javascript:1" in own
    assert "\\[x\\](javascript:1)" in own
    (row,) = [line for line in own.splitlines() if line.startswith("| [")]
    assert len(re.findall(r"(?<!\\)\|", row)) == 9


def scores_of(*parts: tuple[float, float, float, float]) -> dict[str, object]:
    """Scores by (median, low, high, published value)."""
    return {
        "version": "0",
        "n_replicates": 2,
        "scores": [
            {
                "id": f"c{n}", "title": f"case {n}", "role": "held-out", "verdict": "outside",
                "predicted": {"median": median, "low": low, "high": high},
                "published": {"value": value, "allowed_low": value, "allowed_high": None,
                              "relation": "at_least"},
            }
            for n, (median, low, high, value) in enumerate(parts)
        ],
    }  # fmt: skip


def test_the_figure_draws_numbers_over_the_published_value(tmp_path):
    scores = scores_of((200, 100, 400, 100), (5, 4, 6, 0), (1e-6, 1e-7, 1e-5, 1))
    first, second = ratios(scores)  # nothing is over a published zero
    assert (first["median"], first["low"], first["high"]) == (2, 1, 4)
    assert (first["allowed_low"], first["allowed_high"]) == (1, None)
    assert second["median"] < SMALLEST < LARGEST
    assert first["text"] == "200 / ≥ 100"
    path = tmp_path / "f.svg"
    draw_backtest(scores, path)
    again = tmp_path / "g.svg"
    draw_backtest(scores, again)
    assert path.read_bytes() == again.read_bytes()


def test_the_shipped_figure_draws_every_case_that_has_a_ratio():
    drawn = {row["id"] for row in ratios(STORED)}
    assert drawn == {score["id"] for score in STORED["scores"] if score["predicted"]}
