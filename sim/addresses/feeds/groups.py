"""Entries of named sets: added, cleared, counted by set."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from sim.addresses.feeds.feed import RESOLVE, Feed
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.verdicts import verdicts_among
from sim.addresses.sets.notation import shown
from sim.addresses.text.entries import Growing
from sim.errors import Problem

# Sets of one file: thousands are in use, and each is kept by name.
_MOST_GROUPS = 100_000
_TOLD = 8

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
        self._n_codes = 0
        self._codes = Growing[np.int32](np.int32)
        self._waiting: list[tuple[str, str, int, int]] = []
        self._left_out: Counter[str] = Counter()

    def take(self, text: str, line: int, group: str) -> None:
        """Take an address, prefix or range of a group."""
        self._waiting.append((text, "", line, self._code_of(group)))

    def take_name(self, name: str, line: int, group: str) -> None:
        """Take a name of a group; its addresses are not known."""
        self._waiting.append(("", name, line, self._code_of(group)))

    def clear(self, group: str | None = None) -> None:
        """Take back all entries so far of a group, or of all groups."""
        # What comes under the name from now on has another code.
        for each in [*self._code] if group is None else [group]:
            self._code.pop(each, None)

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

    def check(self, n: int) -> None:
        """Refuse a file with more groups than can be kept by name."""
        if n > _MOST_GROUPS:
            message = f"expected at most {_MOST_GROUPS:,} {self._noun}, got more"
            raise self._gathering.wrong(message)

    def finish(self, form: str, is_let_through: Callable[[str], bool] | None = None) -> Feed:
        """Return the feed of what is there at the end, without names that are let through."""
        self.flush()
        codes = self._codes.finish()
        count = np.bincount(codes, minlength=self._n_codes)
        kept = np.isin(codes, [*self._code.values()])
        if n_back := int(np.count_nonzero(~kept)):
            self._gathering.note(f"{n_back:,} entries are taken back by later commands: left out")
        held = {group: int(count[code]) for group, code in self._code.items() if count[code]}
        taken = [f"{shown(group)} {n:,}" for group, n in held.items() if group]
        if len(taken) > 1:
            more = f" and {len(taken) - _TOLD:,} more" if len(taken) > _TOLD else ""
            self._gathering.note(f"{self._noun} read: {', '.join(taken[:_TOLD])}{more}")
        self._note_left_out()
        feed = self._gathering.finish(form)
        notes = list(feed.notes)
        if is_let_through is not None and "name" in feed.labels:
            labels = feed.labels["name"]
            # The last is that of records without a name.
            through = np.array([*map(is_let_through, labels.names), False])[labels.code]
            kept &= ~through
            if n_through := int(np.count_nonzero(through)):
                notes.append(f"{n_through:,} entries are let through by exceptions: left out")
        feed = feed if kept.all() else feed.of_records(kept)
        if feed.n_unplaced and "name" in feed.labels and (n := feed.labels["name"].n_known):
            notes.append(f"{n:,} entries are names: {RESOLVE}")
        return replace(feed, notes=tuple(notes), questions=self._questions([*held]))

    def _questions(self, groups: Sequence[str]) -> tuple[Problem, ...]:
        """Ask about groups that by their names are not blocked."""
        message = f"expected {self._noun} that are blocked, got one whose name says that it is not"
        return tuple(
            Problem(
                self._gathering.name,
                f"{message}: {shown(group)}; take it out, or name the form by --as",
            )
            for group in groups
            if verdicts_among([re.sub(r"[\W\d_]+", " ", group.split(" ")[-1])])
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
        if group not in self._code:
            self._code[group] = self._n_codes
            self._n_codes += 1
            self.check(self._n_codes)
        return self._code[group]
