"""Columns that say what a row means: that it is blocked, or the very opposite.

In: columns of a table that are no address and no attribute. Out: nothing, or an error where a row
says of its address that it is let through, or no longer there: to count it would turn it round.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from sim.addresses.feeds.gather import Gathering, Line
from sim.addresses.feeds.headed import plain_name
from sim.addresses.sets.notation import shown
from sim.errors import DataError, Problem

_OF_KINDS = ("type", "kind", "list_type", "state")
_SAID = ("action", "verdict", "decision", "disposition", "policy", "status", *_OF_KINDS)
_YES_OR_NO = ("blocked", "is_blocked", "listed", "enabled", "is_enabled", "active", "is_active")
_AGAINST = (
    *("allowed", "whitelisted", "iswhitelisted", "is_whitelisted", "removed", "deleted"),
    *("disabled", "unblocked"),
)
"""Names of columns: what is said, whether it is so, and whether it is not."""
_COLUMNS = (*_SAID, *_YES_OR_NO, *_AGAINST)

_LETS_THROUGH = re.compile(
    r"(allow|accept|pass|white-?list|allow-?list|unblock|lift|trust|except)(ed|s|ion)?|permit(ted|s)?"
    r"|(remove|delete|revoke|expire|release|exclude)d?|expires|unbann?(ed)?|withdr(aw|awn|ew)"
    r"|exempt(ed)?|inactive|disabled|not.blocked|not.listed",
)
_NO = ("no", "n", "false", "f", "off")
_TOLD = 8


def columns_of_meaning(given: Iterable[str], chosen: Iterable[str]) -> list[str]:
    """Return the columns, of those not chosen for what they hold, that may say what a row means."""
    taken = set(chosen)
    return [column for column in given if _says_more(column) and column not in taken]


@lru_cache(2**10)
def _says_more(column: str) -> bool:
    return plain_name(column) in _COLUMNS


def check_meaning(gathering: Gathering, columns: Mapping[str, Sequence[str]], line: Line) -> None:
    """Refuse a table of which some row is let through, or no longer there.

    Parameters
    ----------
    columns
        What `columns_of_meaning` found, under the user's names.
    line : shape (n,), int64
        Line of each row.

    Raises
    ------
    DataError
        With the values of the column, and how often each was met.
    """
    problems = []
    for column, cells in columns.items():
        count = Counter(cells)
        against = {cell for cell in count if _is_against(plain_name(column), cell.strip().lower())}
        if not against:
            continue
        at = next(row for row, cell in enumerate(cells) if cell in against)
        met = [f"{shown(cell)} {n:,}" for cell, n in count.most_common(_TOLD)]
        more = " and others" if len(count) > _TOLD else ""
        message = (
            f"expected rows that all list their address, got {', '.join(met)}{more}: keep the rows "
            f"that are meant, and leave the column {shown(column)} out"
        )
        problems.append(Problem(gathering.name, message, int(line[at]), 0, column))
    if problems:
        raise DataError(problems)


def _is_against(column: str, cell: str) -> bool:
    """Whether a cell says that its row is not in force, or is let through."""
    if column in _AGAINST:
        return cell not in ("", "0", *_NO)
    if _LETS_THROUGH.fullmatch(cell):
        return True
    return (cell in _NO and column not in _OF_KINDS) or (cell == "0" and column in _YES_OR_NO)
