"""Compiled code is that of the sources as they are, wherever it is kept."""

import ast
import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.addresses import machine_code


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A loop, what it imports and what it does not, in an environment that names no place.

    All are older than this process.
    """
    package = tmp_path / "sim"
    for name, text in {
        "__init__.py": "",
        "engine/patience.py": "IMPAIRED_LEVEL = 2\n",
        "engine/turn_kernel.py": "from sim.engine import (\n    patience,\n)\n",
        "cli/app.py": "from sim.engine import turn_kernel\n",
    }.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    monkeypatch.setattr(machine_code, "PACKAGE", package)
    monkeypatch.setattr(machine_code, "_STARTED_NS", time.time_ns() + 10**9)
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    machine_code.folder.cache_clear()
    yield package
    machine_code.folder.cache_clear()


def folder_now() -> Path:
    machine_code.folder.cache_clear()
    return machine_code.folder()


def test_another_source_has_another_folder_and_the_same_the_same(package):
    first = folder_now()
    assert first.parent == package / "__pycache__"
    assert folder_now() == first
    (package / "cli" / "app.py").write_text("no loop imports from here")
    assert folder_now() == first
    text = (package / "engine" / "patience.py").read_text()
    (package / "engine" / "patience.py").write_text(text + "IMPAIRED_LEVEL = 1\n")
    second = folder_now()
    assert second != first
    # Somebody may be compiling what the package had until now.
    assert first.is_dir()
    (package / "engine" / "patience.py").write_text(text)
    assert folder_now() == first
    for name, old in (("patience2", "patience"), ("turn_kernel", "turn_kernel")):
        text = (package / "engine" / f"{old}.py").read_text().replace("patience", "patience2")
        (package / "engine" / f"{old}.py").unlink()
        (package / "engine" / f"{name}.py").write_text(text)
    assert folder_now() not in {first, second}


def test_a_package_that_cannot_be_written_has_the_users_folder(package, tmp_path):
    name = folder_now().name
    shutil.rmtree(package / "__pycache__")
    (package / "__pycache__").write_text("a file, in which no folder can be made, even by root")
    assert folder_now() == tmp_path / "cache" / "overblock" / name


def test_a_place_that_is_named_stands_alone(package, tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "named"))
    assert folder_now().parent == tmp_path / "named"
    (tmp_path / "named2").write_text("no folder")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "named2"))
    assert not folder_now().is_relative_to(tmp_path)


@pytest.mark.parametrize("place", ["NUMBA_CACHE_DIR", "XDG_CACHE_HOME"])
def test_of_a_shared_place_those_used_last_are_kept(package, tmp_path, monkeypatch, place):
    (package / "__pycache__").write_text("no folder")
    monkeypatch.setenv(place, str(tmp_path / "shared"))
    mine = folder_now()
    foreign = ["compiled-mine", "compiled-0123456789abcdef0", "other-0123456789abcdef", "kernels_1"]
    for name in foreign:
        (mine.parent / name).mkdir()
    linked = mine.parent / f"compiled-{15:016x}"
    linked.symlink_to(tmp_path / "sim", target_is_directory=True)
    (mine.parent / f"compiled-{14:016x}").write_text("a file")
    others = [mine.parent / f"compiled-{number:016x}" for number in range(12)]
    for number, other in enumerate(others):
        (other / "kernels_2").mkdir(parents=True)
        os.utime(other, (10**9 - number, 10**9 - number))
    # The one used longest ago is used again.
    os.utime(mine, (1, 1))
    assert folder_now() == mine
    assert {path for path in mine.parent.iterdir() if path.name not in foreign} == {
        mine, linked, mine.parent / f"compiled-{14:016x}", *others[:9]
    }  # fmt: skip
    assert all((mine.parent / name).is_dir() for name in foreign)
    assert (package / "engine" / "turn_kernel.py").is_file()
    os.utime(others[8])
    (package / "engine" / "patience.py").write_text("EDITED = True\n")
    assert folder_now() not in {mine, *others}
    assert others[8].is_dir()
    assert mine.is_dir()
    assert not others[7].exists()


@pytest.mark.parametrize("n_looks", [1, 2, 3])
def test_folders_that_go_while_one_looks_harm_nobody(package, tmp_path, monkeypatch, n_looks):
    """They go after one of three looks: at whether it is a folder, a link, and when it was used."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "shared"))
    for number in range(20):
        (tmp_path / "shared" / f"compiled-{number:016x}").mkdir(parents=True)
    stat = Path.stat
    looked: Counter[Path] = Counter()

    def vanishing(path: Path, **options: bool) -> os.stat_result:
        found = stat(path, **options)
        looked[path] += 1
        if path.name.startswith("compiled-000") and looked[path] == n_looks:
            shutil.rmtree(path, ignore_errors=True)
        return found

    monkeypatch.setattr(Path, "stat", vanishing)
    assert folder_now().is_dir()
    assert not list((tmp_path / "shared").glob("compiled-000*"))


