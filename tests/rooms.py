"""The rooms of the package and who imports whom, read from the files.

``python -m tests.rooms`` makes the table of ``ARCHITECTURE.md`` anew between its marks.
"""

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

_MARKED = re.compile(r"(<!-- rooms -->\n).*?(<!-- end -->)", re.DOTALL)


def modules_of(repository: Path) -> dict[str, Path]:
    """Modules of the package by their dotted names."""
    found = {}
    for path in sorted((repository / "sim").rglob("*.py")):
        parts = path.relative_to(repository).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def _imports_in(path: Path) -> tuple[ast.Import | ast.ImportFrom, ...]:
    """Statements that import anything, types included; a file is parsed once."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return tuple(node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom))


def imports_of(name: str, path: Path, modules: dict[str, Path]) -> Iterator[str]:
    """Modules of the package that one imports anywhere in it, types included."""
    for node in _imports_in(path):
        if isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        elif node.module:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            named = [one if one in modules else node.module for one in inner]
        else:
            continue
        yield from (one for one in named if one in modules and one != name)


def libraries_of(path: Path) -> set[str]:
    """Packages of others that one imports anywhere in it."""
    found = set()
    for node in _imports_in(path):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif node.module:
            found.add(node.module.partition(".")[0])
    # `compression` is of the standard library from Python 3.14 on.
    return found - sys.stdlib_module_names - {"sim", "compression"}


def all_imports(repository: Path) -> dict[str, set[str]]:
    """What each module of the package imports of it."""
    modules = modules_of(repository)
    return {name: set(imports_of(name, path, modules)) for name, path in modules.items()}


def with_rooms(text: str, repository: Path) -> str:
    """Return the page with the table between its marks made anew."""
    modules = modules_of(repository)
    taken: dict[str, set[str]] = {}
    for name, imports in all_imports(repository).items():
        room = name.split(".")[1] if "." in name else ""
        if room and modules[f"sim.{room}"].name == "__init__.py":
            others = {one.split(".")[1] for one in imports if one.count(".")} - {room}
            taken.setdefault(room, set()).update(others)
    # Those that all may take stand below all rooms, and are not said each time.
    graph = {room: sorted(taken[room]) for room in sorted(taken)}
    rooms = [one for one in TopologicalSorter(graph).static_order() if one in taken]
    rows = ["| room | what it is | takes from |", "| --- | --- | --- |"]
    for room in reversed(rooms):
        said = ast.get_docstring(ast.parse(modules[f"sim.{room}"].read_text(encoding="utf-8")))
        what = (said or "").partition("\n")[0]
        below = [f"`{one}`" for one in reversed(rooms) if one in taken[room]]
        rows.append(f"| `{room}` | {what} | {', '.join(below) or 'nothing'} |")
    table = "\n".join([*rows, ""])
    return _MARKED.sub(lambda found: f"{found[1]}\n{table}\n{found[2]}", text)


def main() -> None:
    """Make the table anew."""
    repository = Path(__file__).resolve().parent.parent
    page = repository / "ARCHITECTURE.md"
    text = page.read_text(encoding="utf-8")
    page.write_text(with_rooms(text, repository), encoding="utf-8")


if __name__ == "__main__":
    main()
