"""Rules that block names, read from files or given as texts, and patterns of names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.gather import Gathering, read_numbered
from sim.addresses.feeds.inputs import Input
from sim.addresses.feeds.name_rules import (
    NameKind,
    NameRule,
    is_of_pages,
    name_in,
    resolved_in,
    rules_in,
    says_nothing,
    with_parents,
)
from sim.addresses.feeds.refused import refuse_unread
from sim.addresses.feeds.verdicts import refusal_of, verdict_behind
from sim.addresses.sets.notation import shown
from sim.addresses.text.source import Limits
from sim.errors import DataError, Problem
from sim.sql import sql_text

_RULE_BYTES = 300
"""What CPython takes for a rule and its place."""
MOST_PATTERNS = 10_000
"""Rules of a file that are looked for one by one: start, keyword, glob and expression."""
_LOOKED_UP = (NameKind.EXACT, NameKind.SUBDOMAINS, NameKind.WILDCARD)


@dataclass(frozen=True)
class PlacedRule:
    """A rule, its file and line, and its pattern where its kind has one."""

    rule: NameRule
    text: str
    file: str
    line: int
    pattern: str = field(default="", compare=False, repr=False)

    @property
    def location(self) -> str:
        """File and line."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, eq=False)
class NameRules:
    """Rules of one file, or of several.

    Attributes
    ----------
    rules
        In the sequence of the files.
    notes
        What was ignored of them.
    """

    rules: tuple[PlacedRule, ...]
    notes: tuple[str, ...]

    @classmethod
    def together(cls, of_files: Sequence[NameRules]) -> NameRules:
        """Return the rules of several files."""
        return cls(
            tuple(rule for one in of_files for rule in one.rules),
            tuple(note for one in of_files for note in one.notes),
        )


def read_name_rules(given: Input, plain: NameKind, reading: Reading) -> NameRules:
    """Read rules that block names; see `rules_in`.

    Rules of paths and of elements of pages are of no whole name: they are ignored and counted.

    Raises
    ------
    DataError
        If it cannot be read, holds firewall rules, or a line is no rule and bad ones are not left
        out.
    """
    refuse_unread(given, reading.limits)
    with given.open(reading.limits) as source:
        gathering = reading.gathering(given.name)
        lines = read_numbered(source, gathering)
        return _gather_rules(lines, plain, gathering, reading)


def rules_of(lines: Iterable[str], plain: NameKind, name: str) -> NameRules:
    """Return rules from texts; errors as for `read_name_rules`."""
    reading = Reading(allow_empty=True)
    return _gather_rules([stripped(lines)], plain, reading.gathering(name), reading)


def _gather_rules(
    blocks: Iterable[list[tuple[int, str]]],
    plain: NameKind,
    gathering: Gathering,
    reading: Reading,
) -> NameRules:
    rules: list[PlacedRule] = []
    left_out: Counter[str] = Counter()
    resolved: dict[str, tuple[str, int]] = {}
    n_patterns = 0
    for lines in blocks:
        text = "".join(line.replace("\n", " ") + "\n" for _, line in lines)
        if verdict := verdict_behind(text):
            n_before, word = verdict
            raise DataError([Problem(gathering.name, refusal_of(word), lines[n_before][0])])
        for number, line in lines:
            if says_nothing(line):
                continue
            resolved |= dict.fromkeys(resolved_in(line), (line, number))
            found = rules_in(line, plain)
            if found is None:
                if is_of_pages(line):
                    left_out["rules of paths or elements of pages, of no whole name"] += 1
                else:
                    gathering.refuse(
                        f"expected a rule that blocks names, got {shown(line)}", number
                    )
                continue
            for rule in found:
                text = rule.text
                if rule.kind != NameKind.EXPRESSION:
                    form = ascii_form(rule.text)
                    if form is None:
                        message = f"expected a name of the Internet, got {shown(line)}"
                        gathering.refuse(message, number)
                        continue
                    text = form.decode()
                one = NameRule(rule.kind, text, rule.is_exception)
                n_patterns += one.kind not in _LOOKED_UP
                if n_patterns > MOST_PATTERNS:
                    message = f"expected at most {MOST_PATTERNS:,} patterns, got more"
                    raise DataError([Problem(gathering.name, message)])
                try:
                    pattern = _pattern_of(one)
                except PatternError as error:
                    gathering.refuse(str(error), number)
                    continue
                rules.append(PlacedRule(one, line, gathering.name, number, pattern))
            if "$" in line and line.startswith(("||", "@@||")):
                left_out["rules have conditions after $, which are not looked at"] += 1
        reading.limits.check_held(_RULE_BYTES * len(rules), gathering.name)
    _refuse_resolved(resolved, rules, gathering)
    feed = gathering.finish("names")
    if feed.n_bad:
        left_out[f"bad lines, such as {feed.problems[0]}"] += feed.n_bad
    if not rules and not reading.allow_empty:
        message = f"expected a rule that blocks names, got none in {gathering.n_lines:,} lines"
        raise DataError([Problem(gathering.name, message)])
    notes = [f"{gathering.name}: {n:,} {what}" for what, n in left_out.items()]
    return NameRules(tuple(rules), tuple(notes))


