"""Which tests are asked about a fault: those that execute the lines it changes, quickest first.

In: a record of a run of the tests, and the sources. A line that is executed when a module is
imported says nothing about who depends on it: then every test that runs something of the module
counts, or of the modules that import it, and all that mirror its package. The same for compiled
code, which is not seen line by line.
"""

import ast
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.mutants.faults import Fault

INTERPRETED = "tests/property/test_interpreted.py"
"""Runs all loops in a process of its own, of which nothing is recorded."""


@dataclass(frozen=True)
class Chosen:
    """Tests to ask, and how many seconds they took without a fault."""

    tests: list[str]
    seconds: float


class Choice:
    """Answers which tests execute what, from the record of one run."""

    def __init__(self, root: Path, record: dict[str, Any]) -> None:
        self.root = root
        self.tests: list[str] = record["tests"]
        self.seconds: list[float] = record["seconds"]
        self.lines: dict[str, dict[int, list[int]]] = {
            path: {int(line): tests for line, tests in lines.items()}
            for path, lines in record["lines"].items()
        }

    def of(self, fault: Fault) -> list[int]:
        """Return the numbers of all tests that may notice, quickest file first."""
        lines = self.lines.get(fault.path, {})
        if is_compiled(self.root / fault.path):
            found = self._of_importers(fault.path)
            found |= {n for n, test in enumerate(self.tests) if test.startswith(INTERPRETED)}
            return self._ordered(fault.path, found)
        for first, last in enclosing(self.root / fault.path, fault.line):
            found = {test for line in range(first, last + 1) for test in lines.get(line, [])}
            if found:
                return self._ordered(fault.path, found)
        # Functions too may run at import alone, where a table is made of their results.
        found = self._running(fault.path) or self._of_importers(fault.path)
        mirror = _mirror_of(fault.path)
        found |= {n for n, test in enumerate(self.tests) if test.startswith(mirror)}
        return self._ordered(fault.path, found)

    def batches(self, numbers: list[int], budgets_s: list[float]) -> list[Chosen]:
        """Cut the tests into batches of so many seconds; what is beyond the last is left out."""
        left = sorted(numbers, key=self.seconds.__getitem__)
        found = []
        for budget in budgets_s:
            taken, total = [], 0.0
            while left and (total + self.seconds[left[0]] <= budget or not taken):
                total += self.seconds[left[0]]
                taken.append(left.pop(0))
            if taken:
                kept = set(taken)
                found.append(Chosen([self.tests[n] for n in numbers if n in kept], total))
        return found

    def _running(self, path: str) -> set[int]:
        """Tests that execute a line inside a function of the file."""
        lines = self.lines.get(path, {})
        bodies = bodies_of(self.root / path)
        return {
            test
            for line, tests in lines.items()
            if any(first <= line <= last for first, last in bodies)
            for test in tests
        }

    def _of_importers(self, path: str) -> set[int]:
        """Tests that run something of what imports the file.

        Compiled code, and a module that only hands on names, passes the question on.
        """
        seen: set[str] = set()
        waiting, found = [path], set()
        while waiting:
            current = waiting.pop()
            if current in seen:
                continue
            seen.add(current)
            for other in importers(self.root)[current]:
                running = self._running(other)
                found |= running
                if is_compiled(self.root / other) or not running:
                    waiting.append(other)
        return found

    def _ordered(self, path: str, numbers: set[int]) -> list[int]:
        """Group by file; the files that mirror the package first, then the quickest."""
        files: dict[str, list[int]] = defaultdict(list)
        for number in numbers:
            files[self.tests[number].partition("::")[0]].append(number)
        mirror = _mirror_of(path)
        groups = sorted(
            (not file.startswith(mirror), sum(self.seconds[n] for n in of), file)
            for file, of in files.items()
        )
        return [n for *_, file in groups for n in sorted(files[file])]


def _mirror_of(path: str) -> str:
    """Folder of the tests that mirror a file's package."""
    return f"tests/unit/{Path(path).parts[1]}/"


@cache
def bodies_of(path: Path) -> list[tuple[int, int]]:
    """First and last lines of all functions' bodies."""
    return [
        (node.body[0].lineno, node.end_lineno or node.lineno)
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def enclosing(path: Path, line: int) -> list[tuple[int, int]]:
    """Return the line, its statement and its function, as ranges; none outside of functions."""
    bodies = [(first, last) for first, last in bodies_of(path) if first <= line <= last]
    if not bodies:
        return []
    statements = [
        (node.lineno, node.end_lineno or node.lineno)
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    ranges = {(line, line), *statements, *bodies}
    inner = max(bodies)
    return sorted(
        ((a, b) for a, b in ranges if a >= inner[0] or (a, b) == inner), key=lambda r: r[1] - r[0]
    )


@cache
def is_compiled(path: Path) -> bool:
    """Whether the file is made for the compiler of numba."""
    text = path.read_text(encoding="utf-8")
    decorators = r"^from (numba|sim\.\S+) import .*\b(njit|compiled|part)\b"
    return bool(re.search(decorators, text, re.MULTILINE))


@cache
def importers(root: Path) -> dict[str, set[str]]:
    """For each file of the program, the files that import it or name it as a module to load."""
    modules = {module_of(path.relative_to(root)): path for path in (root / "sim").rglob("*.py")}
    found: dict[str, set[str]] = defaultdict(set)
    for path in modules.values():
        for node in ast.walk(ast.parse(path.read_bytes())):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                names = [node.value]
            for name in names:
                if name in modules and modules[name] != path:
                    imported = modules[name].relative_to(root).as_posix()
                    found[imported].add(path.relative_to(root).as_posix())
    return found


@cache
def reaches_compiled(root: Path, path: str) -> bool:
    """Whether compiled code may hold something of the file: kernels import it, or it is one."""
    seen, waiting = set(), [path]
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        if is_compiled(root / current):
            return True
        waiting.extend(importers(root)[current])
    return False


def module_of(path: Path) -> str:
    """Dotted name of a file."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")
