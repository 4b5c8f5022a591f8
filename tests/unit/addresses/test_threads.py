"""Work spread over threads."""

import threading

import numpy as np
import pytest

from sim.addresses import threads


@pytest.mark.parametrize("n_threads", [1, 2, 3, 8])
@pytest.mark.parametrize("n_items", [0, 1, 2**18, 2**20 + 7])
def test_spread_work_covers_every_item_once(monkeypatch, n_threads, n_items):
    monkeypatch.setattr(threads, "n_threads", lambda: n_threads)
    count = np.zeros(n_items, np.int64)

    def work(first, stop):
        count[first:stop] += 1

    threads.spread(work, n_items)
    assert np.all(count == 1)


def test_a_mistake_on_a_thread_is_raised(monkeypatch):
    monkeypatch.setattr(threads, "n_threads", lambda: 2)
    met = threading.Event()

    def work(first, stop):
        if threading.current_thread() is threading.main_thread():
            assert met.wait(60)
            return
        met.set()
        raise ValueError("not here")

    with pytest.raises(ValueError, match="not here"):
        threads.spread(work, 2**20)
