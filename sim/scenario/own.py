"""Strategies and measures in Python files of a user's own: which may run, and their names."""

from __future__ import annotations

import ast
import hashlib
import linecache
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, TypeVar

import numpy as np
from pydantic import ValidationError

from sim.errors import Problem, ScenarioError, UsageError
from sim.files import hash_of
from sim.scenario.document import Value, explain, hint
from sim.scenario.load import LoadedScenario
from sim.scenario.overrides import override_text, parse_parameters, split_at_commas
from sim.scenario.quantities import Model, describe
from sim.scenario.schema import OwnMeasure, Scenario
from sim.scenario.strategies import Own
from sim.scenario.tables.seeds import CodeTable, Table, read_bytes

Kind = TypeVar("Kind", bound=Model)
_TRUSTED: set[str] = set()
_DATA = (*(bool, int, float, complex, str, bytes, tuple, list, dict, set, frozenset), np.ndarray)
_KEPT = (ast.Import, ast.ImportFrom, ast.ClassDef, ast.FunctionDef)


class OwnCodeError(ScenarioError):
    """The code of a user's own is wrong."""


def trust(digests: Iterable[str]) -> None:
    """Let files run that have some SHA-256, in this process."""
    _TRUSTED.update(digests)


def trust_file(path: Path) -> None:
    """Let a file run, in this process.

    Raises
    ------
    UsageError
        If it cannot be read.
    """
    try:
        trust([hash_of(path)])
    except OSError as error:
        raise UsageError(
            f"{path}: expected a Python file, got an error: {error.strerror}"
        ) from None


def own_code(scenario: Scenario) -> list[Own | OwnMeasure]:
    """Parts of a scenario that are in Python files."""
    strategy = scenario.strategy
    return [*([strategy] if isinstance(strategy, Own) else []), *(scenario.measures or ())]


def read_code(loaded: LoadedScenario, name: str) -> CodeTable:
    """Read a Python file that a scenario names, without running it.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    path = loaded.find_list(name)
    data = read_bytes(path, what="Python file")
    return CodeTable(name, path, data, hashlib.sha256(data).hexdigest(), (), (), None)


def load_name(tables: Iterable[Table[Any]], file: str, name: str) -> Any:
    """Object that a Python file of a scenario defines under a name.

    Raises
    ------
    OwnCodeError
        If the user did not name the file, it fails, or it has no such name.
    """
    (table,) = (one for one in tables if one.name == file)
    if table.sha256 not in _TRUSTED:
        message = (
            f"expected code that you trust, got SHA-256 {table.sha256}; it runs with your rights: "
            "read it, then name it with --trust FILE"
        )
        raise OwnCodeError([Problem(file, message)])
    found = vars(_module_of(table.sha256, table.data, file))
    if name not in found:
        message = f"expected a definition of {name}, got none{hint(name, found)}"
        raise OwnCodeError([Problem(file, message)])
    return found[name]


@cache
def _module_of(digest: str, data: bytes, file: str) -> ModuleType:
    """Run a file, once in a process."""
    module = ModuleType(f"overblock_own_{digest[:12]}")
    # Where pydantic looks up the names of annotations.
    sys.modules[module.__name__] = module
    try:
        _check_imports(ast.parse(data, file), file)
        exec(compile(data, file, "exec", dont_inherit=True), vars(module))
    except OwnCodeError:
        raise
    except (Exception, SystemExit) as error:
        raise failure(file, error) from error
    return module


def _check_imports(tree: ast.Module, file: str) -> None:
    """Refuse other files of the user's, which no folder would have a copy of."""
    problems, here = [], Path.cwd()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        elif isinstance(node, ast.Import):
            names = [one.name for one in node.names]
        else:
            continue
        for name in {name.partition(".")[0] for name in names} - {"", "sim", "overblock"}:
            spec = PathFinder.find_spec(name)
            origin = Path(spec.origin).resolve() if spec and spec.origin else None
            if origin and here in (origin.parent, origin.parents[1]):
                message = f"expected installed packages alone, got an import of your own {name}"
                problems.append(Problem(file, message, node.lineno))
    if problems:
        raise OwnCodeError(problems)


def failure(file: str, error: BaseException) -> OwnCodeError:
    """What a Python file raised, with the last of its lines that was reached."""
    line, text = 0, str(error)
    if isinstance(error, SyntaxError):
        line, text = error.lineno or 0, error.msg
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return OwnCodeError([Problem(file, " ".join(f"{type(error).__name__}: {text}".split()), line)])


def make(kind: type[Kind], asked: Own) -> Kind:
    """A strategy with the values that a scenario sets.

    Raises
    ------
    OwnCodeError
        With every value that does not fit its keys.
    """
    try:
        return kind(**asked.values)
    except ValidationError as error:
        unknown = f"unknown key (known: {', '.join(kind.model_fields) or 'none'})"
        problems = []
        for one in error.errors():
            message = unknown if one["type"] == "extra_forbidden" else explain(one)
            key = ".".join((asked.rule, *map(str, one["loc"])))
            problems.append(Problem(asked.file, message, key=key))
        raise OwnCodeError(problems) from None


