"""``sweep``, ``sensitivity`` and ``condition``: folders, exit codes, messages."""

import json
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sim.backtest.conditioning import EVIDENCE, RESTS_ON
from sim.cli.console import print_tables
from sim.cli.verbs import experiments
from sim.experiment.outputs import Sheet
from sim.experiment.studies import LINE
from sim.report.words.tables import Table
from sim.results.parquet import read_columns
from sim.results.schema import Column
from tests.commands import call, run
from tests.csv_rows import csv_rows
from tests.experiments import Scripted, files_of, run_until

WriteScenario = Callable[..., Path]


@pytest.fixture
def small(write_scenario: WriteScenario, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OVERBLOCK_WORKERS", "1")
    path = write_scenario(
        {
            "end: 2018-04-20T00:00+03:00": "end: 2018-04-18T00:00+03:00",
            "n_businesses: 40": "n_businesses: 8",
        }
    )
    return str(path)


def test_a_sweep_writes_every_point_and_says_which_could_not_be(small, tmp_path):
    out = tmp_path / "out"
    result = run(
        "sweep", small, "--over", "thresholds.impaired=0.1,0.3,2", "-n", 3, "-o", out,
        "--metric", "business_hours_impaired", status=3,
    )  # fmt: skip
    assert "failed: point=2: thresholds.impaired=2: thresholds.impaired: expected" in result.stderr
    assert result.stdout.strip() == str(out)
    points = csv_rows(out / "points.csv")
    assert [point["status"] for point in points] == ["complete", "complete", "failed"]
    assert "got 2" in points[2]["error"]
    swept = csv_rows(out / "sweep.csv")
    assert [row["thresholds.impaired"] for row in swept] == ["0.1", "0.3"]
    columns = read_columns(
        out / "measures.parquet",
        "SELECT point, median(value) AS median, count(*) AS n FROM data "
        "WHERE metric = 'business_hours_impaired' GROUP BY point ORDER BY point",
    )
    assert list(columns["n"]) == [3, 3]
    assert [float(row["median"]) for row in swept] == pytest.approx(list(columns["median"]))
    for row in swept:
        assert float(row["low"]) < float(row["median"]) < float(row["high"])
        assert (row["n_replicates"], row["n_known"]) == ("3", "3")
    manifest = json.loads((out / "manifest.json").read_text())
    assert (manifest["kind"], manifest["status"]) == ("sweep", "partial")
    assert manifest["failures"][0]["point"] == 2
    assert manifest["design"]["n_points"] == 3
    for verb in ("plot", "report"):
        refused = run(verb, str(out), status=4)
        assert "kind: expected a run or a comparison, got a sweep" in refused.stderr
    assert {one["file"] for one in manifest["outputs"]} >= {"sweep.csv", "measures.parquet"}


def test_sensitivity_ranks_the_assumptions(small, tmp_path):
    out = tmp_path / "out"
    keys = "operators-russia-2018.compliance,effects.throttle_severity,hosting-russia-2018.weight"
    result = run("sensitivity", small, "--only", keys, "-n", 1, "--json", "-o", out)
    document = json.loads(result.stdout)
    assert document["schema"] == "overblock/sensitivity/1"
    lines = {line["factor"]: line for line in document["sensitivity"]}
    assert list(lines) == keys.split(",")[:2]
    compliance = lines["operators-russia-2018.compliance"]
    assert compliance["at_low"] < compliance["at_high"], "who enforces less hits less"
    severity = lines["effects.throttle_severity"]
    assert severity["at_low"] == severity["at_high"], "nothing is throttled here"
    # Ends of two single dials and the scenario as given.
    assert len(csv_rows(out / "points.csv")) == 5
    left_out = {one["key"]: one["why"] for one in document["left-out"]}
    assert left_out["thresholds.impaired"] == "not asked for"
    assert "its rows move separately" in left_out["hosting-russia-2018.weight"]


def test_an_interrupted_sweep_says_how_many_simulations_are_finished(small, monkeypatch):
    """Of two points with three replicates, the second fails, and Ctrl-C comes after the fourth."""
    executor = Scripted(interrupt_after=4, fails=(1,))
    monkeypatch.setattr("sim.cli.options.ExperimentOptions.executor", lambda *_: executor)
    terminal = SimpleNamespace(stdout=SimpleNamespace(isatty=lambda: True), argv=[])
    monkeypatch.setattr("sim.cli.task.sys", terminal)
    over = "--over", "thresholds.impaired=0.1,0.3", "--strategy", "none"
    result = run("sweep", small, *over, "-n", 3, "-o", "out", status=130)
    names = [word for word in result.stdout.split() if word in ("median", "low", "high")]
    assert names == ["median", "low", "high"]
    assert json.loads(Path("out/manifest.json").read_text())["strategies"] == [{"label": "none"}]
    said = "interrupted: 3 of 6 simulations are finished and kept in out; --resume out goes on"
    assert said in result.stderr
    refused = run("run", "--resume", "out", status=2)
    assert "out: is a sweep; resume it by overblock sweep" in refused.stderr


COMMANDS = {
    "run": ["run", "-n", "6"],
    "sweep": ["sweep", "--over", "thresholds.impaired=0.05..0.3:4", "-n", "2"],
    "sensitivity": ["sensitivity", "--only", "thresholds.impaired,thresholds.down", "-n", "1"],
}  # fmt: skip


@pytest.mark.laws
@pytest.mark.parametrize("verb", ["sweep", pytest.param("run", marks=pytest.mark.long)])
def test_what_was_to_replace_a_folder_is_gone_on_with_into_it(small, tmp_path, verb):
    command = [*COMMANDS[verb], small, "-o", "out", "-w", "1"]
    run(*command)
    whole = files_of(Path("out"))
    Path("out", "README").write_text("of the earlier one", encoding="utf-8")
    refused = run(*command, "--force", status=2)
    assert "out: holds README, which is not this program's" in refused.stderr
    Path("out", "README").unlink()
    done = run_until([*command, "--force"], signal="SIGKILL", n_kept=2, folder=tmp_path)
    assert done.returncode == -signal.SIGKILL
    assert "give --force to replace it" in run(verb, "--resume", "out", status=2).stderr
    assert run(verb, "--resume", "out", "--force").stdout.splitlines()[-1] == "out"
    assert files_of(Path("out")) == whole


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sweep"], "expected --over KEY=…, got none"),
        (["condition"], "expected a section evidence, got none"),
    ],
)
def test_what_is_varied_must_be_said(small, arguments, message):
    for verb in ("sweep", "sensitivity", "condition"):
        assert "expected SCENARIO, or --resume RUN" in run(verb, status=2).stderr
    result = run(arguments[0], small, *arguments[1:], status=2)
    assert (result.stdout, message in result.stderr) == ("", True)


