"""The exception tree. The library raises; only the command line prints.

::

    OverblockError
    ├── ProblemsError      a list of problems, all found at once
    │   ├── ScenarioError  exit 2: the scenario, or an override, asks for what cannot be
    │   └── DataError      exit 4: an input table or file is missing, unreadable or malformed
    │       └── BadLinesError  some of its lines are bad
    ├── UsageError         exit 2: a command cannot be carried out
    └── PartialError       exit 3: the work ended early; what was finished is kept
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Problem:
    """One mistake, where it stands, and what was expected instead."""

    file: str
    """Path as the user gave it."""
    message: str
    """``expected …, got …`` with a hint where there is an obvious one."""
    line: int = 0
    column: int = 0
    """Position counted from 1; 0 where it is not known."""
    key: str = ""
    """Full path of the key or the column name; empty for the file as a whole."""

    def __str__(self) -> str:
        """Format as ``file:line:col: key: message``, without parts that are not known."""
        place = self.file
        if self.line:
            place += f":{self.line}"
            if self.column:
                place += f":{self.column}"
        return ": ".join(part for part in (place, self.key, self.message) if part)


_MOST_ALIKE = 3
"""Mistakes of one kind, reported one by one."""


def told_once(problems: Sequence[Problem], *, are_all: bool = True) -> list[Problem]:
    """Return problems with one of each kind that meets many rows, and how many these are.

    A kind is what was expected in a file and column, whatever it got. How many there are is not
    said where ``problems`` are not all there are.
    """
    alike: dict[tuple[str, str, str], list[int]] = {}
    for at, problem in enumerate(problems):
        expected = problem.message.partition(", got ")[0]
        alike.setdefault((problem.file, problem.key, expected), []).append(at)
    told: dict[int, Problem] = {}
    for places in alike.values():
        one = problems[places[0]]
        if len(places) <= _MOST_ALIKE or not one.line:
            told |= {at: problems[at] for at in places}
            continue
        more = f" (and {len(places) - 1:,} more like it, to line {problems[places[-1]].line})"
        told[places[0]] = replace(one, message=one.message + more if are_all else one.message)
    return [told[at] for at in sorted(told)]


class OverblockError(Exception):
    """Anything this package refuses, with the exit code the command line uses."""

    exit_code = 1


class ProblemsError(OverblockError):
    """A list of problems found together."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, told_once(self.problems))))

    @classmethod
    def raise_any(cls, problems: Sequence[Problem]) -> None:
        """Raise problems, if there are any."""
        if problems:
            raise cls(problems)


class ScenarioError(ProblemsError):
    """The scenario asks for what cannot be."""

    exit_code = 2


class DataError(ProblemsError):
    """An input table or file is missing, unreadable or malformed."""

    exit_code = 4


class Mistakes(list[Problem]):
    """Mistakes of several parts, to be raised together.

    Parameters
    ----------
    kind
        Raised, unless a part raised an error that is not of data.
    """

    def __init__(self, kind: type[ProblemsError] = ScenarioError) -> None:
        super().__init__()
        self._kind = kind

    @contextmanager
    def of_part(self) -> Iterator[None]:
        """Keep the mistakes that a block raises."""
        try:
            yield
        except ProblemsError as error:
            self.extend(error.problems)
            if not isinstance(error, DataError):
                self._kind = ScenarioError
        except UsageError as error:
            self.append(Problem("", str(error)))
            self._kind = ScenarioError

    def raise_any(self) -> None:
        """Raise them, if there are any."""
        if self:
            raise self._kind(self)


class BadLinesError(DataError):
    """Some lines of a file were refused; others may have been good.

    Parameters
    ----------
    name
        Of the file.
    told
        Mistakes that are described, at least one.
    n_bad, n_good
        All mistakes, and all rows read.
    """

    def __init__(self, name: str, told: Sequence[Problem], n_bad: int, n_good: int) -> None:
        problems = list(told)
        if n_bad > len(problems):
            rest = f"{n_bad - len(problems):,} more mistakes, {n_bad:,} in all"
            problems.append(Problem(name, rest))
        super().__init__(problems)
        self.n_bad = n_bad
        self.n_good = n_good


class UsageError(OverblockError):
    """A command cannot be carried out."""

    exit_code = 2


class PartialError(OverblockError):
    """The work ended early; what was finished is kept."""

    exit_code = 3
