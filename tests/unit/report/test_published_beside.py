"""Published figures beside measures, and how many values have which kind of source."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from sim.report.page.bands import with_bands
from sim.report.page.cells import PageTable
from sim.report.page.document import render
from sim.report.page.key_figures import key_figures
from sim.report.page.published import (
    beside_table,
    published_beside,
    published_table,
    references,
    references_in_words,
)
from sim.report.page.sources import counts_in_words, other_years_in_words, source_table
from sim.report.words.languages import LANGUAGES, language
from sim.report.words.warnings import warnings_in_words
from sim.results.read import RunFolder, open_run
from sim.results.tables import Row, read_rows, text

NBSP = "\N{NO-BREAK SPACE}"


def summary(run: RunFolder) -> list[Row]:
    return with_bands(run, read_rows(run, "summary.csv"))


def test_a_published_figure_is_told_with_who_published_it_when_and_what_it_is(
    drawn_run: Path,
) -> None:
    run = open_run(drawn_run)
    by = {text(row, "metric"): row for row in summary(run)}
    figures = key_figures(by, beside=published_beside(run))
    told = {one.label: one.published for one in figures}
    (said, note), (highest, double) = told["Addresses listed, peak"]
    assert said == f"published beside it: 18.0{NBSP}million (The Moscow Times, 26 April 2018)"
    assert "25-28 April" in note
    # The highest of the totals of those days, by the table: 19.3 million on the 17th.
    assert (
        highest
        == f"highest total in the table of published totals: 19.3{NBSP}million (17 April 2018)"
    )
    assert "17:00 MSK" in double
    ((_, ceiling),) = told["Private loss"]
    assert "most pessimistic case" in ceiling
    assert "400 businesses" in ceiling
    ((said, note),) = told["Ever affected, named providers"]
    assert said.startswith("published beside it: 400 (")
    assert "Google and Amazon" in note


def test_the_one_published_count_of_businesses_stands_in_sight_with_that_of_the_model(
    drawn_run: Path,
) -> None:
    run = open_run(drawn_run)
    rows = summary(run)
    (own,) = (row for row in rows if text(row, "metric") == "affected_at_named_providers")
    table = beside_table(run, rows)
    assert table is not None
    (line,) = (
        line for line in table.rows if line.cells[0].text == "Ever affected, named providers"
    )
    assert [cell.sort for cell in line.cells[1:4]] == [None, own["mean"], own["given"]]
    assert line.cells[1].text == "400"
    page = render(run)
    at = page.index('id="published-beside"')
    assert page.rindex("</details>", 0, at) > page.rindex("<details", 0, at)


def test_figures_stand_beside_the_strategy_of_the_block_that_happened(
    comparison_folder: Path,
) -> None:
    run = open_run(comparison_folder)

    def beside(**strategy: object) -> PageTable:
        own = RunFolder(run.path, run.manifest, {**run.scenario, "strategy": strategy})
        table = beside_table(own, summary(run))
        assert table is not None
        return table

    # What a scenario leaves out has its default, there and at its head.
    assert beside(id="aggregate").caption == "Measures beside what was published of them"
    mine = beside(id="aggregate", length=24)
    assert {line.group for line in mine.rows} == {"aggregate:length=24"}
    assert mine.caption == "Measures beside what was published of them"
    none = beside(id="aggregate", length=23)
    assert {line.group for line in none.rows} == set(run.strategies)
    assert none.caption.endswith("in the scenario and by none of the strategies compared")
    # What a figure is called tells two of the same number apart.
    assert "loss russian businesses" in {line.cells[0].range for line in mine.rows}


def test_a_source_has_its_author_title_and_date_and_every_figure_what_it_is_for(
    shipped_run: Path,
) -> None:
    run = open_run(shipped_run)
    (said,) = references_in_words(references(run))
    assert said.startswith('article: The Moscow Times, 26 April 2018, "Amazon, Google Still')
    rows = published_table(run).rows
    assert all(line.cells[3].text for line in rows)
    assert "1,000,000,000" in {line.cells[1].text for line in rows}
    assert "The run begins on that day" in {line.cells[3].text for line in rows}
    page = render(run)
    assert "enter none of them" not in page
    assert "as the source of every value says" in page


@pytest.mark.parametrize("code", LANGUAGES)
def test_one_count_of_values_by_kind_is_told_wherever_they_are_counted(
    code: str, shipped_run: Path
) -> None:
    words, run = language(code), open_run(shipped_run)
    table = source_table(run, words)
    said = counts_in_words(run, words)
    kinds = Counter(line.group for line in table.rows)
    assert len(table.rows) == sum(kinds.values())
    assert f" {len(table.rows)}" in said
    assert len(table.choices) == len(kinds) >= 3
    for choice in table.choices:
        assert choice.text in said
        assert choice.text.endswith(f"({kinds[choice.value]})")


def test_the_table_of_sources_opens_on_all_of_them(shipped_run: Path) -> None:
    found = re.search(
        r'<select data-filters="values">(.*?)</select>', render(open_run(shipped_run)), re.S
    )
    assert found is not None
    assert re.findall(r'value="([^"]*)" selected', found[1]) == [""]


def test_of_a_folder_without_sources_keys_are_counted_as_what_they_are(shipped_run: Path) -> None:
    run = open_run(shipped_run)
    manifest = {key: value for key, value in run.manifest.items() if key != "sources"}
    old = RunFolder(run.path, manifest, run.scenario)
    n = len(manifest["assumptions"])
    assert counts_in_words(old).startswith(f"{n} keys and columns")
    # Its figures have no more than the word of their own table.
    assert references(old) == {"article": "article"}


def test_tables_of_other_years_are_named_with_these_years(shipped_run: Path) -> None:
    """Shares of users rest on counts of 2015 to 2020, by the note of their table."""
    run = open_run(shipped_run)
    said = other_years_in_words(run)
    assert "“Operator groups of Russia, April 2018” (2015\N{EN DASH}2020)" in said
    # A warning names it as of another time.
    assert "How many names share an address" in " ".join(one.said for one in warnings_in_words(run))
    assert "How many names share an address" not in said
    unwarned = RunFolder(run.path, {**run.manifest, "warnings": []}, run.scenario)
    assert "“How many names share an address” (2020\N{EN DASH}2022)" in other_years_in_words(
        unwarned
    )
    # Of the run's own year, and of a table from which the run takes the rate of its own year.
    assert "Prefixes of providers" not in said
    assert "urrencies" not in said
    assert said in render(run)
    none = {**run.manifest, "sources": []}
    assert other_years_in_words(RunFolder(run.path, none, run.scenario)) == ""
