"""Imports what workers need, in the process that they are forked from."""

from __future__ import annotations

import gc

import sim.engine.run
import sim.experiment.simulation  # noqa: F401
from sim.engine.state.pressure_kernel import rates_of

# numba sets itself up with the first loop.
rates_of(1.0, 1.0, 1.0)
# What is loaded stays: workers need not look through it for cycles, which would also copy it.
gc.freeze()
