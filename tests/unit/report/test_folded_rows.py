"""Rows of nothing as one line, and whose rows stand under each other where all are shown."""

from __future__ import annotations

from sim.report.page.cells import (
    Cell,
    Choice,
    Line,
    PageTable,
    columns,
    folded,
    has_none,
    with_groups,
)


def said(n: str, names: str) -> str:
    return f"{n}: {names}"


def row(name: str, n: float, group: str = "a", range_: str = "") -> Line:
    return Line.of(name, Cell(str(n), n, range_), group=group)


def test_rows_of_nothing_are_one_line_at_the_end_of_their_group() -> None:
    lines = [row("x", 0), row("y", 2), row("z", 0), row("x", 1, "b"), row("y", 0, "b")]
    told = folded(lines, has_none(1), said)
    assert [(one.group, one.cells[0].text) for one in told] == [
        ("a", "y"), ("a", "2: x, z"), ("b", "x"), ("b", "y"),
    ]  # fmt: skip
    assert [one.is_rest for one in told] == [False, True, False, False]


def test_one_row_of_nothing_stays_where_it_is() -> None:
    lines = [row("x", 0), row("y", 2)]
    assert folded(lines, has_none(1), said) == lines


def test_a_mean_of_nothing_with_a_range_is_not_nothing() -> None:
    lines = [row("x", 0, range_="0 to 3"), row("y", 0, range_="0 to 1")]
    assert folded(lines, has_none(1), said) == lines


def test_where_all_are_shown_each_row_says_whose_it_is() -> None:
    lines = [row("x", 1), row("x", 2, "b")]
    heads = columns("Sector", "Businesses", numbers=(1,))
    choices = (Choice("a", "Exact"), Choice("b", "Wide", is_chosen=True))
    table = with_groups(PageTable("t", "", heads, lines, choices=choices), "Strategy")
    assert [column.title for column in table.columns] == ["Strategy", "Sector", "Businesses"]
    assert [one.cells[0].text for one in table.rows] == ["Exact", "Wide"]
    alone = PageTable("t", "", heads, lines[:1], choices=choices[:1])
    assert with_groups(alone, "Strategy") == alone
