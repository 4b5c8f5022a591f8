"""What is asked first of a page: answers from tables, places that are there, commands that run."""

from __future__ import annotations

import csv
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.cli.app import app
from sim.report.page.bands import with_bands
from sim.report.page.document import render
from sim.report.page.head.questions import LOSS, MOVED, Question, _in_sessions, questions
from sim.report.page.sessions import Session
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
    assert found[ASKED[6]].said.endswith(", by kind: none of 7.")


def test_use_lost_in_sessions_is_set_against_their_hours_too(
    chase_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = open_run(chase_run)
    hour = 3600
    found = (Session(0, 2 * hour, 9 * hour), Session(9 * hour, 10 * hour, 12 * hour))
    monkeypatch.setattr("sim.report.page.head.questions.sessions_of", lambda *_: found)
    share = 0.001 * run.horizon_s / (3 * hour)
    (told,) = _in_sessions(run, 0.001, 0.0, IN_ENGLISH)
    assert told.startswith(f"Sessions last 3 of the run's {run.horizon_s // hour} hours; ")
    assert f"it is {100 * share:.0f}{NBSP}%, " in told
    # Users who left stay away in between; one session is no base, and more than all is no share.
    assert _in_sessions(run, 0.001, 0.01, IN_ENGLISH) == []
    assert _in_sessions(run, 0.5, 0.0, IN_ENGLISH) == []
    monkeypatch.setattr("sim.report.page.head.questions.sessions_of", lambda *_: found[:1])
    assert _in_sessions(run, 0.001, 0.0, IN_ENGLISH) == []


def test_what_a_result_does_not_tell_is_said_to_be_not_known(
    shipped_run: Path, drawn_run: Path, comparison_folder: Path
) -> None:
    found = asked_of(shipped_run)
    assert found[ASKED[1]].said == "Not known: the scenario has no users of the target."
    assert found[ASKED[4]].said.startswith("Not told by this result: no business moves")
    assert found[ASKED[4]].command == ""
    assert asked_of(drawn_run, "It hangs on X.")[ASKED[5]].said == "It hangs on X."
    assert asked_of(drawn_run)[ASKED[5]].said.startswith("None that could be told")
    # What strategies cost and did is what a comparison begins with.
    compared = asked_of(comparison_folder)
    assert tuple(compared) == (SETTLED, *ASKED[3:])
    assert compared[SETTLED].said.startswith("Not over what is not known: no draws")
    assert " --draws 128 " in compared[SETTLED].command


def test_a_comparison_says_of_how_many_pairs_the_order_is_open(drawn_comparison: Path) -> None:
    told = asked_of(drawn_comparison)[SETTLED]
    with (drawn_comparison / "verdicts.csv").open(encoding="utf-8", newline="") as file:
        verdicts = [row["verdict"] for row in csv.DictReader(file)]
    n_open = verdicts.count("not settled")
    assert n_open > 0
    assert told.said.startswith(f"Of pairs and measures {n_open} of {len(verdicts)} are not")
    n_draws = open_run(drawn_comparison).manifest["draws"]["n"]
    assert f" --draws {2 * n_draws} " in told.command


@pytest.mark.parametrize("name", ["shipped_run", "comparison_folder"])
def test_places_of_answers_are_on_the_page(name: str, request: pytest.FixtureRequest) -> None:
    page = render(open_run(request.getfixturevalue(name)))
    told = page[page.index('<dl class="asked">') :].partition("</dl>")[0]
    places = re.findall(r'href="#([\w-]+)"', told)
    assert len(places) >= 3
    assert [place for place in places if f'id="{place}"' not in page] == []


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
    assert [one.split()[:3] for one in told] == [["overblock", "run", "scenario.yaml"]]
    assert NBSP not in "".join(told)
