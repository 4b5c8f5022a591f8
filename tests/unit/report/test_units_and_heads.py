"""One unit for a measure, a number written as what it is, and heads that say what is below them."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from sim.catalogue.choices import RATIOS
from sim.report.page.bands import with_bands
from sim.report.page.document import render
from sim.report.page.groups import cause_table, cell_of
from sim.report.page.key_figures import HIT_FOR, key_figures
from sim.report.page.sectors import sector_table
from sim.report.page.sources import assumption_table, source_table
from sim.report.page.tables import difference_table, tradeoff_table
from sim.report.words.languages import LANGUAGES, language
from sim.report.words.numbers import number
from sim.report.words.plain import days_words
from sim.results.read import open_run
from sim.results.tables import Row, read_rows
from tests.unit.report.test_answer import rows, summary_row


def test_harm_per_effect_has_the_unit_of_the_measure_of_it() -> None:
    ratios = {one.above: one.per for one in RATIOS.values()}
    assert ratios["business_hours_impaired"] == 1e6
    assert ratios["private_loss_usd"] == 1
    for harm, said in (("business_hours_impaired", "3.84"), ("private_loss_usd", "0.00000384")):
        row: Row = {
            "strategy": "a", "efficacy_metric": "target_user_hours_denied", "efficacy": 2e9,
            "collateral_metric": harm, "collateral": 7684.0, "collateral_per_efficacy": 3.842e-6,
            "ratio_low": 2.41e-6, "ratio_high": 6.06e-6,
        }  # fmt: skip
        table = tradeoff_table([row])
        assert table.columns[3].title == (
            "Harm per million user-hours denied (money: per user-hour)"
        )
        assert table.rows[0].cells[3].text == said
        assert all("95 % interval of the mean" in table.columns[place].title for place in (1, 2))


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_seed_has_no_separators_and_a_quantity_has(code: str, shipped_run: Path) -> None:
    run, words = open_run(shipped_run), language(code)
    values = {line.cells[0].text: line.cells[1].text for line in source_table(run, words).rows}
    assert values["root_seed"] == str(run.manifest["root_seed"])
    assert values["population.n_businesses"] == words.digits("1,000")


def test_assumptions_are_called_by_what_they_mean_with_their_key_below() -> None:
    listed = [{"key": "a.b_c", "value": 1000, "unit": "x", "why": "y"}]
    (line,) = assumption_table(listed, called=lambda _: "how many there are").rows
    assert (line.cells[0].text, line.cells[0].range) == ("How many there are", "a.b_c")
    (line,) = assumption_table(listed).rows
    assert (line.cells[0].text, line.cells[0].range) == ("a.b_c", "")


def test_a_number_that_strategies_share_stands_once_with_its_reason() -> None:
    first = {"key": "strategy.purity", "value": 0.99, "unit": "share", "why": "Almost every order"}
    again = {**first, "unit": "", "why": "A number of the scenario without provenance"}
    other = {**again, "value": 0.5}
    rows = assumption_table([first, again, other]).rows
    assert [line.cells[-1].text for line in rows] == [first["why"], other["why"]]


def test_strategies_have_no_labels_of_files_in_the_tables_of_readers(
    comparison_folder: Path,
) -> None:
    run = open_run(comparison_folder)
    page = render(run)
    table = page[page.index('<table id="strategies"') :].partition("</table>")[0]
    assert "aggregate:length=24" in run.strategies
    assert "aggregate:length=24" not in re.sub(r"<[^>]*>", "", table)
    assert "What files call the strategies: " in page
    compared = difference_table(with_bands(run, read_rows(run, "comparison.csv")), "none")
    # One corrected for all tests of a folder would contradict the interval of a single one.
    assert not [one for one in compared.columns if re.match(r"p\b", one.title)]


def test_a_time_is_said_in_days_where_weeks_tell_none_apart(shipped_run: Path) -> None:
    assert days_words(1160.0) == "48 days"
    assert (days_words(47.4), days_words(47.9)) == ("47 hours", "48 hours")
    # Cut, it would be less than what it says: 27.6 days are no 27.
    assert (days_words(662.4), days_words(6.998)) == ("28 days", "seven hours")
    # 60 hours are no 3 days beside a headline's "more than two days", and "at least" cuts.
    assert (days_words(60.0), days_words(72.0), days_words(96.0)) == (
        "60 hours", "3 days", "4 days",
    )  # fmt: skip
    assert days_words(69.9, rounded="down") == "69 hours"
    assert days_words(119.0, rounded="down") == "4 days"
    table = sector_table(open_run(shipped_run))
    assert table is not None
    assert table.columns[3].title == "The middle one of these was impaired for"
    for line in table.rows:
        hours = line.cells[3].sort
        assert isinstance(hours, float)
        half = 0.0 if line.cells[3].text.startswith("at least ") else 0.5
        assert line.cells[3].text.endswith(f"{math.floor(hours / 24 + half)} days")
    card = {**summary_row(HIT_FOR, 1160.2, of=4), "unit": "h"}
    assert key_figures(rows(card))[0].value == f"{number(1160.2)} h (48 days)"
    whole = {**summary_row(HIT_FOR, 72.0, of=4), "unit": "h"}
    assert key_figures(rows(whole))[0].value == "72 h (3 days)"
    between = {**summary_row(HIT_FOR, 60.0, of=4), "unit": "h"}
    assert key_figures(rows(between))[0].value == "60 h"
    short = {**summary_row(HIT_FOR, 5.0, of=4), "unit": "h"}
    assert key_figures(rows(short))[0].value == "5 h"


def test_a_range_of_less_than_one_business_is_left_out() -> None:
    row: Row = {"mean": 0.3, "low": 0.0, "high": 0.9, "unit": "businesses"}
    assert (cell_of(row).text, cell_of(row).range) == ("<1", "")
    assert cell_of({**row, "high": 1.4}).range == "0 to 1"


def test_heads_over_ranges_say_what_these_hold(shipped_run: Path) -> None:
    run = open_run(shipped_run)
    table = cause_table(read_rows(run, "groups.csv"), run.strategies)
    assert table is not None
    ranged = {place for line in table.rows for place, cell in enumerate(line.cells) if cell.range}
    assert ranged
    assert all(table.columns[place].title.endswith("; range by luck") for place in ranged)


def test_what_is_told_of_one_provider_names_the_strategy_where_another_can_be_chosen(
    comparison_folder: Path, shipped_run: Path
) -> None:
    told = r"<p>([^<]*): none of its addresses was listed"
    found = re.search(told, render(open_run(comparison_folder)))
    assert found is not None
    assert re.match(r"What follows is of “[^”]+”\. \w", found[1])
    alone = re.search(told, render(open_run(shipped_run)))
    assert alone is None or "What follows" not in alone[1]
    page = render(open_run(shipped_run))
    assert re.search(r"listed at once, in replicate \d+ alone</th>", page)
