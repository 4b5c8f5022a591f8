"""``overblock backtest``: formats, files of others, exit codes."""

import csv
import io
import json
import shutil
from functools import partial
from pathlib import Path

import pytest

from sim.cli.console import print_tables
from sim.report.documents.forecasts import case_tables, score_tables
from sim.report.words.numbers import exact
from tests import commands
from tests.cases import NAMES_LAW, case_file

BRIEF = ("-n", "2", "-w", "1")
"""64 simulations of a month, by processes of their own, show no more of the command."""


@pytest.fixture
def blind(tmp_path: Path) -> Path:
    names = {"id": "names", "predictor": NAMES_LAW, "value": 16, "rounding": 0.5}
    none = {"predictor": "{kind: none, why: No such thing}", "role": "calibration"}
    return case_file(tmp_path, names, none).path.rename(tmp_path / "blind.yaml")


call, run = partial(commands.call, "backtest"), partial(commands.run, "backtest")
document = partial(commands.document, "backtest")


def test_a_file_of_others_is_scored_alone(blind):
    found = document("--blind", str(blind))
    assert found["schema"] == "overblock/backtest-scores/6"
    first, second = found["scores"]
    assert (first["id"], first["verdict"]) == ("names", "inside")
    assert first["predicted"]["median"] == pytest.approx(15.957, rel=0.02)
    assert first["log10_error"] == pytest.approx(-0.0012, abs=0.01)
    assert (second["verdict"], second["why_not"]) == ("not computable", "No such thing")
    assert second["predicted"] is None
    assert second["log10_error"] is None


def test_csv_has_one_line_a_case_and_empty_cells_for_the_unknown(blind):
    result = call("--blind", str(blind), "--format", "csv")
    first, second = csv.DictReader(io.StringIO(result.stdout))
    assert (first["predicted_median"], first["published"]) != ("", "")
    assert (first["published_low"], first["published_high"]) == ("15.5", "16.5")
    assert (second["predicted_median"], second["log10_error"]) == ("", "")


def test_the_table_counts_by_role_and_says_what_intervals_leave_out(blind):
    result = call("--blind", str(blind))
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    names, none = (row for row, line in enumerate(lines) if line.startswith(("names ", "c1 ")))
    assert lines[names].split()[-2] == "inside"
    assert lines[names + 1].split() == ["16", "u"]
    assert lines[none].split()[1:] == ["not", "computable"]
    assert lines[none + 1].split() == ["1", "u"]
    rows = [line.split() for line in lines]
    roles = {row[0]: row[-6:] for row in rows if row and row[0] in ("held-out", "calibration")}
    assert roles["held-out"][-6:] == ["1", "1", "1", "1", "of", "1"]
    assert "all all" not in result.stdout


def test_cases_are_chosen_by_id_and_files_written(blind, tmp_path):
    saved = tmp_path / "out" / "s.json"
    result = run("names", "--blind", blind, "--format", "markdown", "--save", saved)
    assert "### Cases by role" in result.stdout
    assert [score["id"] for score in json.loads(saved.read_text())["scores"]] == ["names"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["names", "--blind", "{}/none.yaml"], 4, "none.yaml: expected a readable case file"),
        (["nams", "--blind", "{}/blind.yaml"], 2, "nams: expected the id of a case, got no such"),
        (["--blind", "{}/blind.yaml", "--save", "{}"], 2, "exists and is no file"),
        (["--blind", "{}/blind.yaml", "--save", "{}/blind.yaml/s.json"], 2, "cannot write a file"),
        (["--blind", "{}/bad.yaml"], 2, "bad.yaml:4:5: cases.0.titel: unknown key"),
        (["no-such-case"], 2, "no-such-case: expected the id of a case"),
        (["--blind", "{}/blind.yaml", "--blind", "{}/blind.yaml"], 2, "got 'names' again"),
    ],
)
def test_mistakes_exit_without_a_traceback(blind, tmp_path, arguments, code, message):
    (tmp_path / "bad.yaml").write_text(blind.read_text().replace("title:", "titel:", 1))
    asked = (argument.replace("{}", str(tmp_path)) for argument in arguments)
    result = run(*asked, status=code)
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_a_shipped_case_is_run(tmp_path):
    (score,) = document("replay-2018-04-20", "-n", "1")["scores"]
    assert score["predicted"]["median"] == 17_771_008
    assert score["predicted"]["low"] is None  # one simulation has no interval
    assert score["verdict"] == "inside"
    assert score["predicted"]["spans"].startswith("chance and ")
    assert (score["band"], score["prior"]) == ("prior", None)


