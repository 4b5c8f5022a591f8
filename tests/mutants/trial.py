"""Runs tests in a copy of the tree, with and without a fault in it; the checkout is never touched.

The copy has its own home, temporary folder and caches. A process that runs on is ended with all
its children. Where a fault may be in compiled code, a copy of the cache is used and thrown away.
"""

import importlib.util
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from tests.checkout import copy_checkout
from tests.mutants.choice import Chosen, reaches_compiled
from tests.mutants.faults import Fault
from tests.mutants.recorder import RECORD

Verdict = Literal["killed", "timeout", "survived"]
_MEMORY_BYTES = 12 * 2**30
_FILE_BYTES = 2**30
# Processor time beyond what the tests took: starting Python, and compiling kernels anew.
_START_S = 30.0
_COMPILING_S = 240.0
# Time on the clock: other processes may hold these up.
_CLOCK_S = 300.0


class Copy:
    """A copy of a repository's files, to be broken."""

    def __init__(self, repository: Path, folder: Path) -> None:
        self.root = folder / "tree"
        self.folder = folder
        shutil.rmtree(self.root, ignore_errors=True)
        copy_checkout(repository, self.root)
        self.digest = digest_of(
            path
            for folder in ("sim", "tests", "seeds", "scenarios", "docs")
            for path in (self.root / folder).rglob("*")
            if "mutants" not in path.parts
        )
        self.kernels = digest_of(
            path
            for path in (self.root / "sim").rglob("*.py")
            if reaches_compiled(self.root, path.relative_to(self.root).as_posix())
        )
        self._check_that_the_copy_is_seen()

    def _check_that_the_copy_is_seen(self) -> None:
        """Make sure that the tests would see the copy, not what is installed."""
        found = subprocess.run(
            [sys.executable, "-c", "import sim; print(sim.__file__)"],
            cwd=self.folder, env=self.environment(), check=True, capture_output=True, text=True,
        ).stdout.strip()  # fmt: skip
        if not Path(found).is_relative_to(self.root):
            raise RuntimeError(f"expected the program of {self.root}, got {found}")

    def environment(self, kernels: Path | None = None) -> dict[str, str]:
        """Return the environment of a run; compiled kernels are kept in a folder of the copy."""
        home, temporary = self.folder / "home", self.folder / "tmp"
        home.mkdir(exist_ok=True)
        temporary.mkdir(exist_ok=True)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("OVERBLOCK_", "PYTEST"))}
        return kept | {
            "PYTHONPATH": str(self.root),
            "HOME": str(home),
            "TMPDIR": str(temporary),
            "XDG_CACHE_HOME": str(home / "cache"),
            "NUMBA_CACHE_DIR": str(kernels or self.folder / f"kernels-{self.kernels}"),
            "MPLBACKEND": "agg",
            "NO_COLOR": "1",
        }

    def record(self, arguments: list[str]) -> dict[str, Any]:
        """Return which tests execute which lines: as recorded in the folder, or by a run."""
        asked = sha256("\0".join(arguments).encode()).hexdigest()[:8]
        path = self.folder / f"record-{self.digest}-{asked}.json"
        if path.is_file():
            return dict(json.loads(path.read_text()))
        command = [*_pytest(), "-p", "tests.mutants.recorder", *arguments]
        env = self.environment() | {RECORD: str(path)}
        done = subprocess.run(command, cwd=self.root, env=env, preexec_fn=_hears_interrupts)
        if not path.is_file():
            raise RuntimeError(
                f"the tests could not be recorded: pytest ended with {done.returncode}"
            )
        return dict(json.loads(path.read_text()))

    def ask(self, chosen: Chosen, fault: Fault | None = None) -> tuple[Verdict, str]:
        """Run some tests, with a fault if one is given, and return what became of it and why."""
        names = self.folder / "chosen.txt"
        names.write_text("\n".join(chosen.tests), encoding="utf-8")
        is_fresh = fault is not None and reaches_compiled(self.root, fault.path)
        limit_s = 4 * chosen.seconds + _START_S + (_COMPILING_S if is_fresh else 0)
        with self._broken(fault), tempfile.TemporaryDirectory(dir=self.folder) as kernels:
            held = self.folder / f"kernels-{self.kernels}"
            if is_fresh and held.is_dir():
                # Its folders bear the hash of the sources: what the fault changes is not found.
                shutil.copytree(held, kernels, dirs_exist_ok=True)
            env = self.environment(Path(kernels) if is_fresh else None)
            command = [*_pytest(), "-x", "--tb=line", f"@{names}"]
            code, output = _run(command, self.root, env, limit_s)
        shutil.rmtree(self.folder / "tmp", ignore_errors=True)
        if code in (None, -signal.SIGXCPU):
            return "timeout", f"not done after {limit_s:.0f} s of processor time"
        return ("survived" if code == 0 else "killed"), _reason(code, output)

    @contextmanager
    def _broken(self, fault: Fault | None) -> Iterator[None]:
        if fault is None:
            yield
            return
        path = self.root / fault.path
        source, times = path.read_bytes(), path.stat()
        # Byte code is matched by second and size, which a fault may share with the original.
        compiled = Path(importlib.util.cache_from_source(str(path)))
        compiled.unlink(missing_ok=True)
        path.write_bytes(fault.applied(source))
        try:
            yield
        finally:
            path.write_bytes(source)
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
            compiled.unlink(missing_ok=True)


def digest_of(paths: Iterable[Path]) -> str:
    """Return a short name for the content of some files."""
    hashed = sha256()
    for path in sorted(paths):
        if path.is_file():
            hashed.update(str(path).encode() + b"\0" + path.read_bytes() + b"\0")
    return hashed.hexdigest()[:12]


def _pytest() -> list[str]:
    plain = ["-p", "no:cacheprovider", "--hypothesis-seed=0"]
    return [sys.executable, "-m", "pytest", "-q", *plain, "-m", "not browser and not long"]


def _run(
    command: list[str], folder: Path, env: dict[str, str], limit_s: float
) -> tuple[int | None, str]:
    """Run in a session of its own; None if it was not done in time."""
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(
            command, cwd=folder, env=env, stdout=out, stderr=subprocess.STDOUT,
            start_new_session=True, preexec_fn=partial(_limited, limit_s),
        )  # fmt: skip
        try:
            code: int | None = process.wait(4 * limit_s + _CLOCK_S)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        out.seek(0)
        return code, out.read()


def _hears_interrupts() -> None:
    """A shell lets what it starts in the background ignore Ctrl-C, and tests send it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _limited(limit_s: float) -> None:
    _hears_interrupts()
    resource.setrlimit(resource.RLIMIT_CPU, (int(limit_s) + 1, int(limit_s) + 30))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_FILE_BYTES, _FILE_BYTES))


def _reason(code: int, output: str) -> str:
    """First test that failed, or the last line."""
    lines = [line for line in output.splitlines() if line.strip()]
    for line in lines:
        if line.startswith(("FAILED ", "ERROR ")):
            return line[:200]
    return f"pytest ended with {code}: {lines[-1][:200] if lines else ''}"
