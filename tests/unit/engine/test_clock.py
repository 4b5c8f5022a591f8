"""Moments come at their time and phase, by what SimPy offers everybody."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import simpy

import sim
from sim.engine.clock import Clock, Moment, Phase

SIM = Path(__file__).resolve().parents[3] / "sim"


def test_in_a_second_phases_come_in_order_and_of_one_phase_who_asked_first():
    clock, seen = Clock(), []
    for name, t_s, phase in (
        ("late", 7, Phase.ORDERS),
        ("tick", 5, Phase.TICK),
        ("first", 5, Phase.DOWNLOAD),
        ("second", 5, Phase.DOWNLOAD),
        ("order", 5, Phase.ORDERS),
    ):
        clock.act_at(t_s, phase, lambda name=name: seen.append((clock.now, name)))
    clock.run()
    assert seen == [(5, "order"), (5, "first"), (5, "second"), (5, "tick"), (7, "late")]


def test_a_process_waits_for_a_moment_and_for_what_simpy_has_itself():
    clock, seen = Clock(), []

    def actor():
        yield Moment(clock, 3, Phase.REVIEW)
        seen.append(clock.now)
        yield clock.timeout(4)
        seen.append(clock.now)

    clock.process(actor())
    clock.run(until=10)
    assert seen == [3, 7]


def test_what_a_process_raises_ends_the_run():
    clock = Clock()

    def actor():
        yield Moment(clock, 3, Phase.REVIEW)
        raise LookupError("lost")

    clock.process(actor())
    with pytest.raises(LookupError, match="lost"):
        clock.run()
    assert clock.now_s == 3


def private_names() -> set[str]:
    clock = simpy.Environment()
    objects = (clock, clock.event(), clock.timeout(1))
    return {name for one in objects for name in dir(one) if re.match("_[a-z]", name)}


def test_nothing_private_of_simpy_is_used():
    used = {}
    for path in SIM.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if re.search(r"^(import simpy|from simpy)", text, re.MULTILINE):
            nodes = ast.walk(ast.parse(text))
            used[path.name] = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    assert {"clock.py", "run.py", "target.py"} <= set(used)
    assert {"_ok", "_value", "_queue"} <= private_names()
    assert {name: both for name, mine in used.items() if (both := mine & private_names())} == {}


# Loops borrow the columns of their objects: what Python gets from one has memory of its own.


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
