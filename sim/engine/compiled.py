"""Whether the engine's compiled loops are used: where numba is there and they pay.

In: how much time a call would save. Out: the loops, or nothing. The bytes are the same either way.
"""

from __future__ import annotations

from types import ModuleType

from sim.addresses import backend

MODULE = "sim.engine.kernels"


def kernels(saving_ns: int) -> ModuleType | None:
    """Return the compiled loops if this call should use them.

    Parameters
    ----------
    saving_ns
        Time they would save in this call, roughly.
    """
    return backend.kernels(saving_ns, MODULE)
