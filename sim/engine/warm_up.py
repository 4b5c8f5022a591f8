"""Compiles the loops of the engine before they are needed, once for an installation.

Files for a wheel, as it is built: ``python -m sim.engine.warm_up FOLDER``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sim.addresses.machine_code import build_name, folder, name_of, shipped

WORLDS = {
    "telegram-2018": ("population.n_businesses=40", "end=2018-04-24T00:00+03:00"),
    "sni-era": ("population.n_businesses=40",),
    "least-collateral": ("population.n_businesses=40", "end=2018-04-18T00:00+03:00"),
    "match-days": ("population.n_businesses=40", "end=2026-01-11T00:00+01:00"),
}
"""Scenarios that together call every loop, made small: actors of all kinds, names, covers, and
programs that leave a shared range."""


def warm_up(announce: Callable[[], None] = lambda: None) -> None:
    """Compile every loop, unless that is done for this kind of processor and these sources, or
    compiled code came with the package.

    Parameters
    ----------
    announce
        Called before compiling begins, which takes up to a minute.
    """
    if shipped():
        return
    from llvmlite import binding

    # Code is kept by processor and versions, and so is the mark.
    about = sys.implementation.cache_tag, version("numba"), binding.get_host_cpu_name()
    mark = folder() / "-".join(("all", *about))
    if mark.exists():
        return
    announce()
    _call_every_loop()
    # Another process may have removed the folder, as that of sources which are no more.
    with suppress(OSError):
        mark.touch()


def write_code(folder: Path) -> None:
    """Compile every loop, and write the code as packages ship it."""
    from numba.core.serialize import dumps

    _call_every_loop()
    into = folder / build_name()
    into.mkdir(parents=True)
    for loop in _kept_loops():
        code = {
            # Without a listing of the source, which names files of this machine.
            types: dumps(result._replace(type_annotation="")._reduce())
            for types, result in loop.overloads.items()
        }
        (into / name_of(loop.py_func)).write_bytes(dumps(code))


def _kept_loops() -> list[Any]:
    """Loops that Python has called."""
    from numba.core.dispatcher import Dispatcher

    found: dict[int, Any] = {
        id(loop): loop
        for name, module in list(sys.modules.items())
        if name.startswith("sim.")
        for loop in vars(module).values()
        if isinstance(loop, Dispatcher)
    }
    # What is part of others is kept nowhere.
    return [loop for loop in found.values() if loop.overloads and loop._cache.cache_path]


def _call_every_loop() -> None:
    from sim.engine.run import simulate
    from sim.engine.strategies import build_strategy
    from sim.scenario.load import load_scenario
    from sim.scenario.resolve import resolve
    from sim.streams import Streams
    from sim.world.build import build_world

    streams = Streams(0, 0)
    for name, overrides in WORLDS.items():
        resolved = resolve(load_scenario(name, overrides))
        simulate(build_world(resolved, streams), build_strategy(resolved, streams), streams)


if __name__ == "__main__":
    write_code(Path(sys.argv[1]))
