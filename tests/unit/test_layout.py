"""The house stays as it is drawn: sizes of folders, no circles, names, tests that mirror rooms.

Which room may import which is held by the import contracts in ``pyproject.toml``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

MOST_MODULES = 30
"""Of its own, in one folder."""

FEWEST_LINES = 35
"""Of a module that only its neighbour imports: below, it is a part of that neighbour."""

SAY_NOTHING = {"utils", "helpers", "common", "misc", "tools"}
"""Names of modules that name no noun of the field."""


def modules_of(repository: Path) -> dict[str, Path]:
    """Modules of the package by their dotted names."""
    found = {}
    for path in sorted((repository / "sim").rglob("*.py")):
        parts = path.relative_to(repository).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports_of(name: str, path: Path, modules: dict[str, Path]) -> Iterator[str]:
    """Modules of the package that one imports anywhere in it, types included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            named = [one if one in modules else node.module for one in inner]
        else:
            continue
        yield from (one for one in named if one in modules and one != name)


@pytest.fixture(scope="module")
def imports(repository: Path) -> dict[str, set[str]]:
    modules = modules_of(repository)
    assert len(modules) > 300
    return {name: set(imports_of(name, path, modules)) for name, path in modules.items()}


def test_no_folder_has_more_modules_than_one_can_hold_in_mind(repository: Path) -> None:
    folders = {path.parent for path in modules_of(repository).values()}
    crowded = {
        str(folder): n
        for folder in folders
        if (n := len([*folder.glob("*.py")]) - 1) > MOST_MODULES
    }
    assert not crowded


def test_no_modules_import_each_other_in_a_circle(imports: dict[str, set[str]]) -> None:
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_a_circle_would_be_found() -> None:
    with pytest.raises(CycleError):
        TopologicalSorter({"a": {"b"}, "b": {"a"}}).prepare()


def test_a_module_that_only_its_neighbour_imports_is_a_thought_of_its_own(
    repository: Path, imports: dict[str, set[str]]
) -> None:
    modules = modules_of(repository)
    importers: dict[str, set[str]] = {name: set() for name in modules}
    for name, taken in imports.items():
        for one in taken:
            importers[one].add(name)
    fragments = [
        name
        for name, by in importers.items()
        if len(by) == 1
        and modules[name].parent == modules[next(iter(by))].parent
        and modules[name].parent.name not in ("strategies", "verbs", "compiled")
        and len(modules[name].read_text(encoding="utf-8").splitlines()) < FEWEST_LINES
    ]
    assert not fragments


def test_modules_are_named_by_nouns_of_the_field(repository: Path) -> None:
    named = {name.rpartition(".")[2] for name in modules_of(repository)}
    assert not named & SAY_NOTHING


def test_folders_of_unit_tests_are_folders_of_the_package(repository: Path) -> None:
    unit = repository / "tests/unit"
    folders = [path.relative_to(unit) for path in unit.rglob("*") if path.is_dir()]
    folders = [folder for folder in folders if folder.name != "__pycache__"]
    assert len(folders) > 10
    assert not [str(folder) for folder in folders if not (repository / "sim" / folder).is_dir()]
