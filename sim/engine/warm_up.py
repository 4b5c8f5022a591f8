"""Compiles the loops of the engine before they are needed, once for an installation.

In: two small worlds that are shipped. Out: compiled code where it is kept, so that processes which
start afterwards find it there, and a mark that says so.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version

from sim.addresses.compiled.kept_code import folder

WORLDS = {
    "telegram-2018": ("population.n_businesses=40", "end=2018-04-24T00:00+03:00"),
    "sni-era": ("population.n_businesses=40",),
    "match-days": ("population.n_businesses=40", "end=2026-01-11T00:00+01:00"),
}
"""Scenarios that together call every loop, made small: actors of all kinds,
names, and programs that leave a shared range."""


def warm_up(announce: Callable[[], None] = lambda: None) -> None:
    """Compile every loop, unless that is done for this kind of processor and these sources.

    Parameters
    ----------
    announce
        Called before compiling begins, which takes up to a minute.
    """
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
