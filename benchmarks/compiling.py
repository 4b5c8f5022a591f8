"""The first use: what compiling all loops of the engine costs, and where that goes.

In: an empty folder for compiled code. Out: processor time as shipped and without LLVM's
optimisation, which no level of it can go below; and that of a first and a second run where the
package brings compiled code, as a wheel does. Run as a program it is a process that compiles.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from benchmarks.page import Promise, Section, table
from benchmarks.timing import run_command

MOST_S = 10
MOST_FIRST = 1.5
N_RUNS = 4
ROOT = Path(__file__).resolve().parents[1]
ANY_PROCESSOR = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
RUN = "run", "austria-2022", "-n", "1", "--fixed", "-w", "1", "-q", "-o"
COMPILE, LLVM, RUN_PASS = "numba:compile", "numba:llvm_lock", "numba:run_pass"
PASSES = "nopython_type_inference", "native_lowering"
"""numba's names of what it tells of, and of its two longest passes."""
LEVELS = (("as shipped", {}), ("LLVM optimises nothing", {"NUMBA_OPT": "0"}))


@dataclass(frozen=True)
class Compiling:
    """What it cost to compile everything once.

    Attributes
    ----------
    all_s
        Processor time of `warm_up`, its two small worlds included.
    llvm_s
        Processor time in LLVM.
    types_s, text_s
        Processor time in which numba infers types, and in which it writes what LLVM reads.
    n_loops
        Functions compiled, those that numba brings along for arrays among them.
    """

    all_s: float
    llvm_s: float
    types_s: float
    text_s: float
    n_loops: int


def measure(*, is_full: bool) -> Section:
    """Compile everything into an empty folder, at each level of optimisation."""
    rows, found = [], {}
    for name, settings in LEVELS:
        found[name] = one = _in_own_process(settings)
        parts_s = one.llvm_s, one.types_s, one.text_s
        cells_s = one.all_s, *parts_s, one.all_s - sum(parts_s)
        rows.append([name, *(f"{cell_s:.1f}" for cell_s in cells_s), str(one.n_loops)])
    shipped, least = (found[name] for name, _ in LEVELS)
    promise = Promise(
        "compiling everything once", f"≤ {MOST_S} s", f"{shipped.all_s:.1f} s",
        shipped.all_s <= MOST_S,
    )  # fmt: skip
    head = ("level", "all, s", "LLVM, s", "types, s", "text for LLVM, s", "all else, s", "loops")
    said = (
        "Once for each installation and kind of processor, in one process. Without optimisation "
        f"{least.all_s:.0f} s are left, most of them numba's own: types of every "
        "expression, and the text that it hands to LLVM, which LLVM reads and translates. *All "
        "else* is numba's other passes and the small worlds that call the loops. What loops alone "
        "call is optimised once in each loop that Python calls ([decision "
        "0067](../decisions/0067-parts-of-loops.md)). "
        "Loops that are part of others (`inline`) come to the same, as the text stays as long. "
        "Fewer lines of loops, and fewer loops that Python calls, alone would help."
    )
    first, *others = _runs_of_wheel()
    ratio = first / median(others)
    said += (
        f" A wheel brings all loops compiled: the first `overblock {' '.join(RUN[:-2])}` takes "
        f"{first:.1f} s of a processor there, later ones {median(others):.1f} s ([decision "
        "0076](../decisions/0076-compiled-code-in-the-wheel.md))."
    )
    of_wheel = Promise(
        "first run after installing a wheel, against a second", f"≤ {MOST_FIRST}×",
        f"{ratio:.2f}×", ratio <= MOST_FIRST,
    )  # fmt: skip
    return Section(f"{said}\n\n{table(head, rows)}", (promise, of_wheel))


def _runs_of_wheel() -> list[float]:
    """Processor times of a run that is repeated, with what a wheel holds, from its first on."""
    others = {name: text for name, text in os.environ.items() if not name.startswith("NUMBA_")}
    with tempfile.TemporaryDirectory() as scratch:
        package = Path(scratch, "package")
        for name in ("sim", "scenarios", "seeds"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, package / name, ignore=ignored)
        env = others | {"PYTHONPATH": str(package), "HOME": scratch, "XDG_CACHE_HOME": scratch}
        # Installers compile modules, too.
        subprocess.run([sys.executable, "-m", "compileall", "-q", package], check=True)
        subprocess.run(
            [sys.executable, "-m", "sim.engine.warm_up", package / "sim" / "compiled_code"],
            check=True, cwd=scratch, env=env | ANY_PROCESSOR | {"NUMBA_CACHE_DIR": scratch},
        )  # fmt: skip
        return [
            run_command(
                [sys.executable, "-m", "sim", *RUN, str(Path(scratch, f"out{turn}"))], env, scratch
            ).processor_s
            for turn in range(N_RUNS)
        ]


def _in_own_process(settings: dict[str, str]) -> Compiling:
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "benchmarks.compiling"],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | settings | {"NUMBA_CACHE_DIR": folder},
        )
    return Compiling(**json.loads(done.stdout))


def main() -> None:
    """Compile everything, and print what it cost as JSON."""
    from numba.core import event

    from sim.engine.warm_up import warm_up

    spent_s: Counter[str] = Counter()
    n_begun: Counter[str] = Counter()
    under_way: list[str] = []
    since_s = 0.0

    def pass_time() -> None:
        """Book the time until now on what was begun last and has not ended."""
        nonlocal since_s
        now_s = time.process_time()
        if under_way:
            spent_s[under_way[-1]] += now_s - since_s
        since_s = now_s

    class Spent(event.Listener):  # type: ignore[misc]
        """How often something was begun, and its processor time without what is within."""

        def on_start(self, event: event.Event) -> None:
            pass_time()
            name = event.data["name"].split(" ")[0] if event.kind == RUN_PASS else event.kind
            n_begun[name] += 1
            under_way.append(name)

        def on_end(self, event: event.Event) -> None:
            pass_time()
            under_way.pop()

    for kind in (COMPILE, LLVM, RUN_PASS):
        event.register(kind, Spent())
    begin = time.process_time()
    warm_up()
    all_s = time.process_time() - begin
    parts_s = (spent_s[name] for name in (LLVM, *PASSES))
    print(json.dumps(asdict(Compiling(all_s, *parts_s, n_begun[COMPILE]))))


if __name__ == "__main__":
    main()
