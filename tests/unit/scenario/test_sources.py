"""What a value rests on: the note of the scenario or of the table, an assumption, or nothing."""

from pathlib import Path

import pytest

from sim.errors import ProblemsError, ScenarioError
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, resolve
from sim.scenario.sources import Source, list_sources, spans

NOTES = """\
provenance:
  population.n_businesses:
    kind: assumption
    unit: businesses
    range: [10, 80]
    why: A small number for a test
  start: {kind: fact, source: a paper of 2018, date: 2018-04, unit: date and time}
"""


def by_key(resolved: Resolved) -> dict[str, Source]:
    return {source.key: source for source in list_sources(resolved)}


def test_a_noted_number_has_the_range_of_its_note(write_scenario):
    found = by_key(resolve(load_scenario(str(write_scenario(add=NOTES)))))
    source = found["population.n_businesses"]
    assert (source.value, source.kind, source.unit) == (40, "assumption", "businesses")
    assert source.range == {"absolute": [10, 80]}
    assert found["start"].kind == "fact"
    assert found["start"].source == "a paper of 2018"


def test_a_bare_number_is_an_assumption_whose_range_is_not_stated(write_scenario):
    source = by_key(resolve(load_scenario(str(write_scenario()))))["population.n_businesses"]
    assert source.kind == "assumption"
    assert source.unit == "businesses"
    assert not source.is_range_stated
    assert source.as_dict()["range"] == "not stated"


def test_a_number_left_out_is_the_assumption_table_s(write_scenario):
    path = write_scenario({"population:\n  n_businesses: 40\n": ""})
    source = by_key(resolve(load_scenario(str(path))))["population.n_businesses"]
    assert (source.value, source.range) == (1000, {"absolute": [600, 2000]})
    assert source.source == "seeds/assumptions.csv, line 2"


def test_a_value_from_the_command_line_loses_the_note_of_the_file(write_scenario):
    path = str(write_scenario(add=NOTES))
    resolved = resolve(load_scenario(path, ["population.n_businesses=99"]))
    source = by_key(resolved)["population.n_businesses"]
    assert (source.value, source.kind) == (99, "assumption")
    assert source.why == "given as --set population.n_businesses=99"
    assert not source.is_range_stated


def test_what_is_asked_is_a_choice_and_words_are_not_listed(write_scenario):
    found = by_key(resolve(load_scenario(str(write_scenario()))))
    for key in ("root_seed", "n_replicates", "end", "strategy.id", "operators.groups"):
        assert found[key].kind == "choice", key
    assert not {"name", "title", "format", "target.name", "provenance"} & found.keys()


def test_a_section_replaced_on_the_command_line_leaves_its_notes_behind(write_scenario):
    notes = "provenance:\n  strategy.last_order: {kind: choice, why: a day}\n"
    text = {"  orders: telegram-2018-orders\n":
            "  orders: telegram-2018-orders\n  last_order: 2018-04-18T00:00+03:00\n"}  # fmt: skip
    path = str(write_scenario(text, add=notes))
    resolved = resolve(load_scenario(path, ["strategy={id: none}"]))
    assert "strategy.last_order" not in by_key(resolved)


@pytest.mark.parametrize(
    ("notes", "message"),
    [
        ("  population.n_busineses: {kind: choice, why: x}\n",
         r"scenario.yaml:17:3: provenance: expected the key path of a value of this scenario, "
         r"got 'population.n_busineses'; did you mean 'population.n_businesses'\?"),
        ("  population: {kind: choice, why: x}\n", "expected the key path of a value"),
        ("  population.n_businesses: {kind: assumption, why: x, range: [50, 80]}\n",
         "scenario.yaml:15:17: population.n_businesses: expected a value in its range, 50 to 80, "
         "got 40"),
        ("  population.n_businesses: {kind: fact, source: x}\n",
         "expected date for kind fact, got none"),
        ("  population.n_businesses: {kind: choice, why: ' '}\n",
         "expected why for kind choice, got none"),
        ("  population.n_businesses: {kind: assumption, why: x, range: [2, 1]}\n",
         "expected low, high, got 2, 1"),
        ("  population.n_businesses: {kind: guess, why: x}\n",
         "expected 'fact', 'derived', 'assumption' or 'choice', got 'guess'"),
        ("  population.n_businesses: {kind: choice, why: x, sorce: y}\n",
         r"unknown key; did you mean 'source'\? \(known: date, distribution, formula, kind, "),
    ],
)  # fmt: skip
def test_a_note_that_does_not_fit_is_refused_at_its_place(write_scenario, notes, message):
    path = write_scenario(add=f"provenance:\n{notes}")
    with pytest.raises(ScenarioError, match=message):
        load_scenario(str(path))


