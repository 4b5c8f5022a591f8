"""What a run rests on, for readers: its tables, the source of every column, published figures.

In: a run folder. Out: tables of the page. Source notes are the shipped ones, and only where the
run's copy is the same file as the shipped table, byte for byte.
"""

from __future__ import annotations

import hashlib

from sim.report.pagetables import Cell, Column, Line, PageTable
from sim.report.source_texts import Line as SourceLine
from sim.report.source_texts import basis_text, range_text, value_text
from sim.results.read import RunFolder
from sim.scenario.library import shipped, table_names
from sim.scenario.seeds import SourceNote, read_note, read_table
from sim.scenario.tables import FigureRow


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
    """What every value of the scenario and every column of its tables rests on."""
    sources = run.manifest.get("sources")
    if not isinstance(sources, list):
        return _column_table(run)  # of a version that did not list them
    columns = ("Value of", "Value", "Kind", "Unit", "Range", "Rests on")
    lines = [
        Line(
            (
                Cell(_key(one)),
                Cell(value_text(one)),
                Cell(str(one["kind"])),
                Cell(str(one.get("unit", ""))),
                Cell(range_text(one)),
                Cell(basis_text(one)),
            )
        )
        for one in sources
    ]
    return PageTable(
        "value-sources", "Where every value comes from", list(map(Column, columns)), lines
    )


def _key(line: SourceLine) -> str:
    if "lines" not in line:
        return str(line["key"])
    row = f", {line['row']}" if "row" in line else ""
    return f"{line['key']} (lines {line['lines']}{row})"


def _column_table(run: RunFolder) -> PageTable:
    """Kind, source and date of every column of the shipped tables."""
    lines = []
    for table in run.manifest["inputs"]:
        note = shipped_note(str(table["name"]), str(table["sha256"]))
        if note is None:
            continue
        for name, column in note.columns.items():
            why = column.source or column.why
            formula = f" Computed: {' '.join(column.formula.split())}" if column.formula else ""
            lines.append(
                Line(
                    (
                        Cell(str(table["name"])),
                        Cell(name),
                        Cell(column.kind),
                        Cell(column.unit),
                        Cell(f"{' '.join(why.split())}{formula}"),
                        Cell(column.date),
                    )
                )
            )
    columns = (
        Column("Table"),
        Column("Column"),
        Column("Kind"),
        Column("Unit"),
        Column("Source, or why it is assumed"),
        Column("Date"),
    )
    return PageTable("column-sources", "Where every column comes from", columns, lines)


def shipped_note(name: str, sha256: str) -> SourceNote | None:
    """Source note of a shipped table; None unless it is this very file."""
    if name not in table_names():
        return None
    path = shipped("seeds") / f"{name}.csv"
    if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        return None
    return read_note(path)


def published_table(run: RunFolder) -> PageTable:
    """Published figures that stand beside the results, from the copy in the run folder."""
    name = run.scenario.get("published", {}).get("figures")
    path = run.input_path(name) if name else None
    lines = []
    if path is not None:
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
            for row in read_table(str(name), path, FigureRow).rows
        ]
    columns = (
        Column("Figure"),
        Column("Value", True),
        Column("Unit"),
        Column("Source"),
        Column("Note"),
    )
    return PageTable("published", "Published figures", columns, lines)