def _refuse_resolved(
    resolved: dict[str, tuple[str, int]], rules: Sequence[PlacedRule], gathering: Gathering
) -> None:
    """Refuse names that a file resolves and blocks by a rule of a wider name."""
    blocked = {each.rule.text for each in rules if not each.rule.is_exception}
    for name, (line, number) in resolved.items():
        if "*" in blocked or not blocked.isdisjoint(with_parents(name)):
            message = "expected names that are blocked, got some that are not within them"
            gathering.refuse(f"{message}: {shown(line)}", number)


def _pattern_of(rule: NameRule) -> str:
    """Pattern of a rule; empty for a kind that needs none."""
    if rule.kind == NameKind.GLOB:
        return glob_pattern(rule.text)
    return check_expression(rule.text) if rule.kind == NameKind.EXPRESSION else ""


LONGEST_NAME = 253
"""Letters of a name (RFC 1035, section 2.3.4, without the dots at its ends)."""
_CHUNK = 200_000
"""Names of a chunk."""
_NAME_BYTES = 130
"""What CPython takes for a name besides its letters, in a dictionary."""


@dataclass(frozen=True, eq=False)
class NameList:
    """Names, each of them once.

    Attributes
    ----------
    names
        In lower case, as ASCII.
    n_repeated
        Entries ignored since their name had come before.
    notes
        What to know of the file.
    """

    names: list[bytes]
    n_repeated: int
    notes: tuple[str, ...]

    def chunks(self) -> Iterator[list[bytes]]:
        """Yield the names, some at a time."""
        for at in range(0, len(self.names), _CHUNK):
            yield self.names[at : at + _CHUNK]


@dataclass(frozen=True)
class Reading:
    """How files of names are read.

    Attributes
    ----------
    limits
        How much of a file is read, and how many mistakes are described.
    skip_bad
        Leave bad lines out and count them.
    allow_empty
        Take a file without a name, or a rule, for an empty one.
    """

    limits: Limits = field(default_factory=Limits)
    skip_bad: bool = False
    allow_empty: bool = False

    def gathering(self, name: str) -> Gathering:
        """Return what collects the mistakes of a file."""
        return Gathering(name, skip_bad=self.skip_bad, limits=self.limits)


def read_name_list(given: Input, reading: Reading) -> NameList:
    """Read a list of names, one a line: plain, with a rank before it, or as web addresses.

    A first line without a name is taken for a heading, and said to be.

    Raises
    ------
    DataError
        If it cannot be read, holds firewall rules, or a line holds no name and bad ones are not
        left out.
    """
    refuse_unread(given, reading.limits)
    with given.open(reading.limits) as source:
        gathering = reading.gathering(given.name)
        return _gather_names(read_numbered(source, gathering), gathering, reading)


def names_of(lines: Iterable[str], name: str) -> NameList:
    """Return a list of names from texts; errors as for `read_name_list`."""
    reading = Reading(allow_empty=True)
    return _gather_names([stripped(lines)], reading.gathering(name), reading)


def stripped(lines: Iterable[str]) -> list[tuple[int, str]]:
    """Lines that hold anything, with their numbers."""
    each = ((row, line.strip()) for row, line in enumerate(lines, 1))
    return [(row, line) for row, line in each if line]


