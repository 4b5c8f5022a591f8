"""Work on pieces of columns and on blocks, spread over the processors of this process.

The work must let go of the interpreter's lock, as NumPy does. Threads live for one call: a pool
that is kept would not survive a fork.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_order(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Yield the results of work on items in their order, done by several threads.

    Few items are taken ahead of the result that is asked for. A single item needs no thread.
    """
    source = iter(items)
    head = list(islice(source, 2))
    n_used = n_threads()
    if len(head) < 2 or n_used < 2:
        yield from map(work, chain(head, source))
        return
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(n_used) as pool:
        for item in chain(head, source):
            waiting.append(pool.submit(work, item))
            if len(waiting) > 2 * n_used:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def n_threads() -> int:
    """Threads that work is spread over: one for each processor this process may run on."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        return os.cpu_count() or 1
