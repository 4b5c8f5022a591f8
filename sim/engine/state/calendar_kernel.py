"""The calendar of operators: downloads, and entries to apply and to release; compiled.

An operator downloads at the first poll after a publication; other polls show it nothing new. What
a version shows that the one it has seen did not, it applies after its lag; what it shows no more,
it releases after another. An exemption lets addresses pass when it starts, and blocks them when it
stops, so its lags are the other way round.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from sim.addresses.machine_code import compiled
from sim.engine.clock import Phase
from sim.engine.eventlog import NOBODY, Kind
from sim.engine.state.hosts_kernel import is_touched, sort, touch_hosts, touch_named
from sim.engine.state.parts import (
    LESS,
    ONE,
    ZERO,
    Rows,
    define_object,
    double,
    longer,
    part,
    write_row,
)
from sim.engine.state.reach_kernel import book
from sim.engine.state.space_kernel import EXEMPT, count_pieces, cut
from sim.engine.state.target_kernel import is_changed, meet

NAME = 3
"""An entry that is about a name, beside the mechanisms that are about addresses."""
NEVER = 1 << 62
NO_LIMIT = 1 << 62
NOT_DUE, EXPECTED, ENFORCED = range(3)
"""State of an entry at an operator: not due, expected at a second, enforced."""
_KEY, _SEQUENCE, _OPERATOR, _FIRST, _STOP = range(5)
_N_PHASES = 16
# Not as literals, for each of which numba would compile a loop of its own.
_DOWNLOAD, _RELEASE, _ENFORCEMENT, _DOWNLOADED, _ENFORCED, _RELEASED, _NOBODY = (
    cast("int", np.int64(number))
    for number in (
        Phase.DOWNLOAD,
        Phase.RELEASE,
        Phase.ENFORCEMENT,
        Kind.DOWNLOADED,
        Kind.ENFORCED,
        Kind.RELEASED,
        NOBODY,
    )
)


SceneColumns = namedtuple("SceneColumns", "space target states")
"""The address space, the target and businesses."""

make_scene = define_object(SceneColumns)


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
    has_changed = has_fronts and is_changed(scene.target)
    if has_changed:
        book(scene.target, t_s)
    return is_touched(scene.states), has_changed


CalendarColumns = namedtuple(
    "CalendarColumns",
    # Whom what they do concerns.
    "scene "
    # Operators: when they poll, how long they take, how many rules they hold.
    "poll_interval_s poll_phase_s begins_s lag_s stops_at degrades_at "
    # The version they have seen, whether a download is due, rules they hold now.
    "seen is_expected n_rules "
    # Entries, by row: their intervals, from one place in the list of all to the next.
    "n_entries first_interval start stop mechanism n_rules_of overmatch "
    # As which change they came and went, who enforces them, and since when, at each operator.
    "came went enforces state applied_s "
    # Rows of entries as they came and went; how many of these the latest version shows.
    "n_changes change version "
    # What is due: a heap of rows, and the lists of entries that they are about.
    "n_due due n_made n_listed listed "
    # What happened, as rows of the event log.
    "n_logged logged",
)
"""Operators and what is due at them; columns by operator, entry, change or event.

Attributes
----------
scene
    The address space, the target and businesses.
poll_interval_s, poll_phase_s, begins_s : shape (n_operators,)
    The register is downloaded at ``poll_phase_s + n * poll_interval_s``, not before
    ``begins_s``.
lag_s : shape (2, 2, n_operators)
    From the download to the beginning and to the end, of what blocks and of what exempts.
stops_at, degrades_at : shape (n_operators,)
    Rules beyond which an operator takes no more, and beyond which it fails; NO_LIMIT if never.
n_logged, logged : shapes (1,), (n_rows, 4)
    How many rows of the event log are kept here, and these: time, kind, operator, entry.