VANISHING = """
import shutil
from sim.addresses import machine_code
from sim.engine.state.pressure_kernel import rates_of
shutil.rmtree(machine_code.folder())
print(rates_of(1.0, 0.0, 1.0))
"""


@pytest.mark.laws
def test_a_process_whose_folder_goes_compiles_again(repository, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", VANISHING],
        cwd=repository, capture_output=True, text=True, check=True,
        env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)},
    )  # fmt: skip
    assert done.stdout == "(0.0, 0.0, 2.0)\n"
    assert [path.name for path in tmp_path.iterdir()] == [machine_code.folder().name]


def test_a_source_that_changed_under_the_process_keeps_nothing(package, monkeypatch):
    first = folder_now()
    monkeypatch.setattr(
        machine_code, "_STARTED_NS", machine_code._changed_ns(package / "engine" / "patience.py")
    )
    other = folder_now()
    assert other.is_dir()
    assert not other.is_relative_to(package.parent)
    assert first.is_dir()


IMPORTED = """
import json, os, sys
import numba
before = numba.config.CACHE_DIR
from importlib import import_module
from sim.addresses import machine_code
loaded = [import_module(module) for module in sys.argv[1:]]
loops = [one for module in loaded for one in vars(module).values() if hasattr(one, "_cache")]
functions = [loop for loop in loops if loop._cache.cache_path is not None]  # not parts of others
print(json.dumps({
    "kept": sorted({os.path.dirname(one._cache.cache_path) for one in functions}),
    "folder": str(machine_code.folder()),
    "is_restored": numba.config.CACHE_DIR == before,
}))
"""


def test_all_loops_are_kept_in_one_folder(repository):
    files = sorted((repository / "sim").rglob("*_kernel.py"))
    modules = [".".join(path.relative_to(repository).with_suffix("").parts) for path in files]
    assert len(modules) > 3
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, *modules],
        cwd=repository, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert found["kept"] == [found["folder"]]
    assert found["is_restored"]


NO_LOOPS = {
    "addresses/machine_code.py", "addresses/sets/family_starts.py", "catalogue/causes.py",
    "engine/clock.py", "engine/eventlog.py",
    "engine/state/__init__.py",
    "engine/state/ledger.py", "engine/state/parts.py",
    "scenario/tables/roles.py", "world/frozen.py",
}  # fmt: skip
"""Files beside those of loops in which an edit compiles all of them again."""