def own_strategy(text: str, origin: str) -> tuple[dict[str, Value], dict[str, Path]]:
    """Read ``FILE.py:CLASS[,parameter=value,…]``: the strategy, and where its file is.

    The file may then run.

    Raises
    ------
    ScenarioError, UsageError
        If it has another form, or the file cannot be read.
    """
    path, name, rest = _split(text, origin)
    values = parse_parameters(rest, origin) if rest else {}
    tree: dict[str, Value] = {"id": "own", "file": path.name, "rule": name, "values": values}
    return tree, {path.name: path}


def settings(
    strategy: str | None, measures: Sequence[str], values: Sequence[str]
) -> tuple[list[str], dict[str, Path]]:
    """Write a strategy and measures of a command line as settings of a scenario.

    Parameters
    ----------
    strategy
        ``FILE.py:CLASS`` or the id of a shipped one, with ``:parameter=value,…`` if wanted.
    measures
        Each as ``FILE.py:FUNCTION``.
    values
        Settings ``key.path=value``; where there is a strategy, one without a point that is no key
        of a scenario sets a parameter of it.

    Returns
    -------
    texts, copies
        Settings, and where files are.

    Raises
    ------
    ScenarioError, UsageError
        As for `own_strategy`, or if two files have one name.
    """
    texts: list[str] = []
    copies: dict[str, Path] = {}
    above = "strategy"
    if strategy is not None and f"{strategy}:".count(".py:"):
        tree, copies = own_strategy(strategy, f"--strategy {strategy}")
        texts, above = [override_text("strategy", tree)], "strategy.values"
    elif strategy is not None:
        name, _, rest = strategy.partition(":")
        texts = [override_text("strategy", {"id": name})]
        texts += [f"strategy.{pair}" for pair in filter(None, split_at_commas(rest))]
    found: list[Value] = []
    for text in measures:
        path, name, _ = _split(text, f"--measure {text}")
        if copies.setdefault(path.name, path).resolve() != path.resolve():
            message = f"expected files of distinct names, got {copies[path.name]} and {path}"
            raise ScenarioError([Problem(f"--measure {text}", message)])
        found.append({"file": path.name, "name": name})
    texts += [override_text("measures", found)] if found else []
    for value in values:
        key = value.partition("=")[0].strip()
        is_own = strategy is not None and "." not in key and key not in Scenario.model_fields
        texts.append(f"{above}.{value}" if is_own else value)
    return texts, copies


def _split(text: str, origin: str) -> tuple[Path, str, str]:
    file, colon, rest = text.partition(".py:")
    name, _, rest = rest.partition(",")
    if not (colon and name.strip().isidentifier()):
        message = f"expected FILE.py:NAME, got {describe(text)}"
        raise ScenarioError([Problem(origin, message)])
    path = Path(f"{file.strip()}.py")
    trust_file(path)
    return path, name.strip(), rest


def _is_same(one: Any, other: Any) -> bool:
    """Whether what a copy of a source defines is what its source has made of it."""
    one, other = (getattr(each, "formula", each) for each in (one, other))
    if type(one).__qualname__ != type(other).__qualname__:
        return False
    if isinstance(one, type):
        held = {key for key in {**vars(one), **vars(other)} if not key.startswith("__")}
        return all(_is_same(vars(one).get(key), vars(other).get(key)) for key in held)
    if isinstance(one, FunctionType):
        kept, now = ((of.__code__, of.__defaults__, of.__kwdefaults__) for of in (one, other))
        return kept[0] == now[0] and repr(kept[1:]) == repr(now[1:])
    return not isinstance(one, _DATA) or repr(one) == repr(other)


def source_of(thing: Any) -> tuple[str, str]:
    """File name and text of what a user defined in Python; the text may then run elsewhere.

    Imports, definitions and constants stay in the lines in which they are; the rest, such as the
    call that is under way, is left out.

    Raises
    ------
    UsageError
        If the source is not known, the definition is not at the top of its file or cell, or what
        is left out has changed what is kept.
    """
    function = getattr(thing, "decide", thing)
    path = Path(function.__code__.co_filename)
    lines = linecache.getlines(function.__code__.co_filename)
    kept: set[int] = set()
    names: list[str] = []
    used: set[str] = set()
    for node in ast.parse("".join(lines)).body:
        is_constant = isinstance(node, ast.Assign | ast.AnnAssign) and not any(
            isinstance(one, ast.Call) for one in ast.walk(node)
        )
        if isinstance(node, _KEPT) or is_constant:
            above = [one.lineno for one in getattr(node, "decorator_list", ())]
            kept.update(range(min([node.lineno, *above]), (node.end_lineno or node.lineno) + 1))
            names.append(getattr(node, "name", ""))
            loads = (one for one in ast.walk(node) if isinstance(one, ast.Name))
            used |= {one.id for one in loads if isinstance(one.ctx, ast.Load)}
    if thing.__qualname__ not in names:
        raise UsageError(
            f"{thing.__qualname__}: expected a definition at the top of a file or of a cell of a "
            "notebook, got none"
        )
    text = "".join(line if row in kept else "\n" for row, line in enumerate(lines, 1))
    trust([digest := hashlib.sha256(text.encode()).hexdigest()])
    file = path.name if path.is_file() else f"{thing.__qualname__}.py"
    copy = vars(_module_of(digest, text.encode(), file))
    for name in sorted({*used, thing.__qualname__} & copy.keys()):
        if not _is_same(copy[name], function.__globals__.get(name)):
            raise UsageError(
                f"{thing.__qualname__}: expected {name} to be what imports, definitions and "
                "assignments without a call make it, as only these run; got another value"
            )
    return file, text
