"""Runs the engine's loops as Python, which notices an index beyond the end of an array.

``pytest -p tests.interpreted``; numba is asked once, when a loop is imported.
"""

import os
from types import SimpleNamespace
from typing import Any

import numpy as np

os.environ["NUMBA_DISABLE_JIT"] = "1"

from sim.engine.state import parts


def define_object(columns: Any) -> Any:
    """Stand-in for a struct of numba: an object with the columns, which loops write to."""
    return lambda given: SimpleNamespace(**given._asdict())


parts.define_object = define_object

from sim.engine.state import states_kernel  # noqa: E402 - defines objects as it is imported

# Few, so that they are more than there is room for.
states_kernel.N_SHARED = 8
np.seterr(over="ignore")
