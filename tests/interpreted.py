"""Runs the engine's loops as Python, which notices an index beyond the end of an array.

``pytest -p tests.interpreted``; numba is asked once, when a loop is imported.
"""

import os
from typing import Any

import numpy as np

os.environ["NUMBA_DISABLE_JIT"] = "1"

from sim.engine.state import structs


def define_object(_module: str, name: str, columns: Any) -> tuple[type, type]:
    """Stand-in for a struct of numba: an object with the columns, records by attribute."""

    def begin(self: Any, *given: Any) -> None:
        assert len(given) == len(columns._fields)
        for column, value in zip(columns._fields, given, strict=True):
            is_table = isinstance(value, np.ndarray) and value.dtype.names
            setattr(self, column, value.view(np.recarray) if is_table else value)

    return type(name, (), {"__init__": begin}), object


structs.define_object = define_object

from sim.engine.state import states_kernel  # noqa: E402 - defines objects as it is imported

# Few, so that they are more than there is room for.
states_kernel.N_SHARED = 8
np.seterr(over="ignore")
