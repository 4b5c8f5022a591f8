"""A number stands beside what it is out of in the same simulation, or is a share."""

from __future__ import annotations

from pathlib import Path

from sim.api.results import open_results
from sim.report.page.head.answer import answer_run
from sim.report.page.tables import strategy_table, summary_table
from sim.results.tables import Row
from tests.unit.report.test_answer import rows, summary_row

# As given 420 of 1,000 businesses are hit; draws have 1,500 to 4,000 businesses.
HIT: Row = summary_row("businesses_ever_impaired", 1045.0, 400.0, 440.0, 1000.0) | {
    "unit": "businesses", "denominator_unit": "businesses", "given": 420.0, "all_low": 800.0,
    "all_high": 2000.0,
}  # fmt: skip
SHARE: Row = summary_row("businesses_ever_impaired_share", 0.44, 0.4, 0.44, 1000.0) | {
    "unit": "share of businesses", "denominator_unit": "businesses", "given": 0.42,
    "all_low": 0.3, "all_high": 0.5,
}  # fmt: skip


def test_a_table_has_what_a_count_is_out_of_below_the_count_of_the_same_simulation() -> None:
    table = summary_table([HIT])
    titles = [column.title for column in table.columns]
    assert not any(title.startswith("Out of") for title in titles)
    (line,) = table.rows
    by_title = dict(zip(titles, line.cells, strict=True))
    assert by_title["Median of the draws"].text == "1,045"
    assert by_title["Median of the draws"].range == ""
    assert by_title["Mean as given"].text == "420"
    assert by_title["Mean as given"].range == "out of 1,000 businesses"
    without = {name: value for name, value in HIT.items() if not name.startswith("all_")}
    table = summary_table([without | {"mean": 420.0}])
    (line,) = table.rows
    titles = [column.title for column in table.columns]
    by_title = dict(zip(titles, line.cells, strict=True))
    assert (by_title["Mean"].text, by_title["Out of"].text) == ("420", "1,000 businesses")


def test_strategies_over_draws_have_shares_of_the_businesses_and_no_counts() -> None:
    table = strategy_table([HIT, SHARE], {"s": "a strategy"}, "none")
    assert [column.title for column in table.columns] == [
        "Strategy", "Share of businesses ever impaired",
    ]  # fmt: skip
    assert table.rows[0].cells[1].text.startswith("44")
    given = {name: value for name, value in HIT.items() if not name.startswith("all_")}
    table = strategy_table([given], {"s": "a strategy"}, "none")
    assert table.columns[1].title == "Businesses ever impaired"


def test_a_count_over_draws_is_told_out_of_nothing() -> None:
    """A folder without the share: 1,045 are of no one number of businesses."""
    said = answer_run(rows(dict(HIT)), 0.1)[0]
    assert "1,045" not in said
    assert "1,000" not in said


def test_a_notebook_has_shares_where_draws_vary_how_many_businesses_there_are(
    drawn_run: Path, shipped_run: Path
) -> None:
    drawn, given = open_results(drawn_run), open_results(shipped_run)
    count, share = "businesses_ever_impaired", "businesses_ever_impaired_share"
    assert count in given.summary()["metric"].tolist()
    assert share in drawn.summary()["metric"].tolist()
    assert count not in drawn.summary()["metric"].tolist()
    assert count in drawn.summary(all_measures=True)["metric"].tolist()
    assert "\nshare of businesses ever" in repr(drawn)
    assert "\nbusinesses ever impaired" not in repr(drawn)
