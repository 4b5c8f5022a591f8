"""Scenarios, errors and progress in Python: frames as tables, argument names, a count of runs.

A frame in place of the name of a table is written as CSV while the scenario is used.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, time
from functools import wraps
from inspect import Signature, signature
from numbers import Integral, Real
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from types import NoneType, SimpleNamespace, UnionType
from typing import Any, ParamSpec, TypeAlias, TypeVar, get_args, get_origin, get_type_hints

import numpy as np

from sim.addresses.feeds.frames import columns_of, is_frame, is_unknown
from sim.engine.strategies.registry import Strategy
from sim.errors import DataError, OverblockError, Problem, ProblemsError, ScenarioError, UsageError
from sim.experiment.executors.task import NOBODY
from sim.measure.measures import OwnMeasure
from sim.scenario.document import format_path, hint
from sim.scenario.load import NAME, load_scenario, load_values
from sim.scenario.overrides import override_text
from sim.scenario.own import settings, source_of
from sim.scenario.resolve import ROWS_OF, Resolved, resolve
from sim.scenario.schema import Scenario, scenario_tree

Given: TypeAlias = str | Path | Mapping[str, Any] | Scenario
"""A scenario: the name of a shipped one, the path of a file, its keys and values, or the object."""


@contextmanager
def resolved_of(
    scenario: Given,
    values: Mapping[str, object] | None,
    strategy: Strategy | str | None = None,
    measures: Sequence[OwnMeasure] = (),
) -> Iterator[Resolved]:
    """Resolve a scenario with values set over its own; its tables are there while it is used.

    Parameters
    ----------
    scenario, values
        As for `sim.api.runs.run`.
    strategy, measures
        Of a user's own, or a strategy as on the command line.

    Raises
    ------
    ScenarioError, DataError
        With all mistakes; of a mapping by the paths of its keys.
    """
    if isinstance(scenario, str | Path) and (Path(scenario) / "manifest.json").is_file():
        raise UsageError(
            f"scenario: expected a scenario, got the run folder {scenario}: open_results reads it, "
            "and overblock run repeats it"
        )
    with TemporaryDirectory(prefix="overblock-") as folder:
        tables = _Tables(Path(folder))
        texts, copies = settings(strategy if isinstance(strategy, str) else None, (), ())
        tables.copies |= copies
        if isinstance(strategy, Strategy):
            own = strategy.model_dump(mode="json", exclude_unset=True)
            tree = {"id": "own", **tables.code(type(strategy), "rule"), "values": own}
            texts.append(override_text("strategy", tree))
        if measures:
            named = [tables.code(one.formula, "name") for one in measures]
            texts.append(override_text("measures", named))
        texts += [
            override_text(key, tables.plain_value(value, (key,), "set"))
            for key, value in (values or {}).items()
        ]
        tables.check()
        with tables.named():
            if isinstance(scenario, str | Path):
                loaded = load_scenario(str(scenario), texts, tables.copies)
            else:
                given = scenario_tree(scenario) if isinstance(scenario, Scenario) else scenario
                plain = tables.plain_value(given, (), NAME)
                tables.check()
                loaded = load_values(plain, texts, tables.copies)
            resolved = resolve(loaded)
        yield resolved


@contextmanager
def texts_of(
    strategies: Strategy | str | Sequence[Strategy | str], move: Any
) -> Iterator[tuple[list[str], list[str | Path]]]:
    """Write strategies and moves as on the command line; files of them are there meanwhile."""
    with TemporaryDirectory(prefix="overblock-") as folder:
        tables, texts = _Tables(Path(folder)), []
        for one in [strategies] if isinstance(strategies, Strategy | str) else strategies:
            if isinstance(one, Strategy):
                found = tables.code(type(one), "rule")
                values = one.model_dump(mode="json", exclude_unset=True).items()
                parts = [f"{tables.copies[found['file']]}:{found['rule']}"]
                texts.append(",".join([*parts, *(f"{key}={json.dumps(v)}" for key, v in values)]))
            else:
                texts.append(one)
        with tables.named():
            yield texts, tables.moves(move)


class _Tables:
    """Tables that were given as frames, each in a file of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._problems: list[Problem] = []
        self._keys: dict[str, str] = {}
        self.copies: dict[str, Path] = {}

    def plain_value(self, value: Any, path: tuple[str | int, ...], place: str) -> Any:
        """Return a value as a scenario file would hold it, and note what it cannot hold."""
        if is_frame(value) or _is_table(value, path):
            return self._written(value, path, place)
        if isinstance(value, Mapping):
            return {
                str(key): self.plain_value(inner, (*path, str(key)), place)
                for key, inner in value.items()
                if inner is not None or place != NAME
            }
        if isinstance(value, np.ndarray):
            value = value.tolist()
        if isinstance(value, list | tuple):
            return [self.plain_value(inner, (*path, row), place) for row, inner in enumerate(value)]
        if isinstance(value, np.datetime64):
            value = value.astype("datetime64[us]").item()
        if isinstance(value, datetime | time):
            return _moment(value)
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, Path):
            return str(value)
        if value is None or isinstance(value, str | bool | int | float):
            return value
        kind = type(value).__name__
        message = f"expected text, a number, a date, a list, a mapping or a frame, got {kind}"
        self._problems.append(Problem(place, message, key=format_path(path)))
        return ""

    def moves(self, move: Any) -> list[str | Path]:
        """Return the files of one or more tables of moves."""
        is_several = isinstance(move, list | tuple) and not (
            move and all(isinstance(row, Mapping) for row in move)
        )
        given = enumerate(move) if is_several else [("", move)]
        return [
            one
            if isinstance(one, str | Path)
            else self._folder / self._written(one, ("move", at)[: 1 + is_several], "move")
            for at, one in given
        ]

    def code(self, thing: Any, key: str) -> dict[str, str]:
        """File and name of a class or function, whose source becomes a file of the scenario."""
        file, text = source_of(thing)
        if file in self.copies and self.copies[file].read_text(encoding="utf-8") != text:
            file = f"{thing.__qualname__}_{file}"
        self.copies[file] = self._folder / file
        self.copies[file].write_text(text, encoding="utf-8")
        return {"file": file, key: thing.__qualname__}

    def check(self) -> None:
        """Refuse what no scenario can hold, with every such value."""
        if self._problems:
            raise ScenarioError(self._problems)

    @contextmanager
    def named(self) -> Iterator[None]:
        """Raise mistakes in frames by the key that a frame was given for, and its row from 0."""
        try:
            yield
        except ProblemsError as error:
            error.problems = tuple(map(self._placed, error.problems))
            error.args = ("\n".join(map(str, error.problems)),)
            raise

    def _placed(self, problem: Problem) -> Problem:
        """The same problem, at the frame where it is one of a file that nobody wrote."""
        key = self._keys.get(problem.file)
        if key is None:
            return problem
        # The first line holds the names of the columns.
        row = f"row {problem.line - 2}" if problem.line > 1 else ""
        where = ", ".join(filter(None, (row, problem.key)))
        return replace(problem, file=key, line=0, column=0, key=where)

    def _written(self, frame: Any, path: tuple[str | int, ...], place: str) -> str:
        name, key = "-".join(".".join(map(str, path)).split(".")) + ".csv", format_path(path)
        if name in self.copies:  # one set over the scenario's own
            name = f"{place}-{name}"
        file = self._folder / name
        columns = columns_of(frame, key)
        sizes = {column: len(cells) for column, cells in columns.items()}
        if len(set(sizes.values())) > 1:
            got = ", ".join(f"{column} {size}" for column, size in sizes.items())
            raise DataError([Problem(key, f"expected columns of one length, got {got}")])
        with file.open("w", encoding="utf-8", newline="") as text:
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(map(_cell, row) for row in zip(*columns.values(), strict=True))
        self.copies[name], self._keys[str(file)] = file, key
        return name


