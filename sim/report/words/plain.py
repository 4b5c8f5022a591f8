"""Numbers and strategies as one would say them aloud: no digits where a word will do.

In: shares, durations, strategies with their parameters, a language. Out: words. Figures with their
ranges stand beside them on the page; nothing here is to be quoted.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Literal, TypeAlias

from sim.report.words.languages import ENGLISH, IN_ENGLISH, Language
from sim.report.words.numbers import number
from sim.results.read import RunFolder
from sim.results.tables import Cell as Value
from sim.results.tables import Row
from sim.scenario.strategies import DECLARED

Rounded: TypeAlias = Literal["down", "nearest", "up"]
Counted: TypeAlias = Literal["sites", "both", "modelled"]
"""What is counted as businesses: the sites of an inventory, these and drawn ones, drawn ones."""

_NUMBERS = (
    *("no", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
_FRACTIONS = tuple(
    Fraction(*one)
    for one in (
        *((1, 9), (1, 8), (1, 7), (1, 6), (1, 5), (1, 4), (3, 10), (1, 3), (2, 5)),
        *((1, 2), (3, 5), (2, 3), (3, 4), (4, 5), (5, 6), (7, 8), (9, 10)),
    )
)
_ONE_IN = range(10, 101)
"""Of how many one is told, times powers of ten: in two digits, so at most a twentieth off."""
_SMALL = 0.105
"""Share below which one in ten and more is told."""
_NEARLY_ALL = 0.95
_MINUTE_H, _DAY_H, _WEEK_H, _MONTH_H = 1 / 60, 24.0, 168.0, 730.5
_UNITS = (
    # From how many hours on a duration is told in a unit, its length in hours, its name.
    (0.0, 1 / 3600, "second"),
    (2 * _MINUTE_H, _MINUTE_H, "minute"),
    (2.0, 1.0, "hour"),
    (2 * _DAY_H, _DAY_H, "day"),
    (3 * _WEEK_H, _WEEK_H, "week"),
    (3 * _MONTH_H, _MONTH_H, "month"),
)


def share_words(share: float, words: Language = IN_ENGLISH, *, is_rough: bool = True) -> str:
    """A share as a simple fraction: ``about three in four``; ``not known`` where it is not.

    The fraction is the nearest in steps of which none is more than an eighth of the share away;
    ``about`` is left out where it is exact, or where ``is_rough`` is off.
    """
    if math.isnan(share):
        return words.say("an unknown share")
    if share <= 0:
        return words.say("none")
    if share >= _NEARLY_ALL:
        return words.say("all") if share >= 1 else words.say("nearly all")
    if share <= 1e-6:
        return words.say("hardly any")
    if share < _SMALL:
        power = 10 ** max(math.ceil(math.log10(1 / share)) - 2, 0)
        few = min((one * power for one in _ONE_IN), key=lambda one: abs(math.log(one * share)))
        is_exact = math.isclose(few * share, 1) or not is_rough
        text = "one in {of}" if is_exact else "about one in {of}"
        told = _count(few, words) if few <= 12 else words.digits(number(few))
        return words.say(text, of=told)
    nearest = min(_FRACTIONS, key=lambda one: abs(math.log(float(one) / share)))
    is_exact = float(nearest) == share or not is_rough
    text = "{n} in {of}" if is_exact else "about {n} in {of}"
    parts = (nearest.numerator, nearest.denominator)
    n, of = (_count(part, words) for part in parts)
    return words.say(text, n=n, of=of)


def duration_words(hours: float, words: Language = IN_ENGLISH, *, rounded: Rounded = "down") -> str:
    """A duration in whole units: ``five weeks``.

    Parameters
    ----------
    rounded
        Down for *or more*, up for *within*, to the nearest for the duration itself.
    """
    if math.isnan(hours):
        return words.say("an unknown time")
    _, length, name = next(unit for unit in reversed(_UNITS) if hours >= unit[0])
    n = _whole(hours / length, rounded)
    if words.code != ENGLISH:
        return words.length(n, name)
    return f"{_count(n)} {name}{'' if n == 1 else 's'}"


def is_in_days(hours: float) -> bool:
    """Whether a duration is one in days: below four of them, only whole days, as 60 h are no 3."""
    return hours >= 4 * _DAY_H or (hours >= 2 * _DAY_H and math.floor(hours + 0.5) % _DAY_H == 0)


def days_words(hours: float, words: Language = IN_ENGLISH, *, rounded: Rounded = "nearest") -> str:
    """A duration in days, so that several can be told apart: ``48 days``; a short one in hours.

    Parameters
    ----------
    rounded
        As for `duration_words`.
    """
    if math.isnan(hours) or hours < 2 * _DAY_H:
        return duration_words(hours, words, rounded=rounded)
    length, name = (_DAY_H, "day") if is_in_days(hours) else (1.0, "hour")
    n = _whole(hours / length, rounded)
    return f"{n} {name}s" if words.code == ENGLISH else words.length(n, name)


def _whole(n: float, rounded: Rounded) -> int:
    if rounded == "nearest":
        return math.floor(n + 0.5)
    # A whole number that arithmetic missed by its last digits is that number.
    return math.floor(n + 1e-9) if rounded == "down" else math.ceil(n - 1e-9)


def times_words(ratio: float, words: Language = IN_ENGLISH) -> str:
    """How many times as much: ``three times``, ``1,200 times``; digits above twelve."""
    if ratio < 1.15:
        return words.say("about as much as")
    if ratio < 1.75:
        return words.say("half again as much as")
    if ratio > 1000:
        return words.say("more than 1,000 times as much as")
    n = round(ratio) if ratio < 20 else round(ratio, 2 - math.ceil(math.log10(ratio)))
    if n == 2:
        return words.say("twice as much as")
    return words.say("{n} times as much as", n=_count(int(n), words))


def counted_as_businesses(population: Mapping[str, Any]) -> Counted:
    """What the businesses of a scenario are: the number of drawn ones alone is assumed."""
    if not population.get("inventory"):
        return "modelled"
    return "both" if population.get("n_businesses") else "sites"


def of_another_version(record: str, run: RunFolder, words: Language) -> str:
    """That a result is of another version than the record of errors; empty where it is not."""
    own = str(run.manifest["tool"]["version"])
    if own == record:
        return ""
    return words.say(
        "This result is of version {own}, whose numbers have not been compared with what was "
        "published.",
        own=own,
    )


def strategy_words(strategy: Mapping[str, Any], words: Language = IN_ENGLISH) -> str:
    """What a strategy blocks, for people, from its id and parameters in a manifest."""
    name = str(strategy["id"])
    if name not in DECLARED:
        return name
    told = DECLARED[name].in_words
    parameters = {key: str(value) for key, value in strategy.get("parameters", {}).items()}
    if "{length}" in told and "length" not in parameters:
        told = told.replace("/{length} ", "")
    return words.say(told, **parameters)


def strategies_of(run: RunFolder) -> list[Mapping[str, Any]]:
    """Label, id and parameters of each strategy of a folder, of a run's only one too."""
    listed = run.manifest.get("strategies")
    if listed:
        return list(listed)
    own = run.scenario.get("strategy") or {}
    parameters = {key: value for key, value in own.items() if key != "id"}
    return [
        {"label": label, "id": own.get("id", label), "parameters": parameters}
        for label in run.strategies
    ]


