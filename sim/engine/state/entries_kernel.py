"""One entry more or less at a holder: pieces, fronts and hosts in one compiled call."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.addresses.compiled.kept_code import compiled
from sim.engine.state.space_kernel import count_pieces, cut
from sim.engine.state.states_kernel import count_hosts
from sim.engine.state.target_kernel import meet

Rows: TypeAlias = NDArray[np.int64]


@compiled
def count(
    space: Any,
    target: Any,
    states: Any,
    start: Rows,
    stop: Rows,
    holder: int,
    mechanism: int,
    step: int,
) -> None:
    """Count entries more (+1) or less (-1) that a holder has.

    Parameters
    ----------
    start, stop : shape (n,)
        Intervals of the entries, one entry after the other.
    holder
        Row of an operator, whose users are cut off from hosts, or of the register after them.
    """
    is_register = holder == target.share_users.size
    if is_register and step > 0:
        cut(space, start, stop)
    count_pieces(space, start, stop, holder, mechanism, step)
    meet(target, space, start, stop, holder, mechanism, step)
    if not is_register:
        count_hosts(states, start, stop, holder, mechanism, step)
