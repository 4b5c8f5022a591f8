"""The page of scores is fresh and short, and a stranger's case file cannot write markup into it."""

import json
import math
import re
from typing import Any

import numpy as np
import pytest

from sim.backtest.document import document, made_from
from sim.backtest.scores import CONDITIONED, PRIOR, Reading, backtest, draws_of, group_runs
from sim.catalogue.choices import PRICED
from sim.report.words.tables import markdown_text
from sim.scenario.cases import RunPredictor, choose, read_cases, shipped_cases
from tools.validation_page import (
    FIGURE,
    LARGEST,
    NO_REASON,
    PAGE,
    SMALLEST,
    draw_backtest,
    page,
    published_text,
    ratios,
    short_of,
)

STORED = json.loads(PAGE.with_suffix(".json").read_text(encoding="utf-8"))
REMEDY = "stale: run the command in the first line of docs/explanation/validation.md"
BY_ID = {score["id"]: score for score in STORED["scores"]}
PREDICTED = {
    (name, score["id"]): of
    for score in STORED["scores"]
    for name, of in ((score["band"], score), (PRIOR, score["prior"]))
    if of is not None
}
"""Predictions and their scores, by ensemble and case."""
LIMITS = (
    "over all declared ranges, `telegram-2018` scores {} than an even guess over the order of size"
)
MOST_LINES = 110
"""Of two pages."""


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


def test_the_page_says_what_the_stored_scores_say():
    text = PAGE.read_text(encoding="utf-8")
    assert text == page(STORED), REMEDY
    assert (PAGE.parent / FIGURE).exists()
    assert text.count("\n") <= MOST_LINES


def test_the_scores_were_made_from_the_present_cases_scenarios_and_tables(cases, groups):
    files = {id(each.file): each.file for each in cases}
    assert STORED["made_from"] == made_from(list(files.values()), groups), REMEDY
    assert list(BY_ID) == [each.case.id for each in cases], REMEDY


def test_words_of_the_scores_are_those_of_the_cases(cases):
    """Hashes and words are stored apart: the words might be of other files."""
    for each in cases:
        for key in ("given", "why_role", "note", "why_missed"):
            assert BY_ID[each.case.id][key] == " ".join(getattr(each.case, key).split()), REMEDY


def test_every_case_is_predicted_over_all_ranges_and_by_kept_simulations_where_there_are_some(
    groups,
):
    kept = {each.case.id for group in groups if group.kept for each in group.cases}
    assert len(kept) > 15
    assert {name for name, each in BY_ID.items() if each["band"] == CONDITIONED} == kept
    for name, each in BY_ID.items():
        assert (each["prior"] is None) == (name not in kept)
    money = {each.case.id for group in groups for each in group.cases
             if each.case.predictor.measure in PRICED}  # fmt: skip
    n = STORED["n_members"]
    assert n >= 64
    for (_, name), one in PREDICTED.items():
        if one["predicted"] and one["predicted"]["by_member"]:
            assert len(one["predicted"]["by_member"]) == n
            assert f"in {n} simulations" in one["predicted"]["spans"]
            assert ("and prices" in one["predicted"]["spans"]) == (name in money)


def test_what_lies_outside_says_why_beside_the_case_and_nothing_else_does():
    outside = {name for (_, name), each in PREDICTED.items() if each["verdict"] == "outside"}
    assert len(outside) > 3
    # One by name, for a case that was outside and is not goes stale as silently as a new miss.
    assert {name for name, each in BY_ID.items() if each["why_missed"]} == outside
    text = page(STORED)
    assert NO_REASON not in text
    missed = text.split("## Missed\n")[1].split("\n## ")[0].strip().splitlines()
    assert {re.match(r"- `([\w-]+)` ", line)[1] for line in missed} == outside
    for line in missed:
        why = BY_ID[re.match(r"- `([\w-]+)` ", line)[1]]["why_missed"]
        assert line.endswith(markdown_text(re.match(r".*?\.(?= |$)", why)[0]))


def test_scores_fall_short_by_coverage_guess_and_width():
    """In calibration, of evidence, or of bounds alone there is no aim."""
    fine = {
        "role": "known", "subject": "scenario a", "n_figures": 5, "coverage": 0.8,
        "crps": 0.2, "crps_guess": 0.21,
        "log10_width": 1.0,
    }  # fmt: skip

    def ways(prior, kept=fine):
        return short_of({"tallies_prior": [prior], "tallies": [kept]}).get("scenario a", [])

    few = fine | {"coverage": 0.79}
    assert ways(fine) == []
    assert ways(few, few) == ["79% inside"]
    assert ways(few | {"role": "held-out"}) == ["79% inside"]
    assert ways(fine, few) == ["kept: 79% inside"]
    for role in ("calibration", "evidence"):
        assert ways(few | {"role": role}) == []
    assert ways(few | {"n_figures": 0}) == ways(few | {"subject": ""}) == []
    worse = fine | {"crps_guess": 0.2, "log10_width": 1.1}
    assert ways(worse) == ["CRPS 0.200, of a guess 0.200", "width ×12.6"]


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
        return {"model": run["model_sha256"], "inputs": run["inputs"]}

    plain = run_of()
    assert run_of("title=Another", "n_replicates=3") == plain
    assert run_of("population.n_businesses=7")["model"] != plain["model"]
    assert run_of("strategy.order_times=drawn")["model"] != plain["model"]
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


