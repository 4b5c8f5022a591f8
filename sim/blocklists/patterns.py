"""Patterns of names as automata, whose cost is bounded before the first name is looked at.

What cannot be one table of moderate size is refused: no name, however long, makes a pattern slow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.blocklists.expressions import BEGIN, END, N_LETTERS, Parser, Parts, PatternError, Piece

MOST_STATES, MOST_STEPS = 4_000, 1_000_000
"""Of an automaton, and steps to make it deterministic."""
_META = set("\\.[](){}*+?|^$")


@dataclass(frozen=True, eq=False)
class Automaton:
    """A deterministic automaton over letters of names.

    Attributes
    ----------
    letter_class : shape (128,), int64
        Class of each letter.
    next_state : shape (n_states * n_classes,), int32
        State after a letter of each class; the first state is 0.
    is_match : shape (n_states,), bool
        Whether a name that ends in this state fits.
    n_steps
        What it cost to make.
    """

    letter_class: NDArray[np.int64]
    next_state: NDArray[np.int32]
    is_match: NDArray[np.bool_]
    n_steps: int

    def matches(
        self, data: NDArray[np.uint8], start: NDArray[np.int64], length: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Return which names fit.

        Parameters
        ----------
        data : shape (n_bytes,)
            Letters of all names, ASCII.
        start, length : shape (n_names,)
            Where each name begins, and how long it is.

        Returns
        -------
        fits : shape (n_names,)
        """
        # From the longest to the shortest: those that still have a letter come first.
        order = np.argsort(-length, kind="stable")
        start, length = start[order], length[order]
        state = np.zeros(start.size, np.int32)
        n_classes = self.next_state.size // self.is_match.size
        n_left = np.searchsorted(-length, -np.arange(length[0] if length.size else 0), "left")
        letter = self.letter_class[data]
        for place, n in enumerate(n_left.tolist()):
            state[:n] = self.next_state[state[:n] * n_classes + letter[start[:n] + place]]
        fits = np.empty(start.size, np.bool_)
        fits[order] = self.is_match[state]
        return fits


def compile_expression(text: str) -> Automaton:
    """Return the automaton of a regular expression that some part of a name fits.

    Letters of either case are one. Understood are letters, ``.``, classes, ``\\d \\w \\s`` and
    their opposites, groups, ``|``, ``* + ? {m,n}``, ``^`` and ``$``. What needs a memory of what
    was matched (backreferences) or looks around is not.

    Raises
    ------
    PatternError
        If it is not understood, or its automaton is too large.

    References
    ----------
    Thompson, "Regular expression search algorithm", CACM 11 (1968); subset construction: Rabin and
    Scott, IBM Journal 3 (1959).
    """
    return _determine(Parser(text).parse())


def compile_glob(text: str) -> Automaton:
    """Return the automaton of a whole name in which ``*`` stands for any letters.

    Raises
    ------
    PatternError
        If its automaton is too large.
    """
    escaped = "".join(f"\\{letter}" if letter in _META else letter for letter in text)
    return compile_expression(f"^{escaped.replace(chr(92) + '*', '.*')}$")


def _determine(found: tuple[Parts, Piece]) -> Automaton:
    """Make an automaton deterministic, within a number of steps."""
    parts, (first, last) = found
    letter_class, examples = _letter_classes([one[0] for one in parts.by_letter if one])
    n_steps = 0

    def reached(seeds: Sequence[int], *places: int) -> frozenset[int]:
        """Parts that are reached without a letter at the begin or end of a name, or within it."""
        nonlocal n_steps
        known, waiting = set(seeds), list(seeds)
        while waiting:
            for stop, only in parts.without[waiting.pop()]:
                n_steps += 1
                if (only == 0 or only in places) and stop not in known:
                    known.add(stop)
                    waiting.append(stop)
        if n_steps > MOST_STEPS:
            raise PatternError("expected a pattern of bounded cost, got one with too many states")
        return frozenset(known)

    again = reached([first])
    states = {reached([first], BEGIN): 0}
    waiting = list(states)
    table: list[list[int]] = []
    is_match: list[bool] = []
    done = frozenset([last])
    while len(table) < len(waiting):
        state = waiting[len(table)]
        is_match.append(last in reached(list(state), END))
        row = []
        for letter in examples:
            n_steps += len(state)
            # What fits once fits whatever follows.
            if last in state:
                after = done
            else:
                moved = [
                    move[1]
                    for part in state
                    if (move := parts.by_letter[part]) and move[0] & letter
                ]
                after = reached(moved) | again
            if after not in states:
                states[after] = len(states)
                waiting.append(after)
            row.append(states[after])
        if len(states) > MOST_STATES:
            raise PatternError(f"expected at most {MOST_STATES:,} states, got more")
        table.append(row)
    next_state = np.array(table, np.int32).ravel()
    return Automaton(letter_class, next_state, np.array(is_match, np.bool_), n_steps)


def _letter_classes(sets: Sequence[int]) -> tuple[NDArray[np.int64], list[int]]:
    """Class of each letter, and the bit of one letter of each class."""
    distinct = list(dict.fromkeys(sets))
    code_of: dict[tuple[int, ...], int] = {}
    classes = np.zeros(N_LETTERS, np.int64)
    examples: list[int] = []
    for letter in range(N_LETTERS):
        key = tuple(one >> letter & 1 for one in distinct)
        if key not in code_of:
            code_of[key] = len(code_of)
            examples.append(1 << letter)
        classes[letter] = code_of[key]
    return classes, examples
