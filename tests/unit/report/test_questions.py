"""What is asked first of a page: answers from tables, places that are there, commands that run."""

from __future__ import annotations

import csv
import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from scipy import stats
from typer.testing import CliRunner

from sim.catalogue.choices import EFFICACY
from sim.cli.app import app
from sim.experiment.weighted_draws import WeightedDraws, effective_draws, read_weighted_draws
from sim.report.page.bands import LEFT, with_bands
from sim.report.page.document import render
from sim.report.page.head import more_draws as more
from sim.report.page.head.questions import (
    LOSS,
    _denied_or_left,
    _half,
    _in_sessions,
    _sessions_last_s,
    questions,
)
from sim.report.page.head.trials import MOVED, Question
from sim.report.page.sessions import Session
from sim.report.page.verdicts import may_be_settled
from sim.report.words.languages import IN_ENGLISH
from sim.report.words.numbers import NBSP
from sim.results.read import RunFolder, open_run
from sim.results.tables import Row, read_rows

ASKED = (
    "What did it cost those who were not the target?",
    "Did the block do what it was for?",
    "Would another block have done as much for less?",
    "Who hit a business like mine, when, and through what?",
    "Does it help to react?",
    "Which assumption would change the answer?",
    "How often were such numbers right?",
)
SETTLED = "Is it settled which did as much for less?"
OWN = "And the scenario's own strategy, “the orders as placed”?"


def asked_of(folder: Path, hangs_on: str = "") -> dict[str, Question]:
    run = open_run(folder)
    found = questions(run, summary_of(run), hangs_on, "none of 7")
    return {one.asked: one for one in found}


def summary_of(run: RunFolder) -> dict[str, Row]:
    if run.manifest["kind"] == "comparison":
        return {}
    return {str(row["metric"]): row for row in with_bands(run, read_rows(run, "summary.csv"))}


