"""Operators of a case of one's own: a file that says what is known, filled up to a table.

In: a CSV file with a column ``operator`` and whatever other columns of the table are known. Out:
the whole table and its note. What is not given is assumed as for the first operator of the
country's own table, with its ranges; where there is none, of that for an unknown country.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from ruamel.yaml import YAML

from sim.errors import DataError, Problem
from sim.scenario.library import shipped
from sim.scenario.refusal import hint
from sim.scenario.tables.rows import OperatorRow
from sim.scenario.tables.seeds import read_bytes

UNKNOWN = "operators-unknown"
"""Table of operators of which nothing is known but that there are some."""
GIVEN = "Given with --operators; say here what it rests on"


def shipped_operators(name: str = UNKNOWN) -> tuple[str, str]:
    """Text of a shipped table of operators, and of its note."""
    path = shipped("seeds") / f"{name}.csv"
    return path.read_text("utf-8"), path.with_suffix(".source.yaml").read_text("utf-8")


def names_of(table: str) -> list[str]:
    """Names of the operators of a table, from its text."""
    return [row["operator"] for row in csv.DictReader(io.StringIO(table))]


def filled_operators(path: Path, country: str, model_of: str) -> tuple[str, str, list[str]]:
    """Fill up a table of operators.

    Parameters
    ----------
    country
        Whose they are.
    model_of
        Shipped table whose first row stands for what is not given.

    Returns
    -------
    table, note
        Texts of both.
    assumed
        Columns that the file does not give.

    Raises
    ------
    DataError
        If the file cannot be read, has no column ``operator``, or a column that is none.
    """
    rows = list(csv.DictReader(io.StringIO(read_bytes(path).decode("utf-8-sig"), newline="")))
    given = [name for name in (rows[0] if rows else {}) if name]
    known = list(OperatorRow.model_fields)
    problems = [
        Problem(str(path), f"unknown column{hint(name, known)}", 1, 0, name)
        for name in given
        if name not in known
    ]
    if "operator" not in given:
        problems.append(Problem(str(path), "expected this column, got none", 1, 0, "operator"))
    if problems:
        raise DataError(problems)
    table, note = shipped_operators(model_of)
    model = next(csv.DictReader(io.StringIO(table)))
    assumed = [name for name in model if name not in given and name not in ("label", "stands_for")]
    columns = ["operator", "label", *(name for name in known[2:] if name in (*given, *model))]
    filled = [
        {
            **model,
            "label": row["operator"],
            "stands_for": "",
            "share_users": share,
            **{name: row[name] for name in given if row[name]},
        }
        for row, share in zip(rows, _even_shares(len(rows)), strict=True)
    ]
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, columns, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(filled)
    return stream.getvalue(), _note(note, columns, given, country), assumed


def _even_shares(n: int) -> list[str]:
    """Shares that sum to 1 as written: the last takes what rounding leaves."""
    share = round(1 / max(n, 1), 6)
    return [f"{share:g}"] * (n - 1) + [f"{1 - share * (n - 1):.6g}"]


def _note(text: str, columns: Sequence[str], given: Sequence[str], country: str) -> str:
    """The note of the table for a country of which nothing is known, with what is known now."""
    yaml = YAML()
    yaml.width = 100
    note = yaml.load(text)
    note["title"] = "Operators of this case"
    note["description"] = "Columns that were given, and assumptions for the others."
    note["country"], note["licence"] = country, "Your own"
    for name in list(note["columns"]):
        if name not in columns:
            del note["columns"][name]
    for name in columns:
        if name in given or name not in note["columns"]:
            old = note["columns"].get(name, {"unit": "as in the reference of tables"})
            note["columns"][name] = {
                "unit": old["unit"],
                "meaning": old.get("meaning", "As in docs/reference/tables.md"),
                "kind": "assumption",
                "why": GIVEN,
                **({"range": old["range"]} if "range" in old else {}),
            }
    stream = io.StringIO()
    yaml.dump(note, stream)
    return stream.getvalue()
