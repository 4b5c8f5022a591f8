"""Which way is used: chosen by the user, by what is installed, and by what it would save."""

import multiprocessing
import subprocess
import sys
import threading
from types import ModuleType

import numpy as np
import pytest

from sim.addresses.compiled import backend
from tests.edges import HAS_NUMBA

needs_numba = pytest.mark.skipif(not HAS_NUMBA, reason="needs numba")


@pytest.fixture
def fresh(monkeypatch):
    """A process that has chosen and met nothing, and the names of what it imports."""
    imported = []

    def import_kernels(name):
        imported.append(name)
        return ModuleType(name)

    monkeypatch.setattr(backend, "_state", backend._State("auto"))
    monkeypatch.setattr(backend, "import_kernels", import_kernels)
    monkeypatch.setattr(backend, "find_spec", lambda name: object())
    monkeypatch.setattr(backend, "version", lambda name: "1.2")
    return imported


def test_kernels_are_loaded_once_the_savings_missed_would_have_paid(fresh):
    for _ in range(9):
        assert backend.kernels(0.1 * backend._LOADING_NS) is None
    assert fresh == []
    assert backend.kernels(0.2 * backend._LOADING_NS) is not None
    assert backend.kernels(1) is not None
    assert backend.kernels(0) is None
    assert fresh == ["sim.addresses.compiled.kernels"]


def test_one_large_call_pays_by_itself(fresh):
    assert backend.kernels(2 * backend._LOADING_NS) is not None


def test_without_numba_nothing_is_loaded(fresh, monkeypatch):
    monkeypatch.setattr(backend, "find_spec", lambda name: None)
    assert backend.kernels(10 * backend._LOADING_NS) is None
    assert fresh == []
    told = backend.describe()
    assert (told.name, told.is_loaded) == ("numpy", False)
    assert told.reason == "numba is not installed (overblock[fast])"


def test_what_is_not_installed_is_looked_for_once(fresh, monkeypatch):
    looked = []
    monkeypatch.setattr(backend, "find_spec", looked.append)
    for _ in range(3):
        assert backend.kernels(10 * backend._LOADING_NS) is None
    assert looked == ["numba"]


def test_a_choice_holds_within_its_block(fresh):
    with backend.using("numba"):
        assert backend.kernels(0) is not None
        assert backend.describe().reason == "OVERBLOCK_FAST=numba; numba 1.2"
        with backend.using("numpy"):
            assert backend.kernels(10 * backend._LOADING_NS) is None
            assert backend.describe().name == "numpy"
        assert backend.kernels(0) is not None
    assert backend.kernels(0) is None
    assert backend.describe().reason == "numba 1.2, loaded"


def test_an_unknown_choice_is_refused():
    code = "import sim.addresses.compiled.backend"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"OVERBLOCK_FAST": "turbo", "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "OVERBLOCK_FAST: expected one of auto, numpy, numba, got 'turbo'" in done.stderr


@pytest.mark.parametrize("n_threads", [1, 2, 3, 8])
@pytest.mark.parametrize("n_items", [0, 1, 2**18, 2**20 + 7])
def test_spread_work_covers_every_item_once(monkeypatch, n_threads, n_items):
    monkeypatch.setattr(backend, "_n_threads", lambda: n_threads)
    count = np.zeros(n_items, np.int64)

    def work(first, stop):
        count[first:stop] += 1

    backend.spread(work, n_items)
    assert np.all(count == 1)


def test_a_mistake_on_a_thread_is_raised(monkeypatch):
    monkeypatch.setattr(backend, "_n_threads", lambda: 2)

    met = threading.Event()

    def work(first, stop):
        if threading.current_thread() is threading.main_thread():
            assert met.wait(60)
            return
        met.set()
        raise ValueError("not here")

    with pytest.raises(ValueError, match="not here"):
        backend.spread(work, 2**20)


def look_up(_):
    """Look many addresses up in a worker."""
    from sim.addresses.sets.intervals import IntervalSet

    addresses = IntervalSet.of("0.0.0.0/1")
    return int(addresses.contains(np.arange(0, 2**32, 2**12)[::-1]).sum())


@needs_numba
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_kernels_survive_a_fork():
    if "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("no fork here")
    with backend.using("numba"):
        expected = look_up(0)
        with multiprocessing.get_context("fork").Pool(2) as pool:
            assert pool.map_async(look_up, range(2)).get(timeout=60) == [expected] * 2
    assert expected == 2**19


def test_each_part_of_the_program_has_savings_and_kernels_of_its_own(fresh):
    almost = 0.9 * backend._LOADING_NS
    assert backend.kernels(almost) is None
    assert backend.kernels(almost, "sim.engine.state.kernels") is None
    assert backend.kernels(almost, "sim.engine.state.kernels") is not None
    assert fresh == ["sim.engine.state.kernels"]
    assert backend.kernels(0.01 * backend._LOADING_NS) is None
