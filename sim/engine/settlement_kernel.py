"""Seconds in which nothing happens but at operators, one after the other in one compiled call.

In: the calendar of operators, and all that hangs on it. Out: the second at which somebody must be
told who acts by himself; until then everything is settled as `Settlement.settle` does.
"""

from __future__ import annotations

from typing import Any, TypeAlias, cast

import numpy as np
from numba import types
from numba.experimental import structref
from numpy.typing import NDArray

from sim.addresses.compiled.kept_code import compiled
from sim.engine.record import snapshot_kernel
from sim.engine.state import pressure_kernel
from sim.engine.state.calendar_kernel import next_s, pass_second, take_log
from sim.engine.state.entries_kernel import begin_second
from sim.engine.state.structs import define

Floats: TypeAlias = NDArray[np.float64]
Rows: TypeAlias = NDArray[np.int64]
NOWHERE = -1
"""Second of a walk that met nobody who must be told."""
UNSETTLED = -1
"""Lost fronts of a second that is not settled yet."""
# Not as a literal, for which numba would compile a loop of its own.
_HAS_NOT_DRIFTED = cast("bool", np.bool_(False))


@structref.register
class _StageType(types.StructRef):  # type: ignore[misc, unused-ignore]
    """Type of what ``make_stage`` returns."""


class Stage(structref.StructRefProxy):  # type: ignore[misc, unused-ignore]
    """All that is settled as one object; ``make_stage`` says what its fields are."""


_FIELDS = [
    "calendar",
    "scene",
    "noted",
    "pressure",
    "has_fronts",
    "has_users",
    "has_complaints",
    "is_foreseen",
]
define(Stage, _StageType, _FIELDS)


@compiled
def make_stage(
    calendar: Any,
    scene: Any,
    noted: Any,
    pressure: Any,
    has_fronts: bool,
    has_users: bool,
    has_complaints: bool,
    is_foreseen: bool,
) -> Any:
    """Return what is settled as one; it keeps it.

    Parameters
    ----------
    has_fronts, has_users, has_complaints
        Whether the target acts, whether it has users, and whether anybody complains.
    is_foreseen
        Whether the censor must be told whenever complaints have another rate.
    """
    return Stage(  # type: ignore[no-untyped-call, unused-ignore]
        calendar, scene, noted, pressure, has_fronts, has_users, has_complaints, is_foreseen
    )


@compiled
def settle(stage: Any, weight: Floats, t_s: int, has_drifted: bool) -> tuple[int, bool, bool]:
    """Draw the consequences of a second for complaints, the target and curves.

    Parameters
    ----------
    weight : shape (n_operators,)
        How much each operator's users count.
    has_drifted
        Whether states may have moved although nobody is touched.

    Returns
    -------
    n_lost, is_full
        How many fronts the target gives up, and whether there is no room to note another second;
        UNSETTLED where businesses have to take their turn, after which it is asked for again.
    is_changed
        Whether who reaches the target has changed.
    """
    is_touched, is_changed = begin_second(stage.scene, t_s, stage.has_fronts)
    if is_touched or has_drifted:
        return UNSETTLED, False, is_changed
    if is_changed and stage.has_complaints:
        pressure_kernel.note(stage.pressure, stage.scene.target, t_s)
    n_lost = snapshot_kernel.note(
        stage.noted, t_s, stage.scene, weight, stage.has_users, is_changed
    )
    return n_lost, snapshot_kernel.is_full(stage.noted), is_changed


@compiled
def advance(stage: Any, weight: Floats, until_s: int) -> tuple[int, int, bool, int, Rows]:
    """Let operators act, and settle each second, up to one that is not included.

    Returns
    -------
    stopped_s, n_lost, is_changed
        The second at which somebody must be told, or NOWHERE; how many fronts the target gives up
        by it, or UNSETTLED where its consequences are still to be drawn; and whether who reaches
        the target changed in it.
    next_s, log
        When operators act next; and what they did, as rows of the event log.
    """
    calendar = stage.calendar
    while True:
        t_s = next_s(calendar)
        if t_s >= until_s:
            return NOWHERE, UNSETTLED, False, t_s, take_log(calendar)
        if not pass_second(calendar, stage.scene, t_s):
            continue
        n_lost, has_no_room, is_changed = settle(stage, weight, t_s, _HAS_NOT_DRIFTED)
        if n_lost != 0 or has_no_room or (is_changed and stage.is_foreseen):
            break
    return t_s, n_lost, is_changed, next_s(calendar), take_log(calendar)
