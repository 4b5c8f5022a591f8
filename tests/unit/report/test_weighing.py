"""The figures that weigh the draws of a page are those of the shipped table, as its cases say."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from sim.report.page.document import render
from sim.report.page.published import beside_table, weighing_table, weighs_in_words
from sim.report.words.numbers import exact
from sim.results.read import open_run
from sim.results.tables import read_rows
from tests.conftest import REPOSITORY


@pytest.mark.parametrize("name", ["telegram-2018", "spain-2025-26"])
def test_each_figure_of_the_table_is_told_with_its_value(name: str, shipped_run: Path) -> None:
    made = json.loads((REPOSITORY / f"seeds/draws/{name}.json").read_text("utf-8"))
    run = open_run(shipped_run)
    manifest = {**run.manifest, "draws": {"from": made["sha256"]}, "n_draws": 4}
    manifest["scenario"] = {**run.manifest["scenario"], "name": name}
    table = weighing_table(replace(run, manifest=manifest))
    assert table is not None
    case_of = {
        case["id"]: case
        for path in sorted((REPOSITORY / "seeds/backtest").glob("*.yaml"))
        for case in YAML(typ="safe").load(path)["cases"]
    }
    asked = [case_of[one["case"]] for one in made["made_from"]["figures"]]
    assert len(asked) >= 15
    told = [[cell.text for cell in line.cells] for line in table.rows]
    assert [row[0] for row in told] == [" ".join(case["title"].split()) for case in asked]
    values = [exact(float(case["published"]["value"])) for case in asked]
    assert [row[1] for row in told] == values
    assert [row[3] for row in told] == [" ".join(c["published"]["source"].split()) for c in asked]


def test_of_another_table_of_draws_nothing_is_told(shipped_run: Path) -> None:
    run = open_run(shipped_run)
    assert weighing_table(run) is None
    manifest = {**run.manifest, "draws": {"from": "0" * 64}}
    manifest["scenario"] = {**run.manifest["scenario"], "name": "telegram-2018"}
    assert weighing_table(replace(run, manifest=manifest)) is None


def test_a_figure_beside_a_measure_is_marked_where_it_weighs_the_draws(shipped_run: Path) -> None:
    """By its case: 18 million addresses and 400 businesses weigh, 19.3 million and money do not."""
    made = json.loads((REPOSITORY / "seeds/draws/telegram-2018.json").read_text("utf-8"))
    run = open_run(shipped_run)
    draws = {"from": made["sha256"], "n": 0, "per_draw": 1}
    manifest = {**run.manifest, "draws": draws}
    manifest["scenario"] = {**run.manifest["scenario"], "name": "telegram-2018"}
    weighed = replace(run, manifest=manifest)
    rows = read_rows(run, "summary.csv")
    table = beside_table(weighed, rows)
    assert table is not None
    marks = {line.cells[1].text.replace("\N{NO-BREAK SPACE}", " "): line.cells[1].range
             for line in table.rows}  # fmt: skip
    assert marks.pop("18.0 million") == "weighs the draws"
    assert marks.pop("400") == "weighs the draws"
    assert len(marks) >= 2
    assert set(marks.values()) == {""}
    assert "no test of them" in weighs_in_words(table)
    alone = beside_table(run, rows)
    assert weighs_in_words(alone) == weighs_in_words(None) == ""
    page = render(weighed)
    assert page.index("no test of them") > page.index('<table id="published-beside"')
    assert "no test of them" not in render(run)