def test_only_loops_and_the_few_files_that_they_import_count(repository):
    """Imports are read from syntax trees here, and whatever is not a loop is named above."""
    package = repository / "sim"
    waiting = [path for path in package.rglob("*.py") if "_kernel" in path.name]
    found: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        for node in ast.parse(path.read_bytes()).body:
            named = []
            if isinstance(node, ast.Import):
                named = [name.name for name in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0
                named = [node.module, *(f"{node.module}.{name.name}" for name in node.names)]
            for name in named:
                place = repository.joinpath(*name.split("."))
                files = place.with_suffix(".py"), place / "__init__.py"
                waiting.extend(
                    file for file in files if file.is_file() and file.is_relative_to(package)
                )
    assert set(machine_code.sources()) == found
    others = {path.relative_to(package).as_posix() for path in found if "_kernel" not in path.name}
    assert others <= NO_LOOPS


def test_whatever_is_compiled_counts(repository):
    makers = "import compiled\n", "import part\n", "import define\n"
    for path in (repository / "sim").rglob("*.py"):
        if any(maker in path.read_text(encoding="utf-8") for maker in makers):
            assert path in machine_code.sources()


RUN = "from sim.cli.app import main; main()"
SHORT = [
    "run", "telegram-2018", "-n", "1", "-w", "1", "--set", "population.n_businesses=60",
    "--set", "end=2018-04-20T00:00+03:00",
]  # fmt: skip


@pytest.mark.long
def test_an_edited_engine_computes_what_it_says(repository, tmp_path):
    """Run, change a constant that a loop takes from another file, run; with a clean place too."""
    for name in ("sim", "scenarios", "seeds"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(repository / name, tmp_path / name, ignore=ignored)
    env = {key: value for key, value in os.environ.items() if key != "NUMBA_CACHE_DIR"}
    env |= {"PYTHONPATH": str(tmp_path)}

    def summary(name: str, **place: str) -> str:
        subprocess.run(
            [sys.executable, "-c", RUN, *SHORT, "-o", name],
            cwd=tmp_path, env=env | place, check=True, capture_output=True,
        )  # fmt: skip
        return (tmp_path / name / "summary.csv").read_text(encoding="utf-8")

    before = summary("before")
    ledger = tmp_path / "sim" / "engine" / "state" / "ledger.py"
    text = ledger.read_text(encoding="utf-8")
    assert text.count("IMPAIRED_LEVEL = 2\n") == 1
    ledger.write_text(text.replace("IMPAIRED_LEVEL = 2\n", "IMPAIRED_LEVEL = 1\n"), "utf-8")
    edited = summary("edited")
    clean = summary("clean", NUMBA_CACHE_DIR=str(tmp_path / "clean-cache"))
    assert edited == clean
    assert edited != before


# Compiled code that came with the package is used where it is right, and nowhere else.


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where code of the sources as they are was shipped, with no setting of numba."""
    for name in [name for name in os.environ if name.startswith("NUMBA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(machine_code, "SHIPPED", tmp_path)
    (tmp_path / machine_code.build_name()).mkdir()
    machine_code.shipped.cache_clear()
    yield tmp_path / machine_code.build_name()
    machine_code.shipped.cache_clear()


def test_a_clone_has_none():
    assert machine_code.shipped() is None


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("NUMBA_CACHE_DIR", True), ("NUMBA_NUM_THREADS", True), ("NUMBA_BOUNDSCHECK", False),
        ("NUMBA_OPT", False), ("NUMBA_DISABLE_JIT", False),
    ],
)  # fmt: skip
def test_with_another_setting_of_the_compiler_that_changes_code_nothing_fits(
    folder, monkeypatch, name, fits
):
    monkeypatch.setenv(name, "1")
    assert machine_code.shipped() == (folder if fits else None)


@pytest.mark.parametrize("name", ["numba", "llvmlite", "numpy"])
def test_with_another_compiler_nothing_fits(folder, monkeypatch, name):
    version = machine_code.metadata.version
    monkeypatch.setattr(
        machine_code.metadata, "version", lambda asked: "0.0.1" if asked == name else version(asked)
    )
    assert machine_code.shipped() is None


FEWER_SOURCES = machine_code.sources()[1:]


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("sys.implementation.cache_tag", "abacus"),
        ("sys.platform", "abacus"),
        ("platform.machine", lambda: "abacus"),
        ("sim.addresses.machine_code.sources", lambda: FEWER_SOURCES),
    ],
)
def test_on_another_python_or_machine_or_with_other_sources_nothing_fits(
    folder, monkeypatch, name, other
):
    monkeypatch.setattr(name, other)
    assert machine_code.shipped() is None


SHIPPED = """
import json, os, sys
from pathlib import Path
from numba.core import event
from sim.addresses import machine_code
from sim.engine import warm_up
from sim.engine.state import pressure_kernel

class Compiled(event.Listener):
    n = 0
    def on_start(self, event):
        self.n += 1
    def on_end(self, event):
        pass

def called(loop, *given):
    compiled.n = 0
    return loop(*given), compiled.n

compiled = Compiled()
event.register("numba:compile", compiled)
first, again = pressure_kernel.rates_of, pressure_kernel.rates_of.py_func
found = [called(first, 1.0, 0.0, 1.0)]
warm_up._call_every_loop = lambda: None
warm_up.write_code(Path(sys.argv[1]))
machine_code.SHIPPED = Path(sys.argv[1])
os.environ["NUMBA_CACHE_DIR"] = sys.argv[2]
machine_code.folder.cache_clear(), machine_code.shipped.cache_clear()
loop = machine_code.compiled(again)
found += [called(loop, 1.0, 0.0, 1.0)]
n_kept = len(list(Path(sys.argv[2]).rglob("*.nbc")))
found += [called(loop, 1, 0, 1)]
print(json.dumps([found, n_kept, len(list(Path(sys.argv[2]).rglob("*.nbc")))]))
"""


@pytest.mark.laws
def test_shipped_code_is_called_and_what_it_lacks_is_compiled_and_kept(repository, tmp_path):
    env = {key: text for key, text in os.environ.items() if not key.startswith("NUMBA_")}
    done = subprocess.run(
        [sys.executable, "-c", SHIPPED, str(tmp_path / "code"), str(tmp_path / "kept")],
        cwd=repository, capture_output=True, text=True,
        env=env | {"NUMBA_CACHE_DIR": str(tmp_path / "empty")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (first, again, others), n_kept, n_kept_then = json.loads(done.stdout)
    assert first[0] == again[0] == others[0] == [0.0, 0.0, 2.0]
    assert first[1] > 0
    assert again[1] == 0
    assert others[1] > 0  # of other types
    assert (n_kept, n_kept_then) == (0, 1)
