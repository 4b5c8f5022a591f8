"""The head of the page: words that follow from the tables, few of them, and no jargon."""

from __future__ import annotations

import csv
import html
import math
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import cast, get_args

import numpy as np
import pytest

from sim.catalogue.choices import COLLATERAL, EFFICACY, TARGET_LOST
from sim.cli.terminal.head import print_headline
from sim.measure.bands import Band
from sim.report.page.at_end import StillImpaired
from sim.report.page.bands import with_bands
from sim.report.page.document import render
from sim.report.page.first_picture.bars import bars_of_comparison
from sim.report.page.first_picture.curve import picture_of_run
from sim.report.page.head import headline as module
from sim.report.page.head.answer_comparison import answer_comparison
from sim.report.page.head.headline import (
    MOST_IN_OTHERS,
    _head,
    _the_target,
    headline,
    headline_of_comparison,
    headline_of_run,
)
from sim.report.page.head.how_sure import HIT_FOR, HIT_SHARE, is_order_sure
from sim.report.page.verdicts import verdict_sentence
from sim.report.words.languages import IN_ENGLISH, LANGUAGES, language
from sim.report.words.plain import (
    duration_words,
    share_words,
    strategies_of,
    strategy_names,
    strategy_words,
    times_words,
    with_names,
)
from sim.results.read import RunFolder, open_run
from sim.results.tables import Row, read_rows
from sim.scenario.strategies import Strategy
from sim.statistics.ensembles import SETTLED, share_bound
from tests.unit.report.test_answer import rows, summary_row

NBSP = "\N{NO-BREAK SPACE}"
MOST_WORDS = 60
JARGON = ("replicate", "paired", "holm", "percentile", "bca")


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, "none"),
        (0.003, "about one in 330"),
        (0.00304, "about one in 330"),
        (0.04, "one in 25"),
        (0.0635, "about one in 16"),  # and not one in 20, by which a fifth of them would be lost
        (0.0216, "about one in 46"),
        (0.1, "one in ten"),
        (0.09, "about one in eleven"),
        (0.29, "about three in ten"),
        (0.13, "about one in eight"),
        (0.5, "one in two"),
        (0.76, "about three in four"),
        (0.949, "about nine in ten"),
        (0.95, "nearly all"),
        (1.0, "all"),
        (math.nan, "an unknown share"),
    ],
)
def test_shares_are_said_as_simple_fractions(share: float, words: str) -> None:
    assert share_words(share) == words


def test_a_fraction_in_words_is_never_far_from_the_share() -> None:
    names = (
        *("one", "two", "three", "four", "five", "six"),
        *("seven", "eight", "nine", "ten", "eleven", "twelve"),
    )
    numbers = {name: n for n, name in enumerate(names, 1)}
    for share in np.geomspace(2e-6, 0.949, 2000).tolist():
        ((above, below),) = re.findall(r"(\w+) in ([\w,]+)", share_words(share))
        value = numbers[above] / (numbers.get(below) or int(below.replace(",", "")))
        # Of one in many two digits are said, and a half of the last of 10 is a twentieth.
        assert abs(math.log(value / share)) <= math.log(1.125 if share >= 0.105 else 1.055), share


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        (0.0, ["the target's users lost nothing"]),
        (0.5, ["the target's users lost one in two of their hours"]),
        # Nearly all begins at 19 of 20, as for every other share.
        (0.95, ["the target's users lost nearly all their hours"]),
        (math.nan, []),
    ],
)
def test_what_the_target_lost_is_said_as_a_share_of_its_hours(lost: float, said: list[str]) -> None:
    rows = {TARGET_LOST: {"mean": lost, "unit": "share of user-hours", "denominator": 20.0}}
    assert _the_target(rows, IN_ENGLISH) == said


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (0.5, "30 minutes"),
        (1.99, "119 minutes"),
        (2.0, "two hours"),
        (37 * 24 + 5, "five weeks"),
        (49, "two days"),
        (100 * 24, "three months"),
    ],
)
def test_durations_are_rounded_down(hours: float, words: str) -> None:
    assert duration_words(hours) == words


def test_what_is_within_a_time_is_within_what_is_said_of_it() -> None:
    assert duration_words(2.2) == "two hours"
    assert duration_words(2.2, rounded="up") == "three hours"
    assert duration_words(2.0, rounded="up") == "two hours"
    assert duration_words(2.4, rounded="nearest") == "two hours"


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (1.0, "about as much as"),
        (1.5, "half again as much as"),
        (2.1, "twice as much as"),
        (45.2, "45 times as much as"),
        (19_000, "more than 1,000 times as much as"),
    ],
)
def test_how_many_times(ratio: float, words: str) -> None:
    assert times_words(ratio) == words


def test_every_strategy_has_words_for_people() -> None:
    for kind in get_args(get_args(Strategy)[0]):
        (name,) = get_args(kind.model_fields["id"].annotation)
        said = strategy_words({"id": name, "parameters": {"length": 24}})
        assert said != name
        assert "{" not in said
    assert strategy_words({"id": "aggregate", "parameters": {"length": 24}}) == (
        "whole /24 networks"
    )


