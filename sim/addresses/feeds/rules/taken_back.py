"""What of a script's entries is still there at its end.

An entry is taken back as it was added: from 198.51.100.0/24 nobody can take 198.51.100.7.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.gather import Bounds, Gathering
from sim.errors import DataError, Problem

# Each is kept until the end of the file.
_MOST_COMMANDS = 500_000
_NO_MEMBER = "expected to remove an entry that was added before as it stands here, got another"


@dataclass(frozen=True)
class _Removal:
    """A command that takes back one entry of a group."""

    line: int
    code: int
    may_be_missing: bool


class TakenBack:
    """Collects commands that take entries back, each as a record among those of the entries."""

    def __init__(self) -> None:
        self._removals: dict[int, _Removal] = {}
        self._cleared: dict[int, int] = {}
        self._all_cleared = 0

    def clear(self, code: int | None, n_records: int) -> None:
        """Take back all that a group has of the records so far, or that all groups have."""
        if code is None:
            self._all_cleared = n_records
        else:
            self._cleared[code] = n_records

    def remove(self, record: int, line: int, code: int, *, may_be_missing: bool) -> None:
        """Take back the entry that a record names.

        Parameters
        ----------
        record, line
            Of the command.
        code
            The group it is taken from.
        may_be_missing
            There may be no such entry: then nothing happens.
        """
        self._removals[record] = _Removal(line, code, may_be_missing)

    def check(self, name: str) -> None:
        """Refuse a file with more commands than can be kept.

        Raises
        ------
        DataError
            If there are more.
        """
        if len(self._removals) > _MOST_COMMANDS:
            message = f"expected at most {_MOST_COMMANDS:,} entries to be removed, got more"
            raise DataError([Problem(name, message)])

    def settle(self, codes: NDArray[np.int32], gathering: Gathering) -> NDArray[np.bool_]:
        """Return which records are still there, and refuse commands that take back what is not.

        Parameters
        ----------
        codes : shape (n_records,), int32
            Group of each record; negative for commands.

        Returns
        -------
        is_there : shape (n_records,), bool
            False for the commands themselves.
        """
        cleared = np.full(max(codes.max(initial=-1), *self._cleared, -1) + 1, self._all_cleared)
        for code, until in self._cleared.items():
            cleared[code] = max(until, cleared[code])
        is_there = codes >= 0
        is_there &= np.arange(codes.size) >= cleared[np.maximum(codes, 0)] if cleared.size else True
        if self._removals:
            self._settle_removals(codes, cleared.tolist(), is_there, gathering)
        return is_there

    def _settle_removals(
        self,
        codes: NDArray[np.int32],
        cleared: list[int],
        is_there: NDArray[np.bool_],
        gathering: Gathering,
    ) -> None:
        """Go through what was added and removed of the entries that some command removes."""
        present: dict[Bounds, dict[int, list[int]]] = {}
        n_missing = 0
        for record, bounds in gathering.alike(codes < 0):
            groups = present.setdefault(bounds, {})
            removal = self._removals.get(record)
            if removal is None:
                groups.setdefault(int(codes[record]), []).append(record)
                continue
            found = [
                added
                for added in groups.pop(removal.code, ())
                # What was taken back together before the command, it does not find.
                if added >= cleared[removal.code] or cleared[removal.code] > record
            ]
            is_there[found] = False
            if not found and removal.may_be_missing:
                n_missing += 1
            elif not found:
                gathering.refuse(_NO_MEMBER, removal.line)
        if n_missing:
            gathering.note(f"{n_missing:,} entries to be removed are not in this file")