def _gather_names(
    blocks: Iterable[list[tuple[int, str]]], gathering: Gathering, reading: Reading
) -> NameList:
    names: dict[bytes, None] = {}
    n_given = n_bytes = 0
    for lines in blocks:
        for number, line in lines:
            if says_nothing(line):
                continue
            name = name_in(line)
            if name is None:
                if not names and "." not in line and line.isprintable():
                    gathering.note(f"line {number} is taken for a heading: {shown(line)}")
                else:
                    gathering.refuse(f"expected a name, got {shown(line)}", number)
                continue
            if (found := ascii_form(name)) is None:
                gathering.refuse(f"expected a name of the Internet, got {shown(line)}", number)
                continue
            names[found] = None
            n_given += 1
            n_bytes += len(found) + _NAME_BYTES
        reading.limits.check_held(n_bytes, gathering.name)
    feed = gathering.finish("names")
    if not names and not reading.allow_empty:
        message = f"expected a name at least, got none in {gathering.n_lines:,} lines"
        raise DataError([Problem(gathering.name, message)])
    if n_repeated := n_given - len(names):
        gathering.note(f"{n_repeated:,} entries repeat a name, which counts once")
    if feed.n_bad:
        gathering.note(f"{feed.n_bad:,} bad lines left out, such as {feed.problems[0]}")
    notes = tuple(f"{gathering.name}: {note}" for note in gathering.notes)
    return NameList(list(names), n_repeated, notes)


def ascii_form(name: str) -> bytes | None:
    """Return a name in ASCII; None where it has no such form, or is too long."""
    try:
        found = name.encode("ascii") if name.isascii() else name.encode("idna")
    except UnicodeError:
        return None
    return found if 0 < len(found) <= LONGEST_NAME else None


# Patterns are matched by RE2 through DuckDB, in time linear in the names: it has neither
# backreferences nor look-around. Spellings that other languages of expressions read differently are
# refused.
MOST_LETTERS = 1_000
"""Length of an expression."""
_AT_ONCE = 50
"""Patterns in one query."""
_CLASS = re.compile(r"\[\^?\]?(?:\\.|\[:\w*:\]|[^\]\\])*\]")
_REPEAT = r"\{(?!\d{1,4}(?:,\d{0,4})?\})"


class PatternError(ValueError):
    """A pattern that is not understood, or costs too much."""


def check_expression(text: str) -> str:
    """Return a regular expression for `match_patterns` that some part of a name has to match.

    Letters of either case are equal. Understood are letters, ``.``, classes, ``\\d \\w \\s`` and
    their opposites, groups, ``|``, ``* + ? {m,n}``, ``^`` and ``$``.

    Raises
    ------
    PatternError
        If it is not understood, or too large for RE2.

    References
    ----------
    Cox, "Regular Expression Matching in the Wild" (RE2), 2010.
    """
    if len(text) > MOST_LETTERS:
        raise PatternError(f"expected at most {MOST_LETTERS:,} letters, got {len(text):,}")
    if not (text.isascii() and text.isprintable()):
        raise PatternError("expected printable ASCII letters, got others")
    for letter in re.findall(r"\\(.)", text):
        if letter.isalnum() and letter not in "dDwWsS":
            raise PatternError(f"\\{letter} is not understood")
    bare = _CLASS.sub("x", re.sub(r"\\[^dDwWsS]", "x", text))
    if re.search(r"\(\?(?!:)", bare):
        raise PatternError("groups that look around, or have names or flags, are not read")
    if re.search(_REPEAT, bare):
        raise PatternError("expected a number of repeats such as {2,5}")
    pattern = f"(?i){text}"
    match_patterns([pattern], "")
    return pattern


def glob_pattern(text: str) -> str:
    """Return an expression for whole names in which ``*`` stands for any letters."""
    return check_expression(f"^{'.*'.join(map(re.escape, text.split('*')))}$")


def match_patterns(patterns: Sequence[str], names: str) -> list[NDArray[np.bool_]]:
    """Return which names each pattern matches.

    Parameters
    ----------
    patterns
        As `check_expression` returns them.
    names
        Each ended by a line feed.

    Returns
    -------
    is_matched
        One array of shape (n_names,) for each pattern.

    Raises
    ------
    PatternError
        If RE2 does not read a pattern.
    """
    # Imported here: most commands need no database.
    import duckdb

    found: list[NDArray[np.bool_]] = []
    for at in range(0, len(patterns), _AT_ONCE):
        asked = (f"regexp_matches(n, {sql_text(one)})" for one in patterns[at : at + _AT_ONCE])
        query = f"SELECT {', '.join(asked)} FROM (SELECT unnest(string_split(?, chr(10))) n)"
        try:
            columns = _database().cursor().execute(query, [names]).fetchnumpy()
        except duckdb.Error as error:
            said = str(error).partition("Error: ")[2] or str(error)
            message = f"expected an expression that RE2 reads, got an error: {said[:100]}"
            raise PatternError(message) from None
        # Behind the last line feed is no name.
        found += [np.asarray(column, np.bool_)[:-1] for column in columns.values()]
    return found


@cache
def _database() -> Any:
    """A database in memory, whose one thread keeps the sequence of rows."""
    import duckdb

    return duckdb.connect(config={"threads": 1})
