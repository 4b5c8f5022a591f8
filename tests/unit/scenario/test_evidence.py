"""Evidence of a scenario: windows, and refusals that name the line."""

import math
from pathlib import Path

import pytest

from sim.errors import ScenarioError
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.scenario.schema import dump_scenario
from sim.scenario.sources import list_sources
from tests.refusals import problems_of

EVIDENCE = """evidence:
  - id: listed
    curve: addresses_listed
    at: 2018-04-17T12:00+03:00
    value: 4000000
    factor: 2
    kind: fact
    unit: addresses
    source: a newspaper
    date: 2018-04-17
    note: none
"""
FIRST = 16
"""Line of the minimal scenario on which its evidence begins."""


def windows(path: Path) -> list[tuple[float, float]]:
    pieces = load_scenario(str(path)).scenario.evidence
    assert pieces is not None
    return [piece.window for piece in pieces]


def test_a_window_is_a_factor_or_ends_of_which_one_may_be_open(write_scenario):
    assert windows(write_scenario(add=EVIDENCE)) == [(2_000_000, 8_000_000)]
    both = EVIDENCE.replace("factor: 2", "low: 3e6\n    high: 5e6")
    assert windows(write_scenario(add=both)) == [(3e6, 5e6)]
    least = EVIDENCE.replace("factor: 2", "low: 3e6")
    assert windows(write_scenario(add=least)) == [(3e6, math.inf)]


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("addresses_listed", "adresses_listed", 2, "expected one of addresses_listed, "),
        ("2018-04-17T12", "2019-04-17T12", 3, "expected a time within the run, 2018-04-16T00:0"),
        ("at: 2018-04-17T12", "until: 2018-04-16T00", 3,
         "expected since before until, got 2018-04"),
        ("at: 2018-04-17T12", "since: 2018-04-20T00", 3,
         "expected since before until, got 2018-04"),
        ("factor: 2", "low: 5e6", 1, "expected low <= value <= high, got 5e+06, 4e+06, inf"),
        ("factor: 2", "factor: 2\n    high: 5e6", 1, "expected factor, or low and high or one of"),
        ("    factor: 2\n", "", 1, "expected factor, or low and high or one of them, got both or"),
        ("4000000", "0", 1, "expected a value above 0 with factor, got 0"),
        ("factor: 2", "factor: 1", 5, "expected a number > 1.0, got 1"),
        ("kind: fact", "kind: rumour", 6, "expected 'fact', 'claim' or 'assumption', got 'rumour'"),
    ],
)  # fmt: skip
def test_what_cannot_be_evidence_is_refused_where_it_stands(
    write_scenario, old, new, line, message
):
    path = write_scenario(add=EVIDENCE.replace(old, new))
    (problem,) = problems_of(ScenarioError, load_scenario, str(path))
    assert (problem.line, problem.message[: len(message)]) == (FIRST + line, message)
    assert problem.key.startswith("evidence.0")


def test_each_name_stands_once(write_scenario):
    path = write_scenario(add=EVIDENCE + EVIDENCE.partition("\n")[2])
    with pytest.raises(ScenarioError, match="expected each id once, got 'listed' again"):
        load_scenario(str(path))


def test_a_run_that_is_cut_short_need_not_reach_the_evidence(write_scenario):
    path = write_scenario(add=EVIDENCE)
    assert load_scenario(str(path), ["end=2018-04-17T11:59+03:00"]).scenario.evidence is None
    assert load_scenario(str(path), ["end=2018-04-17T12:01+03:00"]).scenario.evidence


def test_what_is_written_out_reads_the_same(write_scenario, tmp_path):
    scenario = load_scenario(str(write_scenario(add=EVIDENCE))).scenario
    again = tmp_path / "again.yaml"
    again.write_text(dump_scenario(scenario), "utf-8")
    assert load_scenario(str(again)).scenario == scenario


def test_a_piece_of_evidence_is_a_source(write_scenario):
    sources = list_sources(resolve(load_scenario(str(write_scenario(add=EVIDENCE)))))
    (found,) = (one for one in sources if one.key == "evidence.listed")
    assert (found.kind, found.source, found.date) == ("fact", "a newspaper", "2018-04-17")
    assert found.range == {"absolute": [2_000_000, 8_000_000]}
    most = EVIDENCE.replace("factor: 2", "high: 5e6")
    sources = list_sources(resolve(load_scenario(str(write_scenario(add=most)))))
    (found,) = (one for one in sources if one.key == "evidence.listed")
    assert found.range == {"absolute": [0, 5e6]}