@pytest.mark.long
def test_the_first_members_give_the_stored_numbers(groups):
    """The model itself: a change of any equation moves some number of member 0."""
    draws = draws_of(groups, 1)
    work = Reading(tuple(groups), draws).begin()
    n_compared = 0
    for row, name in draws:
        for case_id, fresh in work((row, 0, name)).items():
            stored = PREDICTED[name, case_id]["predicted"]
            if stored and stored["by_member"]:
                assert stored["by_member"][0] == pytest.approx(fresh, rel=1e-9), REMEDY
                n_compared += 1
    assert len(groups) >= 2
    assert n_compared > 90


def test_stored_scores_are_of_the_stored_members():
    """By the definition of CRPS as mean distances, and of quantiles as sorted numbers."""
    n_compared = 0
    for (_, name), one in PREDICTED.items():
        quality, predicted, case = one["quality"], one["predicted"], BY_ID[name]
        published, floor = case["published"], case["floor"]
        if not (predicted and predicted["by_member"]):
            continue
        values = np.array(predicted["by_member"])
        ends = np.quantile(values, [0.5, 0.05, 0.95])
        assert [predicted[key] for key in ("median", "low", "high")] == pytest.approx(list(ends))
        if published["relation"] != "equal":
            low, high = published["allowed_low"], published["allowed_high"]
            low, high = -math.inf if low is None else low, math.inf if high is None else high
            kept = float(((values >= low) & (values <= high)).mean())
            assert quality["probability"] == pytest.approx(kept)
            assert quality["brier"] == pytest.approx((1 - kept) ** 2)
        else:
            # What comes to nothing counts as the guess's low end, or the least that does not.
            least = min(case["guess"][0], values[values > 0].min())
            log = np.log10(np.maximum(values, floor or (0 if values.min() > 0 else least)))
            far = np.abs(log - math.log10(published["value"])).mean()
            apart = np.abs(log[:, np.newaxis] - log).mean()
            assert quality["crps"] == pytest.approx(far - apart / 2, abs=1e-12)
        n_compared += 1
    assert n_compared > 90


def test_the_page_of_limits_says_whether_the_chase_does_better_than_a_guess():
    wanted = "scenario telegram-2018", "known"
    (tally,) = [one for one in STORED["tallies_prior"] if (one["subject"], one["role"]) == wanted]
    word = "better" if tally["crps"] < tally["crps_guess"] else "worse"
    limits = (PAGE.parent / "limitations.md").read_text(encoding="utf-8")
    assert LIMITS.format(word) in " ".join(limits.split())


def test_case_text_is_text_on_the_page(tmp_path):
    path = tmp_path / "x<y>.yaml"
    path.write_text(HOSTILE, encoding="utf-8")
    text = page(document(backtest(read_cases(path).cases, 1)))
    assert not re.search(r"(?<!\\)<", text)
    (line,) = [line for line in text.splitlines() if line.startswith("- `hostile`")]
    assert "\\[x\\](javascript:1) \\|" in line
    assert line.endswith(r"published 1 \<u\>. \<img src=x\>")


def published(value: float, relation: str = "equal", **more: Any) -> dict[str, Any]:
    known = {"value": value, "relation": relation, "low": None, "high": None, "rounding": 0}
    return {"published": known | {"unit": "sites"} | more}


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (published(17_771_008), "17,771,008 sites"),
        (published(0.5, "at_least", unit="share of *all*"), "at least 0.5 share of *all*"),
        (published(7, "at_most"), "at most 7 sites"),
        (published(50, "between", low=40, high=60), "50 (40 to 60) sites"),
        # An end that was not published is the value.
        (published(50, "between", low=40), "50 (40 to 50) sites"),
        (published(50, "between", high=60), "50 (50 to 60) sites"),
        (published(1500, rounding=50), "1,500 ± 50 sites"),
    ],
)
def test_a_published_figure_has_its_relation_range_and_rounding(given, text):
    assert published_text(given) == text


def scores_of(*parts: tuple[float, float, float, float]) -> dict[str, object]:
    """Scores by (median, low, high, published value)."""
    return {
        "version": "0",
        "n_members": 2,
        "scores": [
            {
                "id": f"c{n}", "title": f"case {n}", "role": "known", "verdict": "outside",
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