def test_every_example_of_the_page_of_cases_is_scored_from_any_folder(
    repository, tmp_path, monkeypatch
):
    for name in ("cases.yaml", "blocklist.txt"):
        shutil.copy(repository / "samples" / name, tmp_path / name)
    monkeypatch.chdir("/")
    found = document("--blind", str(tmp_path / "cases.yaml"), *BRIEF)
    by_id = {score["id"]: score for score in found["scores"]}
    for score in by_id.values():
        assert score["verdict"] != "not computable"
        assert score["quality"]["why_not"] == ""
    # By hand: a /24, an address, and a range of 64.
    assert by_id["addresses-on-a-list"]["predicted"]["median"] == 256 + 1 + 64
    (tally,) = [one for one in found["tallies"] if one["role"] == "known" and not one["subject"]]
    assert (tally["n_cases"], tally["n_figures"], tally["n_bounds"]) == (6, 5, 0)


def test_a_file_that_is_there_is_refused_before_anything_is_computed(blind, tmp_path, monkeypatch):
    path = tmp_path / "mine.svg"
    path.write_text("mine")
    with monkeypatch.context() as patched:
        patched.setattr("sim.backtest.scores.backtest", None)
        result = run("names", "--blind", blind, "--save", path, status=2)
    refused = f"{path}: exists; give --force to replace it\n"
    assert (result.stdout, result.stderr) == ("", refused)
    assert path.read_text() == "mine"
    run("names", "--blind", blind, "--save", path, "--force")
    assert path.read_text() != "mine"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["blind.yaml", "mine.svg"]


def test_the_shipped_scores_fit_a_page(repository, capsys):
    kept = json.loads((repository / "docs/explanation/validation.json").read_text("utf-8"))
    print_tables([*case_tables(kept), *score_tables(kept)])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    for each in kept["scores"]:
        # The longest ids are cut, by as much as the widest interval needs.
        names = {each["id"][:n] for n in (33, 34, 99)}
        (row,) = (row for row, line in enumerate(lines) if names & {*line.split()[:1]})
        assert each["verdict"] in lines[row]
        assert exact(each["published"]["value"]) in " ".join(lines[row + 1 : row + 3])


def test_tables_of_scores_count_every_case_and_number_by_subject(repository):
    kept = json.loads((repository / "docs/explanation/validation.json").read_text("utf-8"))
    tables = {table.key: table.rows for table in score_tables(kept)}
    for role, _, n_cases, n_computable, n_inside, of_figures in tables["roles"]:
        mine = [one for one in kept["scores"] if one["role"] == role]
        verdicts = [one["verdict"] for one in mine]
        assert (n_cases, n_computable or 0) == (
            len(mine),
            len(mine) - verdicts.count("not computable"),
        )
        assert (n_inside or 0) == verdicts.count("inside")
        more = [one["verdict"] for one in mine if one["published"]["relation"] == "equal"]
        n_more = len(more) - more.count("not computable")
        assert of_figures == (f"{more.count('inside')} of {n_more}" if mine else "")
    for key in ("figures", "bounds"):
        shown = {str(name): int(n) for name, n, *_ in tables[key]}
        for role in ("known", "evidence", "calibration"):
            of_role = {name: n for name, n in shown.items() if name.startswith(f"{role}: ")}
            parts = [n for name, n in of_role.items() if not name.endswith((": all", ", kept"))]
            # A number that cases of two subjects show is one.
            n_all = of_role.get(f"{role}: all", 0)
            assert max(parts, default=0) <= n_all <= sum(parts)
            assert of_role.get(f"{role}: all, kept", 0) == n_all
    for tally in (*kept["tallies"], *kept["tallies_prior"]):
        tally["n_bounds"] = 0
    assert [table.key for table in score_tables(kept)] == ["roles", "figures"]