def test_the_assumptions_can_be_listed_without_running_anything(small):
    document = json.loads(run("sensitivity", small, "--list", "--json").stdout)
    by_key = {factor["key"]: factor for factor in document["factors"]}
    severity = by_key["effects.throttle_severity"]
    assert (severity["low"], severity["high"]) == (0.3, 0.95)
    # A definition is none of what is not known.
    assert "thresholds.impaired" not in by_key
    plain = call("sensitivity", small, "--list")
    assert "operators-russia-2018.compliance" in plain.stdout
    assert not list(Path.cwd().glob("runs*"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sweep", "--over", "a=2..1", "--over", "b"], "--over b: expected key=value"),
        (["sweep", "--over", "a.b=1,2"], "a: unknown key"),
        (["sweep", "--over", "thresholds.down=0.5,0.6", "--metric", "hours"],
         "--metric hours: expected one of the metrics"),
        (["sensitivity", "--only", "thresholds.impared"], "did you mean 'thresholds.impaired'?"),
        (["condition", "--keep", "9", "--most", "8"], "expected a section evidence, got none"),
    ],
)  # fmt: skip
def test_mistakes_exit_with_2_before_anything_runs(small, arguments, message):
    result = run(arguments[0], small, *arguments[1:], status=2)
    assert message in result.stderr
    assert result.stdout == ""
    assert not list(Path.cwd().glob("runs*"))


# What studies print on a terminal: each number of their tables, and which ones it has room for.


@pytest.fixture(params=[80, 140])
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.cli.console.width_of", lambda stream: request.param)


def sheet(file: str, columns: Sequence[Column], *records: dict[str, Any]) -> Sheet:
    names = [column.name for column in columns]
    rows = tuple(tuple(record.get(name) for name in names) for record in records)
    return Sheet(file, tuple(columns), rows, ())


def shown(tables: Sequence[Table], capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What stands in each line, blanks in a row as one."""
    print_tables(tables)
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.usefixtures("width")
def test_an_analysis_has_a_table_for_each_measure(capsys):
    line = {"metric": "moves", "unit": "moves", "factor": "effects.a", "range": "0.1 to 0.4",
            "given": 5.0, "at_low": 3.0, "at_high": 9.0}  # fmt: skip
    unknown = line | {"factor": "effects.b", "at_high": np.nan}
    other = line | {"metric": "spells_begun", "unit": "spells", "given": 64_900.0}
    held = sheet("sensitivity.csv", LINE, line, unknown, other)
    study = SimpleNamespace(sheets={held.file: held})
    rows = shown(experiments.sensitivity_tables(study), capsys)  # type: ignore[arg-type]
    assert rows[0] == "moves: 5 moves at point values"
    assert rows[2].startswith("effects.a 3 9 0.1 to 0.4")
    assert "spells begun: 64,900 spells at point values" in rows
    assert any(row.startswith("effects.b 3 not known") for row in rows)


@pytest.mark.usefixtures("width")
def test_conditioning_tells_the_acceptance_and_two_tables(capsys):
    evidence = {"evidence": "one", "n_read": 400, "n_met": 100, "n_others": 30, "n_all": 16}
    rest = {"measure": "moves", "without": "one", "n": 30}
    three = {"median": 5.0, "low": 1.0, "high": 9.0}
    found = {"n_agreeing": 16, "n_draws": 400, "n_kept": 15, "acceptance": 0.04,
             "acceptance_95": [0.02, 0.06]}  # fmt: skip
    made = SimpleNamespace(
        manifest={"conditioned": found},
        sheets={
            "evidence.csv": sheet("evidence.csv", EVIDENCE, evidence),
            "rests_on.csv": sheet(
                "rests_on.csv", RESTS_ON, rest | three, rest | {"without": "two", "n": 0}
            ),
        },
    )
    rows = shown(experiments.conditioned_tables(made), capsys)  # type: ignore[arg-type]
    assert " ".join(rows).startswith(
        "16 of 400 draws agree with all evidence: 4.0% [2.0%, 6.0%]; 15 are kept"
    )
    assert "one 100 400 16 30" in rows
    assert "moves one 30 5 1 9" in rows
    assert "moves two 0 not known not known not known" in rows
