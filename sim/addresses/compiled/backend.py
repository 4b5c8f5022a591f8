"""Whether sums are done by NumPy or by compiled kernels, which are used where they pay.

In: how much time a call would save. Out: the compiled kernels, or nothing. The answers are the
same either way. Loading the kernels takes about a second a process, so they are loaded once the
savings missed so far would have paid for it, and used from then on.
"""

from __future__ import annotations

import os
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from itertools import chain, islice, pairwise
from types import ModuleType
from typing import Literal, TypeVar, get_args

from sim.addresses.compiled.kept_code import import_kernels

Item = TypeVar("Item")
Result = TypeVar("Result")
Choice = Literal["auto", "numpy", "numba"]
KERNELS = "sim.addresses.compiled.kernels"
"""Module of the kernels for addresses; other parts of the program have modules of their own."""
ENVIRONMENT_VARIABLE = "OVERBLOCK_FAST"

# Importing numba and loading cached kernels; measured, see benchmarks/RESULTS.md.
_LOADING_NS = 1_000_000_000
# Below this many items a second thread costs more than it brings.
_THREADED_ITEMS = 2**18
# Pieces of the work for each thread.
_PIECES = 4


@dataclass(frozen=True)
class Backend:
    """The way in use.

    Attributes
    ----------
    name
        ``numpy``, or ``numba`` where kernels are loaded or will be once they pay.
    is_loaded
        Whether the kernels are loaded in this process.
    n_threads
        Threads that large look-ups are spread over.
    reason
        Why, in words for the user.
    """

    name: str
    is_loaded: bool
    n_threads: int
    reason: str


@dataclass
class _State:
    """What this process has chosen and met so far; savings and kernels by module."""

    choice: Choice
    missed_ns: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    kernels: dict[str, ModuleType] = field(default_factory=dict)

    @cached_property
    def is_numba_there(self) -> bool:
        """Looked up once: to find that a package is not there walks the whole path."""
        return find_spec("numba") is not None


def _chosen() -> Choice:
    """Read the choice of the environment; anything unknown is refused when it is first used."""
    text = os.environ.get(ENVIRONMENT_VARIABLE, "auto")
    if text not in get_args(Choice):
        raise ValueError(
            f"{ENVIRONMENT_VARIABLE}: expected one of {', '.join(get_args(Choice))}, got {text!r}"
        )
    return text  # type: ignore[return-value]


_state = _State(_chosen())


def describe() -> Backend:
    """Return which way is in use and why, for ``overblock doctor``."""
    loaded = bool(_state.kernels)
    n_threads = _n_threads()
    if _state.choice == "numpy":
        return Backend("numpy", loaded, n_threads, f"{ENVIRONMENT_VARIABLE}=numpy")
    if find_spec("numba") is None:
        return Backend("numpy", False, n_threads, "numba is not installed (overblock[fast])")
    name = f"numba {version('numba')}"
    if _state.choice == "numba":
        return Backend("numba", loaded, n_threads, f"{ENVIRONMENT_VARIABLE}=numba; {name}")
    when = "loaded" if loaded else "loaded when the work repays it"
    return Backend("numba", loaded, n_threads, f"{name}, {when}")


@contextmanager
def using(choice: Choice) -> Iterator[None]:
    """Choose the way within a ``with`` block; ``numba`` uses the kernels at any size.

    Raises
    ------
    ModuleNotFoundError
        If ``numba`` is asked for and not installed.
    """
    before = _state.choice
    if choice == "numba":
        _load(KERNELS)
    _state.choice = choice
    try:
        yield
    finally:
        _state.choice = before


def kernels(saving_ns: float, module: str = KERNELS) -> ModuleType | None:
    """Return the compiled kernels if this call should use them.

    Parameters
    ----------
    saving_ns
        Time the kernels would save in this call, roughly.
    module
        Which kernels.
    """
    choice = _state.choice
    if choice == "numpy":
        return None
    loaded = _state.kernels.get(module)
    if loaded is not None and (saving_ns > 0 or choice == "numba"):
        return loaded
    if choice == "numba":
        return _load(module)
    if loaded is not None:
        return None
    _state.missed_ns[module] += saving_ns
    if _state.missed_ns[module] < _LOADING_NS or not _state.is_numba_there:
        return None
    return _load(module)


def spread(work: Callable[[int, int], None], n_items: int) -> None:
    """Call ``work(first, stop)`` for pieces of so many items, on several threads if it pays.

    The work must let go of the interpreter's lock, as NumPy and the kernels do. Threads live for
    one call: a pool that is kept would not survive a fork.
    """
    n_threads = min(_n_threads(), n_items // _THREADED_ITEMS)
    if n_threads < 2:
        work(0, n_items)
        return
    # Several pieces for each thread, since other processes may hold one of them up.
    n_pieces = n_threads * _PIECES
    pieces = deque(pairwise(n_items * k // n_pieces for k in range(n_pieces + 1)))

    def take() -> None:
        while True:
            try:
                piece = pieces.popleft()
            except IndexError:
                return
            work(*piece)

    with ThreadPoolExecutor(n_threads - 1) as pool:
        others = [pool.submit(take) for _ in range(n_threads - 1)]
        take()
        for done in others:
            done.result()


def in_order(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Yield the results of work on items in their order, done by several threads.

    Few items are taken ahead of the result that is asked for. A single item needs no thread.
    """
    source = iter(items)
    head = list(islice(source, 2))
    n_threads = _n_threads()
    if len(head) < 2 or n_threads < 2:
        yield from map(work, chain(head, source))
        return
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(n_threads) as pool:
        for item in chain(head, source):
            waiting.append(pool.submit(work, item))
            if len(waiting) > 2 * n_threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _n_threads() -> int:
    """Processors this process may run on."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        return os.cpu_count() or 1


def _load(module: str) -> ModuleType:
    """Import some kernels."""
    if module not in _state.kernels:
        _state.kernels[module] = import_kernels(module)
    return _state.kernels[module]
