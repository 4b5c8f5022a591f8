"""Which rules match which names, for many names at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.name_rules import NameKind
from sim.blocklists.patterns import Automaton
from sim.blocklists.rule_lists import PlacedRule


class Matcher:
    """Finds which rules match which names."""

    def __init__(self, rules: Sequence[PlacedRule]) -> None:
        self._own: dict[bytes, list[int]] = {}
        self._below: dict[bytes, list[int]] = {}
        self._words: list[tuple[bytes, int]] = []
        self._automata: list[tuple[Automaton, int]] = []
        self._exceptions: Matcher | None = None
        excepted = [one for one in rules if one.rule.is_exception]
        for row, one in enumerate(rules):
            if not one.rule.is_exception:
                self._add(row, one)
        if excepted:
            # What they match is let through: for themselves they are rules like others.
            self._exceptions = Matcher(
                [replace(one, rule=replace(one.rule, is_exception=False)) for one in excepted]
            )

    def _add(self, row: int, one: PlacedRule) -> None:
        text = one.rule.text.encode()
        match one.rule.kind:
            case NameKind.EXACT:
                self._own.setdefault(text, []).append(row)
            case NameKind.SUBDOMAINS:
                self._own.setdefault(text, []).append(row)
                self._below.setdefault(text, []).append(row)
            case NameKind.WILDCARD:
                self._below.setdefault(text, []).append(row)
            case NameKind.KEYWORD:
                self._words.append((text, row))
            case NameKind.START:
                # A label begins a name, or comes after a dot.
                self._words += [(b"\n" + text, row), (b"." + text, row)]
            case _:
                assert one.automaton is not None
                self._automata.append((one.automaton, row))

    def is_matched(self, chunk: bytes, names: list[bytes]) -> NDArray[np.bool_]:
        """Whether each name is matched by a rule, and let through by none."""
        found = np.zeros(len(names), np.bool_)
        found[self.pairs(chunk, names)[0]] = True
        return found & ~self.let_through(chunk, names)

    def let_through(self, chunk: bytes, names: list[bytes]) -> NDArray[np.bool_]:
        """Whether an exception matches each name."""
        found = np.zeros(len(names), np.bool_)
        if self._exceptions is not None:
            found[self._exceptions.pairs(chunk, names)[0]] = True
        return found

    def pairs(
        self, chunk: bytes, names: list[bytes]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows of names and of rules that match them, each pair once."""
        looked_up, by_rules = self._looked_up(names)
        length = np.fromiter(map(len, names), np.int64, len(names))
        start = np.cumsum(length + 1) - length - 1
        found = [(np.array(looked_up, np.int64), np.array(by_rules, np.int64))]
        # The first name comes after the end of a line, too.
        text = b"\n" + chunk
        for word, rule in self._words:
            hit = _rows_with(text, word, start)
            found.append((hit, np.full(hit.size, rule)))
        data = np.frombuffer(chunk, np.uint8)
        for automaton, rule in self._automata:
            hit = np.flatnonzero(automaton.matches(data, start, length))
            found.append((hit, np.full(hit.size, rule)))
        all_rows = np.concatenate([each for each, _ in found])
        all_rules = np.concatenate([each for _, each in found])
        n_rules = int(all_rules.max(initial=0)) + 1
        pair = np.unique(all_rows * n_rules + all_rules)
        return pair // n_rules, pair % n_rules

    def _looked_up(self, names: list[bytes]) -> tuple[list[int], list[int]]:
        rows: list[int] = []
        rules: list[int] = []
        own, below = self._own, self._below
        if not own and not below:
            return rows, rules
        for row, name in enumerate(names):
            if name in own:
                rows += [row] * len(own[name])
                rules += own[name]
            at = name.find(b".") if below else -1
            while at >= 0:
                parent = name[at + 1 :]
                if parent in below:
                    rows += [row] * len(below[parent])
                    rules += below[parent]
                at = name.find(b".", at + 1)
        return rows, rules


def _rows_with(text: bytes, word: bytes, start: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows of names in which a word stands; the text begins with an end of line."""
    places = []
    at = text.find(word)
    while at >= 0:
        places.append(at)
        # One place in each name is enough.
        at = text.find(word, max(text.find(b"\n", at + 1), at + 1))
    # A word that begins with the end of the line before belongs to the name after it.
    place = np.array(places, np.int64) - (0 if word.startswith(b"\n") else 1)
    return np.unique(np.searchsorted(start, place, "right") - 1)
