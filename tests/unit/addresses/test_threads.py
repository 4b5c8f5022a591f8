"""Work spread over threads."""

import pytest

from sim.addresses import threads


@pytest.mark.parametrize("n_threads", [1, 2, 3, 8])
@pytest.mark.parametrize("n_items", [0, 1, 2, 1_000])
def test_results_come_in_the_order_of_the_items(monkeypatch, n_threads, n_items):
    monkeypatch.setattr(threads, "n_threads", lambda: n_threads)
    assert [*threads.in_order(lambda item: 2 * item, range(n_items))] == [*range(0, 2 * n_items, 2)]


def test_a_mistake_on_a_thread_is_raised(monkeypatch):
    monkeypatch.setattr(threads, "n_threads", lambda: 2)
    with pytest.raises(ZeroDivisionError):
        list(threads.in_order(lambda item: 1 // item, [2, 1, 0, 1]))
