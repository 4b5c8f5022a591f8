"""The end of a second, and those after it in which operators alone act, in one compiled call."""

from __future__ import annotations

from collections import namedtuple
from typing import Any, cast

import numpy as np

from sim.addresses.machine_code import compiled
from sim.engine.record import snapshot_kernel
from sim.engine.state import pressure_kernel
from sim.engine.state.calendar_kernel import begin_second, next_s, pass_second
from sim.engine.state.parts import Floats, part
from sim.engine.state.states_kernel import turn
from sim.engine.state.structs import define_object

NOWHERE = -1
"""Second of a walk that met nobody who must be told."""
# Not as a literal, for which numba would compile a loop of its own.
_NOBODY = cast("int", np.int64(0))


StageColumns = namedtuple(
    "StageColumns",
    "calendar noted pressure has_fronts has_users has_complaints is_foreseen has_reactions "
    "has_programs may_drift start_s",
)
"""All that is settled as one.

Attributes
----------
calendar, noted, pressure
    The calendar of operators, the curves, and who complains, as the compiled loops take them.
has_fronts, has_users, has_complaints
    Whether the target acts, whether it has users, and whether anybody complains.
is_foreseen
    Whether the censor must learn of every change in the rate of complaints.
has_reactions, has_programs
    Whether businesses move, and whether they switch programs on and off.
may_drift
    Whether states may move although nobody is touched.
start_s
    Second of the week at t = 0.
"""


Stage, _StageType = define_object(__name__, "Stage", StageColumns)


@compiled
def make_stage(columns: StageColumns) -> Any:
    """Return the object of some columns; it keeps them."""
    return Stage(*columns)


@compiled
def advance(
    stage: Any,
    weight: Floats,
    drift: float,
    has_drifted: bool,
    now_s: int,
    is_due: bool,
    until_s: int,
) -> tuple[int, int, int, bool, bool, int]:
    """Settle a second if that is due; then let operators act, and settle each second they act in.

    Parameters
    ----------
    weight : shape (n_operators,)
        How much each operator's users count.
    drift, has_drifted
        How far shares may have moved by now, and whether they have since the last turn.
    until_s
        The first second that is not walked through.

    Returns
    -------
    stopped_s
        The second at which somebody must be told, or NOWHERE.
    n_lost, n_starting, has_turned, is_pressed
        How many fronts the target gives up by it; businesses whose patience begins to run; whether
        businesses took a turn; whether complaints have another rate from there on.
    next_s
        When operators act next.
    """
    calendar, t_s = stage.calendar, now_s
    while True:
        if not is_due:
            t_s = next_s(calendar)
            if t_s >= until_s:
                return NOWHERE, 0, 0, False, False, t_s
            if not pass_second(calendar, t_s):
                continue
        n_lost, n_starting, has_turned, is_pressed = _settle(stage, weight, drift, has_drifted, t_s)
        is_due = has_drifted = False
        if (
            n_lost > 0
            or (n_starting > 0 and stage.has_reactions)
            or (has_turned and stage.has_programs)
            or (is_pressed and stage.is_foreseen)
            or snapshot_kernel.is_full(stage.noted)
        ):
            return t_s, n_lost, n_starting, has_turned, is_pressed, next_s(calendar)


@part
def _settle(
    stage: Any, weight: Floats, drift: float, has_drifted: bool, t_s: int
) -> tuple[int, int, bool, bool]:
    """Draw the consequences of a second for businesses, complaints, the target and curves."""
    scene, states = stage.calendar.scene, stage.calendar.scene.states
    is_touched, is_changed = begin_second(scene, t_s, stage.has_fronts)
    has_turned = is_touched or has_drifted
    n_starting, is_pressed = _NOBODY, is_changed
    if has_turned:
        n_starting, n_beginning, n_ending = turn(
            states,
            scene.space,
            weight,
            drift,
            has_drifted,
            stage.may_drift,
            t_s,
            stage.start_s + t_s,
        )
        if stage.has_complaints:
            beginning = states.beginning_list[:n_beginning]
            ending = states.ending_list[:n_ending]
            is_pressed |= pressure_kernel.turn(
                stage.pressure, states, weight, beginning, ending, t_s
            )
    if is_changed and stage.has_complaints:
        pressure_kernel.note(stage.pressure, t_s)
    n_lost = snapshot_kernel.note(stage.noted, t_s, scene, weight, stage.has_users, is_changed)
    return n_lost, n_starting, has_turned, is_pressed