"""

make_calendar = define_object(CalendarColumns)


@part
def _make_room(calendar: Any, n_intervals: int) -> None:
    """Have room for one more entry of so many intervals."""
    row, room = calendar.n_entries, calendar.mechanism.size
    if row == room:
        room = double(room)
        calendar.first_interval = longer(calendar.first_interval, room + 1)
        calendar.mechanism = longer(calendar.mechanism, room)
        calendar.n_rules_of = longer(calendar.n_rules_of, room)
        calendar.overmatch = longer(calendar.overmatch, room)
        calendar.came = longer(calendar.came, room)
        calendar.went = longer(calendar.went, room)
        calendar.enforces = longer(calendar.enforces, room)
        calendar.state = longer(calendar.state, room)
        calendar.applied_s = longer(calendar.applied_s, room)
    n, room = calendar.first_interval[row] + n_intervals, calendar.start.size
    if n > room:
        calendar.start = longer(calendar.start, max(n, double(room)))
        calendar.stop = longer(calendar.stop, max(n, double(room)))


@compiled
def add_entry(
    calendar: Any,
    start: Rows,
    stop: Rows,
    mechanism: int,
    n_rules: int,
    overmatch: float,
    enforces: NDArray[np.bool_],
) -> None:
    """Let one more entry come into the register.

    Parameters
    ----------
    start, stop : shape (n,)
        Its intervals.
    enforces : shape (n_operators,)
        Whether each operator is going to enforce it.
    """
    _make_room(calendar, start.size)
    row = calendar.n_entries
    low, high = calendar.first_interval[row], calendar.first_interval[row] + start.size
    calendar.first_interval[row + 1] = high
    write_row(calendar.start[low:high], start)
    write_row(calendar.stop[low:high], stop)
    calendar.mechanism[row], calendar.n_rules_of[row] = mechanism, n_rules
    calendar.overmatch[row] = overmatch
    write_row(calendar.enforces[row], enforces)
    calendar.n_entries = row + 1
    calendar.came[row], calendar.went[row] = calendar.n_changes, NEVER
    _note_change(calendar, row, ONE)


@compiled
def withdraw_entry(calendar: Any, row: int) -> None:
    """Let an entry leave the register."""
    calendar.went[row] = calendar.n_changes
    _note_change(calendar, row, LESS)


@part
def _note_change(calendar: Any, row: int, step: int) -> None:
    """Note that an entry came into the register (+1) or left it (-1), and count it there."""
    if calendar.n_changes == calendar.change.size:
        calendar.change = longer(calendar.change, double(calendar.change.size))
    calendar.change[calendar.n_changes] = row
    calendar.n_changes += 1
    _count_entry(calendar, row, calendar.seen.size, step)


@part
def _count_entry(calendar: Any, row: int, holder: int, step: int) -> None:
    """Count an entry more (+1) or less (-1) at an operator, or at the register after them."""
    if calendar.mechanism[row] != NAME:
        low, high = calendar.first_interval[row], calendar.first_interval[row + 1]
        start, stop = calendar.start[low:high], calendar.stop[low:high]
        count(calendar.scene, start, stop, holder, calendar.mechanism[row], step)


@compiled
def publish(calendar: Any, t_s: int) -> tuple[bool, int]:
    """Publish a version, and have whoever waits for one download it.

    Returns
    -------
    is_another, next_s
        Whether it shows anything else, and when something is due next.
    """
    before, now = calendar.version, calendar.n_changes
    calendar.version = now
    is_another = False
    for change in range(before, now):
        is_another |= _has_come(calendar, change, now) or _has_gone(calendar, change, before)
    if is_another:
        for operator in range(calendar.seen.size):
            if not calendar.is_expected[operator]:
                calendar.is_expected[operator] = True
                poll_s = _next_poll_s(calendar, operator, t_s)
                _expect(calendar, poll_s, _DOWNLOAD, operator, calendar.n_listed, calendar.n_listed)
    return is_another, next_s(calendar)


@part
def _has_come(calendar: Any, change: int, now: int) -> bool:
    """Whether a change let an entry come that a version still shows."""
    row = calendar.change[change]
    return bool(calendar.came[row] == change and calendar.went[row] >= now)


@part
def _has_gone(calendar: Any, change: int, before: int) -> bool:
    """Whether a change let an entry go that a version showed."""
    row = calendar.change[change]
    return bool(calendar.went[row] == change and calendar.came[row] < before)


@part
def _next_poll_s(calendar: Any, operator: int, t_s: int) -> int:
    phase_s, interval_s = calendar.poll_phase_s[operator], calendar.poll_interval_s[operator]
    since_s = max(0, max(t_s, calendar.begins_s[operator]) - phase_s)
    return int(phase_s + (since_s + interval_s - 1) // interval_s * interval_s)


@part
def _is_earlier(due: Rows, one: int, other: int) -> bool:
    if due[one, _KEY] != due[other, _KEY]:
        return bool(due[one, _KEY] < due[other, _KEY])
    return bool(due[one, _SEQUENCE] < due[other, _SEQUENCE])


@part
def _swap(due: Rows, one: int, other: int) -> None:
    for column in range(due.shape[1]):
        due[one, column], due[other, column] = due[other, column], due[one, column]


@part
def _expect(calendar: Any, t_s: int, phase: int, operator: int, first: int, stop: int) -> None:
    """Have an operator do something, with a stretch of the list of entries, at a time."""
    n = calendar.n_due
    if n == calendar.due.shape[0]:
        calendar.due = longer(calendar.due, double(n))
    due = calendar.due
    due[n, _KEY], due[n, _SEQUENCE] = t_s * _N_PHASES + phase, calendar.n_made
    due[n, _OPERATOR], due[n, _FIRST], due[n, _STOP] = operator, first, stop
    calendar.n_due, calendar.n_made = n + 1, calendar.n_made + 1
    while n > 0 and _is_earlier(due, n, (n - 1) >> 1):
        _swap(due, n, (n - 1) >> 1)
        n = (n - 1) >> 1


@part
def _forget_first(calendar: Any) -> None:
    """Take what is due first out of the heap."""
    due, n = calendar.due, calendar.n_due - 1
    calendar.n_due = n
    place, child = ZERO, ONE
    _swap(due, place, n)
    while child < n:
        if child + 1 < n and _is_earlier(due, child + 1, child):
            child += 1
        if not _is_earlier(due, child, place):
            break
        _swap(due, place, child)
        place, child = child, 2 * child + 1


@part
def next_s(calendar: Any) -> int:
    """When something is due next; NEVER if nothing is."""
    return int(calendar.due[0, _KEY] // _N_PHASES) if calendar.n_due > 0 else NEVER


@compiled
def meet_second(calendar: Any, t_s: int) -> tuple[bool, int]:
    """Do all that is due in a second; return whether that has consequences, and what is next."""
    return pass_second(calendar, t_s), next_s(calendar)


@part
def pass_second(calendar: Any, t_s: int) -> bool:
    """Do all that is due in a second; return whether that has consequences."""
    has_consequences = False
    while next_s(calendar) == t_s:
        phase = calendar.due[0, _KEY] % _N_PHASES
        operator = calendar.due[0, _OPERATOR]
        first, stop = calendar.due[0, _FIRST], calendar.due[0, _STOP]
        _forget_first(calendar)
        if phase == _DOWNLOAD:
            _download(calendar, operator, t_s)
        else:
            is_start = phase == _ENFORCEMENT
            has_consequences |= _carry_out(calendar, operator, first, stop, t_s, is_start)
    return has_consequences


@part
def _download(calendar: Any, operator: int, t_s: int) -> None:
    """Let an operator see the latest version, and plan what follows."""
    calendar.is_expected[operator] = False
    _log(calendar, t_s, _DOWNLOADED, operator, _NOBODY)
    before, now = calendar.seen[operator], calendar.version
    calendar.seen[operator] = now
    for exempts in range(2):
        start_s = t_s + calendar.lag_s[exempts, 0, operator]
        stop_s = t_s + calendar.lag_s[exempts, 1, operator]
        first = calendar.n_listed
        for change in range(before, now):
            if _has_come(calendar, change, now) and _is_mine(calendar, change, operator, exempts):
                row = _list(calendar, change)
                calendar.state[row, operator] = EXPECTED
                calendar.applied_s[row, operator] = start_s
        if calendar.n_listed > first:
            _expect(calendar, start_s, _ENFORCEMENT, operator, first, calendar.n_listed)
        first = calendar.n_listed
        for change in range(before, now):
            if _has_gone(calendar, change, before) and _is_mine(
                calendar, change, operator, exempts
            ):
                row = calendar.change[change]
                # What would be enforced only after it is released is never enforced at all.
                is_known = calendar.state[row, operator] != NOT_DUE
                if is_known and calendar.applied_s[row, operator] < stop_s:
                    _list(calendar, change)
                else:
                    calendar.state[row, operator] = NOT_DUE
        if calendar.n_listed > first:
            sort(calendar.listed[first : calendar.n_listed])
            # Before what starts in the same second, so that it makes room.
            _expect(calendar, stop_s, _RELEASE, operator, first, calendar.n_listed)


@part
def _is_mine(calendar: Any, change: int, operator: int, exempts: int) -> bool:
    """Whether an operator enforces the entry of a change, and it is of those that exempt or not."""
    row = calendar.change[change]
    is_exemption = calendar.mechanism[row] == EXEMPT
    return bool(calendar.enforces[row, operator] and is_exemption == (exempts == 1))


@part
def _list(calendar: Any, change: int) -> int:
    """Append the entry of a change to the list, and return its row."""
    if calendar.n_listed == calendar.listed.size:
        calendar.listed = longer(calendar.listed, double(calendar.listed.size))
    row = calendar.change[change]
    calendar.listed[calendar.n_listed] = row
    calendar.n_listed += 1
    return int(row)


@part
def _carry_out(
    calendar: Any, operator: int, first: int, stop: int, t_s: int, is_start: bool
) -> bool:
    """Let an operator apply or release some entries; return whether that has consequences."""
    is_any = has_names = False
    step = 1 if is_start else -1
    for place in range(first, stop):
        row = calendar.listed[place]
        # An entry that found no room is not there to be released.
        if calendar.state[row, operator] != (EXPECTED if is_start else ENFORCED):
            continue
        n_rules = calendar.n_rules[operator] + step * calendar.n_rules_of[row]
        if is_start and n_rules > calendar.stops_at[operator]:
            calendar.state[row, operator] = NOT_DUE
            continue
        calendar.n_rules[operator] = n_rules
        calendar.state[row, operator] = ENFORCED if is_start else NOT_DUE
        _log(calendar, t_s, _ENFORCED if is_start else _RELEASED, operator, row)
        _count_entry(calendar, row, operator, step)
        has_names |= calendar.mechanism[row] == NAME
        is_any = True
    if has_names:
        _match_names(calendar, operator)
    return bool(_note_load(calendar, operator) or is_any)


@part
def _match_names(calendar: Any, operator: int) -> None:
    """Look again at which names an operator blocks, and how many others match."""
    states, is_named, overmatch = calendar.scene.states, False, 0.0
    for row in range(calendar.n_entries):
        if calendar.mechanism[row] == NAME and calendar.state[row, operator] == ENFORCED:
            is_named, overmatch = True, max(overmatch, calendar.overmatch[row])
    calendar.scene.target.is_named[operator] = is_named
    touch_named(states, operator, max(overmatch, states.overmatch[operator]))
    states.overmatch[operator] = overmatch


@part
def _note_load(calendar: Any, operator: int) -> bool:
    """Note whether an operator fails under its rules; return whether that is new."""
    is_over = calendar.n_rules[operator] > calendar.degrades_at[operator]
    states = calendar.scene.states
    if states.is_overloaded[operator] == is_over:
        return False
    states.is_overloaded[operator] = is_over
    touch_named(states, operator, np.inf)
    return True


@part
def _log(calendar: Any, t_s: int, kind: int, operator: int, entry: int) -> None:
    n = calendar.n_logged[0]
    if n == calendar.logged.shape[0]:
        calendar.logged = longer(calendar.logged, double(n))
    row = calendar.logged[n]
    row[0], row[1], row[2], row[3] = t_s, kind, operator, entry
    calendar.n_logged[0] = n + 1


@compiled
def logged_rows(calendar: Any) -> Rows:
    """All rows of the event log that are kept here."""
    rows: Rows = calendar.logged[: calendar.n_logged[0]].copy()
    return rows
