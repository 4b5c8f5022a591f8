"""``overblock sources``: what every number rests on."""

import csv
import io
import json
import shutil

import pytest

from sim.cli.verbs.library import basis_text, printable, range_text, value_text
from tests.commands import call, run


def test_json_counts_the_kinds_and_lists_every_line():
    document = json.loads(run("sources", "surgical", "--json").stdout)
    assert document["schema"] == "overblock/sources/1"
    assert document["scenario"] == "surgical"
    assert document["n_range_not_stated"] == 0
    assert sum(document["n_by_kind"].values()) == len(document["sources"])
    assert all({"key", "kind", "n_values"} <= line.keys() for line in document["sources"])


def test_kinds_can_be_picked():
    document = json.loads(call("sources", "surgical", "--kind", "derived", "--json").stdout)
    assert {line["kind"] for line in document["sources"]} == {"derived"}
    assert document["n_by_kind"]["assumption"] > 50  # counted all the same
    refused = run("sources", "surgical", "--kind", "guess", status=2)
    assert (
        "--kind: expected one of fact, derived, assumption, choice, got 'guess'" in refused.stderr
    )


def test_lines_are_found_by_what_they_say():
    listed = json.loads(call("sources", "surgical", "--json").stdout)["sources"]
    found = json.loads(call("sources", "surgical", "--find", "CENSOR.", "--json").stdout)["sources"]
    assert found == [line for line in listed if "censor." in json.dumps(line).casefold()]
    assert 1 < len(found) < len(listed)
    both = ("--find", "censor.", "--find", "lag")
    fewer = json.loads(call("sources", "surgical", *both, "--json").stdout)["sources"]
    assert 0 < len(fewer) < len(found)


def test_csv_holds_plain_numbers_and_whole_texts():
    rows = list(csv.DictReader(io.StringIO(call("sources", "surgical", "--format", "csv").stdout)))
    by_key = {row["key"]: row for row in rows}
    assert by_key["population.n_businesses"]["value"] == "1000"
    assert by_key["population.n_businesses"]["range"] == "600 to 2000"
    assert by_key["root_seed"]["value"] == "20180416"
    formula = by_key["operators-russia-2018.share_users"]["formula"]
    assert formula.startswith("mobile: 0.5 * share of mobile subscribers")


def test_a_run_says_what_it_rested_on(shipped_single_run):
    of_run = json.loads(call("sources", str(shipped_single_run), "--json").stdout)
    of_scenario = json.loads(call("sources", "telegram-2018-replay", "--json").stdout)
    assert of_run["folder"] == str(shipped_single_run)
    assert of_run["sources"] == of_scenario["sources"]
    said = call("sources", str(shipped_single_run)).stderr
    assert "warning: tables of another country or time are used for RU in 2018" in said


def test_a_run_takes_no_overrides_and_no_rows(shipped_single_run):
    for extra in (("--rows",), ("--set", "n_replicates=1")):
        refused = run("sources", str(shipped_single_run), *extra, status=2)
        assert "are for scenarios" in refused.stderr


@pytest.mark.parametrize("sources", [None, 3, ["x"], [{"key": "x"}]])
def test_a_manifest_without_readable_sources_is_refused(shipped_single_run, tmp_path, sources):
    folder = tmp_path / "run"
    folder.mkdir()
    shutil.copy(shipped_single_run / "manifest.json", folder)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["sources"] = sources
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    refused = run("sources", str(folder), status=4)
    assert "manifest.json: expected the key sources" in refused.stderr


def test_one_value_and_one_cell_are_found():
    asked = ("sources", "telegram-2018", "--find")
    result = run(*asked, "censor.pause_pressure")
    told = "censor.pause_pressure = 0.5 share of full attention (0.1 to 0.9) · assumption\n"
    assert result.stdout.startswith(told)
    cell = call(*asked, "front-pools-2018.weight", "--find", "AWS", "--rows", "--json")
    (line,) = json.loads(cell.stdout)["sources"]
    assert (line["value"], line["range"]) == (72, {"absolute": [36, 144]})


def test_control_characters_of_a_table_do_not_reach_the_terminal(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text(call("show", "surgical").stdout, encoding="utf-8")
    (tmp_path / "pools.csv").write_text("provider,weight,source\nAWS,1,a\x1bb\n", encoding="utf-8")
    own = ("--set", "fronts.pools=pools.csv")
    for arguments in (
        ("sources", str(path), *own),
        ("sources", str(path), *own, "--format", "markdown"),
    ):
        result = run(*arguments)
        assert "a\ufffdb" in result.output
        assert "\x1b" not in result.output


# Lines of sources in words, each against the text that one would write by hand.
IN_WORDS = {
    printable: [
        (0, "0"), (-3, "-3"), (1_000_000, "1000000"), (2.0, "2"), (0.5, "0.5"), (-0.25, "-0.25"),
        (1234567.5, "1.23457e+06"), (1 / 3, "0.333333"), (1e15, "1e+15"), (1e15 - 1, "9" * 15),
        (True, "True"), (False, "False"), (None, "None"), ("6 h", "6 h"), ([1, 2.5], "1 to 2.5"),
        (["a", "b"], "a to b"), ("a\x1b[31mb\n", "a\ufffd[31mb\ufffd"),
        (float("nan"), "nan"), (float("inf"), "inf"),
    ],
    value_text: [
        ({"value": 1500.0}, "1500"), ({"value": "exact"}, "exact"), ({"value": 0}, "0"),
        # Values of a list stand beside each other; a pair within it is a range.
        ({"value": [1, 2, 3.5]}, "1, 2, 3.5"), ({"value": [[1, 2], [3, 4]]}, "1 to 2, 3 to 4"),
        ({"value": []}, ""), ({"values": [0.25, 4.0], "n_values": 7}, "0.25 to 4"),
        ({"n_values": 12}, "12 values"),
    ],
    range_text: [
        ({}, ""), ({"range": "not stated"}, "not stated"),
        ({"range": {"absolute": [1, 2.5]}}, "1 to 2.5"),
        ({"range": {"times": [0.5, 2]}}, "0.5 to 2 times the value"),
        ({"range": {"columns": ["low", "high"]}}, "columns low to high"),
    ],
    basis_text: [
        ({}, ""), ({"date": "2018"}, "2018"),
        ({"source": "A", "date": "2018", "formula": "a / b", "why": "So."}, "A, 2018; a / b; So."),
        ({"source": "A", "why": "So.\n\x07"}, "A; So.\ufffd\ufffd"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("write", "given", "said"),
    [(write, *case) for write, cases in IN_WORDS.items() for case in cases],
)
def test_a_line_is_written_as_one_would_by_hand(write, given, said):
    assert write(given) == said
