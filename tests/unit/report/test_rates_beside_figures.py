"""Beside the key figures stands how often such numbers were right, by the shipped scores."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import pytest

from sim.backtest.error_rate import ErrorRate, ErrorRates, error_rates, scores_file
from sim.report.page.document import render
from sim.report.page.error_rate import rates_in_short
from sim.report.words.languages import LANGUAGES, language
from sim.results.read import open_run

pytestmark = pytest.mark.laws


def block_of(page: str) -> str:
    (found,) = re.findall(r'<details id="error-rate">.*?</details>', page, re.DOTALL)
    return unescape(found)


def rows_of(block: str) -> list[list[str]]:
    body = block.partition("<tbody>")[2]
    return [
        [re.sub("<[^>]+>", "", cell).strip() for cell in re.findall("<t[hd].*?</t[hd]>", row)]
        for row in re.findall("<tr.*?</tr>", body, re.DOTALL)
    ]


@pytest.mark.parametrize(
    ("kind", "spans"),
    [
        ("shipped_run", "luck"),
        ("comparison_folder", "luck"),
        ("drawn_run", "ranges"),
        pytest.param("drawn_comparison", "ranges", marks=pytest.mark.long),
    ],
)
@pytest.mark.parametrize(
    "code", [pytest.param(code, marks=[pytest.mark.long] * (code != "en")) for code in LANGUAGES]
)
def test_rates_are_those_of_the_scores(
    kind: str, spans: str, code: str, request: pytest.FixtureRequest
) -> None:
    """Tallies of the same scores, counted by other code, add up to what is told."""
    folder: Path = request.getfixturevalue(kind)
    page = render(open_run(folder), language(code))
    block = block_of(page)
    scores = json.loads(scores_file().read_text(encoding="utf-8"))
    tallies = [
        one
        for one in scores["bands"][spans]["tallies"]
        if one["role"] == "held-out" and one["subject"].startswith("scenario ")
    ]
    assert len(tallies) > 3
    *_, (_, n, inside, _, weak, kept) = rows_of(block)
    judged = int(n.split()[0])
    assert judged + int(weak) == sum(one["n_computable"] for one in tallies)
    assert int(inside) + int(kept) == sum(one["n_inside"] for one in tallies)
    # Read before it is opened: what has no rate, then the kind that most are of, then the rest.
    summary = block.partition("</summary>")[0].partition("<summary>")[2].replace("IPv4", "")
    kinds = rows_of(block)[:-1]
    most = max(kinds, key=lambda row: int(row[1].split()[0]))
    _, n_most, inside_most, *_ = most
    n_judged, n_apart = re.findall(r"\d+", n_most)
    rest = [row for row in kinds if row is not most and row[1] != "0"]
    told = [number for row in rest for number in (row[2], row[1].split()[0])]
    assert sum(map(int, told[::2])) == int(inside) - int(inside_most)
    assert sum(map(int, told[1::2])) == judged - int(n_judged)
    assert re.findall(r"\d+", summary) == ["90", inside_most, n_judged, n_apart, *told]
    assert page.index('id="figures"') < page.index('id="error-rate"') < page.index('id="measures"')


def test_what_no_number_was_held_against_is_said_before_what_was_right() -> None:
    """Else a page whose headline is of businesses and money reads as right in 26 cases of 28."""
    said = rates_in_short(error_rates("telegram-2018", "ranges"))
    assert said.startswith(
        "How often such numbers were right, in ranges meant to hold 90\N{NO-BREAK SPACE}%: "
        "businesses and money: never held against a number published, only against "
        "bounds and estimates; IPv4 addresses: "
    )
    tried = ErrorRate("businesses", 4, 3, 2, 0, 0, None)
    one = ErrorRates("1", 0.9, tried, (tried,), None)
    assert rates_in_short(one) == (
        "How often such numbers were right, in ranges meant to hold 90\N{NO-BREAK SPACE}%: "
        "businesses: 3 of 4 inside the predicted range (2 distinct)"
    )


def test_a_comparison_says_that_differences_have_no_rate(
    shipped_run: Path, comparison_folder: Path
) -> None:
    says = "how often differences between strategies are right is not known"
    page = render(open_run(comparison_folder))
    # In sight, below what can be opened.
    assert says not in block_of(page)
    assert says in page[page.index('id="error-rate"') :].partition("<table")[2]
    assert says not in render(open_run(shipped_run))


def test_a_run_by_luck_has_the_rates_of_luck(shipped_run: Path, drawn_run: Path) -> None:
    """Ranges by luck alone missed far more: a reader of such a run has to be told that."""
    by_luck, wide = (block_of(render(open_run(one))) for one in (shipped_run, drawn_run))
    assert "ranges by luck alone" in by_luck
    assert "ranges over all that is not known, as declared" in wide
    assert int(rows_of(by_luck)[-1][2]) < int(rows_of(wide)[-1][2])


def test_the_scenarios_own_rate_stands_last(chase_run: Path, shipped_run: Path) -> None:
    """Of the replay nothing published was held out."""
    none = "Nothing published is held against this scenario itself."
    own, other = (block_of(render(open_run(one))) for one in (chase_run, shipped_run))
    assert rows_of(own)[-1][0] == "scenario telegram-2018"
    assert none not in own
    assert rows_of(other)[-1][0] == "all of them"
    assert none in other
