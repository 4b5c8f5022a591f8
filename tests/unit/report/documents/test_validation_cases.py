"""Cases of the page of scores in every form that one can have, against lines written by hand."""

from __future__ import annotations

from typing import Any

import pytest

from sim.report.documents.validation import BANDS, _said_of_intervals, _side_by_side, mean
from sim.report.documents.validation_cases import case_tables, details, published_text, span

NO_SCORES = {
    "crps": None, "crps_spread": None, "crps_over": None, "crps_under": None, "crps_guess": None,
    "probability": None, "brier": None, "brier_guess": None, "crps_persistence": None,
    "why_not": "",
}  # fmt: skip
SCORED = {
    "crps": 0.25, "crps_spread": 0.05, "crps_over": 0.2, "crps_under": 0.0, "crps_guess": 0.5,
    "crps_persistence": 0.125,
}  # fmt: skip


def published(value: float, relation: str = "equal", **more: Any) -> dict[str, Any]:
    known: dict[str, Any] = {
        "value": value, "relation": relation, "low": None, "high": None, "rounding": 0,
        "unit": "sites", "nature": "counted", "source": "A paper", "date": "2018",
    }  # fmt: skip
    return known | more


def case(
    relation: str = "equal", quality: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    known: dict[str, Any] = {
        "id": "one", "title": "A title", "role": "held-out", "why_role": "Seen after.",
        "given": "A date.", "subject": "scenario s", "verdict": "inside", "log10_error": -0.3,
        "predicted": {"median": 50.0, "low": 40.0, "high": 1500.0, "spans": "luck",
                      "left_out": "prices"},
        "published": published(100.0, relation), "quality": NO_SCORES | (quality or {}),
        "guess": None, "before": "", "floor": None, "counts_as": "", "note": "", "why_not": "",
    }  # fmt: skip
    return known | more


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (published(17_771_008), "17,771,008 sites"),
        (published(0.5, "at_least", unit="share of *all*"), r"at least 0.5 share of \*all\*"),
        (published(7, "at_most"), "at most 7 sites"),
        (published(3, "rank"), "rank 3 sites"),
        (published(50, "between", low=40, high=60), "50 (40 to 60) sites"),
        # An end that was not published is the value.
        (published(50, "between", low=40), "50 (40 to 50) sites"),
        (published(50, "between", high=60), "50 (50 to 60) sites"),
        (published(1500, rounding=50), "1,500 ± 50 sites"),
    ],
)
def test_what_was_published_is_said_with_its_relation_range_and_rounding(
    given: dict[str, Any], said: str
) -> None:
    assert published_text({"published": given}) == said


@pytest.mark.parametrize(
    ("low", "median", "high", "said"),
    [
        (40.0, 50.0, 1500.0, "[40, 1,500]"), (50.0, 50.0, 50.0, "a point"),
        (50.0, 50.0, 60.0, "[50, 60]"), (40.0, 50.0, 50.0, "[40, 50]"),
        (None, 50.0, None, "not known"),
    ],
)  # fmt: skip
def test_a_prediction_without_luck_is_a_point(
    low: float | None, median: float, high: float | None, said: str
) -> None:
    assert span({"low": low, "median": median, "high": high}) == said


HEAD = (
    '### <a id="one"></a>A title\n\n- **Case**: `one`, held-out. Seen after.\n'
    "- **Given**: A date.\n"
)
PREDICTED = (
    "- **Predicted** by scenario s: 50, [40, 1,500]. The interval spans luck; not in it: prices.\n"
)
PUBLISHED = "- **Published** (counted): {}100 sites. A paper (2018).\n"


@pytest.mark.parametrize(
    ("given", "rest"),
    [
        (case(), PREDICTED + PUBLISHED.format("") + "- **Verdict**: inside; log error -0.30.\n"),
        (
            case(quality=SCORED, guess=(10.0, 1000.0), before="last year", floor=2.0,
                 counts_as="two", note="So *it* is."),
            PREDICTED + PUBLISHED.format("") + "- **Verdict**: inside; log error -0.30. CRPS 0.250 "
            "(spread 0.050, too high 0.200); a guess from 10 to 1,000 scores 0.500; persistence of "
            "`last year` 0.125; below 2 counts as that. Counts as `two`.\n- So \\*it\\* is.\n",
        ),
        (
            case(quality={"crps": 0.3, "crps_spread": 0.0, "crps_over": 0.0, "crps_under": 0.3}),
            PREDICTED + PUBLISHED.format("") + "- **Verdict**: inside; log error -0.30. CRPS 0.300 "
            "(spread 0.000, too low 0.300).\n",
        ),
        (
            case("at_least", {"probability": 0.75, "brier": 0.0625, "brier_guess": 0.25},
                 guess=(1.0, 10.0), log10_error=None),
            PREDICTED + PUBLISHED.format("at least ") + "- **Verdict**: inside; log error none. "
            "Probability that the bound is kept 0.75; a guess from 1 to 10 scores 0.250.\n",
        ),
        (
            case("rank", {"why_not": "it is a rank"}, guess=None),
            PREDICTED + PUBLISHED.format("rank ") + "- **Verdict**: inside; log error -0.30. No "
            "CRPS: it is a rank.\n",
        ),
        (
            case(predicted=None, verdict="not computable", log10_error=None, guess=(1.0, 2.0),
                 why_not="Nobody *knows*.", counts_as="two"),
            "- **Predicted**: not computable. Nobody \\*knows\\*.\n" + PUBLISHED.format("")
            + "- **Verdict**: not computable; log error none. Counts as `two`.\n",
        ),
        (
            case(predicted=case()["predicted"] | {"unknown_part": "two of three"}),
            PREDICTED + "- **Known in part**: two of three.\n" + PUBLISHED.format("")
            + "- **Verdict**: inside; log error -0.30.\n",
        ),
    ],
)  # fmt: skip
def test_a_case_is_told_with_all_that_is_known_of_it_and_no_more(
    given: dict[str, Any], rest: str
) -> None:
    assert details(given) == HEAD + rest


