"""Failing demand shared among its causes, pair by pair of a business and an operator."""

from __future__ import annotations

from math import comb
from typing import Any

import numpy as np

from sim.catalogue.causes import CAUSES, NAME, OVERLOADED_OPERATOR
from sim.engine.state.parts import ZERO, Floats, Pairs, Rows, part, write_row
from sim.scenario.tables.roles import FRONTEND

N_CAUSES = len(CAUSES)
SEVERAL = N_CAUSES + 1
"""Code of a pair at which several causes act; that of a single one is its column plus one."""
_THIRD = 1.0 / 3.0
STATE, CODE = 3, 7
EVER_SHIFT, CODE_SHIFT = 2, 4
IS_SHARED = 128
"""A pair's byte: two bits for its state, two for the worst so far, three for the code, and one that
says that what was lost by several causes has been shared in this turn."""
CODES = np.array(
    [causes.bit_length() if causes.bit_count() < 2 else SEVERAL for causes in range(1 << N_CAUSES)],
    np.uint8,
)
"""Code of each set of causes given as bits."""
_ORDERS = np.array([1 / (N_CAUSES * comb(N_CAUSES - 1, n)) for n in range(N_CAUSES)] + [0.0])
"""Share of all sequences of the causes in which n given ones come before another given one and the
rest after it. One that does not act adds nothing wherever it stands."""


@part
def share_listed(states: Any, n: int, component_row: Any, role_cause: Pairs) -> None:
    """Share among several causes what businesses lost while some demand passed.

    They are the first n of ``share_business`` at ``share_operator``. ``share_passed`` is the demand
    that passed; row ``share_seat`` of the components shows where they sat meanwhile.

    Parameters
    ----------
    component_row, role_cause : shape (n_seats, n_roles)
        Component of each role, and the cause to which its failing is put down.

    Notes
    -----
    The share of a cause is what it adds to the share of attempts that fails, as a mean over all
    sequences in which causes may come one after the other: its Shapley value. Where causes fail
    attempts independently of each other, each a share p, that is
    ``p(c) * integral over x from 0 to 1 of product over others of (1 - x p)``.
    """
    # Arrays are taken once, and what is done for a pair stands in the loop: to hand them on costs
    # more than all the sums.
    business, seats, at = states.share_business, states.share_seat, states.share_operator
    passed, works, value, sector_row = (
        states.share_passed,
        states.works,
        states.value,
        states.sector_row,
    )
    role_weight, degree, degree_row = states.role_weight, states.degree, states.degree_row
    name_draw, overmatch, name_evasion = (
        states.name_draw,
        states.told_overmatch,
        states.name_evasion,
    )
    is_overloaded, severity = states.told_is_overloaded, states.overload_severity
    lost_by_cause, lost_at = states.lost_by_cause, states.lost_at
    for place in range(n):
        row, seat, operator = business[place], seats[place], at[place]
        sector, worth = sector_row[row], float(value[row])
        for cause in range(N_CAUSES):
            works[cause] = 1.0
        front_weight = front_failing = 0.0
        front_cause = ZERO
        for role in range(component_row.shape[1]):
            failing = degree[degree_row[component_row[seat, role], operator]]
            if role == FRONTEND:
                front_weight, front_failing = role_weight[sector, role], failing
                front_cause = int(role_cause[seat, role])
            elif failing > 0.0:
                works[int(role_cause[seat, role])] *= 1.0 - role_weight[sector, role] * failing
        if is_overloaded[operator]:
            works[OVERLOADED_OPERATOR] = 1.0 - severity[operator]
        evading = name_evasion if name_draw[row] < overmatch[operator] else 1.0
        if evading < 1.0 and front_failing > 0.0:
            _share_with_name(works, front_weight, front_failing, front_cause, evading)
        else:
            works[front_cause] *= 1.0 - front_weight * front_failing
            works[NAME] = 1.0 - front_weight * (1.0 - evading)
            _share_independently(works)
        for cause in range(N_CAUSES):
            if works[cause] != 0.0:
                lost = works[cause] * passed[place]
                lost_by_cause[row, cause] += lost
                lost_at[operator, cause, sector] += worth * lost


@part
def _share_independently(works: Floats) -> None:
    """Replace what each cause lets work by its share of what fails."""
    # Sums over all sets of one to four causes of the products of what each fails.
    one = two = three = four = 0.0
    for cause in range(N_CAUSES):
        fails = 1.0 - works[cause]
        works[cause] = fails
        if fails > 0.0:
            four += three * fails
            three += two * fails
            two += one * fails
            one += fails
    for cause in range(N_CAUSES):
        fails = works[cause]
        if fails > 0.0:
            # The same sums over the others.
            others = one - fails
            pairs = two - fails * others
            triples = three - fails * pairs
            all_four = four - fails * triples
            added = 1.0 - 0.5 * others + _THIRD * pairs - 0.25 * triples + 0.2 * all_four
            works[cause] = fails * added


@part
def _share_with_name(
    works: Floats, front_weight: float, front_failing: float, front_cause: int, evading: float
) -> None:
    """Replace what each cause lets work by its share, where name and address hit a front end."""
    # Who does not evade the blocking of the name misses the front end whether its address works or
    # not: the two are not independent, and each set of causes is looked at.
    share = np.zeros(N_CAUSES)
    for some in range(1, 1 << N_CAUSES):
        working, n_some = 1.0, 0
        for cause in range(N_CAUSES):
            if some >> cause & 1:
                working *= works[cause]
                n_some += 1
        failing = front_failing if some >> front_cause & 1 else 0.0
        if some >> NAME & 1:
            failing = 1.0 - (1.0 - failing) * evading
        fails = 1.0 - working * (1.0 - front_weight * failing)
        for cause in range(N_CAUSES):
            if some >> cause & 1:
                share[cause] += _ORDERS[n_some - 1] * fails
            else:
                share[cause] -= _ORDERS[n_some] * fails
    write_row(works, share)


@part
def note_pair(
    pair: Pairs, n_at: Rows, n_ever: Rows, row: int, operator: int, state: int, code: int
) -> None:
    """Note the state of a business at an operator, and what fails there."""
    known = int(pair[row, operator])
    before, worst = known & STATE, known >> EVER_SHIFT & STATE
    if state != before:
        for level in range(n_at.shape[0]):
            n_at[level, operator] += int(state > level) - int(before > level)
            n_ever[level, operator] += int(state > level >= worst)
        worst = max(worst, state)
    pair[row, operator] = state | worst << EVER_SHIFT | code << CODE_SHIFT


@part
def count_time(states: Any, operators: Rows, t_s: int) -> None:
    """Count the time until now at operators at which businesses may come to another state."""
    n_at, time_s = states.n_at, states.time_at_s
    counted_s = states.counted_s
    for operator in operators:
        elapsed_s = t_s - counted_s[operator]
        # A state that lasts no time is no state.
        if elapsed_s > 0:
            for level in range(n_at.shape[0]):
                time_s[level, operator] += n_at[level, operator] * elapsed_s
            counted_s[operator] = t_s
