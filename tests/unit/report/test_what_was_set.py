"""What was set, of how many runs a page is made, and what its words mean: said where it is read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sim.report.page.document import render
from sim.report.page.frame import settings_in_words, title_in_words
from sim.report.page.head.answer import doubt
from sim.report.page.key_figures import HIT_FOR, key_figures
from sim.report.page.repeat_command import repeat
from sim.report.words.languages import IN_ENGLISH
from sim.results.read import RunFolder, open_run
from tests.unit.report.test_answer import rows, summary_row


def changed(run: RunFolder, **manifest: object) -> RunFolder:
    return RunFolder(run.path, {**run.manifest, **manifest}, run.scenario)


def with_settings(run: RunFolder, *overrides: str) -> RunFolder:
    return changed(run, scenario={**run.manifest["scenario"], "overrides": list(overrides)})


def test_days_that_were_set_are_said_in_the_title_and_no_key(drawn_run: Path) -> None:
    run = open_run(drawn_run)
    title = run.scenario["title"]
    assert title_in_words(with_settings(run), IN_ENGLISH) == title
    days = with_settings(run, "end=2018-05-01T00:00+03:00")
    told = title_in_words(days, IN_ENGLISH)
    assert re.fullmatch(re.escape(title) + r" \(here to \d+ \w+ 2018\)", told)
    assert settings_in_words(days, IN_ENGLISH) == ""
    both = with_settings(run, "start=2018-04-16T00:00+03:00", "end=2018-05-01T00:00+03:00")
    assert "(here from 16 April 2018 to " in title_in_words(both, IN_ENGLISH)


def test_other_settings_stand_below_the_title_by_what_they_mean(drawn_run: Path) -> None:
    run = with_settings(open_run(drawn_run), "population.n_businesses=60", "no.key=1", "title=X")
    assert title_in_words(run, IN_ENGLISH) == run.scenario["title"]
    assert settings_in_words(run, IN_ENGLISH) == (
        "Set for this run: number of domestic businesses hosted in foreign clouds = 60; no.key = 1."
    )
    page = render(run)
    assert page.index("</h1>") < page.index("Set for this run: ") < page.index("<main>")


def test_a_page_says_of_how_many_runs_it_is_made(
    drawn_run: Path, drawn_comparison: Path, shipped_run: Path
) -> None:
    run = open_run(drawn_run)
    n, draws = run.n_replicates, run.n_draws
    assert repeat(run).made_of == (
        f"This page is made of {n + draws} runs, {n} + {draws}: replicates of the scenario as "
        "given, and draws."
    )
    twice = changed(run, draws={"n": draws, "per_draw": 2})
    assert f"{n + 2 * draws} runs, {n} + {draws} × 2:" in repeat(twice).made_of
    several = open_run(drawn_comparison)
    n, draws, k = several.n_replicates, several.n_draws, len(several.strategies)
    assert f"{k * (n + draws)} runs, {k} × ({n} + {draws}): under" in repeat(several).made_of
    assert ", " not in repeat(open_run(shipped_run)).made_of


def test_weights_and_what_was_picked_by_them_are_named(drawn_run: Path) -> None:
    run = open_run(drawn_run)
    picked = {"n": run.n_draws + 8, "per_draw": 1, "from": "ab" * 32}
    said = repeat(changed(run, draws=picked)).made_of
    assert "its weight, stands in inputs/weighted-draws-abababab.csv of the run folder." in said
    assert said.endswith(f"{run.n_draws + 8} were picked by weight, {run.n_draws} different ones.")
    told = doubt([], 10, 56, is_weighed=True, n_picked=64)
    assert "64 were picked by these weights" in told
    assert "which makes 56 different ones" in told
    assert "picked" not in doubt([], 10, 64, is_weighed=True, n_picked=64)
    assert "picked" not in doubt([], 10, 56, n_picked=64)


def test_how_long_half_were_hit_has_its_range_among_the_key_figures() -> None:
    hit = summary_row("businesses_ever_impaired", 4.0, of=10)
    hours = {**summary_row(HIT_FOR, 510.0, of=4), "unit": "h"}
    loss = summary_row("private_loss_usd", 4.0)
    labels = [one.label for one in key_figures(rows(hit, hours, loss))]
    assert labels[-1] == "Private loss"
    at = labels.index("Businesses ever impaired")
    assert labels[at + 1].startswith("Hours impaired, median")
    assert key_figures(rows(hit, hours))[at + 1].of == ""
    nobody = {**hours, "mean": float("nan")}
    assert labels[at + 1] not in [one.label for one in key_figures(rows(hit, nobody))]


@pytest.mark.parametrize("which", ["shipped_run", "drawn_run", "drawn_comparison"])
def test_when_a_business_is_hit_is_said_below_the_first_picture(
    which: str, request: pytest.FixtureRequest
) -> None:
    page = render(open_run(request.getfixturevalue(which))).replace("\N{NO-BREAK SPACE}", " ")
    (caption,) = re.findall(
        r'<figure class="first">.*?<figcaption[^>]*>(.*?)</fig', page, re.DOTALL
    )
    assert "A business is hit when more than 10 % of what its domestic customers try" in caption
    assert ("had more than 90 % of it fail" in caption) is (which != "drawn_comparison")


def test_words_that_a_page_uses_are_explained_on_it(drawn_comparison: Path) -> None:
    (words,) = re.findall(
        r'<details id="words">.*?</details>', render(open_run(drawn_comparison)), re.DOTALL
    )
    explained = {one.lower() for one in re.findall("<em>(.*?)</em>", words)}
    # The replay has no users, no sessions and no programs that leave a shared range.
    assert explained == {
        "affected", "impaired", "down", "hit", "listed", "dropped", "replicate", "draw", "as given",
        "in the median", "by luck", "with all that is not known", "strategy", "front", "name",
        "regret", "business", "target", "register", "prefix", "/24", "spell", "gross loss",
        "demand lost", "private loss", "net social loss",
    }  # fmt: skip