def test_figures_and_bounds_stand_apart_each_with_its_scores() -> None:
    bound = {"probability": 0.75, "brier": 0.0625, "brier_guess": 0.25}
    figures, bounds = case_tables(
        [
            case(quality=SCORED),
            case("at_most", bound, id="two"),
            case("rank", id="three", predicted=None, log10_error=None, verdict="no"),
        ]
    )
    begin = "| case | predicted median | 90 % interval | published | verdict |"
    rule = "| --- | ---: | ---: | ---: | --- | ---: | ---: | ---: |\n"
    assert figures == (
        f"{begin} log error | CRPS | of a guess |\n{rule}"
        "| [A title](#one) | 50 | [40, 1,500] | 100 sites | inside | -0.30 | 0.250 | 0.500 |\n"
        "| [A title](#three) |  |  | rank 100 sites | no |  |  |  |\n"
    )
    assert bounds == (
        f"{begin} probability | Brier score | of a guess |\n{rule}"
        "| [A title](#two) | 50 | [40, 1,500] | at most 100 sites | inside | 0.750 | 0.062 | "
        "0.250 |\n"
    )
    assert case_tables([]) == []


def test_the_ends_of_a_mean_stand_beside_it_where_it_has_some() -> None:
    tally = {"crps": 0.25, "brier": None, "low": 1.0, "intervals": {"crps": (0.125, 0.5)}}
    assert mean(tally, "crps") == "0.250 [0.125, 0.500]"
    assert mean(tally, "low") == "1.000"
    assert mean(tally | {"intervals": {"brier": (0.0, 1.0)}}, "brier") == ""


WEIGHED = {"scenario": "s_1", "n_draws": 900, "n_effective": 41.6, "sha256": "ab" * 32}


@pytest.mark.parametrize(
    ("n_draws", "weighted", "begin", "end"),
    [
        (0, [WEIGHED], "Predicted intervals span luck alone, except", "an assumption may."),
        (64, [], "Intervals of what is read off scenarios span luck and all that is not known: 64 "
         "joint draws", "span what is said with them."),
        (64, [WEIGHED], "Intervals of", "with their weights: s\\_1 (900 draws that say as much as "
         "42 of equal weight, sha256 abababababab)."),
        (64, [WEIGHED | {"is_taken": False}], "Intervals of", "Weighted draws of s\\_1 stand [side "
         "by side](#side-by-side) alone: no run takes them unasked "
         "([why](bands.md#weighed-by-published-figures))."),
    ],
)  # fmt: skip
def test_what_intervals_span_is_said(
    n_draws: int, weighted: list[dict[str, Any]], begin: str, end: str
) -> None:
    text = _said_of_intervals({"n_draws": n_draws, "weighted": weighted})
    assert text.startswith(begin)
    assert text.endswith(end)
    if n_draws:
        taken = [one for one in weighted if one.get("is_taken", True)]
        assert ("over these, with their weights" in text) == bool(taken)
        assert ("stand [side by side]" in text) == (weighted != taken)


def tally(role: str, subject: str, n: int, **more: Any) -> dict[str, Any]:
    known: dict[str, Any] = {
        "role": role, "subject": subject, "n_figures": n, "coverage": 0.875, "log10_width": 1.0,
        "crps": 0.25, "crps_spread": 0.125, "crps_over": 0.0625, "crps_under": 0.5,
        "intervals": {},
    }  # fmt: skip
    return known | more


def test_bands_stand_side_by_side_in_the_sequence_of_subjects() -> None:
    luck = [tally("held-out", "", 8), tally("held-out", "s_1", 4), tally("calibration", "s_1", 0)]
    ranges = [tally("held-out", "s_1", 4, coverage=1.0, log10_width=None), tally("held-out", "", 8)]
    assert _side_by_side({"side_by_side": {"luck": luck}}) == []
    head, said, rows = _side_by_side({"side_by_side": {"luck": luck, "ranges": ranges}})
    assert head == "## Side by side\n"
    assert said == (
        "The same numbers by luck at the values as given, and over all ranges as declared. Widths "
        "are of 90 % intervals.\n"
    )
    scores = "0.250 | 0.125 | 0.062 | 0.500 |"
    told, blank, *table = rows.rstrip("\n").split("\n")
    assert (told, blank) == ("Held out:", "")
    assert table[2:] == [
        f"| **all** | luck | 8 | 88% | ×10 | {scores}",
        f"| **all** | all ranges | 8 | 88% | ×10 | {scores}",
        f"| s\\_1 | luck | 4 | 88% | ×10 | {scores}",
        f"| s\\_1 | all ranges | 4 | 100% |  | {scores}",
    ]
    calibrated = {"luck": luck, "ranges": ranges, "calibrated": [tally("calibration", "s_1", 2)]}
    _, said, held_out, calibration = _side_by_side({"side_by_side": calibrated})
    assert "over the draws that calibration figures weighed, of the scenarios that" in said
    assert held_out == rows
    assert calibration.startswith("Calibration: parameters were set, and draws weighed, by these ")
    assert calibration.endswith(f"| s\\_1 | calibrated draws | 2 | 88% | ×10 | {scores}\n")
    assert list(BANDS) == ["luck", "ranges", "calibrated"]