def test_a_run_with_users_and_reactions_answers_from_its_tables(chase_run: Path) -> None:
    found = asked_of(chase_run)
    assert tuple(found) == ASKED
    with (chase_run / "summary.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["metric"]: row for row in csv.DictReader(file)}
    hours = {
        name: float(rows[f"target_user_hours_{name}"]["mean"])
        for name in ("denied", "reached", "by_vpn", "left")
    }
    lost = (hours["denied"] + hours["left"]) / sum(hours.values())
    share = re.search(r"lost ([\d.]+)\s%", found[ASKED[1]].said)
    assert share
    assert float(share[1]) == pytest.approx(100 * lost, rel=0.06)
    moved = float(rows[MOVED]["mean"])
    assert found[ASKED[4]].said.startswith(f"As given {moved:,.0f} business")
    usd = re.search(r"lost ([\d.]+)\smillion USD", found[ASKED[0]].said)
    assert usd
    assert float(usd[1]) == pytest.approx(float(rows[LOSS]["mean"]) / 1e6, rel=0.01)
    assert found[ASKED[5]].said.startswith("Not known: no draws")
    assert found[ASKED[6]].said == "none of 7"


def test_use_lost_in_sessions_is_set_against_their_hours_too(
    chase_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = open_run(chase_run)
    hour = 3600
    found = (Session(0, 2 * hour, 9 * hour), Session(9 * hour, 10 * hour, 12 * hour))
    monkeypatch.setattr("sim.report.page.head.questions.sessions_of", lambda *_: found)
    share = 0.001 * run.horizon_s / (3 * hour)
    row: Row = {"mean": 0.001, "all_low": 0.0005, "all_high": 0.002}
    assert _sessions_last_s(run, 0.001, 0.0) == 3 * hour
    told = _in_sessions(run, row, 3 * hour, IN_ENGLISH)
    assert told.startswith(f"Sessions last 3 of the run's {run.horizon_s // hour} hours; ")
    assert (
        f"it is {100 * share:.0f}{NBSP}% ({50 * share:.1f} to {200 * share:.0f}{NBSP}%), " in told
    )
    assert f"it is {100 * share:.0f}{NBSP}%, " in _in_sessions(
        run, {"mean": 0.001}, 3 * hour, IN_ENGLISH
    )
    # Users who left stay away in between; one session is no base, and more than all is no share.
    assert _sessions_last_s(run, 0.001, 0.01) == 0
    assert _sessions_last_s(run, 0.5, 0.0) == 0
    monkeypatch.setattr("sim.report.page.head.questions.sessions_of", lambda *_: found[:1])
    assert _sessions_last_s(run, 0.001, 0.0) == 0


def test_what_was_lost_is_told_apart_by_who_left(chase_run: Path) -> None:
    run = open_run(chase_run)
    rows: dict[str, Row] = {
        EFFICACY: {"mean": 29.0, "denominator": 100.0},
        LEFT: {"mean": 43.0, "denominator": 100.0},
    }
    assert _denied_or_left(run, rows, IN_ENGLISH) == [
        f"Those who still tried were denied 29{NBSP}% of all hours, and those of users who left "
        f"are 43{NBSP}%."
    ]
    rows[LEFT] = {"mean": 0.01, "denominator": 100.0}
    assert _denied_or_left(run, rows, IN_ENGLISH) == []
    assert _denied_or_left(run, {}, IN_ENGLISH) == []


def test_half_is_of_the_hours_that_it_is_told_beside(
    chase_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = open_run(chase_run)
    asked: list[float] = []

    def often(_: RunFolder, of: float) -> dict[str, float]:
        asked.append(of)
        return {run.strategies[0]: 0.25}

    monkeypatch.setattr("sim.report.page.head.questions.how_often_half", often)
    assert _half(run, 0, IN_ENGLISH) == [f"In 25{NBSP}% of the draws it is half or more."]
    (told,) = _half(run, run.horizon_s // 4, IN_ENGLISH)
    assert told == f"In 25{NBSP}% of the draws it is half of these or more."
    assert asked == [1.0, 0.25]
    monkeypatch.setattr("sim.report.page.head.questions.how_often_half", lambda *_: {})
    assert _half(run, 0, IN_ENGLISH) == []


def test_what_a_result_does_not_tell_is_said_to_be_not_known(
    shipped_run: Path, drawn_run: Path, comparison_folder: Path
) -> None:
    found = asked_of(shipped_run)
    assert found[ASKED[1]].said == "Not known: the scenario has no users of the target."
    assert found[ASKED[4]].said.startswith("Not told by this result: no business moves")
    assert " --set reactions.responses=responses-2018 " in found[ASKED[4]].command
    assert asked_of(drawn_run, "It hangs on X.")[ASKED[5]].said == "It hangs on X."
    assert asked_of(drawn_run)[ASKED[5]].said.startswith("None that could be told")
    # What strategies cost and did is what a comparison begins with.
    compared = asked_of(comparison_folder)
    assert tuple(compared) == (SETTLED, OWN, *ASKED[3:])
    assert " --strategy replay --baseline " in compared[OWN].command
    assert compared[SETTLED].said.startswith("Not over what is not known: no draws")
    assert " --draws 128 " in compared[SETTLED].command


def test_a_comparison_says_of_how_many_pairs_the_order_is_open(drawn_comparison: Path) -> None:
    told = asked_of(drawn_comparison)[SETTLED]
    with (drawn_comparison / "verdicts.csv").open(encoding="utf-8", newline="") as file:
        verdicts = [row["verdict"] for row in csv.DictReader(file)]
    n_open = verdicts.count("not settled")
    assert n_open > 0
    assert told.said.startswith(f"Of pairs and measures {n_open} of {len(verdicts)} are not")
    # Of 64 draws 48 and 16: the 95 % bounds of these shares are 0.84 and 0.36 at most.
    assert told.said.endswith("no order holds in nearly enough of them.")
    assert told.command == ""


@pytest.mark.parametrize(
    ("n", "n_of", "may"), [(61, 64, True), (57, 64, False), (64, 64, False), (570, 600, True)]
)
def test_more_draws_may_settle_what_may_hold_in_enough_of_them(
    n: int, n_of: int, may: bool
) -> None:
    """All the same and yet not settled is a sample that was not hit, which no draw changes."""
    row: Row = {"verdict": "not settled", "n_effective": float(n_of), "share_more": 0.0}
    is_never_hit = n == n_of
    row |= {"share_less": 0.0, "share_equal": 1.0} if is_never_hit else {
        "share_less": n / n_of, "share_equal": 0.0
    }  # fmt: skip
    upper = stats.binomtest(n, n_of, alternative="less").proportion_ci(0.95).high
    assert (upper >= 0.95 and not is_never_hit) is may
    assert may_be_settled(row) is may
    assert not may_be_settled({**row, "verdict": "better"})


@pytest.mark.parametrize("name", ["shipped_run", "comparison_folder"])
def test_places_of_answers_are_on_the_page(name: str, request: pytest.FixtureRequest) -> None:
    page = render(open_run(request.getfixturevalue(name)))
    told = page[page.index('<dl class="asked">') :].partition("</dl>")[0]
    places = re.findall(r'href="#([\w-]+)"', told)
    assert len(places) >= 3
    assert [place for place in places if f'id="{place}"' not in page] == []


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> WeightedDraws:
    """Ten draws, of which one weighs half and the others the rest."""
    file = tmp_path_factory.mktemp("draws") / "draws.csv"
    rows = [f"{draw},{0.5 if draw == 0 else 0.5 / 9},1,{'0' * 64}" for draw in range(10)]
    file.write_text("\n".join(["draw,weight,root_seed,unknowns", *rows, ""]))
    return read_weighted_draws(file)


def test_as_weighted_draws_count_as_fewer_than_they_are(table: WeightedDraws) -> None:
    # All of them: one over the sum of squares of 1/2 and nine times 1/18.
    assert effective_draws(table, 10) == pytest.approx(1 / (0.25 + 9 / 18**2))
    # Picks at 0, 1/2, 1/4 and 3/4 of the weight: the first draw twice, two others once each.
    assert effective_draws(table, 2) == pytest.approx(2)
    assert effective_draws(table, 4) == pytest.approx(4**2 / (2**2 + 1 + 1))


@pytest.mark.parametrize(
    ("counts", "n_told", "is_enough"),
    [({128: 50.0, 256: 61.0}, 256, True), ({128: 70.0}, 128, True), ({}, 128, False)],
)
def test_where_no_order_can_be_settled_the_command_has_draws_that_can(
    drawn_comparison: Path,
    monkeypatch: pytest.MonkeyPatch,
    counts: dict[int, float],
    n_told: int,
    is_enough: bool,
) -> None:
    run = open_run(drawn_comparison)
    manifest = {**run.manifest, "draws": {**run.manifest["draws"], "n": 64}}
    odd = RunFolder(run.path, manifest, run.scenario)
    monkeypatch.setattr(more, "drawn_as", lambda run, n: counts.get(n, 40.0))
    assert more.more_draws(odd) == (n_told, counts.get(n_told, 40.0))
    monkeypatch.setattr("sim.report.page.head.trials.is_too_few", lambda *_: True)
    told = next(one for one in questions(odd, {}, "", "") if one.asked == SETTLED)
    assert told.said.startswith("No: these draws count as ")
    assert (f" --draws {n_told} " in told.command) is is_enough
    assert ("count as " in told.how) is is_enough


def test_another_block_is_asked_for_with_draws_that_settle(
    drawn_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = open_run(drawn_run)
    odd = RunFolder(run.path, run.manifest, {**run.scenario, "fronts": {"n_fronts": 1}})
    monkeypatch.setattr("sim.report.page.head.trials.drawn_as", lambda *_: 54.0)
    monkeypatch.setattr("sim.report.page.head.trials.more_draws", lambda _: (128, 61.0))
    assert " --strategy none --draws 128 " in asked(odd, ASKED[2]).command
    monkeypatch.setattr("sim.report.page.head.trials.drawn_as", lambda *_: 59.0)
    assert "--draws" not in asked(odd, ASKED[2]).command


def test_the_scenario_s_own_strategy_is_added_with_draws_that_settle(
    drawn_comparison: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = open_run(drawn_comparison)
    assert " --draws 64 " in asked(run, OWN).command
    monkeypatch.setattr("sim.report.page.head.trials.drawn_as", lambda *_: 54.0)
    monkeypatch.setattr("sim.report.page.head.trials.more_draws", lambda _: (128, 61.0))
    assert " --draws 128 " in asked(run, OWN).command


def asked(run: RunFolder, question: str) -> Question:
    return next(one for one in questions(run, {}, "", "") if one.asked == question)


@pytest.mark.laws
def test_the_commands_of_a_comparison_run_as_they_are_told(chase_run: Path, tmp_path: Path) -> None:
    """Of two strategies without the scenario's own, and of a scenario in which nobody moves."""
    (tmp_path / "my-sites.csv").write_text("name,address\nshop.example,198.51.100.7\n")
    short = ["--set", "population.n_businesses=60", "--set", "end=2018-04-18T00:00+03:00"]
    told = ["--strategy", "exact", "--strategy", "none", *short, "-n", "1", "--draws", "0"]
    ran("compare", ["telegram-2018", *told], tmp_path / "first")
    found = [one.command for one in asked_of(tmp_path / "first").values() if one.command]
    made = {run.path.name: run for run in (tried(command, tmp_path) for command in found)}
    assert set(made) == {"more-draws", "with-own", "with-my-sites", "nobody-moves"}
    assert made["with-own"].strategies == ("exact", "none", "escalate")
    assert made["more-draws"].n_draws == 2
    assert "shop.example" in (tmp_path / "with-my-sites" / "sites.csv").read_text("utf-8")
    assert made["nobody-moves"].scenario["reactions"]["patience_median_h"] == 1e9


@pytest.mark.laws
@pytest.mark.parametrize("scenario", ["match-days", "telegram-2018-replay"])
def test_where_nobody_moves_the_command_lets_them(scenario: str, tmp_path: Path) -> None:
    less = ["--set", "population.n_businesses=400", "-n", "1", "--draws", "0"]
    ran("run", [scenario, *less], tmp_path / "first")
    found = asked_of(tmp_path / "first")[ASKED[4]]
    has_sessions = scenario == "match-days"
    assert ("only programs" in found.said) is has_sessions
    # Sessions last four hours, of which half is two.
    assert (" --set reactions.patience_median_h=2 " in found.command) is has_sessions
    run = tried(found.command, tmp_path, n_draws=0)
    assert run.path.name == "they-move"
    assert run.scenario["reactions"]["responses"] == "responses-2018"
    assert float(summary_of(run)[MOVED]["mean"]) > 0  # type: ignore[arg-type]


def ran(verb: str, parts: list[str], into: Path) -> None:
    told = CliRunner().invoke(app, [verb, *parts, "-o", str(into)])
    assert told.exit_code == 0, told.output


def tried(command: str, folder: Path, n_draws: int = 2) -> RunFolder:
    """Run a command as it is told, but for fewer draws where it has some."""
    overblock, verb, *parts = shlex.split(command.replace("$PWD", str(folder)))
    assert overblock == "overblock"
    less = [] if "--draws 0 " in command else ["--draws", str(n_draws)]
    ran(verb, [*parts[:-2], *less, "-n", "1"], folder / parts[-1])
    return open_run(folder / parts[-1])


@pytest.mark.laws
def test_the_commands_run_as_they_are_told(chase_run: Path, tmp_path: Path) -> None:
    """On the scenario as it was set, and with nobody who moves."""
    found = [one.command for one in asked_of(chase_run).values() if one.command]
    assert len(found) == 3
    (tmp_path / "my-sites.csv").write_text("name,address\nshop.example,198.51.100.7\n")
    for command in found:
        overblock, *parts = shlex.split(command.replace("$PWD", str(tmp_path)))
        assert overblock == "overblock"
        into = tmp_path / parts[-1]
        told = CliRunner().invoke(app, [*parts[:-1], str(into), "-n", "1", "--draws", "0"])
        assert told.exit_code == 0, told.output
        run = open_run(into)
        assert run.scenario["population"]["n_businesses"] == 60
        if into.name == "compared":
            assert run.strategies == ("escalate", "exact", "aggregate:length=24", "none")
        elif into.name == "with-my-sites":
            assert "shop.example" in (into / "sites.csv").read_text(encoding="utf-8")
        else:
            assert into.name == "nobody-moves"
            assert summary_of(run)[MOVED]["mean"] == 0
            assert float(summary_of(open_run(chase_run))[MOVED]["mean"]) > 0  # type: ignore[arg-type]


def test_a_command_names_the_file_where_the_scenario_is_not_shipped(drawn_run: Path) -> None:
    run = open_run(drawn_run)
    manifest = {**run.manifest, "scenario": {**run.manifest["scenario"], "sha256": "0"}}
    odd = RunFolder(run.path, manifest, run.scenario)
    told = [one.command for one in questions(odd, summary_of(run), "", "") if one.command]
    # Without fronts there is nothing that another strategy could answer, and no command for it.
    assert [one.split()[:3] for one in told] == [["overblock", "run", "scenario.yaml"]] * 2
    assert NBSP not in "".join(told)


@pytest.mark.parametrize(
    ("population", "said"),
    [
        ({"n_businesses": 5}, "The modelled businesses, whose number is assumed, lost 7 USD"),
        ({"n_businesses": 0, "inventory": "my.csv"}, "The sites named lost 7 USD"),
        (
            {"n_businesses": 5, "inventory": "my.csv"},
            "The sites named and the modelled businesses, whose number is assumed, lost 7 USD",
        ),
    ],
)
def test_of_sites_that_were_given_nothing_says_that_their_number_is_assumed(
    population: dict[str, object], said: str, shipped_run: Path
) -> None:
    run = open_run(shipped_run)
    run = replace(run, scenario={**run.scenario, "population": population})
    row: Row = {"metric": LOSS, "mean": 7.0}
    cost, *_ = questions(run, {LOSS: row}, "", "none of 7")
    assert cost.said == f"{said}."
    cost, *_ = questions(run, {LOSS: {**row, "low": 6.0, "high": 9.0}}, "", "none of 7")
    assert cost.said == f"{said} (6 to 9)."


def test_who_gave_sites_is_not_told_to_give_them(shipped_run: Path) -> None:
    run = open_run(shipped_run)
    population = {**run.scenario["population"], "inventory": "my.csv"}
    given = replace(run, scenario={**run.scenario, "population": population})
    asked, without = (
        next(one for one in questions(each, summary_of(run), "", "") if one.asked == ASKED[3])
        for each in (given, run)
    )
    assert "my-sites.csv" in without.command
    assert (asked.command, asked.how) == ("", "")
    assert "the table of your sites" in asked.said
    assert asked.places[0] == ("sites", "Your sites")