def strategy_names(
    strategies: Sequence[Mapping[str, Any]], words: Language = IN_ENGLISH
) -> dict[str, str]:
    """What each strategy of a manifest is called for people, by its label: no two alike."""
    said = {str(one["label"]): strategy_words(one, words) for one in strategies}
    times = Counter(said.values())
    return {
        label: name if times[name] == 1 else f"{name} ({label})" for label, name in said.items()
    }


def quoted(name: str, words: Language = IN_ENGLISH) -> str:
    """A name in the quotation marks of the language, where it stands in a sentence."""
    left, right = (
        ("\N{LEFT DOUBLE QUOTATION MARK}", "\N{RIGHT DOUBLE QUOTATION MARK}")
        if words.code == ENGLISH
        else (
            "\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}",
            "\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}",
        )
    )
    return f"{left}{name}{right}"


def with_names(rows: Sequence[Row], names: Mapping[str, str]) -> list[Row]:
    """Rows whose labels of strategies are what people call them."""

    def told(column: str, value: Value) -> Value:
        is_label = column in ("strategy", "other", "baseline", "dominated_by")
        if not (is_label and isinstance(value, str)):
            return value
        return ";".join(names.get(label, label) for label in value.split(";"))

    return [{column: told(column, value) for column, value in row.items()} for row in rows]


def _count(n: int, words: Language = IN_ENGLISH) -> str:
    """A number up to twelve as a word in English; in digits where a word would have a gender."""
    if words.code == ENGLISH and 0 <= n < len(_NUMBERS):
        return _NUMBERS[n]
    return words.digits(f"{n:,}")
