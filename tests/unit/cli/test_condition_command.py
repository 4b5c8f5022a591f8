"""``overblock condition``, and ``run --kept``: which scenario kept simulations are of."""

import html
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from tests.commands import run
from tests.conftest import REPOSITORY
from tests.csv_rows import csv_rows
from tests.kills import EVIDENCE, SCENARIO

pytestmark = pytest.mark.laws

OTHER_INPUTS = "expected simulations of this scenario; they are of other inputs, values or tables"
NOTICE = "These simulations are not conditioned on the record: "


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scenario with evidence, and the simulations that agree with it; do not write into it."""
    folder = tmp_path_factory.mktemp("conditioned")
    (folder / "small.yaml").write_text(SCENARIO + EVIDENCE, encoding="utf-8")
    arguments = ("--keep", "4", "--most", "12", "-w", "1", "-q", "-o", str(folder / "kept"))
    run("condition", str(folder / "small.yaml"), *arguments)
    return folder


def draws(folder: Path) -> list[int]:
    return [int(row["draw"]) for row in csv_rows(folder / "kept/kept.csv")]


def run_small(folder: Path, out: Path, *arguments: object, status: int = 0) -> Result:
    return run("run", folder / "small.yaml", "-w", 1, "-o", out, *arguments, status=status)


def ensemble(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "manifest.json").read_text("utf-8"))["ensemble"]
    return found


@pytest.mark.parametrize("given", ["kept", "kept/kept.csv"])
def test_a_run_takes_the_kept_simulations_in_their_sequence(folder, tmp_path, given):
    assert len(draws(folder)) == 4
    done = run_small(folder, tmp_path / "out", "--kept", str(folder / given), "-n", "3")
    again = run("run", tmp_path / "out", "-n", "2", "-o", tmp_path / "again", status=2)
    assert "which is not in the folder: give it again by --kept" in again.stderr
    found = ensemble(tmp_path / "out")
    assert (found["is_conditioned"], found["draws"]) == (True, draws(folder)[:3])
    assert NOTICE not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--set", "population.n_businesses=12"], OTHER_INPUTS),
        (["--set", "register.cadence=cadence-at-once"], OTHER_INPUTS),
        (["--seed", "8"], "they are of another root seed"),
        (["--set", "evidence=off"], "they are of other evidence"),
        (["-n", "5"], "at most 4 simulations, as many as are kept, got 5; overblock condition"),
    ],
)
def test_kept_simulations_of_another_scenario_are_refused(folder, tmp_path, arguments, why):
    refused = run_small(
        folder, tmp_path / "out", "--kept", str(folder / "kept"), *arguments, status=2
    )
    assert why in refused.stderr
    assert not (tmp_path / "out").exists()


def test_a_row_of_other_inputs_is_refused(folder, tmp_path):
    text = (folder / "kept/kept.csv").read_text(encoding="utf-8")
    model = text.splitlines()[1].split(",")[2]
    (tmp_path / "other.csv").write_text(text.replace(model, "a" * 64), encoding="utf-8")
    refused = run_small(folder, tmp_path / "out", "--kept", tmp_path / "other.csv", status=2)
    assert OTHER_INPUTS in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "why"),
    [([], "none are kept of this scenario"), (["--kept", "none"], "asked for all draws")],
)
def test_simulations_that_ignore_the_evidence_say_so_in_the_headline(
    folder, tmp_path, arguments, why
):
    done = run_small(folder, tmp_path / "out", "-n", "2", *arguments)
    assert ensemble(tmp_path / "out")["is_conditioned"] is False
    run("report", str(tmp_path / "out"), "-q")
    page = " ".join((tmp_path / "out/report.html").read_text("utf-8").split())
    assert f"{NOTICE}{why}." in page
    assert f"not conditioned on the record: {why}; overblock condition" in done.stderr


def test_verify_names_a_list_of_the_users_own_as_not_checked(folder, tmp_path):
    out = tmp_path / "out"
    run_small(folder, out, "--kept", str(folder / "kept"))
    run("report", str(out), "-q")
    page = " ".join((out / "report.html").read_text("utf-8").split())
    assert "The list of simulations is the user's own (kept.csv)." in html.unescape(page)
    assert "Every simulation agrees with" not in page
    found = run("verify", str(out), "--sample", "1", "-w", "1", "-q")
    assert "not checked: manifest.json: whether ensemble.draws agree" in found.stdout


SHORT = ("--set", "end=2018-04-17T00:00+03:00", "-w", "1")


def shipped() -> list[int]:
    return [int(row["draw"]) for row in csv_rows(REPOSITORY / "seeds/kept/telegram-2018.csv")]


def test_a_shipped_scenario_takes_its_kept_simulations_unasked(tmp_path):
    out = tmp_path / "out"
    run("run", "telegram-2018", "-n", "1", "-w", "1", "-o", str(out))
    found = ensemble(out)
    assert (found["n_members"], found["is_conditioned"]) == (1, True)
    assert found["draws"] == shipped()[:1]
    refused = run("run", "telegram-2018", "-n", "301", "-o", str(tmp_path / "many"), status=2)
    assert "at most 300 simulations, as many as are kept, got 301" in refused.stderr
    assert "overblock condition SCENARIO --keep 301" in refused.stderr
    assert not (tmp_path / "many").exists()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--kept", "none"], "asked for all draws"),
        (["--set", "fronts.n_fronts=7"], "they are of other inputs, values or tables"),
        (["--seed", "3"], "they are of another root seed"),
    ],
)
def test_a_shipped_scenario_runs_the_prior_where_its_list_does_not_hold(tmp_path, arguments, why):
    out = tmp_path / "out"
    done = run("run", "telegram-2018", *SHORT, "-n", "1", "-o", str(out), *arguments)
    found = ensemble(out)
    assert (found["is_conditioned"], found["not_conditioned"]) == (False, why)
    assert "draws" not in found
    assert f"not conditioned on the record: {why}" in done.stderr


def test_kept_simulations_are_verified_by_running_all_draws_again(folder, tmp_path):
    refused = run("verify", str(folder / "kept"), status=2)
    assert "expected --again FOLDER for kept simulations" in refused.stderr
    run("verify", str(folder / "kept"), "--again", str(tmp_path / "one"), "-w", "1")
    out = shutil.copytree(folder / "kept", tmp_path / "kept")
    rows = (out / "kept.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (out / "kept.csv").write_text("".join([*rows[:2], *rows[3:]]), encoding="utf-8")
    found = run("verify", str(out), "--again", str(tmp_path / "two"), "-w", "1", status=1)
    assert "kept.csv: has other bytes" in found.stdout
    run("verify", str(folder), status=4)
