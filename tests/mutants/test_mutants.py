"""The tool that breaks the program: what it breaks, what it calls noticed, what it leaves alone."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.mutants.__main__ import EQUIVALENT, PACKAGES, known_equivalents, main, sampled
from tests.mutants.choice import Choice, reaches_compiled
from tests.mutants.faults import faults_of

SMALL = '''
"""Text: 1 < 2."""
def f(a: int = 3, *, low: "list[4]") -> int:
    """Doc 5."""
    if a <= low and not a:
        raise ValueError("six 6")
    return min(a + 1, low)
'''


def test_faults_are_made_in_code_and_not_in_words_or_annotations() -> None:
    source = SMALL.encode()
    found = {fault.lines(source) for fault in faults_of("small.py", source)}
    head = 'def f(a: int = 3, *, low: "list[4]") -> int:'
    ends = "return min(a + 1, low)"
    test = "if a <= low and not a:"
    assert found == {
        (head, head.replace("3", "4")),
        (test, "if a < low and not a:"),
        (test, "if a > low and not a:"),
        (test, "if a <= low or not a:"),
        (test, "if a <= low and a:"),
        (test, "if a <= high and not a:"),
        (test, "if not (a <= low and not a):"),
        ('raise ValueError("six 6")', "pass"),
        (ends, "return None"),
        (ends, "return max(a + 1, low)"),
        (ends, "return min(a - 1, low)"),
        (ends, "return min(a + 2, low)"),
        (ends, "return min(a + 1, high)"),
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_a_sample_is_that_of_its_seed_and_of_its_package_alone(
    package: str, repository: Path
) -> None:
    one, same, other = (sampled(repository, package, 5, seed) for seed in (1, 1, 2))
    assert one == same != other
    assert len(one) == 5
    assert all(Path(fault.path).is_relative_to(package) for fault in one)
    feeds = Path("sim/addresses/feeds")
    assert package == str(feeds) or not any(Path(f.path).is_relative_to(feeds) for f in one)


def test_what_is_called_equivalent_is_a_fault_that_can_be_made_and_has_a_reason(
    repository: Path,
) -> None:
    excused = known_equivalents()
    assert excused, f"nothing is read of {EQUIVALENT}"
    for (path, was, becomes), reason in excused.items():
        source = (repository / path).read_bytes()
        assert (was, becomes) in {f.lines(source) for f in faults_of(path, source)}, (path, was)
        assert len(reason) > 20


def test_a_constant_that_kernels_take_over_is_compiled_anew(repository: Path) -> None:
    assert reaches_compiled(repository, "sim/engine/state/states_kernel.py")
    assert reaches_compiled(repository, "sim/engine/state/levels.py")
    assert not reaches_compiled(repository, "sim/report/page/document.py")


def test_quick_tests_are_asked_first_and_slow_ones_only_within_the_budget(tmp_path: Path) -> None:
    record = {"tests": ["a::x", "a::y", "b::z"], "seconds": [4.0, 1.0, 9.0], "lines": {}}
    batches = Choice(tmp_path, record).batches([0, 1, 2], [5.0, 8.0])
    assert [(batch.tests, batch.seconds) for batch in batches] == [
        (["a::x", "a::y"], 5.0),
        (["b::z"], 9.0),
    ]


def test_what_runs_at_import_is_asked_of_all_that_mirror_the_package(tmp_path: Path) -> None:
    source = b"def entry(n):\n    return n + 1\nTABLE = entry(2)\n"
    (tmp_path / "sim/part").mkdir(parents=True)
    (tmp_path / "sim/part/table.py").write_bytes(source)
    record = {
        "tests": ["tests/unit/part/test_a.py::x", "tests/unit/other/test_b.py::y"],
        "seconds": [1.0, 1.0],
        "lines": {"sim/part/table.py": {"1": [], "2": [], "3": []}},
    }
    choice, faults = Choice(tmp_path, record), faults_of("sim/part/table.py", source)
    assert {fault.line for fault in faults} == {2, 3}
    assert all(choice.of(fault) == [0] for fault in faults)


@pytest.mark.long
def test_a_fault_that_a_test_sees_is_noticed_and_one_that_none_sees_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    toy = tmp_path / "toy"
    (toy / "sim" / "part").mkdir(parents=True)
    (toy / "tests").mkdir()
    (toy / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    for name in ("sim/__init__.py", "sim/part/__init__.py"):
        (toy / name).write_text("")
    code = "def seen(n):\n    while n > 3:\n        n -= 1\n    return n\n"
    (toy / "sim/part/seen.py").write_text(code)
    (toy / "sim/part/unseen.py").write_text("def half(n):\n    return n / 2\n")
    test = "from sim.part.seen import seen\ndef test_it():\n    assert seen(9) == seen(8) == 3\n"
    (toy / "tests/test_it.py").write_text(test)
    subprocess.run(["git", "init", "-q"], cwd=toy, check=True)
    here = Path(__file__).parent
    (toy / "tests/mutants").mkdir()
    for name in ("__init__.py", "recorder.py"):
        (toy / "tests/mutants" / name).write_text((here / name).read_text())
    monkeypatch.setattr("tests.mutants.__main__.REPOSITORY", toy)
    monkeypatch.setattr("tests.mutants.trial._START_S", 3.0)
    before = {path: path.read_bytes() for path in toy.rglob("*.py")}
    assert main(["--package", "sim/part", "--sample", "99", "--seed", "3"]) == 1
    told = capsys.readouterr().out
    assert "| sim/part | 4 | 3 | 0 | 75 % |" in told
    assert "survived sim/part/unseen.py:2 in" in told
    assert "no test executes it" in told
    assert {path: path.read_bytes() for path in toy.rglob("*.py")} == before
