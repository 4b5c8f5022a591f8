"""Patterns of names as automata, whose cost is bounded before the first name is looked at.

A pattern that does not fit one table of moderate size is refused, so that no name makes it slow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_LETTERS = 1_000
"""Of an expression."""
MOST_PARTS = 4_000
"""Of its automaton."""
MOST_DEPTH = 40
"""Groups within groups."""
N_LETTERS = 128
"""Names are ASCII; others are in their ASCII form (IDNA)."""
_ALL = (1 << N_LETTERS) - 1


def _letters(text: str) -> int:
    """Set of letters as bits; of each letter both cases."""
    bits = 0
    for letter in text:
        for each in (letter.lower(), letter.upper()):
            if ord(each) < N_LETTERS:
                bits |= 1 << ord(each)
    return bits


_DIGITS = _letters("0123456789")
_WORD = _DIGITS | _letters("abcdefghijklmnopqrstuvwxyz_")
_SPACE = _letters(" \t\n\r\f\v")
_CLASSES = {"d": _DIGITS, "w": _WORD, "s": _SPACE}
_NAMED = {
    "alnum": _WORD & ~_letters("_"),
    "alpha": _WORD & ~_letters("_") & ~_DIGITS,
    "digit": _DIGITS,
    "lower": _WORD & ~_letters("_") & ~_DIGITS,
    "upper": _WORD & ~_letters("_") & ~_DIGITS,
    "space": _SPACE,
    "xdigit": _DIGITS | _letters("abcdef"),
}


class PatternError(ValueError):
    """A pattern that is not understood, or costs too much."""


BEGIN, END = -1, -2
"""Conditions on a move without a letter: at the begin, or at the end, of the name."""


class Parts:
    """A nondeterministic automaton: of each part, moves by letters and without."""

    def __init__(self) -> None:
        self.by_letter: list[tuple[int, int] | None] = []
        self.without: list[list[tuple[int, int]]] = []

    def new(self) -> int:
        """Add a part."""
        if len(self.by_letter) >= MOST_PARTS:
            raise PatternError(f"expected a pattern of at most {MOST_PARTS:,} parts, got more")
        self.by_letter.append(None)
        self.without.append([])
        return len(self.by_letter) - 1

    def move(self, start: int, stop: int, only: int = 0) -> None:
        """Add a move without a letter, anywhere or only under a condition."""
        self.without[start].append((stop, only))


Piece = tuple[int, int]
"""First and last part of what was read."""


class Parser:
    """Reads an expression into parts."""

    def __init__(self, text: str) -> None:
        if len(text) > MOST_LETTERS:
            raise PatternError(f"expected at most {MOST_LETTERS:,} letters, got {len(text):,}")
        if not (text.isascii() and text.isprintable()):
            raise PatternError("expected printable ASCII letters, got others")
        self._text = text
        self._at = 0
        self._parts = Parts()
        self._depth = 0

    def parse(self) -> tuple[Parts, Piece]:
        """Return the parts, and the first and last of them.

        Raises
        ------
        PatternError
            If the expression is not understood, or too large.
        """
        piece = self._choice()
        if self._at < len(self._text):
            raise PatternError("expected a group to be opened before it is closed")
        return self._parts, piece

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self) -> str:
        letter = self._peek()
        if not letter:
            raise PatternError("expected more at the end of the pattern")
        self._at += 1
        return letter

    def _choice(self) -> Piece:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise PatternError(f"expected at most {MOST_DEPTH} groups within each other, got more")
        first, last = self._parts.new(), self._parts.new()
        while True:
            start, stop = self._sequence()
            self._parts.move(first, start)
            self._parts.move(stop, last)
            if self._peek() != "|":
                self._depth -= 1
                return first, last
            self._at += 1

    def _sequence(self) -> Piece:
        first = last = self._parts.new()
        while self._peek() not in ("", "|", ")"):
            begin = self._at
            start, stop = self._repeated(begin)
            self._parts.move(last, start)
            last = stop
        return first, last

    def _repeated(self, begin: int) -> Piece:
        piece = self._atom()
        end = self._at
        if self._peek() not in ("*", "+", "?", "{"):
            return piece
        least, most = self._count()
        if self._peek() == "+":
            raise PatternError("possessive repeats are not understood")
        # To take less where it can changes what fits of a name, not whether it fits.
        self._at += self._peek() == "?"
        if self._peek() in ("*", "+", "{"):
            raise PatternError("expected one repeat, got two")
        rest = self._at
        first = last = self._parts.new()
        for _ in range(least):
            last = self._again(begin, end, last)
        if most is None:
            loop = self._parts.new()
            self._parts.move(last, loop)
            stop = self._again(begin, end, loop)
            self._parts.move(stop, loop)
            last = loop
        else:
            out = self._parts.new()
            for _ in range(most - least):
                self._parts.move(last, out)
                last = self._again(begin, end, last)
            self._parts.move(last, out)
            last = out
        self._at = rest
        return first, last

    def _again(self, begin: int, end: int, after: int) -> int:
        """Read the same text once more, after a part; return its last part."""
        self._at = begin
        start, stop = self._atom()
        assert self._at == end
        self._parts.move(after, start)
        return stop

    def _count(self) -> tuple[int, int | None]:
        match self._take():
            case "*":
                return 0, None
            case "+":
                return 1, None
            case "?":
                return 0, 1
        text, closed, _ = self._text[self._at :].partition("}")
        least, comma, most = text.partition(",")
        numbers = [each for each in (least, most) if each]
        if not (closed and least) or not all(each.isdigit() and len(each) < 5 for each in numbers):
            raise PatternError("expected a number of repeats such as {2,5}")
        self._at += len(text) + 1
        low = int(least)
        high = int(most) if most else None if comma else low
        if high is not None and high < low:
            raise PatternError("expected a number of repeats such as {2,5}")
        return low, high

    def _atom(self) -> Piece:
        letter = self._take()
        match letter:
            case "(":
                return self._group()
            case "[":
                return self._one(self._class())
            case ".":
                return self._one(_ALL)
            case "^" | "$":
                first, last = self._parts.new(), self._parts.new()
                self._parts.move(first, last, BEGIN if letter == "^" else END)
                return first, last
            case "\\":
                return self._one(self._escape())
            case "*" | "+" | "?" | "{":
                raise PatternError(f"expected something before {letter}")
        return self._one(_letters(letter))

    def _group(self) -> Piece:
        if self._peek() == "?":
            if self._text[self._at : self._at + 2] != "?:":
                raise PatternError("groups that look around, or have names or flags, are not read")
            self._at += 2
        piece = self._choice()
        self._take()  # what closes it: a choice ends there or at the end
        return piece

    def _escape(self) -> int:
        letter = self._take()
        if letter.lower() in _CLASSES:
            bits = _CLASSES[letter.lower()]
            return bits if letter.islower() else _ALL & ~bits
        if letter.isalnum():
            raise PatternError(f"\\{letter} is not understood")
        return _letters(letter)

    def _class(self) -> int:
        is_not = self._peek() == "^"
        self._at += is_not
        bits, is_first = 0, True
        while is_first or self._peek() != "]":
            is_first = False
            if self._text[self._at : self._at + 2] == "[:":
                name, closed, _ = self._text[self._at + 2 :].partition(":]")
                if not closed or name not in _NAMED:
                    raise PatternError(f"expected a class such as [:alnum:], got [:{name[:20]}")
                bits |= _NAMED[name]
                self._at += len(name) + 4
                continue
            low, single = self._member()
            if self._peek() == "-" and self._text[self._at + 1 : self._at + 2] not in ("]", ""):
                self._at += 1
                _, other = self._member()
                if not single or not other or other < single:
                    raise PatternError("expected a range of letters such as a-z")
                low = _letters("".join(map(chr, range(ord(single), ord(other) + 1))))
            bits |= low
        self._at += 1
        return _ALL & ~bits if is_not else bits

    def _member(self) -> tuple[int, str]:
        """Return letters of a class, and the one letter where it is one."""
        letter = self._take()
        if letter != "\\":
            return _letters(letter), letter
        bits = self._escape()
        last = self._text[self._at - 1]
        return bits, "" if last.lower() in _CLASSES else last

    def _one(self, letters: int) -> Piece:
        first, last = self._parts.new(), self._parts.new()
        self._parts.by_letter[first] = (letters, last)
        return first, last


MOST_STATES, MOST_STEPS = 4_000, 1_000_000
"""Limits: states of an automaton, and steps to make it deterministic."""
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
    their opposites, groups, ``|``, ``* + ? {m,n}``, ``^`` and ``$``. Backreferences and
    look-around are not understood.

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
