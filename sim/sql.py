"""Texts and names of files as SQL that DuckDB takes as they are.

No character of a name is a wildcard, a home or a protocol, and no folder adds a column.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from sim.errors import DataError, Problem


def sql_text(value: str) -> str:
    """Return text as a literal of SQL."""
    return "'" + value.replace("'", "''") + "'"


def sql_path(path: Path) -> str:
    """Literal of SQL for a file that is written."""
    # DuckDB takes a leading ~ for the home of the user, and file: for a protocol.
    return sql_text(os.path.abspath(path))


def sql_pattern(path: Path) -> str:
    """Literal of SQL for one file that is read: the pattern that no other name fits.

    Raises
    ------
    DataError
        If the name holds both a wildcard and a backslash, which DuckDB 2 takes for a folder's end.
    """
    name = os.path.abspath(path)
    if os.sep != "\\" and "\\" in name and re.search(r"[*?\[]", name):
        message = "expected a path without a backslash beside one of * ? [, which DuckDB misreads"
        raise DataError([Problem(str(path), message)])
    return sql_text(re.sub(r"[*?\[]", r"[\g<0>]", name))


def parquet_rows(paths: Path | Sequence[Path], options: str = "") -> str:
    """SQL for the rows of one Parquet file, or of several, one after the other.

    Parameters
    ----------
    options
        Further arguments of DuckDB's ``read_parquet``.

    Raises
    ------
    DataError
        As for `sql_pattern`.
    """
    files = [paths] if isinstance(paths, Path) else paths
    listed = ", ".join(map(sql_pattern, files))
    # A folder that is named KEY=VALUE would else add a column, or stand for one of the file.
    given = f"[{listed}], hive_partitioning = false"
    return f"read_parquet({', '.join(filter(None, (given, options)))})"
