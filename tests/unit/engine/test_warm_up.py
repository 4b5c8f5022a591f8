"""Loops are compiled once, before other processes start, and the command line says so."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.engine import warm_up as module
from sim.engine.state import states
from sim.engine.warm_up import warm_up
from sim.streams import Streams
from sim.world.build import build_world
from tests.experiments import resolved_of


@pytest.fixture
def compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What happened, where nothing is kept and compiling takes no time."""
    happened: list[str] = []
    monkeypatch.setattr(module, "folder", lambda: tmp_path)
    monkeypatch.setattr(module, "_call_every_loop", lambda: happened.append("compiled"))
    return happened


def test_it_is_announced_before_it_begins_and_done_once(compiled):
    warm_up(lambda: compiled.append("announced"))
    assert compiled == ["announced", "compiled"]
    warm_up(lambda: compiled.append("announced"))
    assert compiled == ["announced", "compiled"]


def test_what_was_broken_off_is_done_again(compiled, monkeypatch):
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_call_every_loop", interrupted)
    with pytest.raises(KeyboardInterrupt):
        warm_up()
    monkeypatch.setattr(module, "_call_every_loop", lambda: compiled.append("compiled"))
    warm_up()
    assert compiled == ["compiled"]


def test_another_processor_compiles_for_itself(compiled, monkeypatch):
    warm_up()
    monkeypatch.setattr("llvmlite.binding.get_host_cpu_name", lambda: "abacus")
    warm_up()
    assert compiled == ["compiled"] * 2


IN_ANOTHER_PROCESS = """
import json
from pathlib import Path
from sim.addresses import machine_code
if __name__ == "__main__":
    machine_code._bases = lambda: iter([Path(__file__)])
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context
    from sim.experiment.executors.pool import _starting
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        with _starting():
            theirs = pool.submit(machine_code.folder)
        print(json.dumps([str(machine_code.folder()), str(theirs.result())]))
"""


def test_workers_use_the_folder_of_an_installation_that_cannot_be_written(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(IN_ANOTHER_PROCESS)
    env = {key: value for key, value in os.environ.items() if key != "NUMBA_CACHE_DIR"}
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=True, env=env
    )
    ours, theirs = json.loads(done.stdout)
    assert ours == theirs
    assert not Path(ours).parent.exists(), "it goes with the process"


RUNS = """
import json, sys
from datetime import timedelta
from numba.core.dispatcher import Dispatcher
from sim.engine.run import simulate
from sim.engine.strategies import build_strategy
from sim.engine.warm_up import _call_every_loop
from sim.scenario.library import scenario_names
from sim.streams import Streams
from sim.world.build import build_world
from tests.experiments import resolved_of

def called():
    loops = {
        id(loop): loop
        for name, module in list(sys.modules.items()) if name.startswith("sim.")
        for loop in vars(module).values() if isinstance(loop, Dispatcher)
    }
    return {
        f"{loop.py_func.__module__}.{loop.py_func.__qualname__}{signature}"
        for loop in loops.values() for signature in loop.signatures
    }

_call_every_loop()
before, more = called(), {}
for name in scenario_names():
    scenario = resolved_of(name).scenario
    end = min(scenario.end, scenario.start + timedelta(days=12)).isoformat()
    resolved = resolved_of(name, ["population.n_businesses=40", f"end={end}"])
    streams = Streams(1, 1)
    simulate(build_world(resolved, streams), build_strategy(resolved, streams), streams)
    more |= {loop: name for loop in sorted(called() - before - more.keys())}
print(json.dumps([len(before), more]))
"""


@pytest.mark.laws
@pytest.mark.long
def test_no_shipped_scenario_compiles_a_loop_that_was_left_out(repository):
    # A loop that Python calls has a signature then, whether it was compiled or its code was kept.
    done = subprocess.run(
        [sys.executable, "-c", RUNS], cwd=repository, capture_output=True, text=True, check=True
    )
    n_called, more = json.loads(done.stdout)
    assert n_called > 20
    assert more == {}


@pytest.mark.parametrize(
    ("n_degrees", "large", "kind"),
    [
        (3, states.LARGE, np.uint16),
        # As many as in worlds with drawn numbers of hosts.
        (3036, states.LARGE, np.uint16),
        (3, 0, np.uint8),
        (3036, 0, np.uint16),
        (2**16 + 1, states.LARGE, np.uint32),
    ],
)
def test_loops_are_compiled_once_for_all_but_large_worlds(n_degrees, large, kind, monkeypatch):
    world = build_world(
        resolved_of("telegram-2018-replay", ["population.n_businesses=9"]), Streams(0, 0)
    )
    ways = np.linspace(0, 1, n_degrees), np.zeros(1, np.int64)
    monkeypatch.setattr(states, "_ways", lambda *_: ways)
    monkeypatch.setattr(states, "LARGE", large)
    found = states.degrees(replace(world, ipv6=None))
    assert (found["degree_row"].dtype, found["degree_at"].dtype) == (kind, kind)
    assert found["degree_at"].tolist() == list(range(n_degrees))