def test_a_run_is_told_in_words(shipped_run: Path) -> None:
    run = open_run(shipped_run)
    told = headline_of_run(
        run,
        rows(
            summary_row(HIT_SHARE, 0.74, of=1000),
            summary_row(HIT_FOR, 37 * 24.0, of=740),
            summary_row("target_user_hours_denied", 25.0, of=1000.0),
            summary_row(TARGET_LOST, 0.025, of=1000.0) | {"unit": "share of user-hours"},
        ),
    )
    assert told.says == (
        "About three in four modelled businesses in foreign clouds were hit, half for five "
        "weeks or more in all; the target's users lost one in 40 of their hours."
    )
    assert told.is_sure.startswith("How sure is that? Only luck was varied")
    assert told.hangs_on == ""
    nobody = headline_of_run(
        run, rows(summary_row(HIT_SHARE, 0.0, of=1000), summary_row(HIT_FOR, math.nan))
    )
    # No zero of a sample stands alone: what it bounds, and what was listed all the same.
    assert nobody.says.startswith("None of the modelled businesses was hit (")
    assert "95 % bound); expected behind what was listed: " in nobody.says
    some = rows({**summary_row(HIT_SHARE, 0.0), "all_high": 0.2})
    assert headline_of_run(run, some).says.startswith("In most simulations none of the modelled")
    population = {**run.scenario["population"], "n_businesses": 0, "inventory": "hosts.csv"}
    mine = RunFolder(run.path, run.manifest, {**run.scenario, "population": population})
    assert headline_of_run(mine, rows(summary_row(HIT_SHARE, 1.0))).says == (
        "All of the sites named were hit."
    )
    assert headline_of_run(run, {}).says == "How many businesses were hit is not known."


@pytest.mark.parametrize("which", ["shipped_run", "drawn_run", "drawn_comparison"])
def test_few_words_and_no_jargon_stand_before_the_first_picture(
    which: str, request: pytest.FixtureRequest
) -> None:
    page = render(open_run(request.getfixturevalue(which)))
    (answer,) = re.findall(r'<div class="answer">(.*?)</div>', page, re.DOTALL)
    said = re.sub("<[^>]+>", " ", answer).split()
    assert len(said) <= MOST_WORDS
    before = page[page.index("<body>") : page.index('<figure class="first">')].lower()
    assert [word for word in JARGON if word in before] == []


def test_the_head_of_a_comparison_follows_from_its_tables(drawn_comparison: Path) -> None:
    run = open_run(drawn_comparison)
    page = render(run)
    found = list(read_rows(run, "comparison.csv"))
    harm = {
        str(row["strategy"]): float(str(row["mean"]))
        for row in found
        if row["metric"] == "business_hours_impaired" and row["strategy"] != "none"
    }
    most = max(harm, key=harm.__getitem__)
    named = {str(one["label"]): strategy_words(one) for one in run.manifest["strategies"]}
    (answer,) = re.findall(r'<div class="answer">(.*?)</div>', page, re.DOTALL)
    assert f"Blocking {named[most]}".replace("'", "&#39;") in answer
    bars = bars_of_comparison(found, run.manifest["strategies"], "none")
    others = [name for name in run.strategies if name != "none"]
    assert [name for _, name, _ in bars.rows] == [*others, "none"]
    lengths = {name: cells[0].length for _, name, cells in bars.rows}
    assert max(lengths, key=lengths.__getitem__) == most
    assert lengths[most] == 100.0
    assert bars.title.startswith("Bystanders: ")
    assert bars.title.endswith(f"with {named[most]}")


@pytest.mark.parametrize(
    ("effects", "end"),
    [
        ((0.5, 0.46), "each cost the target's users one in two of their hours."),
        ((0.5, 0.44), "cost the target most."),
        ((0.0, 0.0), "none cost the target anything."),
    ],
)
def test_who_costs_the_target_most_is_said_where_it_can_be_told(
    comparison_folder: Path, effects: tuple[float, float], end: str
) -> None:
    run = open_run(comparison_folder)
    labels = [name for name in run.strategies if name != run.manifest["baseline"]][:2]
    told = [
        {"strategy": name, "metric": metric, "mean": mean}
        for metric, means in ((COLLATERAL, (4.0, 1.0)), (TARGET_LOST, effects))
        for name, mean in zip(labels, means, strict=True)
    ]
    says = headline_of_comparison(run, told, []).says
    assert says.endswith(end)
    assert " 4" not in says
    assert "four times as much as" in says


def test_an_assumption_that_takes_too_many_words_is_not_told_at_the_head() -> None:
    says, is_sure = "a " * 40, "b " * 15
    assert _head(says, is_sure, "c c c c c").hangs_on == "c c c c c"
    assert _head(says, is_sure, "c c c c c c").hangs_on == ""
    assert _head(says, is_sure, "c c c c c c", language("es")).hangs_on == "c c c c c c"


