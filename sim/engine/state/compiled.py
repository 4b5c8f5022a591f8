"""Whether the engine's compiled loops are used: where numba is there and they pay.

In: how much time a call would save. Out: the loops, or nothing. The bytes are the same either way.
"""

from __future__ import annotations

from functools import partial

from sim.addresses.compiled import backend

MODULE = "sim.engine.state.kernels"

kernels = partial(backend.kernels, module=MODULE)
"""Return the compiled loops if a call that saves so many nanoseconds, roughly, should use them.

As ``backend.kernels`` does for those of addresses. A partial, as it is asked thousands of times.
"""
