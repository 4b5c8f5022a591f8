"""The first use: what compiling all loops of the engine costs, and where that goes.

In: an empty folder for compiled code. Out: processor time as shipped and without LLVM's
optimisation, which no level of it can go below. Run as a program it is a process that compiles.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass

from benchmarks.page import Promise, Section, table

MOST_S = 10
LEVELS = (("as shipped", {}), ("LLVM optimises nothing", {"NUMBA_OPT": "0"}))


@dataclass(frozen=True)
class Compiling:
    """What it cost to compile everything once.

    Attributes
    ----------
    all_s
        Processor time of `warm_up`, its two small worlds included.
    llvm_s
        Processor time in LLVM; the rest is numba's, in Python.
    n_loops
        Functions compiled, those that numba brings along for arrays among them.
    """

    all_s: float
    llvm_s: float
    n_loops: int


def measure(*, is_full: bool) -> Section:
    """Compile everything into an empty folder, at each level of optimisation."""
    rows, found = [], {}
    for name, settings in LEVELS:
        found[name] = one = _in_own_process(settings)
        rest = one.all_s - one.llvm_s
        cells = (f"{one.all_s:.1f}", f"{one.llvm_s:.1f}", f"{rest:.1f}", str(one.n_loops))
        rows.append([name, *cells])
    shipped, least = (found[name] for name, _ in LEVELS)
    promise = Promise(
        "compiling everything once", f"≤ {MOST_S} s", f"{shipped.all_s:.1f} s",
        shipped.all_s <= MOST_S,
    )  # fmt: skip
    head = ("level", "all, s", "LLVM, s", "numba and the worlds, s", "loops")
    said = (
        "Once for each installation and kind of processor, in one process. Without optimisation "
        f"{least.all_s:.0f} s are left, most of them numba's own: types of every "
        "expression, and the text that it hands to LLVM. Loops that are part of others (`inline`) "
        "come to the same, as the text stays as long. Fewer lines of loops alone would help."
    )
    return Section(f"{said}\n\n{table(head, rows)}", (promise,))


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

    class Spent(event.Listener):  # type: ignore[misc]
        """How often something was begun, and the processor time of it all, inner ones once."""

        def __init__(self, kind: str) -> None:
            self.n, self.spent_s, self._depth = 0, 0.0, 0
            event.register(kind, self)

        def on_start(self, event: event.Event) -> None:
            self.n += 1
            self._depth += 1
            if self._depth == 1:
                self.spent_s -= time.process_time()

        def on_end(self, event: event.Event) -> None:
            self._depth -= 1
            if self._depth == 0:
                self.spent_s += time.process_time()

    compiled, llvm = Spent("numba:compile"), Spent("numba:llvm_lock")
    begin = time.process_time()
    warm_up()
    all_s = time.process_time() - begin
    print(json.dumps(asdict(Compiling(all_s, llvm.spent_s, compiled.n))))


if __name__ == "__main__":
    main()