@pytest.mark.parametrize("code", LANGUAGES)
def test_how_sure_it_is_has_a_range_for_the_time_where_it_finds_room(
    code: str, drawn_run: Path
) -> None:
    """Nine days are 216 hours, eight months some 5,840."""
    run, words = open_run(drawn_run), language(code)
    time = {**summary_row(HIT_FOR, 663.0), "all_low": 216.0, "all_high": 5900.0}
    hit = {**summary_row(HIT_SHARE, 0.63, of=10), "all_low": 0.3, "all_high": 0.9}
    lost = {**summary_row(TARGET_LOST, 0.73), "all_low": 0.34, "all_high": 0.91}
    lost |= {"unit": "share of user-hours"}
    told = headline_of_run(run, rows(hit, time, lost), words)
    ends = {"en": ("nine days to eight months", "three in ten to nine in ten businesses"),
            "es": ("9 días y 8 meses", "3 de cada 10"), "it": ("9 giorni e 8 mesi", "3 su 10"),
            "ru": ("9 дней – 8 месяцев", "3 из 10")}[code]  # fmt: skip
    for said in ends:
        assert said in told.is_sure.replace(NBSP, " ")
    n_words = len(f"{told.says} {told.is_sure}".split())
    assert n_words <= (MOST_WORDS if code == "en" else MOST_IN_OTHERS)
    if code != "en":
        return
    assert told.is_sure == (
        "How sure? Nine of ten cases tried: three in ten to nine in ten businesses, half for nine "
        "days to eight months; one in three to nine in ten hours."
    )
    short = {**time, "all_low": 28.2, "all_high": 44.0}
    assert headline_of_run(run, rows(hit, short)).is_sure.endswith("half for 28 to 44 hours.")
    # A few words more, and there is no room for it.
    population = {**run.scenario["population"], "inventory": "hosts.csv"}
    mine = RunFolder(run.path, run.manifest, {**run.scenario, "population": population})
    assert "months" not in headline_of_run(mine, rows(hit, time, lost)).is_sure
    unknown = {**time, "all_low": math.nan}
    assert "months" not in headline_of_run(run, rows(hit, unknown, lost)).is_sure
    assert headline_of_run(run, rows(hit, time)).is_sure.endswith(
        "between three in ten and nine in ten businesses were hit, half for nine days to eight "
        "months."
    )


def test_below_the_first_picture_stands_what_of_the_head_is_outside_its_draws_as_given(
    drawn_run: Path, tmp_path: Path
) -> None:
    told = "Not quoted here, since the value as given lies outside the draws' range: "
    assert told not in render(open_run(drawn_run))
    folder = tmp_path / "apart"
    shutil.copytree(drawn_run, folder)
    with (folder / "uncertainty.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    (mine,) = (line for line in lines if line["metric"] == HIT_SHARE)
    given = float(mine["luck_median"])
    mine |= {"low": str(0.2 * given), "median": str(0.3 * given), "high": str(0.4 * given)}
    # A number that the head does not tell.
    for line in lines:
        if line["metric"] == "names_hit":
            line |= {"low": "1", "median": "2", "high": "3"}
    with (folder / "uncertainty.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, lines[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
    page = html.unescape(render(open_run(folder))).replace(NBSP, " ")
    (said,) = re.findall(f"<p>{told}(.*?)</p>", page)
    ends = " to ".join(f"{100 * share * given:.3g}" for share in (0.2, 0.4))
    assert said == (
        f"share of businesses ever impaired ({100 * given:.3g} % as given, {ends} % in the draws)."
    )
    assert page.index("</figure>") < page.index(told) < page.index("Asked first")
    assert len((told + said).split()) <= 30


def test_few_draws_say_nothing_of_how_sure_it_is(drawn_run: Path) -> None:
    run = open_run(drawn_run)
    told = rows({**summary_row(HIT_SHARE, 0.5, of=10), "all_low": 0.2, "all_high": 0.8})
    assert headline_of_run(run, told).is_sure == (
        "How sure is that? In nine of ten cases tried, between one in five and four in five "
        "businesses were hit."
    )
    alike = rows({**summary_row(HIT_SHARE, 0.5, of=10), "all_low": 0.49, "all_high": 0.5})
    assert headline_of_run(run, alike).is_sure == (
        "How sure is that? In nine of ten cases tried, one in two businesses was hit."
    )
    few = RunFolder(run.path, {**run.manifest, "n_draws": 19}, run.scenario)
    assert headline_of_run(few, told).is_sure == (
        "How sure is that? 19 draws of what is not known: too few to say."
    )


def lost_row(middle: float, low: float, high: float) -> Row:
    ends: Row = {"all_low": low, "all_high": high}
    return {"metric": TARGET_LOST, "unit": "share of user-hours", "mean": middle} | ends


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ((1 / 3, 0.9), "one in five to four in five businesses were hit and one in three to nine "),
        ((0.0, 0.25), "businesses were hit and none to one in four hours lost."),
        ((0.5, 0.5), "businesses were hit and one in two hours lost."),
        # Of nothing that is lost there is no range, as without draws.
        ((0.0, 0.0), "between one in five and four in five businesses were hit."),
        ((math.nan, math.nan), "between one in five and four in five businesses were hit."),
    ],
)
def test_what_was_lost_has_its_range_beside_that_of_the_businesses(
    drawn_run: Path, ends: tuple[float, float], said: str
) -> None:
    told = rows({**summary_row(HIT_SHARE, 0.5, of=10), "all_low": 0.2, "all_high": 0.8})
    told[TARGET_LOST] = lost_row(0.4, *ends)
    assert said in headline_of_run(open_run(drawn_run), told).is_sure


