"""The exception tree. The library raises; only the command line prints.

::

    OverblockError
    ├── ProblemsError      a list of problems, all found at once
    │   ├── ScenarioError  exit 2: the scenario, or an override, asks for what cannot be
    │   └── DataError      exit 4: an input table or file is missing, unreadable or malformed
    │       └── BadLinesError  some of its lines are bad
    ├── UsageError         exit 2: a command cannot be carried out as given
    └── PartialError       exit 3: the work ended early; what was finished is kept
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One mistake, where it stands, and what was expected instead.

    Attributes
    ----------
    file
        Path as the user gave it.
    message
        ``expected …, got …`` with a hint where there is an obvious one.
    line, column
        Position counted from 1; 0 where it is not known.
    key
        Full path of the key or the column name; empty for the file as a whole.
    """

    file: str
    message: str
    line: int = 0
    column: int = 0
    key: str = ""

    def __str__(self) -> str:
        """Format as ``file:line:col: key: message``, leaving out what is not known."""
        place = self.file
        if self.line:
            place += f":{self.line}"
            if self.column:
                place += f":{self.column}"
        return ": ".join(part for part in (place, self.key, self.message) if part)


class OverblockError(Exception):
    """Anything this package refuses, with the exit code the command line uses."""

    exit_code = 1


class ProblemsError(OverblockError):
    """A list of problems found together."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        if not problems:
            raise ValueError("a list of problems cannot be empty")
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ScenarioError(ProblemsError):
    """The scenario asks for what cannot be."""

    exit_code = 2


class DataError(ProblemsError):
    """An input table or file is missing, unreadable or malformed."""

    exit_code = 4


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
    noun
        What mistakes are called where some are only counted.
    """

    def __init__(
        self, name: str, told: Sequence[Problem], n_bad: int, n_good: int, noun: str
    ) -> None:
        problems = list(told)
        if n_bad > len(problems):
            rest = f"{n_bad - len(problems):,} more {noun}, {n_bad:,} in all"
            problems.append(Problem(name, rest))
        super().__init__(problems)
        self.n_bad = n_bad
        self.n_good = n_good


class UsageError(OverblockError):
    """A command cannot be carried out as given."""

    exit_code = 2


class PartialError(OverblockError):
    """The work ended early; what was finished is kept."""

    exit_code = 3
