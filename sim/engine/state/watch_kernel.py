"""Whose addresses are blocked at any operator, in one compiled loop.

In: hosts in groups, and counts of entries over hosts. Out: a flag for each group.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.addresses.machine_code import compiled

Rows = NDArray[np.int64]


@compiled
def blocked_anywhere(states: Any, host: Rows, start: Rows) -> NDArray[np.bool_]:
    """Whether any host of each group is dropped or throttled, and not exempt, at some operator.

    Parameters
    ----------
    states
        What ``make_states`` returned.
    host : shape (n_hosts,)
        Rows of hosts, group after group.
    start : shape (n_groups + 1,)
        Where each group begins in ``host``.

    Returns
    -------
    shape (n_groups,)
    """
    n_dropping, n_throttling = states.n_dropping, states.n_throttling
    n_exempting = states.n_exempting
    # Counts of a mechanism have no rows until it is used.
    has_drop, has_throttle = n_dropping.shape[0] > 0, n_throttling.shape[0] > 0
    has_exempt = n_exempting.shape[0] > 0
    n_operators = n_dropping.shape[1]
    found = np.zeros(start.size - 1, np.bool_)
    for group in range(start.size - 1):
        for place in range(start[group], start[group + 1]):
            row = host[place]
            for operator in range(n_operators):
                if has_exempt and n_exempting[row, operator] > 0:
                    continue
                if has_drop and n_dropping[row, operator] > 0:
                    found[group] = True
                if has_throttle and n_throttling[row, operator] > 0:
                    found[group] = True
            if found[group]:
                break
    return found