def test_what_stands_among_the_figures_too_makes_room_for_that_range(drawn_run: Path) -> None:
    told = rows(
        {**summary_row(HIT_SHARE, 0.5, of=10), "all_low": 0.2, "all_high": 0.8},
        summary_row(HIT_FOR, 37 * 24.0),
        summary_row(EFFICACY, 5.0, of=10.0),
    )
    at_end = StillImpaired(
        *(0.4, 0.4, 0.3, 0.5), of_hit=0.8, last_day=datetime(2018, 6, 4, tzinfo=UTC)
    )
    run = open_run(drawn_run)
    alone = headline_of_run(run, told, at_end=at_end)
    assert "four in five of them were still hit when the simulation ends on 4 June" in alone.says
    told[TARGET_LOST] = lost_row(0.6, 1 / 3, 0.9)
    both = headline_of_run(run, told, at_end=at_end)
    assert "; most were still hit at the simulation's end;" in both.says
    assert "one in three to nine in ten hours lost" in both.is_sure
    assert len(f"{both.says} {both.is_sure}".split()) <= MOST_WORDS


def test_a_terminal_begins_with_the_same_sentences(
    shipped_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    print_headline(shipped_run)
    told = headline(open_run(shipped_run))
    lines = capsys.readouterr().out.splitlines()
    assert " ".join(lines).split() == f"{told.says} {told.is_sure} {told.hangs_on}".split()
    assert max(map(len, lines)) <= 80


def test_the_picture_says_its_finding_and_shows_the_peak() -> None:
    band = Band(
        t_s=np.array([0, 86_400, 2 * 86_400]),
        mean=np.array([0.0, 0.25, 0.125]),
        low=np.array([0.0, 0.2, 0.1]),
        high=np.array([0.0, 0.3, 0.15]),
        denominator=math.nan,
        n_replicates=4,
    )
    picture = picture_of_run(band, datetime(2018, 4, 16, tzinfo=UTC), 4 * 86_400, 0)
    title = picture.title.replace(NBSP, " ")
    assert (
        title
        == "At worst in the model, on 17 April 2018, 25 % of what domestic customers tried failed"
    )
    assert picture.note == "Line: mean; strong shade: nine in ten by luck alone."
    # Top of the axis is 0.3, which is 34 from above; the bottom is 34 from below of 250.
    assert f'cy="{250 - 34 - 182 * 0.25 / 0.3:.1f}"' in picture.svg
    # Nothing, half of the top and the top are named at their height, four below it.
    named = re.findall(
        r'y="([\d.]+)" text-anchor="end" class="">([^<]+ %)<', picture.svg.replace(NBSP, " ")
    )
    assert named == [("220.0", "0 %"), ("129.0", "15 %"), ("38.0", "30 %")]
    assert ">16 Apr</text>" in picture.svg
    quiet = Band(band.t_s, band.mean * 0, band.low * 0, band.high * 0, math.nan, 4)
    nothing = picture_of_run(quiet, datetime(2018, 4, 16, tzinfo=UTC), 4 * 86_400, 0)
    far = replace(band, wide=np.array([[0.0, 0.2, 0.1], [0.0, 0.5, 0.2], [0.0, 0.6, 0.3]]))
    drawn = picture_of_run(far, datetime(2018, 4, 16, tzinfo=UTC), 4 * 86_400, 64)
    assert drawn.title.replace(NBSP, " ") == (
        "At worst in the model, on 17 April 2018, 50 % of what domestic customers tried failed "
        "(median of the draws; mean as given then: 25 %)"
    )
    # No moment is named at which no draws are like the scenario as given.
    apart = replace(band, wide=np.array([[0.0, 0.3, 0.1], [0.0, 0.5, 0.2], [0.0, 0.6, 0.3]]))
    unnamed = picture_of_run(apart, datetime(2018, 4, 16, tzinfo=UTC), 4 * 86_400, 64)
    assert "no worst moment is named" in unnamed.title
    assert "at worst" not in unnamed.svg
    # The worst of the draws' median is told with its own day, which is not that of the mean.
    late = replace(band, wide=np.array([[0.0, 0.0, 0.0], [0.0, 0.1, 0.2], [0.0, 0.6, 0.6]]))
    told = picture_of_run(late, datetime(2018, 4, 16, tzinfo=UTC), 4 * 86_400, 64)
    assert "on 18 April 2018, 20 %" in told.title.replace(NBSP, " ")
    # 12 is half of its 0.125, and a half goes up.
    assert told.title.replace(NBSP, " ").endswith("(median of the draws; mean as given then: 13 %)")
    assert [name for name, _ in drawn.shades] == ["mean", "given", "luck", "wide"]
    assert drawn.svg.count('class="given"') == 1
    assert picture.svg.count('class="given"') == 0
    # A median of nothing at all times is no line.
    most = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.6, 0.6]])
    few = picture_of_run(
        replace(band, wide=most), datetime(2018, 4, 16, tzinfo=UTC), 4 * 86_400, 64
    )
    assert few.title.replace(NBSP, " ").endswith(" (mean as given; median of the draws then: 0 %)")
    assert [name for name, _ in few.shades] == ["mean", "luck", "wide"]
    assert nothing.title == "In the simulation nothing that domestic customers tried failed"


