"""Which texts code says in the language of its reader: found in its source, without running it.

In: sources of Python, of the template and of the page's scripts. Out: the English texts that they
hand to ``say``, directly, by a name, or by ``map``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

_IN_TEMPLATE = re.compile(r'\bsay\(\s*"((?:[^"\\]|\\.)*)"')


def said_in_python(source: str) -> set[str]:
    """Texts that a module says: literals in the first argument of ``say``, or behind its names."""
    tree = ast.parse(source)
    assigned: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                _note(target, node.value, assigned)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            _note(node.target, node.value, assigned)
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            for one in _said(node):
                found |= _texts(one, assigned, set())
    return found


def said_in_markup(source: str) -> set[str]:
    """Texts that the template or a script says: each is one literal."""
    return {text.replace("\\'", "'") for text in _IN_TEMPLATE.findall(source)}


def said_under(folder: Path) -> dict[str, str]:
    """Texts of all files of a folder, each with the name of a file that says it."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".py":
            texts = said_in_python(path.read_text("utf-8"))
        elif path.suffix in (".j2", ".js"):
            texts = said_in_markup(path.read_text("utf-8"))
        else:
            continue
        found |= dict.fromkeys(texts, path.name)
    return found


def _note(target: ast.expr, value: ast.expr, assigned: dict[str, list[ast.expr]]) -> None:
    if isinstance(target, ast.Name):
        assigned.setdefault(target.id, []).append(value)


def _said(call: ast.Call) -> Iterator[ast.expr]:
    """What a call says: the first argument of ``….say``, or what ``map`` hands to it."""
    if isinstance(call.func, ast.Attribute) and call.func.attr == "say" and call.args:
        yield call.args[0]
    elif (
        isinstance(call.func, ast.Name)
        and call.func.id == "map"
        and isinstance(call.args[0], ast.Attribute)
        and call.args[0].attr == "say"
    ):
        yield from call.args[1:]


def _texts(node: ast.expr, assigned: dict[str, list[ast.expr]], seen: set[str]) -> set[str]:
    match node:
        case ast.Constant(value=str(text)):
            return {text} if re.search("[a-z]", text) else set()
        case ast.Name(id=name):
            if name in seen:
                return set()
            seen.add(name)
            return set().union(*(_texts(one, assigned, seen) for one in assigned.get(name, ())))
        case ast.IfExp(body=one, orelse=other):
            return _texts(one, assigned, seen) | _texts(other, assigned, seen)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return set().union(*(_texts(part, assigned, seen) for part in parts))
        case ast.Starred(value=one):
            return _texts(one, assigned, seen)
        case ast.Dict(values=values):
            return set().union(*(_texts(value, assigned, seen) for value in values))
        case ast.Subscript(value=one):
            return _texts(one, assigned, seen)
        case ast.Call(func=ast.Attribute(value=one, attr="get" | "replace")):
            return _texts(one, assigned, seen)
    return set()
