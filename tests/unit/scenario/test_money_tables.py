"""Tables that price lost demand: what is refused."""

from dataclasses import replace

import pytest

from sim.errors import DataError
from sim.scenario.library import shipped
from sim.scenario.tables.money import (
    ECONOMY_KEYS,
    FIRM_KEYS,
    NEEDED_ECONOMY_KEYS,
    EconomyRow,
    MoneyParameterRow,
    by_cell,
    check_money_parameters,
    find_row,
)
from sim.scenario.tables.rows import SectorRow
from sim.scenario.tables.seeds import check_rows, read_table
from tests.firms import shipped_money_parameters

SECTORS = read_table("s", shipped("seeds") / "sectors-russia-2018.csv", SectorRow)
ECONOMY = read_table("e", shipped("seeds") / "economy-russia-2018.csv", EconomyRow)
HEADER = "key,sector,spell_class,value,low,high,unit,kind,source,date,why\n"


def read(tmp_path, line):
    path = tmp_path / "prices.csv"
    path.write_text(HEADER + line + "\n", encoding="utf-8")
    return read_table("prices", path, MoneyParameterRow)


@pytest.mark.parametrize(
    ("line", "match"),
    [
        ("sensitivity,,,2,0,1,x,assumption,,,w", "low <= value <= high"),
        ("sensitivity,,,0,-1,1,x,assumption,,,w", "low: expected a number >= 0"),
        ("sensitivity,,,1,0,,x,assumption,,,w", "high"),
        ("recaptured_share,,,1,0,1.5,x,assumption,,,w", r"a share in \[0, 1\]"),
        ("revenue_level,,,1,0,2,factor,assumption,,,w", "revenue_level above 0"),
        ("revenue_level,finance,,1,0.5,2,factor,assumption,,,w", "no sector for revenue_level"),
        ("sensitivity,,under_1_h,1,0.5,2,x,assumption,,,w", "no spell class for sensitivity"),
        ("leaving_share,,a_while,0.1,0,1,x,assumption,,,w", "spell_class"),
        ("price,,,1,0.5,2,x,assumption,,,w", "key"),
        ("sensitivity,,,1,0.5,2,x,assumption,,,", "expected why"),
        ("sensitivity,,,1,0.5,2,x,fact,,2018,w", "expected source and date"),
        ("sensitivity,,,1,0.5,2,x,derived,a,2018,", "expected why"),
    ],
)
def test_a_row_that_cannot_be_is_refused_with_its_line(tmp_path, line, match):
    with pytest.raises(DataError, match=match) as refusal:
        read(tmp_path, line)
    assert {problem.line for problem in refusal.value.problems} == {2}


@pytest.mark.parametrize("key", FIRM_KEYS)
def test_a_key_without_rows_is_refused(key):
    table = shipped_money_parameters()
    rows = tuple(row for row in table.rows if row.key != key)
    found = [str(p) for p in check_money_parameters(replace(table, rows=rows), SECTORS)]
    (problem,) = found
    assert f"expected a row of {key} for e-commerce under_1_h and 47 more, got none" in problem


@pytest.mark.parametrize("key", ECONOMY_KEYS)
def test_a_constant_that_is_needed_and_absent_is_refused(key):
    rows = tuple(row for row in ECONOMY.rows if row.key != key)
    absent = [str(problem) for problem in check_rows(replace(ECONOMY, rows=rows))]
    if key in NEEDED_ECONOMY_KEYS:
        (problem,) = absent
        assert f"expected a row for the key {key}, got none" in problem
    else:
        assert absent == []


def test_a_parameter_or_constant_given_twice_is_refused():
    for table, name in ((shipped_money_parameters(), "sensitivity e-commerce"), (ECONOMY, None)):
        again = table.rows[1]
        twice = replace(table, rows=(*table.rows, again), lines=(*table.lines, 99))
        (problem,) = check_rows(twice)
        assert problem.line == 99
        assert f"got {name or again.key!r} again" in str(problem)
        spelt = replace(
            twice, rows=(*table.rows, again.model_copy(update={"key": f"{again.key} "}))
        )
        assert len([*check_rows(spelt)]) == 1


@pytest.mark.parametrize("column", ["low", "value", "high"])
def test_recapture_that_rises_with_the_length_of_the_spell_is_refused(column):
    table = shipped_money_parameters()
    number = next(
        n
        for n, row in enumerate(table.rows)
        if (row.key, row.spell_class) == ("recaptured_share", "1_d_to_3_d")
    )
    before = getattr(table.rows[number - 1], column)
    rows = list(table.rows)
    rows[number] = rows[number].model_copy(update={column: before + 0.01})
    problems = list(check_money_parameters(replace(table, rows=tuple(rows)), SECTORS))
    assert [(p.line, p.key) for p in problems] == [(table.lines[number], column)]


def test_the_nearest_row_is_found():
    def row(sector, spell_class):
        return MoneyParameterRow(
            key="leaving_share",
            sector=sector,
            spell_class=spell_class,
            value=0.1,
            low=0,
            high=1,
            unit="x",
            kind="assumption",
            why="test",
        )

    places = [("", ""), ("", "over_14_d"), ("finance", ""), ("finance", "over_14_d")]
    rows = [row(*place) for place in places]
    for n in range(1, 5):
        found = find_row(by_cell(rows[:n]), "leaving_share", "finance", "over_14_d")
        assert found == rows[n - 1]
    assert find_row(by_cell(rows), "leaving_share", "b2b", "under_1_h") == rows[0]
    assert find_row(by_cell(rows), "transfer_share", "b2b", "under_1_h") is None


def test_the_level_of_revenue_has_the_range_of_the_sector_table():
    (row,) = [row for row in shipped_money_parameters().rows if row.key == "revenue_level"]
    note = SECTORS.note
    assert note is not None
    interval = note.columns["revenue_median_usd_per_h"].range
    assert interval is not None
    assert interval.times == (row.low, row.high)
    assert row.value == 1