@pytest.mark.parametrize(
    ("most_in_draws", "words"),
    [(140.0, "none in at least half of the draws"), (0.0, "none of a sample too small to tell (")],
)
def test_who_harms_somebody_in_some_draws_is_not_said_to_harm_nobody(
    comparison_folder: Path, most_in_draws: float, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = open_run(comparison_folder)
    labels = [name for name in run.strategies if name != run.manifest["baseline"]][:2]
    told = [
        {"strategy": name, "metric": COLLATERAL, "mean": mean, "all_high": high}
        for name, mean, high in zip(labels, (0.0, 4.0), (most_in_draws, 9.0), strict=True)
    ]
    says = headline_of_comparison(run, told, []).says
    assert f" {words}" in says
    population = {**run.scenario["population"], "n_businesses": 0, "inventory": "hosts.csv"}
    mine = RunFolder(run.path, run.manifest, {**run.scenario, "population": population})
    head = headline_of_comparison(mine, told, []).says
    assert (" none of the sites named" in head) == (not most_in_draws)
    assert "sample" not in head
    # The folder's table is of another strategy; of these it would say what each listed.
    row = {"n_listed": 16.0, "n_networks6": 0.0, "state": "known", "hit_mean": 6.7e6}
    row |= {"hit_low": 1e5, "hit_high": 2e7}
    monkeypatch.setattr(module, "names_by_strategy", lambda run: dict.fromkeys(labels, row))
    says = headline_of_comparison(run, told, []).says
    assert ("listed: 6.7" in says) == (not most_in_draws)
    nothing = {**row, "n_listed": 0.0}
    monkeypatch.setattr(module, "names_by_strategy", lambda run: dict.fromkeys(labels, nothing))
    says = headline_of_comparison(run, told, []).says
    assert says.endswith(" listed no address.") == (not most_in_draws)


@pytest.mark.parametrize(
    ("n_draws", "share", "verdict", "said"),
    [
        (24, 1.0, "not settled", "in all 24 cases tried, too few to settle any order."),
        (56, 0.817, "not settled", "in 81 % of 56 cases tried, too few to settle any order."),
        (59, 1.0, "not settled", "in all 59 cases tried: not settled."),
        (1200, 0.9999, "better", "in 99 % of 1,200 cases tried: settled."),
    ],
)
def test_an_order_is_told_by_the_names_of_what_is_held_against_what(
    n_draws: int, share: float, verdict: str, said: str
) -> None:
    """And one that every draw shows is not settled by few of them."""
    harm: dict[str, Row] = {"a": {"mean": 1.0}, "b": {"mean": 2.0}}
    row: Row = {
        "metric": COLLATERAL, "strategy": "a", "other": "b", "share_less": share,
        "verdict": verdict,
    }  # fmt: skip
    run = cast("RunFolder", SimpleNamespace(n_draws=n_draws))
    told = is_order_sure(run, harm, {"a": "narrow", "b": "wide"}, [row], IN_ENGLISH)
    assert told.replace(NBSP, " ") == f"How sure is that? Narrow harmed less than wide {said}"


@pytest.mark.parametrize(
    ("n_draws", "n_effective", "end"),
    [
        (58, 53.89, "all 58 cases tried, as weighted too few to settle any order."),
        # More than 59 of them can say less than 59 do.
        (70, 58.3, "all 70 cases tried, as weighted too few to settle any order."),
        (70, 58.5, "all 70 cases tried: not settled."),
        (58, 58.0, "all 58 cases tried, too few to settle any order."),
    ],
)
def test_draws_that_count_unequally_are_counted_as_they_count(
    n_draws: int, n_effective: float, end: str
) -> None:
    harm: dict[str, Row] = {"a": {"mean": 1.0}, "b": {"mean": 2.0}}
    row: Row = {
        "metric": COLLATERAL, "strategy": "a", "other": "b", "share_less": 1.0,
        "verdict": "not settled", "n_effective": n_effective,
    }  # fmt: skip
    run = cast("RunFolder", SimpleNamespace(n_draws=n_draws))
    told = is_order_sure(run, harm, {"a": "narrow", "b": "wide"}, [row], IN_ENGLISH)
    assert f"in {end}" in told
    said = verdict_sentence([row], n_draws)
    # What all draws show has the highest bound there is: below 0.95 nothing can be settled.
    is_too_few = share_bound(1.0, n_effective) < SETTLED
    assert ("too few" in end) == is_too_few
    assert ("no order of two strategies can be settled" in said) == is_too_few
    assert ("59 draws" in said) == is_too_few
    assert (f"these count as {n_effective:.0f}." in said) == ("as weighted" in end)


@pytest.mark.parametrize(
    ("verdict", "end"),
    [
        ("not settled", "which costs the target most is not settled."),
        ("better", "cost the target most."),
    ],
)
def test_what_costs_the_target_most_is_said_where_draws_settle_it(
    comparison_folder: Path, verdict: str, end: str
) -> None:
    run = open_run(comparison_folder)
    labels = [name for name in run.strategies if name != run.manifest["baseline"]][:2]
    told = [
        {"strategy": name, "metric": metric, "mean": mean}
        for metric, means in ((COLLATERAL, (4.0, 1.0)), (TARGET_LOST, (0.5, 0.4)))
        for name, mean in zip(labels, means, strict=True)
    ]
    first = {"metric": TARGET_LOST, "strategy": labels[0], "other": labels[1], "verdict": verdict}
    assert headline_of_comparison(run, told, [first]).says.endswith(end)
    # A pair stands in the table once, whichever of the two comes first.
    turned = {**first, "strategy": labels[1], "other": labels[0]}
    turned["verdict"] = "worse" if verdict == "better" else verdict
    assert headline_of_comparison(run, told, [turned]).says.endswith(end)


def test_strategies_are_called_by_what_they_block_and_no_two_alike() -> None:
    def one(label: str, length: int) -> dict[str, object]:
        return {"label": label, "id": "aggregate", "parameters": {"length": length}}

    named = strategy_names([one("a", 24), one("b", 16), one("c", 16)])
    assert named == {
        "a": "whole /24 networks", "b": "whole /16 networks (b)", "c": "whole /16 networks (c)"
    }  # fmt: skip
    rows_ = with_names([{"strategy": "a", "dominated_by": "b;c", "metric": "a"}], named)
    assert rows_ == [
        {"strategy": "whole /24 networks", "metric": "a",
         "dominated_by": "whole /16 networks (b);whole /16 networks (c)"}
    ]  # fmt: skip


def test_strategies_of_the_same_words_are_told_apart_by_label(comparison_folder: Path) -> None:
    run = open_run(comparison_folder)
    alike = [
        {**one, "id": "orders", "parameters": {}} if one["label"] != "none" else one
        for one in run.manifest["strategies"]
    ]
    run = replace(run, manifest={**run.manifest, "strategies": alike})
    labels = [str(one["label"]) for one in alike if one["label"] != "none"]
    harm = [
        {**summary_row(COLLATERAL, float(n)), "strategy": label} for n, label in enumerate(labels)
    ]
    says = headline_of_comparison(run, harm, []).says
    bars = bars_of_comparison(harm, alike, "none")
    for told in (says, bars.title):
        assert f"the orders given ({labels[0]})" in told
        assert f"he orders given ({labels[-1]})" in told
    assert len({name for name, *_ in bars.rows}) == len(alike)


def test_a_baseline_that_blocks_is_ranked_among_the_others(comparison_folder: Path) -> None:
    run = open_run(comparison_folder)
    harm = [
        {**summary_row(COLLATERAL, n), "strategy": label}
        for label, n in (("none", 0.0), ("exact", 2.0), ("wide", 8.0))
    ]
    strategies = [
        {"label": label, "id": id_, "parameters": {}}
        for label, id_ in (("none", "none"), ("exact", "exact"), ("wide", "provider"))
    ]
    names = strategy_names(strategies)
    against = {
        baseline: replace(run, manifest={**run.manifest, "strategies": strategies,
                                         "baseline": baseline})
        for baseline in ("none", "wide")
    }  # fmt: skip
    for own in against.values():
        says = headline_of_comparison(own, harm, []).says
        assert says.startswith(f"Blocking {names['wide']} harmed bystanders"), says
    assert bars_of_comparison(harm, strategies, "wide").title.endswith(f"8 with {names['wide']}")
    # What blocks nothing is no strategy that harms least, and neither is a zero of a sample.
    said_ = answer_comparison(harm, [], "wide", idle="none")[0]
    assert said_.startswith("Of 2 strategies, wide cost bystanders most, 8 business-hours")
    assert "; exact cost them least, 2 business-hours" in said_
    said_ = answer_comparison(harm, [], "wide", idle="")[0]
    assert said_.startswith("Of 2 strategies under which the sample was hit, wide cost bystanders")
    assert said_.endswith("; with these it shows none: none.")
    assert "least" not in said_
    in_draws = [{**row, "all_low": 0.0, "all_high": 9.0} for row in harm]
    said_ = answer_comparison(in_draws, [], "wide", idle="")[0]
    assert said_.endswith("; with these half of the draws or more show none: none.")
    in_few = [{**row, "mean": 0.0} for row in in_draws]
    said_ = answer_comparison(in_few, [], "wide", idle="")[0]
    assert said_.startswith("With each of these strategies half of the draws or more show no harm")


def test_strategies_with_the_same_number_share_a_superlative(comparison_folder: Path) -> None:
    """One of two exact twins is neither the most nor the least harmful."""
    run = open_run(comparison_folder)
    labels = [name for name in run.strategies if name != run.manifest["baseline"]][:3]
    assert len(labels) == 3

    def rows(*means: float) -> list[Row]:
        both = zip(labels, means, strict=True)
        return [{**summary_row(COLLATERAL, mean), "strategy": name} for name, mean in both]

    def says(*means: float) -> str:
        return answer_comparison(rows(*means), [], "", idle="")[0]

    first, second, third = labels
    assert f" {second} and {third} cost bystanders most" in says(2.0, 8.0, 8.0)
    assert f" {first} and {second} cost them least" in says(2.0, 2.0, 8.0)
    assert says(2.0, 2.0, 2.0).startswith("All 3 strategies cost bystanders the same: 2 business-")
    names = strategy_names([s for s in run.manifest["strategies"] if s["label"] in labels])
    head = headline_of_comparison(run, rows(2.0, 8.0, 8.0), []).says
    assert head.startswith(f"Blocking {names[second]} and {names[third]} harmed bystanders"), head


def test_charts_and_sentences_of_a_comparison_have_no_label_of_a_strategy(
    comparison_folder: Path,
) -> None:
    run = open_run(comparison_folder)
    page = render(run)
    named = strategy_names(strategies_of(run))
    labels = [label for label, name in named.items() if label not in name]
    assert len(labels) > 4
    head = re.search(r'<section id="answer".*?</section>', page, re.DOTALL)
    assert head is not None
    # A command is typed with them.
    shown = re.sub(r"<(details|pre).*?</\1>", "", head[0], flags=re.DOTALL)
    for label in labels:
        assert not re.search(rf"(?<![\w-]){re.escape(label)}(?![\w-])", shown), label
        # Its one place is above the table of every measure.
        assert html.unescape(page).count(f"{label}: {named[label]}") == 1, label


SPAIN = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("start", "days", "told"),
    [
        (datetime(2026, 1, 9, 12, tzinfo=SPAIN), 4.0, ["10 Jan", "11 Jan", "12 Jan", "13 Jan"]),
        (
            datetime(2018, 4, 16, tzinfo=UTC),
            4.0,
            ["16 Apr", "17 Apr", "18 Apr", "19 Apr"],  # on the 20th nothing is left of the run
        ),
        (datetime(2018, 4, 16, tzinfo=UTC), 260.0, ["1 May", "1 Jul", "1 Sep", "1 Nov"]),
        (datetime(2018, 4, 16, 8, tzinfo=UTC), 0.25, ["16 Apr"]),
    ],
)
def test_days_stand_where_they_begin(start: datetime, days: float, told: list[str]) -> None:
    horizon_s = int(days * 86_400)
    t_s = np.arange(0, horizon_s, 3600)
    flat = np.full(t_s.size, 0.01)
    band = Band(t_s=t_s, mean=flat, low=flat, high=flat, denominator=math.nan, n_replicates=2)
    svg = str(picture_of_run(band, start, horizon_s, 0).svg)
    texts = re.findall(r'<text x="([\d.]+)" y="242.0"[^>]*>([^<]+)</text>', svg)
    assert [said for _, said in texts] == told
    if days < 1:
        assert texts[0][0] == "64.0"  # the start, where no day begins within the run
        return
    for x, said in texts:
        year = start.year + (said == "1 Jan")
        day = datetime.strptime(f"{said} {year}", "%d %b %Y").replace(tzinfo=start.tzinfo)
        share = (day - start) / timedelta(days=days)
        assert float(x) == pytest.approx(64 + (720 - 64 - 14) * share, abs=0.06)