def _is_table(value: Any, path: tuple[str | int, ...]) -> bool:
    """Whether columns or records stand where a scenario names a table."""
    key = ".".join(map(str, path))
    if key not in {*ROWS_OF, "population.inventory"} or isinstance(value, str):
        return False
    held = value.values() if isinstance(value, Mapping) else value
    if not isinstance(held, Iterable):
        return False
    # Given orders are a list of mappings under the key that names a table of another strategy.
    kinds = Iterable if isinstance(value, Mapping) else Mapping
    is_list = key != "strategy.orders" or isinstance(value, Mapping)
    return is_list and all(isinstance(one, kinds) and not isinstance(one, str) for one in held)


def _cell(value: Any) -> str:
    """One cell of a table; an unknown value is empty, and 3.0 is 3 where others are unknown."""
    if is_unknown(value):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime | time):
        return _moment(value)
    return str(value)


def _moment(value: datetime | time) -> str:
    """As files have it; what they do not have (a fraction, no offset) is refused by its key."""
    if value.microsecond or getattr(value, "nanosecond", 0):
        return value.isoformat()
    return value.isoformat(timespec="seconds" if value.second else "minutes")


ARGUMENTS = {
    "force": "force=True",
    "metric": "metrics",
    "output": "folder",
    "replicates": "n_replicates",
    "seed": "root_seed",
    "simulations": "n_simulations",
    "strategy": "strategies",
}
"""Arguments of functions by the option that says the same in another word."""
_OPTION = re.compile(r"(?<![\w-])--(?!resume\b)([a-z][a-z-]*)")
"""All but one: only the command line resumes."""


