"""Factors as users choose them: which, and over which range.

In: a resolved scenario, and options as texts. Out: factors, or all mistakes in the texts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sim.errors import Problem, ScenarioError
from sim.scenario.quantities import finite_number
from sim.scenario.refusal import hint
from sim.scenario.resolve import Resolved
from sim.scenario.unknowns import Factor, LeftOut, list_factors, list_ranges, value_at
from sim.scenario.variants import is_whole

_RANGE = re.compile(r"(.+?)\.\.(.+)")


def choose_factors(
    resolved: Resolved, only: Sequence[str] = (), ranges: Sequence[str] = ()
) -> tuple[list[Factor], list[LeftOut]]:
    """Return the factors named, or all unknowns if none is, and the assumptions that are left out.

    Parameters
    ----------
    only
        Keys of factors.
    ranges
        ``key=low..high`` for a factor, or for another key of the scenario that holds a number; for
        a column that is multiplied, low and high are factors on it.

    Raises
    ------
    ScenarioError
        With every name that is no factor and every text that is no range.
    """
    unknown, left_out = list_factors(resolved)
    by_key = {factor.key: factor for factor in list_ranges(resolved)[0]}
    wanted = set(only) or {factor.key for factor in unknown}
    problems: list[Problem] = []
    for text in ranges:
        try:
            factor = given_factor(resolved, by_key, text, f"--range {text}")
            by_key[factor.key] = factor
            if not only:
                wanted.add(factor.key)
        except ScenarioError as error:
            problems += error.problems
    problems += [
        Problem(
            f"--only {name}",
            f"expected an assumption with a range, got no such{hint(name, by_key)}; see --list",
        )
        for name in only
        if name not in by_key
    ]
    if problems:
        raise ScenarioError(problems)
    chosen = [factor for key, factor in by_key.items() if key in wanted]
    out = [LeftOut(key, "not asked for") for key in by_key if only and key not in only]
    named = {factor.key for factor in chosen} | {one.key for one in out}
    return chosen, [*out, *(one for one in left_out if one.key not in named)]


def given_factor(
    resolved: Resolved, by_key: Mapping[str, Factor], text: str, origin: str
) -> Factor:
    """Read ``key=low..high``, or ``key`` for its own range.

    Raises
    ------
    ScenarioError
        If it is no range, or the key holds no number.
    """
    key, separator, written = (part.strip() for part in text.partition("="))
    if not separator and key in by_key:
        return by_key[key]
    match = _RANGE.fullmatch(written)
    low, high = (finite_number(part) for part in match.groups()) if match else (None, None)
    if low is None or high is None or not low < high:
        near = "" if separator else hint(key, by_key)
        message = f"expected key=low..high with low < high, or an assumption with a range{near}"
        raise ScenarioError([Problem(origin, message)])
    known = by_key.get(key)
    if known is not None:
        if known.scale == "position":
            raise ScenarioError([Problem(origin, f"{key} has a range for each row; none is taken")])
        if known.scale == "times" and low <= 0:
            raise ScenarioError([Problem(origin, "expected factors > 0")])
        words = "x {:g} to x {:g}" if known.scale == "times" else "{:g} to {:g}"
        # How the declared range is drawn need not be possible over another.
        return replace(known, low=low, high=high, range_text=words.format(low, high), stated=None)
    given = value_at(resolved, key)
    if given is None:
        message = f"expected a key that holds a number, got {key!r}{hint(key, by_key)}"
        raise ScenarioError([Problem(origin, message)])
    return Factor(
        key,
        "",
        "value",
        low,
        given,
        high,
        f"{low:g} to {high:g}",
        "given with the command",
        is_whole=is_whole(resolved.scenario, key),
    )