def test_strategies_are_held_side_by_side_in_harm_length_and_effect(
    drawn_comparison: Path,
) -> None:
    run = open_run(drawn_comparison)
    rows = with_bands(run, read_rows(run, "comparison.csv"))
    drawn = {
        (row["strategy"], row["metric"]): {**row, "mean": 49.0, "all_low": 25.0, "all_high": 1920.0}
        if row["metric"] == HIT_FOR
        else row
        for row in rows
    }
    effects = {
        (name, EFFICACY): {
            "strategy": name, "metric": EFFICACY, "mean": 3.0, "denominator": 10.0,
            "all_low": 1.0, "all_high": 9.0, "all_share_low": 0.125, "all_share": 0.25,
            "all_share_high": 0.5,
        }
        for name in run.strategies
    }  # fmt: skip
    bars = bars_of_comparison(
        list({**drawn, **effects}.values()), run.manifest["strategies"], "none"
    )
    assert len(re.findall(r" [\d,.]+ \([\d,.]+ to [\d,.]+\) ", f" {bars.title} ")) >= 1, bars.title
    assert bars.heads == (
        "Business-hours impaired",
        "Businesses hit",
        "Private loss, USD",
        "Target: share of its users' hours denied",
    )
    for _, _, (harm, hit, _, share) in bars.rows:
        is_hit = not harm.value.startswith("0")
        told = "half of them for two days or more (25 hours to twelve weeks)"
        assert hit.more == (told if is_hit else "")
        assert (share.value, share.range) == (
            "25\N{NO-BREAK SPACE}%",
            "12.5 to 50\N{NO-BREAK SPACE}%",
        )
        assert (share.low, share.span, share.length) == (25.0, 75.0, 50.0)


