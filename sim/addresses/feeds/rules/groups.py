"""Addresses of named sets, and what later commands of the file take back."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.appended import Growing
from sim.addresses.feeds.feed import RESOLVE, Feed, Origin
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.rows.meaning import verdicts_among
from sim.addresses.feeds.rules.taken_back import TakenBack
from sim.addresses.sets.notation import shown
from sim.errors import DataError, Problem

# Sets of one file: thousands are in use, and each is kept by name.
_MOST_GROUPS = 100_000
_TOLD = 8
# Stands for the group of what is no entry, but a command that takes one back.
_COMMAND = -1

EXPIRES = "some entries expire by themselves (timeout): they are read as blocked"
"""What a note says of entries that have a time."""


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