def own_table(tmp_path: Path, csv: str, note: str = "") -> Resolved:
    (tmp_path / "pools.csv").write_text(csv, encoding="utf-8")
    if note:
        (tmp_path / "pools.source.yaml").write_text(note, encoding="utf-8")
    text = load_scenario("telegram-2018").source.decode()
    (tmp_path / "s.yaml").write_text(text, encoding="utf-8")
    return resolve(load_scenario(str(tmp_path / "s.yaml"), ["fronts.pools=pools.csv"]))


NOTE = """\
title: Pools
description: For a test
licence: none
keys: [provider]
rows: {source: source}
columns:
  provider: {unit: text, meaning: m, kind: assumption, why: w}
  weight: {unit: relative weight, meaning: m, kind: KIND, SUPPORT}
  source: {unit: text, meaning: m, kind: assumption, why: w}
"""
CSV = "provider,weight,source\nAWS,3,\nGoogle Cloud,2,paper\nDigitalOcean,2,paper\n"


def weights(resolved: Resolved, *, each_row: bool = False) -> list[Source]:
    found = list_sources(resolved, each_row=each_row)
    return [source for source in found if source.key == "pools.csv.weight"]


def test_rows_that_rest_on_the_same_are_one_line_and_by_row_each_cell_has_one(tmp_path):
    note = NOTE.replace("KIND", "fact").replace("SUPPORT", "source: census, date: 2018-04")
    resolved = own_table(tmp_path, CSV, note)
    first, second = weights(resolved)
    assert (first.lines, first.source, first.value, first.row) == ("2", "census", 3, "AWS")
    assert (second.lines, second.source, second.value) == ("3-4", "paper", 2)
    assert (second.row, second.n_values) == ("", 2)
    cells = weights(resolved, each_row=True)
    assert [(cell.lines, cell.row, cell.value) for cell in cells] == [
        ("2", "AWS", 3), ("3", "Google Cloud", 2), ("4", "DigitalOcean", 2)
    ]  # fmt: skip


@pytest.mark.parametrize("named", ["keys: [provider, nobody]", "rows: {source: nobody}"])
def test_a_note_that_names_a_column_it_does_not_describe_is_refused(tmp_path, named):
    note = NOTE.replace("KIND", "assumption").replace("SUPPORT", "why: no census")
    before = "keys: [provider]" if named.startswith("keys") else "rows: {source: source}"
    with pytest.raises(ProblemsError, match="expected a column of the table, got 'nobody'"):
        own_table(tmp_path, CSV, note.replace(before, named))


def test_a_range_of_factors_is_one_of_numbers_where_the_value_is_one(tmp_path):
    note = NOTE.replace("KIND", "assumption").replace(
        "SUPPORT", "why: no census, range: {times: [0.5, 2]}"
    )
    resolved = own_table(tmp_path, CSV, note)
    (together,) = weights(resolved)
    assert together.range == {"times": [0.5, 2]}
    ranges = [cell.range for cell in weights(resolved, each_row=True)]
    assert ranges == [{"absolute": [1.5, 6]}, {"absolute": [1, 4]}, {"absolute": [1, 4]}]


def test_a_row_s_own_word_goes_before_the_column_s(chase):
    found = list_sources(chase, each_row=True)
    gdp = {one.row: one for one in found if one.key == "economy-russia-2018.value"}
    assert gdp["internet_economy_usd_per_year"].kind == "fact"
    assert gdp["internet_economy_usd_per_year"].unit == "USD/year"
    assumed = gdp["cost_years"]
    assert (assumed.kind, assumed.source) == ("assumption", "")
    assert assumed.why
    assert assumed.range == {"absolute": [1, 3]}


def test_columns_that_name_or_bound_or_support_claim_nothing(chase):
    columns = {
        source.key.split(".")[1]
        for source in list_sources(chase)
        if source.key.startswith("services-russia-2018.")
    }
    assert columns == {"n_addresses", "mode", "popularity"}


@pytest.mark.parametrize(
    ("lines", "text"), [([2], "2"), ([2, 3, 4], "2-4"), ([2, 4, 5, 9], "2, 4-5, 9")]
)
def test_lines_are_shown_as_spans(lines, text):
    assert spans(lines) == text