@pytest.mark.parametrize("hours", [math.nan, 96.0])
def test_where_no_business_was_hit_none_was_hit_for_long(
    hours: float, drawn_comparison: Path
) -> None:
    """In most draws; in the others some may have been."""
    run = open_run(drawn_comparison)
    rows = [
        {"strategy": name, "metric": metric, "mean": mean}
        for name in run.strategies
        for metric, mean in (
            ("business_hours_impaired", 0.0),
            ("hours_impaired_median", hours),
        )
    ]
    bars = bars_of_comparison(rows, run.manifest["strategies"], "none")
    assert {own[1].value for _, _, own in bars.rows} == {"none"}


def test_beside_what_the_target_lost_stand_the_share_hit_and_the_money() -> None:
    strategies = [{"label": one, "id": one, "parameters": {}} for one in ("exact", "none")]
    ends = {"all_low": 0.1, "all_high": 0.5}
    rows = [
        {"strategy": "exact", "metric": "business_hours_impaired", "mean": 4.0},
        {"strategy": "exact", "metric": "businesses_ever_impaired_share", "mean": 0.25, **ends},
        {"strategy": "exact", "metric": HIT_FOR, "mean": 50.0, "all_low": 25.0, "all_high": 96.0},
        {"strategy": "exact", "metric": "private_loss_usd", "mean": 2e6},
        {"strategy": "exact", "metric": TARGET_LOST, "mean": 0.75},
        {"strategy": "exact", "metric": "harm_per_effect", "mean": 1.0},
    ]
    bars = bars_of_comparison(rows, strategies, "none")
    assert bars.heads == (
        "Business-hours impaired",
        "Businesses hit",
        "Private loss, USD",
        "Target: share of its users' hours lost",
    )
    assert bars.whose == (0, 1, 1, 2)
    (_, _, (_, hit, money, _)), _ = bars.rows
    assert (hit.value, hit.length) == ("25\N{NO-BREAK SPACE}%", 50.0)
    assert hit.more == "half of them for two days or more (25 hours to four days)"
    assert money.value == "2.00\N{NO-BREAK SPACE}million"
    none_hit = [{**row, "mean": 0.0} if row["metric"] == COLLATERAL else row for row in rows]
    (_, _, (_, hit, *_)), _ = bars_of_comparison(none_hit, strategies, "none").rows
    assert hit.more == ""


