"""Where one command of ``overblock`` spends its processor time.

    python -m benchmarks.split FILE run telegram-2018-replay -n 10 --workers 1 -o out

In: a command line. Out: seconds by section, as JSON in a file. Sections exclude each other: what is
imported, or compiled code that is loaded, while a world is built counts where it belongs.
"""

from __future__ import annotations

import builtins
import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SECTIONS = ("start", "import", "load", "kernels", "build", "engine", "measure", "encode", "rest")


class Sections:
    """Time by section: entering one stops the clock of the section around it."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(SECTIONS, 0.0)
        self._open = ["rest"]
        self._since = time.process_time()
        self.seconds["start"] = self._since

    def timed(self, section: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, with its time booked under a section."""

        def run(*given: Any, **named: Any) -> Any:
            self.book()
            self._open.append(section)
            try:
                return call(*given, **named)
            finally:
                self.book()
                self._open.pop()

        return run

    def book(self) -> None:
        """Book the time since the last change under the section that is open."""
        now = time.process_time()
        self.seconds[self._open[-1]] += now - self._since
        self._since = now


def main() -> None:
    """Run the command of the command line."""
    sections = Sections()
    plain_import = builtins.__import__
    timed_import = sections.timed("import", plain_import)

    def import_once(name: str, *given: Any, **named: Any) -> Any:
        # What is loaded already costs nothing worth a section.
        level = named.get("level", given[3] if len(given) > 3 else 0)
        is_known = level == 0 and name in sys.modules
        return (plain_import if is_known else timed_import)(name, *given, **named)

    builtins.__import__ = import_once
    importlib.import_module = sections.timed("import", importlib.import_module)
    _wrap(sections, "numba.core.dispatcher", "Dispatcher.compile", "kernels")
    for module, name, section in (
        ("sim.scenario.load", "load_scenario", "load"),
        ("sim.scenario.resolve", "resolve", "load"),
        ("sim.experiment.simulation", "build_world", "build"),
        ("sim.experiment.simulation", "build_strategy", "engine"),
        ("sim.engine.run", "simulate", "engine"),
        ("sim.experiment.simulation", "measure_outcome", "measure"),
        ("sim.experiment.simulation", "count_groups", "measure"),
        ("sim.experiment.simulation", "encode_run", "encode"),
    ):
        _wrap(sections, module, name, section)
    path = Path(sys.argv[1])
    sys.argv = ["overblock", *sys.argv[2:]]
    from sim.cli.start import main as run

    try:
        run()
    except SystemExit as left:
        if left.code not in (None, 0):
            raise
    sections.book()
    path.write_text(json.dumps(sections.seconds))


def _wrap(sections: Sections, module: str, name: str, section: str) -> None:
    holder: Any = importlib.import_module(module)
    *owners, last = name.split(".")
    for owner in owners:
        holder = getattr(holder, owner)
    setattr(holder, last, sections.timed(section, getattr(holder, last)))


if __name__ == "__main__":
    main()
