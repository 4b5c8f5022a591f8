"""Regular expressions of names, read into parts of an automaton.

What needs a memory of what was matched, or looks around, is not understood.
"""

from __future__ import annotations

MOST_LETTERS = 1_000
"""Of an expression."""
MOST_PARTS = 4_000
"""Of its automaton."""
MOST_DEPTH = 40
"""Groups within groups."""
N_LETTERS = 128
"""Names are ASCII: others stand in their ASCII form."""
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
"""What has to be at a place without a letter: the begin, or the end, of the name."""


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
        """Add a move without a letter, anywhere or only where it is said."""
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
