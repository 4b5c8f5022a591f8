"""Errors in the words of Python: arguments in place of options of the command line.

In: an error of the library. Out: the same error, whose text names arguments and key paths.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from sim.errors import OverblockError, Problem, ProblemsError

ARGUMENTS = {
    "baseline": "baseline",
    "design": "design",
    "expect-names": "expect_names=True",
    "force": "force=True",
    "metric": "metrics",
    "only": "only",
    "output": "folder",
    "over": "over",
    "plain": "plain",
    "points": "n_points",
    "range": "ranges",
    "replicates": "n_replicates",
    "seed": "root_seed",
    "set": "set",
    "simulations": "n_simulations",
    "strategy": "strategies",
    "universe": "universe",
}
"""Arguments of functions by the option that says the same."""
_PLACE = re.compile(r"--([a-z][a-z-]*)(?: (.*))?", re.DOTALL)
_RESUME = re.compile(r"; --resume (\S+) goes on")
_OPTION = re.compile(r"(?<![\w-])--([a-z][a-z-]*)")


@contextmanager
def in_python_words() -> Iterator[None]:
    """Raise what is raised inside with the words of Python."""
    try:
        yield
    except ProblemsError as error:
        error.problems = tuple(map(_reworded, error.problems))
        error.args = ("\n".join(map(str, error.problems)),)
        _reword_notes(error)
        raise
    except OverblockError as error:
        error.args = tuple(python_words(one) if isinstance(one, str) else one for one in error.args)
        _reword_notes(error)
        raise


def python_words(text: str) -> str:
    """Return a text that names arguments where it named options."""
    text = _RESUME.sub(r"; the command line resumes it by 'overblock run --resume \1'", text)
    kept = text.partition("'overblock ")
    return _OPTION.sub(_argument, kept[0]) + kept[1] + kept[2]


def _argument(match: re.Match[str]) -> str:
    return ARGUMENTS.get(match[1], match[1].replace("-", "_"))


def _reworded(problem: Problem) -> Problem:
    """A problem whose place is an argument, and its value where that is no key path."""
    message = python_words(problem.message)
    place = _PLACE.fullmatch(problem.file)
    if place is None:
        key, equals, _ = problem.file.partition("=")
        if equals and key == problem.key:
            # A value of a sweep, whose place is the key and the value.
            return replace(problem, file="over", message=message)
        return replace(problem, message=message)
    name = ARGUMENTS.get(place[1], place[1].replace("-", "_"))
    written = place[2]
    if name == "set":
        key = problem.key or (written or "").partition("=")[0]
        return replace(problem, file=name, key=key, message=message)
    return replace(
        problem, file=name if written is None else f"{name} {written!r}", message=message
    )


def _reword_notes(error: BaseException) -> None:
    notes = getattr(error, "__notes__", None)
    if notes:
        notes[:] = map(python_words, notes)
