"""Loops borrow the columns of their objects: what Python gets from one has memory of its own."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import sim

KERNELS = sorted(Path(sim.__file__).parent.rglob("*_kernel.py"))


def returned(function: ast.FunctionDef) -> Iterator[ast.expr]:
    """What a function returns, names replaced by what was last assigned to them."""
    nodes = list(ast.walk(function))
    assigned: dict[str, ast.expr] = {}
    for node in nodes:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            assigned |= {one.id: node.value for one in targets if isinstance(one, ast.Name)}
    for node in nodes:
        if isinstance(node, ast.Return) and node.value is not None:
            value = node.value
            for one in value.elts if isinstance(value, ast.Tuple) else (value,):
                yield assigned.get(one.id, one) if isinstance(one, ast.Name) else one


def borrowed(source: str) -> list[str]:
    """Loops for Python that return a column of an object, or a part of one."""
    found = []
    for function in ast.parse(source).body:
        if not isinstance(function, ast.FunctionDef):
            continue
        if not any(ast.unparse(by) == "compiled" for by in function.decorator_list):
            continue
        for value in returned(function):
            while isinstance(value, ast.Subscript):
                value = value.value
            if isinstance(value, ast.Attribute):
                found.append(function.name)
    return found


@pytest.mark.parametrize("path", KERNELS, ids=lambda path: path.stem)
def test_no_loop_hands_a_column_of_its_objects_to_python(path):
    assert borrowed(path.read_text(encoding="utf-8")) == []


def test_a_loop_that_hands_on_a_column_is_found():
    part = "@compiled\ndef rows(target):\n    rows: Rows = target.lost_list[:3]\n    return 1, rows"
    assert borrowed(part) == ["rows"]
    assert borrowed(part.replace(":3]", ":3].copy()")) == []