def test_the_first_table_of_a_comparison_has_the_baseline_last() -> None:
    """What the others are held against has numbers too: fronts close without a list."""
    strategies = [{"label": one, "id": one, "parameters": {}} for one in ("none", "exact")]
    rows = [
        {"strategy": one, "metric": metric, "mean": mean}
        for one, means in (("none", (0.0, 0.25)), ("exact", (8.0, 0.5)))
        for metric, mean in zip((COLLATERAL, TARGET_LOST), means, strict=True)
    ]
    bars = bars_of_comparison(rows, strategies, "none")
    told = [
        (words, label, *(bar.value.replace(NBSP, " ") for bar in own))
        for words, label, own in bars.rows
    ]
    assert told == [
        ("Every address alone", "exact", "8", "50 %"),
        ("No blocking (baseline)", "none", "0", "25 %"),
    ]
    # It is no strategy of which it is said that it harms least.
    assert bars.title == "Bystanders: 8 business-hours impaired with each"


def test_what_ranges_span_is_said_once_where_they_stand(drawn_comparison: Path) -> None:
    page = render(open_run(drawn_comparison))
    (answer,) = re.findall(r"<h3>In figures</h3>(.*?)<details", page, re.DOTALL)
    assert answer.count("with all that is not known") == 1
    (table,) = re.findall(r'<table id="strategies".*?</table>', page, re.DOTALL)
    assert "not known" not in table
    assert table.count("as given ") > 8
