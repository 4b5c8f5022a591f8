"""What a run rests on, for readers: its tables, the source of every value, published figures.

In: a run folder. Out: tables of the page.
"""

from __future__ import annotations

from collections import Counter

from sim.report.inputs import input_rows
from sim.report.page.cells import Cell, Choice, Column, Line, PageTable
from sim.report.page.tables import range_text, value_text
from sim.results.read import RunFolder
from sim.scenario.tables.rows import FigureRow

_KINDS = ("fact", "derived", "assumption", "choice")


def input_table(run: RunFolder) -> PageTable:
    """Every table that a run rests on."""
    lines = [
        Line(
            (
                Cell(str(table["name"])),
                Cell(str(table.get("title", "")) or "no source note"),
                Cell(f"{table['n_rows']:,}", table["n_rows"]),
                Cell(str(table["sha256"])[:16]),
            )
        )
        for table in run.manifest["inputs"]
    ]
    columns = (Column("Table"), Column("What it holds"), Column("Rows", True), Column("SHA-256"))
    return PageTable("inputs", "Tables the run rests on", columns, lines)


def source_table(run: RunFolder) -> PageTable:
    """Every value a run rests on, as its manifest lists them: kind, source and date."""
    lines = []
    listed = run.manifest.get("sources", [])
    for one in listed:
        why = [one.get("source", ""), one.get("why", "")]
        if one.get("formula"):
            why.append(f"computed: {one['formula']}")
        row = str(one.get("row", ""))
        lines.append(
            Line(
                (
                    Cell(str(one["key"]), range=row),
                    Cell(value_text(one.get("value"))),
                    Cell(str(one.get("unit", ""))),
                    Cell(str(one["kind"])),
                    Cell(range_text(one.get("range"))),
                    Cell("; ".join(" ".join(str(part).split()) for part in why if part)),
                    Cell(str(one.get("date", ""))),
                ),
                group=str(one["kind"]),
            )
        )
    columns = (
        Column("Value of"),
        Column("Value", True),
        Column("Unit"),
        Column("Kind"),
        Column("Range", True),
        Column("Source, or why it is so"),
        Column("Date"),
    )
    kinds = Counter(line.group for line in lines)
    choices = [
        Choice(kind, f"{kind} ({kinds[kind]})", kind == "fact") for kind in _KINDS if kinds[kind]
    ]
    caption = "Every value the run rests on"
    return PageTable("values", caption, columns, lines, choices=choices)


def published_table(run: RunFolder) -> PageTable:
    """Published figures that stand beside the results, from the copy in the run folder."""
    lines = [
        Line(
            (
                Cell(row.id.replace("_", " ")),
                Cell(row.value),
                Cell(row.unit),
                Cell(row.source),
                Cell(row.note),
            )
        )
        for row in input_rows(run, "published", "figures", FigureRow)
    ]
    columns = (
        Column("Figure"),
        Column("Value", True),
        Column("Unit"),
        Column("Source"),
        Column("Note"),
    )
    return PageTable("published", "Published figures", columns, lines)
