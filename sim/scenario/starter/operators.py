"""The table of operators of a case: what is given of them, and assumptions for the rest."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from ruamel.yaml import YAML

from sim.errors import DataError, Problem
from sim.scenario.document import decode
from sim.scenario.library import shipped
from sim.scenario.refusal import hint
from sim.scenario.schema import dump_tree
from sim.scenario.tables.rows import OperatorRow
from sim.scenario.tables.seeds import read_bytes, read_cells

UNKNOWN = "operators-unknown"
"""Table of operators for a country without a table of its own."""
GIVEN = "Given with --operators; say here what it rests on"


def shipped_operators(name: str = UNKNOWN) -> tuple[str, str]:
    """Text of a shipped table of operators, and of its note."""
    path = shipped("seeds") / f"{name}.csv"
    return path.read_text("utf-8"), path.with_suffix(".source.yaml").read_text("utf-8")


AS_SEEN = {
    "poll_interval_h": "0.000278",
    **dict.fromkeys(("apply_lag_median_h", "apply_lag_sigma"), "0"),
    **dict.fromkeys(("release_lag_median_h", "release_lag_sigma"), "0"),
    "compliance": "1",
}
"""Columns of operators that add nothing to a list that was seen in force."""
_WHY_SEEN = "The list says what was seen blocked, and when: nothing is added to it"


def filled_operators(
    path: Path | None, country: str, model_of: str, polled: Sequence[str] = ()
) -> tuple[str, str, list[str]]:
    """Fill up a table of operators.

    Parameters
    ----------
    path
        The table; None for one of the operators that were polled, all of one size.
    country
        Whose they are.
    model_of
        Shipped table whose first row stands for what is not given.
    polled
        Operators at which it was seen whether the list is in force, if it was.

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
    rows = [{"operator": name} for name in polled]
    if path is not None:
        reader, _ = read_cells(decode(read_bytes(path), str(path), DataError), strict=False)
        header: list[str] = next(reader, [])
        cells = [(reader.line_num, row) for row in reader if row]
        ragged = [
            Problem(str(path), f"expected {len(header)} cells, got {len(row)}", line)
            for line, row in cells
            if len(row) != len(header)
        ]
        DataError.raise_any(ragged)
        rows = [dict(zip(header, row, strict=True)) for _, row in cells]
    given = [name for name in (rows[0] if rows else {}) if name]
    known = list(OperatorRow.model_fields)
    problems = [
        Problem(str(path), f"unknown column{hint(name, known)}", 1, 0, name)
        for name in given
        if name not in known
    ]
    if "operator" not in given:
        problems.append(Problem(str(path), "expected this column, got none", 1, 0, "operator"))
    DataError.raise_any(problems)
    table, note = shipped_operators(model_of)
    model = next(csv.DictReader(io.StringIO(table)))
    seen = {name: value for name, value in AS_SEEN.items() if polled and name not in given}
    model |= seen
    whose = {"label", "stands_for", *seen}
    assumed = [name for name in model if name not in given and name not in whose]
    columns = ["operator", "label", *(name for name in known[2:] if name in (*given, *model))]
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, columns, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    share = round(1 / len(rows), 6)
    for number, row in enumerate(rows, 1):
        # Shares sum to 1 as written: the last takes what rounding leaves.
        mine = share if number < len(rows) else 1 - share * (len(rows) - 1)
        filled = {"label": row["operator"], "stands_for": "", "share_users": f"{mine:.6g}"}
        writer.writerow(model | filled | {name: row[name] for name in given if row[name]})
    why = dict.fromkeys(given if path else ["operator"], GIVEN) | dict.fromkeys(seen, _WHY_SEEN)
    return stream.getvalue(), _note(note, columns, why, country), assumed


def _note(text: str, columns: Sequence[str], why: Mapping[str, str], country: str) -> str:
    """The note of that table, with the columns that the user gives."""
    note = YAML(typ="safe", pure=True).load(text)
    old = note["columns"]
    unknown = {"unit": "as in the reference of tables", "meaning": "As in docs/reference/tables.md"}
    note |= {
        "title": "Operators of this case",
        "description": "Columns that were given, and assumptions for the others.",
        "licence": "Your own",
        "country": country,
        "columns": {
            name: old[name]
            if name in old and name not in why
            else {
                **{key: old.get(name, unknown)[key] for key in unknown},
                "kind": "assumption",
                "why": why.get(name, GIVEN),
                **(
                    {"range": old[name]["range"]}
                    if "range" in old.get(name, {}) and why.get(name) != _WHY_SEEN
                    else {}
                ),
            }
            for name in columns
        },
    }
    return dump_tree(note)
