"""The compiled count of lines; needs numba.

In: bytes. Out: how many newlines they hold. It does not know what stands between them.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.addresses.compiled.instructions import N_BYTES, equal_to, n_set

_NEWLINE = np.uint64(10)


@njit(cache=True, nogil=True)
def count_lines(block: NDArray[np.uint8]) -> int:
    """Count newlines."""
    n_lines = np.uint64(0)
    n_whole = block.size // N_BYTES * N_BYTES
    for at in range(0, n_whole, N_BYTES):
        n_lines += n_set(equal_to(block, np.uint64(at), _NEWLINE))
    for byte in block[n_whole:]:
        n_lines += np.uint64(byte == _NEWLINE)
    return int(n_lines)
