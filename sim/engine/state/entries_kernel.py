"""One entry more or less at a holder, and the end of a second: in one compiled call each."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from sim.addresses.machine_code import compiled
from sim.engine.state.hosts_kernel import is_touched, touch_hosts
from sim.engine.state.parts import Rows, part
from sim.engine.state.space_kernel import count_pieces, cut
from sim.engine.state.structs import define_object
from sim.engine.state.target_kernel import begin_settlement, meet

SceneColumns = namedtuple(
    "SceneColumns",
    "space target states",
)
"""The address space, the target and businesses."""


Scene, _SceneType = define_object(__name__, "Scene", SceneColumns)


@compiled
def make_scene(space: Any, target: Any, states: Any) -> Any:
    """Return the three as one; it keeps them."""
    return Scene(space, target, states)


@part
def count(scene: Any, start: Rows, stop: Rows, holder: int, mechanism: int, step: int) -> None:
    """Count entries more (+1) or less (-1) that a holder has.

    Parameters
    ----------
    start, stop : shape (n,)
        Intervals of the entries, one entry after the other.
    holder
        Row of an operator, whose users are cut off from hosts, or of the register after them.
    """
    space, target = scene.space, scene.target
    is_register = holder == target.share_users.size
    if is_register and step > 0:
        cut(space, start, stop)
    count_pieces(space, start, stop, holder, mechanism, step)
    meet(target, space, start, stop, holder, mechanism, step)
    if not is_register:
        touch_hosts(scene.states, space, start, stop, holder, mechanism, step)


@part
def begin_second(scene: Any, t_s: int, has_fronts: bool) -> tuple[bool, bool]:
    """Look at what a second brought, at its end, and book the target's users until then.

    Returns
    -------
    is_touched, is_changed
        Whether businesses may have changed, and whether who reaches the target has.
    """
    is_changed = has_fronts and begin_settlement(scene.target, t_s)
    return is_touched(scene.states), is_changed
