"""The table of operators of a case: what is given of them, and assumptions for the rest."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ruamel.yaml import YAML

from sim.addresses.feeds.gather import odd_number
from sim.addresses.feeds.inputs import OF_OPERATORS, ColumnChoice, plain_name
from sim.addresses.feeds.inventories import is_of_sums
from sim.errors import DataError, Problem
from sim.files import to_utf8
from sim.scenario.document import decode, hint
from sim.scenario.library import shipped
from sim.scenario.schema import dump_tree
from sim.scenario.tables.rows import OperatorRow
from sim.scenario.tables.seeds import read_bytes, read_cells

UNKNOWN = "operators-unknown"
"""Table of operators for a country without a table of its own."""
GIVEN = "Given with --operators, not checked; say here what it rests on"


def shipped_operators(name: str = UNKNOWN) -> tuple[str, str]:
    """Text of a shipped table of operators, and of its note."""
    path = shipped("seeds") / f"{name}.csv"
    return path.read_text("utf-8"), path.with_suffix(".source.yaml").read_text("utf-8")


_GAPS = f"{GIVEN}. Some operators have an assumption, so that the range is for all"
AS_SEEN = {
    "poll_interval_h": "0.000278",
    **dict.fromkeys(("apply_lag_median_h", "apply_lag_sigma"), "0"),
    **dict.fromkeys(("release_lag_median_h", "release_lag_sigma"), "0"),
    "compliance": "1",
}
"""Columns of operators that add nothing to a list that was seen in force."""
_WHY_SEEN = "The list says what was seen blocked, and when: nothing is added to it"


def read_operators(path: Path, choice: ColumnChoice) -> tuple[list[dict[str, str]], list[str]]:
    """Read a user's table.

    Returns
    -------
    rows
        Cells by our names of the columns, without those that the user ignores.
    notes
        What to know of how they were read.

    Raises
    ------
    DataError
        If the file cannot be read, has no column ``operator``, or a column that is none.
    """
    data, note = to_utf8(read_bytes(path))
    reader, delimiter = read_cells(decode(data, str(path), DataError), strict=False)
    theirs = [plain_name(name) for name in next(reader, [])]
    cells = [(reader.line_num, row) for row in reader if row]
    n_rows = len(cells)
    cells = [(line, row) for line, row in cells if not any(map(is_of_sums, row))]
    choice.met.update(theirs)
    roles = dict(zip(OF_OPERATORS, ("operator", "share_users"), strict=True))
    header = [roles.get(choice.roles.get(name, ""), name) for name in theirs]
    known = list(OperatorRow.model_fields)
    notes = [note] * bool(note) + ["a row of sums is left out"] * (n_rows - len(cells))
    if choice.ignored.union(known).isdisjoint(header) and (
        told := _told_by_values([row for _, row in cells])
    ):
        notes += [f"{mine} read as {ours}" for mine, ours in zip(header, told, strict=True)]
        header = told
    problems, met = list[Problem](), dict[int, str]()
    for line, row in cells:
        read = [cell for name, cell in zip(header, row, strict=False) if name in known]
        got = f"expected {len(theirs)} cells, got {len(row)}" * (len(row) != len(theirs))
        if message := got or odd_number(read, delimiter, met):
            problems.append(Problem(str(path), message, line))
    missing = [role for role, ours in roles.items() if ours not in header]
    problems += [
        Problem(
            str(path),
            f"unknown column{hint(name, known)}: say --ignore-column {name} to leave it out"
            + "".join(f", or --column {role}={name}" for role in missing),
            1, 0, name,
        )
        for name in header
        if name and name not in (*known, *choice.ignored)
    ]  # fmt: skip
    problems += [
        Problem(str(path), "expected each column once, got it again", 1, 0, name)
        for name, n in Counter(filter(None, header)).items()
        if n > 1
    ]
    if "operator" not in header:
        problems.append(Problem(str(path), "expected this column, got none", 1, 0, "operator"))
    DataError.raise_any(problems)
    rows = [
        {name: cell for name, cell in zip(header, row, strict=True) if name in known}
        for _, row in cells
    ]
    ignored = [name for name in header if name in choice.ignored]
    notes += [f"columns ignored: {', '.join(ignored)}"] if ignored else []
    return rows, [*notes, *_read_percent(rows)]


def _told_by_values(rows: Sequence[Sequence[str]]) -> list[str]:
    """Our names of two columns, one of texts, the other of numbers that add up to 1 or 100."""
    if len(rows) < 2 or any(len(row) != 2 for row in rows):
        return []
    sums = [math.fsum(map(_number_of, column)) for column in zip(*rows, strict=True)]
    are_shares = [min(abs(total - 1.0), abs(total - 100.0) / 100.0) <= 0.01 for total in sums]
    if sum(are_shares) != 1 or not math.isnan(sums[are_shares.index(False)]):
        return []
    return ["share_users" if mine else "operator" for mine in are_shares]


def _number_of(cell: str) -> float:
    """The number of a cell, as a share or in percent; NaN for a text."""
    try:
        return float(cell.strip("% \t\xa0").replace(",", "."))
    except ValueError:
        return math.nan


def _read_percent(rows: Sequence[dict[str, str]]) -> Iterator[str]:
    """Divide shares of users that add up to 100 by their sum, and say so."""
    try:
        numbers = [_number_of(row["share_users"]) for row in rows]
    except KeyError:
        return
    total = math.fsum(numbers)
    if abs(total - 100) <= 1 and min(numbers) >= 0:
        for row, number in zip(rows, numbers, strict=True):
            row["share_users"] = repr(number / total)
        yield f"share_users adds up to {total:g}: read as percent, and divided by that sum"


def filled_operators(
    given_rows: Sequence[Mapping[str, str]] | None,
    country: str,
    model_of: str,
    polled: Sequence[str] = (),
    day: str = "",
) -> tuple[str, str, list[str]]:
    """Fill up a table of operators.

    Parameters
    ----------
    given_rows
        The user's; None for one of the operators that were polled, all of one size.
    country
        Whose they are.
    model_of
        Shipped table whose first row stands for what is not given.
    polled
        Operators at which it was seen whether the list is in force, if it was.
    day
        Of which that list is.

    Returns
    -------
    table, note
        Texts of both.
    assumed
        Columns that the user does not give.
    """
    rows = [{"operator": name} for name in polled] if given_rows is None else given_rows
    given = [*rows[0]] if rows else []
    known = list(OperatorRow.model_fields)
    table, note = shipped_operators(model_of)
    model = next(csv.DictReader(io.StringIO(table)))
    seen = {name: value for name, value in AS_SEEN.items() if polled and name not in given}
    model |= seen
    whose = {"operator", "label", "stands_for", *seen}
    assumed = [name for name in model if name not in given and name not in whose]
    # What is given is a value, and has no range; a column with gaps is assumed in part.
    gaps = [name for name in given if name not in whose and not all(row[name] for row in rows)]
    assumed += [f"{name} of some" for name in gaps]
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
    why = dict.fromkeys(given, GIVEN) | dict.fromkeys(gaps, _GAPS) | dict.fromkeys(seen, _WHY_SEEN)
    return stream.getvalue(), _note(note, columns, why, country, day), assumed


LAGS = ("poll_interval_h", "apply_lag_median_h", "release_lag_median_h", "compliance")
"""Columns that say how soon and how completely operators follow orders."""


def describe_lags(table: str, note: str, assumed: Sequence[str]) -> str:
    """Say in words what is assumed of the first operator; nothing where some of it is given."""
    row = next(csv.DictReader(io.StringIO(table)))
    if not {*LAGS} <= {*assumed}:
        return ""
    columns = YAML(typ="safe", pure=True).load(note)["columns"]
    h = {}
    for name in LAGS[:3]:
        low, high = (f"{float(row[name]) * of:g}" for of in columns[name]["range"]["times"])
        h[name] = f"{float(row[name]):g} h ({low} to {high})"
    low, high = columns["compliance"]["range"]["absolute"]
    return (
        f" An operator looks for orders every {h['poll_interval_h']}, blocks "
        f"{h['apply_lag_median_h']} after it sees one, unblocks {h['release_lag_median_h']} after "
        f"it sees a release, and enforces {float(row['compliance']):.0%} ({low:.0%} to {high:.0%}) "
        "of the entries. Each simulation draws these from the ranges in brackets, whose middle may "
        "be another value."
    )


def _note(text: str, columns: Sequence[str], why: Mapping[str, str], country: str, day: str) -> str:
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
                **(
                    {"kind": "derived", "formula": _WHY_SEEN, "source": "That list", "date": day}
                    if why.get(name) == _WHY_SEEN
                    else {"kind": "fact", "source": GIVEN, "date": "no date"}
                    if why.get(name, GIVEN) == GIVEN
                    else {"kind": "assumption", "why": why[name]}
                    | {key: one for key, one in old.get(name, {}).items() if key == "range"}
                ),
            }
            for name in columns
        },
    }
    return dump_tree(note)
