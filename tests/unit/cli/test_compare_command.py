"""``overblock compare`` and ``verify``: what goes in, what comes out, and with which exit code."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import Result

from tests.commands import call, run

pytestmark = pytest.mark.laws

BRIEF = ["--set", "population.n_businesses=30", "--set", "end=2018-04-16T20:00+03:00", "-w", "1"]
TWO = ["--strategy", "exact", "--strategy", "wide=aggregate:length=12"]


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("SEED", "SIMULATIONS", "OUTPUT", "QUIET", "WORKERS"):
        monkeypatch.delenv(f"OVERBLOCK_{name}", raising=False)


def compare(*arguments: str, status: int = 0) -> Result:
    return run("compare", "telegram-2018", *BRIEF, *arguments, status=status)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished comparison; do not write into it."""
    folder = tmp_path_factory.mktemp("compared") / "out"
    assert compare(*TWO, "-n", "2", "-o", str(folder)).stdout == f"{folder}\n"
    return folder


def test_json_is_one_document_with_every_row():
    result = compare(*TWO, "-n", "2", "--metric", "addresses_listed_peak", "--json")
    document = json.loads(result.stdout)
    assert document["schema"] == "overblock/comparison/2"
    assert [one["label"] for one in document["strategies"]] == ["none", "exact", "wide"]
    assert [row["strategy"] for row in document["comparison"]] == ["none", "exact", "wide"]
    assert {row["metric"] for row in document["comparison"]} == {"addresses_listed_peak"}
    none, _, wide = document["comparison"]
    assert none["difference"] is None
    assert wide["difference"] == wide["median"] > 2**20 / 2
    assert len(document["verdicts"]) == 9
    for row in document["verdicts"]:
        is_known = row["n_not_known"] == 0
        assert (row["verdict"], row["n_simulations"]) == ("too few" if is_known else "not known", 2)
    assert [row["collateral_metric"] for row in document["tradeoff"]] == [
        *["business_hours_impaired"] * 3, *["names_hit"] * 3, *["private_loss_usd"] * 3
    ]  # fmt: skip
    assert Path(document["folder"]).is_dir()


def test_fixed_replicates_and_ensembles_are_never_one_result():
    """A folder is resumed as what it is, and a number of simulations is part of what it is."""
    for name, options in {"fixed": ["--fixed"], "members": []}.items():
        compare("--strategy", "exact", "-n", "2", *options, "-o", name)
    fixed, members = (
        json.loads(Path(name, "manifest.json").read_text()) for name in ("fixed", "members")
    )
    assert fixed["result_id"] != members["result_id"]
    assert "ensemble" not in fixed
    assert members["ensemble"]["n_members"] == fixed["n_replicates"] == 2
    assert not Path("fixed/inputs.parquet").exists()
    assert Path("members/inputs.parquet").exists()
    refused = run("compare", "--resume", "members", "--fixed", status=2)
    assert "resumes the same question" in refused.stderr
    refused = compare("--strategy", "exact", "--fixed", "--kept", "none", status=2)
    assert refused.stdout == ""
    assert "--kept: expected an ensemble, got --fixed" in refused.stderr


def test_every_mistake_is_said_before_anything_runs():
    result = compare("--strategy", "exakt", "--strategy", "aggregate", status=2)
    assert "did you mean 'exact'?" in result.stderr
    assert "--strategy aggregate: strategy.length: expected a value, got nothing" in result.stderr
    result = compare(*TWO, "--metric", "spell", "--metric", "moves_", status=2)
    assert result.stderr.count("\n") == 2
    assert "did you mean 'spells'?" in result.stderr
    compare(status=2)
    run("compare", status=2)
    assert list(Path.cwd().iterdir()) == []


def test_a_folder_is_verified_and_a_change_exits_with_1(done):
    result = run("verify", str(done), "--sample", "1")
    assert "1 of 6 runs were run again and agree" in result.stdout
    copy = Path("copy")
    subprocess.run(["cp", "-r", str(done), str(copy)], check=True)
    (copy / "tradeoff.csv").write_text("changed")
    result = run("verify", "copy", "--sample", "1", "--json", status=1)
    hashed, *derived = json.loads(result.stdout)["differences"]
    assert hashed == "tradeoff.csv: differs from its hash in the manifest"
    assert "tradeoff.csv: does not follow from the runs, first in line 1" in derived
    run("verify", "nothing", status=4)


def test_a_folder_is_made_again_byte_by_byte(done, monkeypatch):
    monkeypatch.setattr("sim.cli.console.EVERY_S", 0.0)
    result = run("verify", str(done), "--again", "again", "-w", "1")
    n = len(json.loads((done / "manifest.json").read_text())["outputs"]) + 1  # the manifest
    assert f"made again in again: all {n} files have the same bytes" in result.stdout
    assert "6 of 6 runs, " in result.stderr


def test_a_report_in_the_folder_is_held_against_what_it_would_be_now(done):
    folder = Path("reported")
    subprocess.run(["cp", "-r", str(done), str(folder)], check=True)
    run("report", str(folder))
    same = run("verify", str(folder), "--sample", "1", "--json")
    assert json.loads(same.stdout)["unchecked"] == []
    page = folder / "report.html"
    page.write_text(page.read_text(encoding="utf-8").replace("</main>", "!</main>"), "utf-8")
    falsified = run("verify", str(folder), "--sample", "1", status=1)
    said = "reported: report.html: is not what this program makes of the folder\n"
    assert falsified.stdout == said
    (folder / "summary.csv").unlink()
    lost = run("verify", str(folder), "--sample", "1", status=1).stdout
    assert "reported: summary.csv: is not there\n" in lost
    assert "reported: report.html: cannot be made again: reported/summary.csv: expected" in lost


def test_what_is_complete_is_not_gone_on_with(done):
    # What the environment states for every run is no option that changes this one.
    env = {"OVERBLOCK_SEED": "5", "OVERBLOCK_SIMULATIONS": "3"}
    result = run("compare", "--resume", str(done), env=env, status=2)
    assert "is complete; there is nothing to resume" in result.stderr
    result = call("compare", "telegram-2018", "--resume", str(done))
    assert "resumes the same question; give no scenario" in result.stderr