_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")
_WORDS = {
    bool: "True or False",
    int: "a whole number (0 or more)",
    float: "a number",
    str: "text",
    Path: "a path",
    Mapping: "a mapping",
    get_origin(Callable[[], None]): "a function",
    NoneType: "None",
}


def checked(function: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """Make a function reject arguments that its annotations exclude, and speak of arguments.

    ``Any`` is not checked. Whole numbers of NumPy become integers.

    Raises
    ------
    UsageError
        With each argument of another kind, when the function is called.
    """
    parameters = signature(function)

    @wraps(function)
    def call(*args: _Arguments.args, **named: _Arguments.kwargs) -> _Result:
        texts = {key: kind for key, kind in function.__annotations__.items() if key != "return"}
        names = vars(sys.modules[function.__module__])
        kinds = get_type_hints(SimpleNamespace(__annotations__=texts), names)
        try:
            bound = parameters.bind(*args, **named)
        except TypeError as error:
            bad = [_no_such(one, parameters) for one in named if one not in parameters.parameters]
            raise UsageError("\n".join(bad) or f"{function.__name__}: {error}") from None
        bad = []
        for name, value in bound.arguments.items():
            kind = kinds.get(name, Any)
            if not _fits(value, kind):
                got = f"{type(value).__name__} {' '.join(repr(value).split()):.60}"
                bad.append(f"{name}: expected {_in_words(kind)}, got {got}")
            elif int in (kind, *get_args(kind)) and value is not None:
                bound.arguments[name] = int(value)
        if bad:
            raise UsageError("\n".join(bad))
        with in_python_words():
            return function(*bound.args, **bound.kwargs)

    return call


def _no_such(name: str, parameters: Signature) -> str:
    """Refuse an argument that a function lacks, with the one that may be meant."""
    known = [one for one in parameters.parameters if one != "self"]
    # As the command line calls it, or as one of the words of its name.
    meant = [one for one in known if one == ARGUMENTS.get(name) or name in one.split("_")]
    said = f"; did you mean {meant[0]!r}?" if meant else hint(name, known)
    return f"{name}: expected one of {', '.join(known)}, got no such argument{said}"


def _fits(value: Any, kind: Any) -> bool:
    """Whether a value is of an annotated kind; of a sequence, all of its values."""
    whole = get_origin(kind) or kind
    if whole is UnionType:
        return any(_fits(value, one) for one in get_args(kind))
    if whole is bool or isinstance(value, bool):
        return kind is Any or (whole is bool and type(value).__name__ in ("bool", "bool_"))
    if whole is int:
        return isinstance(value, Integral) and int(value) >= 0
    if whole is Sequence:
        is_many = isinstance(value, Collection) and not isinstance(value, str | bytes | Mapping)
        return is_many and all(_fits(one, get_args(kind)[0]) for one in value)
    return kind is Any or isinstance(value, Real if whole is float else whole)


def _in_words(kind: Any) -> str:
    whole = get_origin(kind) or kind
    if whole is UnionType:
        *first, last = map(_in_words, get_args(kind))
        return f"{', '.join(first)} or {last}"
    if whole is Sequence:
        return f"a list of {_in_words(get_args(kind)[0])}"
    return str(_WORDS.get(whole, whole.__name__))


@contextmanager
def in_python_words() -> Iterator[None]:
    """Raise what is raised inside with the words of Python."""
    try:
        yield
    except OverblockError as error:
        error.args = tuple(python_words(str(one)) for one in error.args)
        if notes := getattr(error, "__notes__", None):
            notes[:] = map(python_words, notes)
        raise


def python_words(text: str) -> str:
    """Return a text that names arguments where it named options."""
    return _OPTION.sub(lambda one: ARGUMENTS.get(one[1], one[1].replace("-", "_")), text)


OnProgress = Callable[[int, int], None]
"""Called with the number of finished runs, and of all."""
EVERY_S = 0.2
"""Shortest time between two counts."""


@contextmanager
def shown_progress(given: OnProgress | None) -> Iterator[OnProgress]:
    """Yield the given callback, else one that counts below the cell of a notebook."""
    shell = sys.modules.get("IPython")
    running = shell.get_ipython() if given is None and shell is not None else None
    if given is not None or not hasattr(running, "kernel"):
        yield given or NOBODY.on_progress
        return
    shown_at = -EVERY_S

    def show(n_done: int, n_total: int) -> None:
        nonlocal shown_at
        if monotonic() - shown_at >= EVERY_S or n_done == n_total:
            shown_at = monotonic()
            sys.stdout.write(f"\r{n_done} of {n_total} runs")
            sys.stdout.flush()

    try:
        yield show
    finally:
        sys.stdout.write("\r")  # what comes of the work is shown in its place
