"""What pyproject.toml asks for is used, and what is used is asked for."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.laws

# Where the name to import is not that of the distribution.
MODULES = {
    "cyclonedx-python-lib": "cyclonedx", "import-linter": "importlinter",
    "markdown-it-py": "markdown_it", "py-radix": "radix", "pysubnettree": "SubnetTree",
    "pytest-xdist": "xdist", "ruamel.yaml": "ruamel",
}  # fmt: skip
# Used without an import of ours, and by what.
USED_BY = {
    "furo": "sphinx: how pages of the site look",
    "myst-parser": "sphinx: reads Markdown",
    "cryptography": "distributed: a temporary identity for its connections",
    "ipykernel": "nbclient: the kernel that runs the notebook",
    "tzdata": "zoneinfo: time zones where the system brings none; codes of countries",
}
# Imported, and brought by what is asked for: these packages cannot be there without it.
BROUGHT_BY = {
    "click": "typer", "cycler": "matplotlib", "dask": "distributed", "llvmlite": "numba",
    "markupsafe": "jinja2", "PIL": "matplotlib", "pyarrow": "frictionless",
    "pydantic_core": "pydantic",
}  # fmt: skip
# Used by a test where it happens to be there: DuckDB before 2.0.1 hands out times by it.
OFFERED = {"pytz"}
FOLDERS = {
    "": ["sim"], "bench": ["benchmarks"], "test": ["sim", "tests"], "dev": ["tests"],
    "browser": ["tests"], "docs": ["docs"],
}  # fmt: skip
"""Where packages of an extra may be imported; of other extras anywhere in the program."""
FULL_TEST = ("analysis", "cluster", "explore")
"""Extras that the extra ``test`` brings."""
FOLDERS_READ = ("sim", "tests", "tools", "benchmarks", "docs")


def asked_for(repository: Path) -> dict[str, list[str]]:
    """Distributions by extra; those without which nothing works are of the extra ``""``."""
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    names = {
        extra: [re.split(r"[\[<>=;~! ]", line)[0] for line in lines]
        for extra, lines in groups.items()
    }
    return {
        extra: [name for name in of_extra if name != project["name"]]
        for extra, of_extra in names.items()
    }


def modules_named(repository: Path, folder: str) -> set[str]:
    """Top names of modules that a folder imports; benchmarks also name them in calls."""
    found = set()
    for path in (repository / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                found.add(node.module or "")
            elif isinstance(node, ast.Call) and (
                folder == "benchmarks" or getattr(node.func, "attr", "") == "importorskip"
            ):
                constants = (one.value for one in node.args if isinstance(one, ast.Constant))
                found |= {value for value in constants if isinstance(value, str)}
    return {name.partition(".")[0] for name in found}


def module_of(distribution: str) -> str:
    return MODULES.get(distribution, distribution.replace("-", "_"))


@pytest.fixture(scope="module")
def named(repository: Path) -> dict[str, set[str]]:
    return {folder: modules_named(repository, folder) for folder in FOLDERS_READ}


def test_every_dependency_is_imported_by_something(repository, named):
    scripts = "".join(path.read_text() for path in (repository / ".ci").iterdir() if path.is_file())
    idle = []
    for extra, distributions in asked_for(repository).items():
        assert distributions, f"nothing is read of the extra {extra!r}"
        for name in distributions:
            folders = FOLDERS.get(extra, ["sim"])
            is_imported = any(module_of(name) in named[folder] for folder in folders)
            # Tools are started by a script, or are options of pytest.
            is_started = extra in ("dev", "test") and (
                f"bin/{name}" in scripts
                or f"-m {name}" in scripts
                or {"import-linter": "lint-imports", "pytest-xdist": "-n auto"}.get(name, "\0")
                in scripts
            )
            if not (is_imported or is_started or name in USED_BY):
                idle.append(f"{name} ({extra or 'always'})")
    assert idle == []


def test_what_is_imported_is_asked_for(repository, named):
    import sys

    groups = asked_for(repository)
    modules = {module_of(name) for of_extra in groups.values() for name in of_extra}
    own = {
        "sim", "overblock", "tests", "tools", "benchmarks", "facts", "compression",
        *sys.stdlib_module_names,
    }  # fmt: skip
    for folder in ("sim", "tests", "tools"):
        strange = named[folder] - modules - own - {""} - OFFERED
        assert {name for name in strange if BROUGHT_BY.get(name) not in modules} == set()


@pytest.mark.parametrize(
    ("folders", "extras", "others"),
    [
        # `.ci/lowest` installs no extra.
        (("unit", "golden"), ("pytest", "hypothesis"), {"pandas"}),
        # A fresh machine has what the README's command brings.
        (("",), ("test", *FULL_TEST), {"ruff", "mypy", "mesa"}),
    ],
)
def test_tests_import_at_their_head_what_is_installed(repository, folders, extras, others):
    """Pytest ends where one file cannot be imported."""
    groups = asked_for(repository)
    brought = {*groups[""], *(name for extra in extras for name in groups.get(extra, [extra]))}
    absent = {module_of(name) for of_extra in groups.values() for name in of_extra}
    absent -= {module_of(name) for name in brought}
    assert others <= absent
    found = [
        f"{path.relative_to(repository)}: {name}"
        for folder in folders
        for path in sorted((repository / "tests" / folder).rglob("*.py"))
        if "browser" not in path.parts
        for node in ast.parse(path.read_bytes()).body
        for name in _imported(node)
        if name.partition(".")[0] in absent
    ]
    assert found == []


def _imported(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


def test_doctor_knows_what_is_asked_for(repository):
    from sim.cli.verbs import library

    groups = asked_for(repository)
    extras = {extra: sorted(groups[extra]) for extra in library._EXTRAS}
    assert {e: sorted(of) for e, of in library._EXTRAS.items()} == extras
    assert set(groups) - set(library._EXTRAS) == {"", "bench", "browser", "dev", "docs", "test"}
