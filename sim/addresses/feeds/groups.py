"""Entries of named sets: added, taken back, counted by set.

An entry is taken back as it was added: from 198.51.100.0/24 nobody can take 198.51.100.7.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.coding import Growing
from sim.addresses.feeds.feed import RESOLVE, Feed, Origin
from sim.addresses.feeds.gather import Bounds, Gathering
from sim.addresses.feeds.verdicts import verdicts_among
from sim.addresses.sets.notation import shown
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


# Sets of one file: thousands are in use, and each is kept by name.
_MOST_GROUPS = 100_000
_TOLD = 8
# Stands for the group of what is no entry, but a command that takes one back.
_COMMAND = -1

EXPIRES = "some entries expire (timeout): they are read as blocked"
"""Text of the note about entries with a timeout."""


class Groups:
    """Collects addresses by group.

    Parameters
    ----------
    gathering
        Takes the addresses.
    noun
        What a group is called in notes, in the plural.
    """

    def __init__(self, gathering: Gathering, noun: str) -> None:
        self._gathering = gathering
        self._noun = noun
        self._code: dict[str, int] = {}
        self._codes = Growing[np.int32](np.int32)
        self._waiting: list[tuple[str, str, int, int]] = []
        self._taken_back = TakenBack()
        self._left_out: Counter[str] = Counter()

    def take(self, text: str, line: int, group: str) -> None:
        """Take an address, prefix or range of a group."""
        self._waiting.append((text, "", line, self._code_of(group)))

    def take_name(self, name: str, line: int, group: str) -> None:
        """Take a name of a group; its addresses are not known."""
        self._waiting.append(("", name, line, self._code_of(group)))

    def remove(self, text: str, line: int, group: str, *, may_be_missing: bool = False) -> None:
        """Take back an entry of a group that was added before as it stands.

        Where there is none the command is refused, unless ``may_be_missing``.
        """
        code = self._code.get(group, _COMMAND)
        record = len(self._codes) + len(self._waiting)
        self._taken_back.remove(record, line, code, may_be_missing=may_be_missing)
        self._taken_back.check(self._gathering.name)
        self._waiting.append((text, "", line, _COMMAND))

    def clear(self, group: str | None = None) -> None:
        """Take back all entries so far of a group, or of all groups."""
        if group is None or group in self._code:
            code = None if group is None else self._code[group]
            self._taken_back.clear(code, len(self._codes) + len(self._waiting))

    def exchange(self, one: str, other: str) -> None:
        """Let two groups have each other's entries; one of them may have none."""
        codes = [self._code.pop(each, None) for each in (one, other)]
        for group, code in zip((other, one), codes, strict=True):
            if code is not None:
                self._code[group] = code

    def flush(self) -> None:
        """Read what was taken: to be called after every block of lines."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        self._codes.append(np.array([code for *_, code in waiting], np.int32))
        first = self._gathering.add_records(len(waiting))
        self._gathering.add_labels("name", [name for _, name, _, _ in waiting])
        row = np.flatnonzero([not name for _, name, _, _ in waiting])
        line = np.array([line for _, _, line, _ in waiting], np.int64)
        texts = [text for text, name, _, _ in waiting if not name]
        self._gathering.add_texts(texts, row + first, line[row])

    def leave_out(self, why: str, n: int = 1) -> None:
        """Count what names addresses and blocks none of them."""
        self._left_out[why] += n
        self.check(len(self._left_out))

    def finish(self, origin: Origin, is_let_through: Callable[[str], bool] | None = None) -> Feed:
        """Return the feed of what is there at the end, without names that are let through."""
        self.flush()
        codes = self._codes.finish()
        is_there = self._taken_back.settle(codes, self._gathering)
        if n_back := int(np.count_nonzero(~is_there & (codes != _COMMAND))):
            self._gathering.note(f"{n_back:,} entries are taken back by later commands: left out")
        count = np.bincount(codes[is_there], minlength=len(self._code)).tolist()
        taken = [
            f"{shown(group)} {count[code]:,}"
            for group, code in self._code.items()
            if group and count[code]
        ]
        if len(taken) > 1:
            more = f" and {len(taken) - _TOLD:,} more" if len(taken) > _TOLD else ""
            self._gathering.note(f"{self._noun} read: {', '.join(taken[:_TOLD])}{more}")
        self._note_left_out()
        feed = note_names(self._gathering, is_there, origin, is_let_through)
        return replace(feed, questions=self._questions(count))

    def _questions(self, count: Sequence[int]) -> tuple[Problem, ...]:
        """Ask about groups that by their names are not blocked."""
        message = f"expected {self._noun} that are blocked, got one whose name says that it is not"
        return tuple(
            Problem(
                self._gathering.name,
                f"{message}: {shown(group)}; take it out, or name the form by --as",
            )
            for group, code in self._code.items()
            if count[code] and verdicts_among([re.sub(r"[\W\d_]+", " ", group.split(" ")[-1])])
        )

    def _note_left_out(self) -> None:
        """Say what is left out and why; of many reasons some, and how much the others come to."""
        told = list(self._left_out.items())
        for why, n in told[:_TOLD]:
            self._gathering.note(f"{n:,} {why}: left out")
        if rest := told[_TOLD:]:
            n, reasons = sum(n for _, n in rest), "reason" if len(rest) == 1 else "reasons"
            self._gathering.note(f"{n:,} more, for {len(rest):,} other {reasons}: left out")

    def _code_of(self, group: str) -> int:
        code = self._code.setdefault(group, len(self._code))
        self.check(len(self._code))
        return code

    def check(self, n: int) -> None:
        """Refuse a file with more groups than can be kept by name."""
        if n > _MOST_GROUPS:
            message = f"expected at most {_MOST_GROUPS:,} {self._noun}, got more"
            raise DataError([Problem(self._gathering.name, message)])


def note_names(
    gathering: Gathering,
    kept: NDArray[np.bool_],
    origin: Origin,
    is_let_through: Callable[[str], bool] | None,
) -> Feed:
    """Return a feed of some records, and say how many of them are names."""
    feed = gathering.finish(origin)
    notes = list(feed.notes)
    if is_let_through is not None and "name" in feed.labels:
        labels = feed.labels["name"]
        # The last is that of records without a name.
        through = np.array([*map(is_let_through, labels.names), False])
        kept = kept & ~through[labels.code]
        if n_through := int(np.count_nonzero(through[labels.code])):
            notes.append(f"{n_through:,} entries are let through by exceptions: left out")
    feed = feed if kept.all() else feed.of_records(kept)
    if feed.n_unplaced and "name" in feed.labels and (n := feed.labels["name"].n_known):
        notes.append(f"{n:,} entries are names: {RESOLVE}")
    return replace(feed, notes=tuple(notes))
