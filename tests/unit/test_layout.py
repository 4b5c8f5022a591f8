"""The house stays as it is drawn: sizes, no circles, owners of libraries, tests that mirror rooms,
and how few places name a strategy, a measure, a key or a verb.

Which room may import which is held by the import contracts in ``pyproject.toml``.
"""

import ast
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from sim.catalogue.curves import CURVES
from sim.catalogue.measures import MEASURES
from sim.scenario.strategies import DECLARED
from sim.scenario.tables.rows import assumed_by_key
from tests.rooms import all_imports, libraries_of, modules_of, with_rooms

MOST_MODULES = 30
"""Of its own, in one folder."""

FEWEST_LINES = 35
"""Of a module that only its neighbour imports: below, it is a part of that neighbour."""

MOST_LINES = 600
"""Of a module; a longer one says in its docstring why it is one file."""

WHY_ONE_FILE = r"\bone\s+(long\s+)?file,?\s+(since|because)|\bis\s+long\s+because"
"""How it says so."""

OWNERS = {
    "babel": {"addresses", "report", "scenario"}, "dask": {"experiment"},
    "distributed": {"experiment"}, "duckdb": {"addresses", "results"}, "jinja2": {"report"},
    "markdown_it": {"report"},
    "llvmlite": {"engine"}, "markupsafe": {"report"}, "matplotlib": {"report"}, "numba": {"engine"},
    "packaging": {"bundle"}, "pandas": {"api"}, "pydantic": {"scenario"},
    "pydantic_core": {"scenario"}, "ruamel": {"scenario"}, "xarray": {"api"}, "shiny": {"explore"},
    "simpy": {"engine"}, "typer": {"cli"}, "uvicorn": {"explore"},
}  # fmt: skip
"""Rooms that import a library; the others know nothing of it."""

EVERYBODYS = {"numpy", "scipy"}
"""Libraries that any room may import."""

SAY_NOTHING = {"utils", "helpers", "common", "misc", "tools"}
"""Names of modules that name no noun of the field."""


@pytest.fixture(scope="module")
def imports(repository: Path) -> dict[str, set[str]]:
    found = all_imports(repository)
    assert len(found) > 200
    return found


def test_no_folder_has_more_modules_than_one_can_hold_in_mind(repository):
    crowded = {
        str(folder): n
        for folder in {path.parent for path in modules_of(repository).values()}
        if (n := len([*folder.glob("*.py")]) - 1) > MOST_MODULES
    }
    assert not crowded


def test_no_modules_import_each_other_in_a_circle(imports):
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_a_module_that_only_its_neighbour_imports_is_a_thought_of_its_own(repository, imports):
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


def test_a_long_module_says_why_it_is_one_file(repository):
    long = {
        name: ast.get_docstring(ast.parse(text)) or ""
        for name, path in modules_of(repository).items()
        if len((text := path.read_text(encoding="utf-8")).splitlines()) > MOST_LINES
    }
    assert not [name for name, said in long.items() if not re.search(WHY_ONE_FILE, said)]


def test_every_library_is_imported_by_its_owners_alone(repository):
    found: dict[str, set[str]] = {}
    for name, path in modules_of(repository).items():
        for library in libraries_of(path):
            found.setdefault(library, set()).add((f"{name}.").split(".")[1])
    assert {one: rooms for one, rooms in found.items() if one not in EVERYBODYS} == OWNERS


def test_modules_are_named_by_nouns_of_the_field(repository):
    named = {name.rpartition(".")[2] for name in modules_of(repository)}
    assert not named & SAY_NOTHING


def test_folders_of_unit_tests_are_folders_of_the_package(repository):
    unit = repository / "tests/unit"
    folders = [path.relative_to(unit) for path in unit.rglob("*") if path.is_dir()]
    folders = [folder for folder in folders if folder.name != "__pycache__"]
    assert len(folders) > 10
    assert not [str(folder) for folder in folders if not (repository / "sim" / folder).is_dir()]


