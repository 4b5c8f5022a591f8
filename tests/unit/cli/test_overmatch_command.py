"""``overblock overmatch`` as people and programs use it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.cli.app import app

RULES = "*t.co*\n||rt.com^\n@@||bt.co.uk^\n"
NAMES = "1,t.co\n2,microsoft.com\n3,rt.com\n4,de.rt.com\n5,example.org\n6,bt.co.uk\n"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "rules.txt").write_text(RULES)
    (tmp_path / "names.csv").write_text(NAMES)
    (tmp_path / "meant.txt").write_text("t.co\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str, status: int = 0, stdin: str | None = None):
    asked = ["overmatch", *arguments]
    result = CliRunner().invoke(app, asked, input=stdin)
    assert result.exit_code == status, (result.output, result.stderr, result.exception)
    return result


ASKED = ("rules.txt", "--names", "names.csv")


def test_the_document_has_counts_with_their_denominators(files):
    found = json.loads(run(*ASKED, "--json").stdout)
    assert found["schema"] == "overblock/overmatch/1"
    assert (found["n_names"], found["n_targets"], found["n_let_through"]) == (6, 2, 1)
    everything = found["all"]
    assert (everything["n_matched"], everything["n_targets"]) == (4, 2)
    assert everything["overmatch"] == {"n": 2, "of": 4, "low": None, "high": None, "share": 0.5}
    assert [one["kind"] for one in found["kinds"]] == ["subdomains", "keyword"]
    assert found["rules"][0]["place"] == "rules.txt:1"
    assert {one["name"] for one in found["collateral"]} == {"microsoft.com", "de.rt.com"}


def test_targets_say_what_was_meant(files):
    found = json.loads(run(*ASKED, "--targets", "meant.txt", "--json").stdout)
    assert (found["n_targets"], found["all"]["overmatch"]["n"]) == (1, 3)
    shown = run(*ASKED, "--targets", "meant.txt").stdout
    assert "meant are 1 names, those that --targets matches" in " ".join(shown.split())


def test_csv_has_one_number_a_row(files):
    rows = list(csv.DictReader(io.StringIO(run(*ASKED, "--format", "csv").stdout)))
    values = {(row["section"], row["item"], row["measure"]): row["value"] for row in rows}
    assert values["matched", "all", "n"] == "2"
    assert values["matched", "all", "of"] == "4"
    assert values["rules", "*t.co*", "share"] == "0.5"
    assert ("matched", "all", "low") not in values


def test_a_sample_has_an_interval(files):
    shown = " ".join(run(*ASKED, "--universe", "1000000").stdout.split())
    assert "90 % from to" in shown
    assert "of 1,000,000 names: 333,333 not meant would be matched [" in shown
    run(*ASKED, "--universe", "5", status=2)


def test_rules_come_from_standard_input(files):
    found = json.loads(run("-", "--names", "names.csv", "--json", stdin="*t.co*\n").stdout)
    assert found["all"]["n_matched"] == 5
    assert found["rules"][0]["place"] == "<stdin>:1"


def test_mistakes_are_told_by_line_with_exit_code_4(files):
    (files / "rules.txt").write_text("*t.co*\nno rule at all\n/(a/\n")
    said = run(*ASKED, status=4).stderr
    assert "rules.txt:2: expected a rule that blocks names, got 'no rule at all'" in said
    assert "rules.txt:3: expected an expression that RE2 reads" in said
    said = run(*ASKED, "--skip-bad").stderr
    assert "2 bad lines, such as rules.txt:2: expected a rule that blocks names" in said
    run("rules.txt", "--names", "absent.csv", status=4)
    run(*ASKED, "--plain", "all", status=2)


def test_control_characters_of_a_file_do_not_reach_the_terminal(files):
    (files / "rules.txt").write_text("/t.co|\x1b/\n")
    assert "\x1b" not in run(*ASKED, status=4).stderr
