"""Loops that loops alone call, called by tests."""

from collections.abc import Callable
from functools import cache
from typing import Any

from numba import njit


@cache
def called(part: Any) -> Callable[..., Any]:
    """A loop that does nothing but call one that Python cannot call."""

    @njit
    def call(*given: Any) -> Any:
        return part(*given)

    loop: Callable[..., Any] = call
    return loop
