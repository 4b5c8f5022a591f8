"""Entries of named sets, counted by set."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from sim.addresses.feeds.feed import RESOLVE, Feed
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.verdicts import verdicts_among
from sim.addresses.sets.notation import shown
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
        self.n_of: Counter[str] = Counter()
        self._waiting: list[tuple[str, str, int]] = []
        self._left_out: Counter[str] = Counter()

    def take(self, text: str, line: int, group: str, name: str = "") -> None:
        """Take an address, prefix or range of a group; or a name, whose addresses are not known."""
        self._waiting.append((text, name, line))
        self.n_of[group] += 1
        self.check(len(self.n_of))

    def flush(self) -> None:
        """Read what was taken: to be called after every block of lines."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        first = self._gathering.add_records(len(waiting))
        self._gathering.add_labels("name", [name for _, name, _ in waiting])
        row = np.flatnonzero([not name for _, name, _ in waiting])
        line = np.array([line for *_, line in waiting], np.int64)
        texts = [text for text, name, _ in waiting if not name]
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
        """Return the feed, without names that are let through."""
        self.flush()
        taken = [f"{shown(group)} {n:,}" for group, n in self.n_of.items() if group]
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
            if n_through := int(np.count_nonzero(through)):
                notes.append(f"{n_through:,} entries are let through by exceptions: left out")
                feed = feed.of_records(~through)
        if feed.n_unplaced and "name" in feed.labels and (n := feed.labels["name"].n_known):
            notes.append(f"{n:,} entries are names: {RESOLVE}")
        return replace(feed, notes=tuple(notes), questions=self._questions())

    def _questions(self) -> tuple[Problem, ...]:
        """Ask about groups that by their names are not blocked."""
        message = f"expected {self._noun} that are blocked, got one whose name says that it is not"
        return tuple(
            Problem(
                self._gathering.name,
                f"{message}: {shown(group)}; take it out, or name the form by --as",
            )
            for group in self.n_of
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