def test_the_page_of_the_rooms_is_drawn_from_the_imports(repository):
    """Remake it with ``python -m tests.rooms``."""
    page = (repository / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert page == with_rooms(page, repository)


def test_files_that_documents_name_are_there(repository):
    """But in the measured profile of benchmarks, which names modules as they were."""
    pages = [*repository.glob("*.md"), *(repository / "docs").rglob("*.md")]
    folders = "(?:sim|tests|tools|docs|seeds|benchmarks)"
    named = {
        (page.relative_to(repository).as_posix(), file)
        for page in pages
        for text in [page.read_text(encoding="utf-8")]
        for file in [
            *re.findall(rf"`(?:pytest [^`]*?)?({folders}/[^`\s:*<>]+)`", text),
            *re.findall(rf"\b{folders}/[\w/]+\.py\b", text),
        ]
        if "NAME" not in file and (page.name != "benchmarks.md" or file.endswith(".py"))
    }
    assert len(named) > 100
    assert not [one for one in named if not (repository / one[1]).exists()]
    there = {path.name for path in (repository / "tests").rglob("test_*.py")}
    assert {n for page in pages for n in re.findall(r"`(test_\w+\.py)`", page.read_text())} <= there


def test_what_a_business_loses_is_read_in_seven_files(repository):
    page = (repository / "ARCHITECTURE.md").read_text(encoding="utf-8")
    items = re.findall(r"^\d\. `(sim/\S+\.py)`((?:.|\n(?! *\n|\d))*)", page, re.MULTILINE)
    assert len(items) == 7
    named = [(file, name) for file, said in items for name in re.findall(r"`(\w+)`", said)]
    assert len(named) > 2
    for file, name in named:
        source = (repository / file).read_text(encoding="utf-8")
        assert re.search(rf"^ *def {name}\(", source, re.MULTILINE), (file, name)


def test_benchmarks_import_nothing_from_tests(repository):
    files = [*(repository / "benchmarks").glob("*.py")]
    assert len(files) > 10
    assert not [path.name for path in files if "tests" in libraries_of(path)]


PASS_ON = {"bundle", "cli", "experiment", "explore", "results", "statistics"}
"""Rooms that pass on whatever is declared: a new measure or key asks for no line there."""

NAMED_BESIDE = {
    "NoBlocking": {"experiment.runs", "measure.facts"},
    "Replay": {"measure.facts", "scenario.tables.consistency"},
    "Orders": {"measure.facts", "scenario.resolve"},
    "TimeWindow": {"measure.facts"},
    "Dns": {"measure.facts"},
    "Sni": {"measure.facts"},
    "Throttle": {"measure.facts"},
    "Negotiate": {"measure.facts"},
}
"""Modules that name a strategy beside its declaration and its rule: what it lacks or reads."""

COLUMNS_TOO = {"affected", "down", "impaired", "n_businesses", "share_businesses", "share_users"}
"""Keys that share their name with columns of tables."""


@pytest.fixture(scope="module")
def naming(repository: Path) -> dict[str, set[str]]:
    """Modules by each text, ``.attribute`` and strategy that they name."""
    found: dict[str, set[str]] = {}
    for name, path in modules_of(repository).items():
        module = name.removeprefix("sim.")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = []
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named = [node.value]
            elif isinstance(node, ast.Attribute):
                named = [f".{node.attr}"]
                if isinstance(node.value, ast.Name) and node.value.id in ("ask", "strategies"):
                    named.append(f"strategies.{node.attr}")
            elif isinstance(node, ast.ImportFrom) and node.module == "sim.scenario.strategies":
                named = [f"strategies.{alias.name}" for alias in node.names]
            for one in named:
                found.setdefault(one, set()).add(module)
    return found


def test_a_strategy_is_named_where_it_is_declared_and_by_its_rule(naming):
    rule, beside = re.compile(r"engine\.strategies\."), {}
    for kind in DECLARED.values():
        modules = naming[f"strategies.{kind.__name__}"]
        assert len([one for one in modules if rule.match(one)]) == 1, kind.__name__
        beside[kind.__name__] = {one for one in modules if not rule.match(one)}
    assert {name: modules for name, modules in beside.items() if modules} == NAMED_BESIDE


def test_a_measure_is_named_by_one_formula_and_by_no_room_that_passes_it_on(naming):
    # One word, or the name of a curve, may mean something else.
    measures = {name for name in MEASURES if "_" in name} - set(CURVES)
    assert len(measures) > 60
    for name in measures:
        modules = naming.get(name, set()) - {"measure.facts"}
        assert len([one for one in modules if one.startswith("measure.")]) <= 1, name
        assert not {one.split(".")[0] for one in modules} & PASS_ON, name


def test_a_key_is_named_by_no_room_that_passes_it_on(naming):
    keys = {path.rpartition(".")[2] for path in assumed_by_key()} - COLUMNS_TOO
    assert len(keys) > 40
    for key in keys:
        modules = naming.get(key, set()) | naming.get(f".{key}", set())
        assert modules, key
        assert not {one.split(".")[0] for one in modules} & PASS_ON, key


def test_a_verb_is_imported_by_the_command_line_alone(imports):
    verbs = {name for name in imports if name.startswith("sim.cli.verbs.")}
    assert len(verbs) >= 5
    assert {name for name, taken in imports.items() if taken & verbs} == {"sim.cli.app"}
