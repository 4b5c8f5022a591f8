"""Patterns of names, matched by RE2 through DuckDB in time linear in the names.

RE2 has neither backreferences nor look-around, so that no name makes a pattern slow. Spellings
that other languages of expressions read differently are refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.sql import sql_text

MOST_LETTERS = 1_000
"""Length of an expression."""
_AT_ONCE = 50
"""Patterns in one query."""
_CLASS = re.compile(r"\[\^?\]?(?:\\.|\[:\w*:\]|[^\]\\])*\]")
_REPEAT = r"\{(?!\d{1,4}(?:,\d{0,4})?\})"


class PatternError(ValueError):
    """A pattern that is not understood, or costs too much."""


def check_expression(text: str) -> str:
    """Return a regular expression for `match_patterns` that some part of a name has to match.

    Letters of either case are equal. Understood are letters, ``.``, classes, ``\\d \\w \\s`` and
    their opposites, groups, ``|``, ``* + ? {m,n}``, ``^`` and ``$``.

    Raises
    ------
    PatternError
        If it is not understood, or too large for RE2.

    References
    ----------
    Cox, "Regular Expression Matching in the Wild" (RE2), 2010.
    """
    if len(text) > MOST_LETTERS:
        raise PatternError(f"expected at most {MOST_LETTERS:,} letters, got {len(text):,}")
    if not (text.isascii() and text.isprintable()):
        raise PatternError("expected printable ASCII letters, got others")
    for letter in re.findall(r"\\(.)", text):
        if letter.isalnum() and letter not in "dDwWsS":
            raise PatternError(f"\\{letter} is not understood")
    bare = _CLASS.sub("x", re.sub(r"\\[^dDwWsS]", "x", text))
    if re.search(r"\(\?(?!:)", bare):
        raise PatternError("groups that look around, or have names or flags, are not read")
    if re.search(_REPEAT, bare):
        raise PatternError("expected a number of repeats such as {2,5}")
    pattern = f"(?i){text}"
    match_patterns([pattern], "")
    return pattern


def glob_pattern(text: str) -> str:
    """Return an expression for whole names in which ``*`` stands for any letters."""
    return check_expression(f"^{'.*'.join(map(re.escape, text.split('*')))}$")


def match_patterns(patterns: Sequence[str], names: str) -> list[NDArray[np.bool_]]:
    """Return which names each pattern matches.

    Parameters
    ----------
    patterns
        As `check_expression` returns them.
    names
        Each ended by a line feed.

    Returns
    -------
    is_matched
        One array of shape (n_names,) for each pattern.

    Raises
    ------
    PatternError
        If RE2 does not read a pattern.
    """
    # Imported here: most commands need no database.
    import duckdb

    found: list[NDArray[np.bool_]] = []
    for at in range(0, len(patterns), _AT_ONCE):
        asked = (f"regexp_matches(n, {sql_text(one)})" for one in patterns[at : at + _AT_ONCE])
        query = f"SELECT {', '.join(asked)} FROM (SELECT unnest(string_split(?, chr(10))) n)"
        try:
            columns = _database().cursor().execute(query, [names]).fetchnumpy()
        except duckdb.Error as error:
            said = str(error).partition("Error: ")[2] or str(error)
            message = f"expected an expression that RE2 reads, got an error: {said[:100]}"
            raise PatternError(message) from None
        # Behind the last line feed is no name.
        found += [np.asarray(column, np.bool_)[:-1] for column in columns.values()]
    return found


@cache
def _database() -> Any:
    """A database in memory, whose one thread keeps the sequence of rows."""
    import duckdb

    return duckdb.connect(config={"threads": 1})
