"""What readers ask first, each with its answer: a number, where it stands, or how to find out.

In: a run folder and what was said of it. Out: questions with sentences, places on the page, and a
command where one result cannot tell.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from sim.catalogue.choices import EFFICACY, TARGET_LOST, measure_name
from sim.measure.by_operator import read_operators
from sim.report.page.bands import LEFT, share_of
from sim.report.page.cut_off import LISTED, CutOff, told_of_most, when_dropped
from sim.report.page.head.reversal import what_reverses
from sim.report.page.head.trials import FIGURES, Question, another, own, react, settled, who
from sim.report.page.head.withheld import withheld
from sim.report.page.operators import name_of
from sim.report.page.repeat_command import (
    is_comparison,
)
from sim.report.page.sessions import hours_in_words, length_s, sessions_of
from sim.report.page.target_lost import LEAST_LEFT, how_often_half
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import number, percent, percent_span, span
from sim.report.words.plain import Counted, counted_as_businesses
from sim.results.read import RunFolder
from sim.results.tables import Row
from sim.results.tables import number as cell

LOSS = measure_name("private_loss_usd")
SOURCES = ("sources", "What it rests on")


def questions(
    run: RunFolder,
    summary: Mapping[str, Row],
    hangs_on: str,
    error_rate: str,
    words: Language = IN_ENGLISH,
    dropped: Mapping[str, CutOff] = MappingProxyType({}),
    who_drops: str = "",
) -> tuple[Question, ...]:
    """What is asked first of a result.

    Parameters
    ----------
    summary
        Rows of a run with both ranges, by metric; empty for a comparison.
    hangs_on
        On what its numbers hang most, in a sentence; empty where that is not told.
    error_rate
        How often numbers of these kinds were right, kind by kind.
    dropped
        When each operator drops addresses of others, the largest first, under the strategy of which
        the page tells.
    who_drops
        That strategy, where there are several.
    """
    others = (
        who(run, words),
        *_when(run, dropped, words, who_drops),
        react(run, summary, words),
        _assumed(run, hangs_on, words),
    )
    right = Question(
        words.say("How often were such numbers right?"),
        error_rate,
        "",
        (("error-rates", words.say("How often such numbers were right")),),
    )
    if is_comparison(run):
        return settled(run, words), *own(run, words), *others, right
    told = *_cost(run, summary, words), _effect(run, summary, words), another(run, words)
    return *told, *others, right


_LOST: Mapping[Counted, str] = {
    "sites": "The sites named lost {n} USD{ranges}.",
    "both": "The sites named and the modelled businesses, whose number is assumed, lost {n} "
    "USD{ranges}.",
    "modelled": "The modelled businesses, whose number is assumed, lost {n} USD{ranges}.",
}


def _cost(run: RunFolder, summary: Mapping[str, Row], words: Language) -> tuple[Question, ...]:
    row = summary.get(LOSS, {})
    lost = cell(row, "mean")
    if math.isnan(lost):
        return ()
    low, high = cell(row, "all_low"), cell(row, "all_high")
    if math.isnan(low):
        low, high = cell(row, "low"), cell(row, "high")
    ranges = "" if math.isnan(low) or low == high else f" ({words.digits(span(low, high))})"
    told = _LOST[counted_as_businesses(run.scenario["population"])]
    said = words.say(told, n=words.digits(number(lost)), ranges=ranges)
    asked = words.say("What did it cost those who were not the target?")
    return (Question(asked, said, "", (("money", words.say("Money")),)),)


def _effect(run: RunFolder, summary: Mapping[str, Row], words: Language) -> Question:
    asked = words.say("Did the block do what it was for?")
    row = summary.get(TARGET_LOST)
    if row is None:
        return Question(
            asked,
            words.say("Not told: an earlier version made this result; a new run tells it.")
            if run.scenario.get("users")
            else words.say("Not known: the scenario has no users of the target."),
        )
    without = words.say(
        "What they would have lacked without a block is among these; a comparison tells it apart."
    )
    places = (("curves", words.say("Over time")), ("sessions", words.say("By session")))
    apart = withheld(run, [*summary.values()], (TARGET_LOST,), words)
    if apart.metrics:
        return Question(asked, apart.why, "", places)
    left = share_of(summary.get(LEFT, {}))
    last_s = _sessions_last_s(run, cell(row, "mean"), left)
    said = [
        _lost_in_words(row, words),
        *_denied_or_left(run, summary, words),
        *([_in_sessions(run, row, last_s, words)] if last_s else []),
        *_half(run, last_s, words),
        without,
    ]
    return Question(asked, " ".join(said), "", places)


def _sessions_last_s(run: RunFolder, lost: float, left: float) -> int:
    """Seconds of sessions, where something is listed in these alone; else 0.

    Nothing where users leave, who stay away in between.
    """
    found = sessions_of(run.curve(LISTED, run.strategies[0]), run.horizon_s)
    last_s = length_s(found)
    told = len(found) > 1 and left < LEAST_LEFT and lost * run.horizon_s <= last_s
    return last_s if told else 0


def _in_sessions(run: RunFolder, row: Row, last_s: int, words: Language) -> str:
    """What was lost, held against the hours of sessions alone."""
    times = run.horizon_s / last_s
    share, low, high = (cell(row, name) * times for name in ("mean", "all_low", "all_high"))
    told = (
        "Sessions last {hours} of the run's {of} hours; set against these alone it is "
        "{share} ({range}), with what is lost just after them."
    )
    if math.isnan(low):
        told = (
            "Sessions last {hours} of the run's {of} hours; set against these alone it is "
            "{share}, with what is lost just after them."
        )
    return words.say(
        told,
        hours=hours_in_words(last_s, words),
        of=hours_in_words(run.horizon_s, words),
        share=words.digits(percent(share, 2)),
        range=words.digits(percent_span(low, high, 2)),
    )


def _half(run: RunFolder, last_s: int, words: Language) -> list[str]:
    """In how many draws half of that is lost; nothing without draws."""
    of = last_s / run.horizon_s if last_s else 1.0
    often = how_often_half(run, of).get(run.strategies[0], math.nan)
    if math.isnan(often):
        return []
    told = "In {often} of the draws it is half of these or more."
    if not last_s:
        told = "In {often} of the draws it is half or more."
    return [words.say(told, often=words.digits(percent(often, 2)))]


def _lost_in_words(row: Row, words: Language) -> str:
    low, high = cell(row, "all_low"), cell(row, "all_high")
    given = words.digits(percent(cell(row, "mean" if math.isnan(low) else "given"), 2))
    if math.isnan(low):
        return words.say(
            "As given the target's users lost {share} of all their hours, from start to end by day "
            "and night: denied, or of users who left.",
            share=given,
        )
    return words.say(
        "In the median of the draws the target's users lost {share} ({range}; as given {given}) of "
        "all their hours, from start to end by day and night: denied, or of users who left.",
        share=words.digits(percent(cell(row, "mean"), 2)),
        range=words.digits(percent_span(low, high, 2)),
        given=given,
    )


def _denied_or_left(run: RunFolder, summary: Mapping[str, Row], words: Language) -> list[str]:
    """How much of what was lost is of users who had left; nothing where hardly any had."""
    denied, left = (share_of(summary.get(metric, {})) for metric in (EFFICACY, LEFT))
    if math.isnan(denied) or not left >= LEAST_LEFT:
        return []
    told = (
        "Those who still tried were denied {denied} of all hours, and those of users who left are "
        "{left}."
    )
    if run.n_draws:
        told = (
            "Those who still tried were denied {denied} of all hours, and those of users who left "
            "are {left}, each in the median."
        )
    shares = {"denied": percent(denied, 2), "left": percent(left, 2)}
    return [words.say(told, **{name: words.digits(share) for name, share in shares.items()})]


def _when(
    run: RunFolder, dropped: Mapping[str, CutOff], words: Language, who: str
) -> tuple[Question, ...]:
    """Of the operator with most users that drops any, when it drops addresses of others."""
    names = {name for name, one in dropped.items() if one.some}
    first = next((one for one in read_operators(run) if one.operator in names), None)
    if first is None:
        return ()
    when, name = dropped[first.operator], name_of(first, words)
    parts = [when_dropped(when, run, words), *told_of_most(when, run, words)]
    said = words.say(
        "As given {operator}, the largest that drops any ({share} of users), drops addresses of "
        "others {spells}.",
        operator=name,
        share=words.digits(percent(first.share_users, 2)),
        spells="; ".join(parts),
    )
    if who:
        said = words.say("Under {strategy}: {said}", strategy=who, said=said)
    places = (("operators", words.say("By operator: who drops what, and when")),)
    asked = words.say("When were customers of {operator} cut off?", operator=name)
    return (Question(asked, said, "", places),)


def _assumed(run: RunFolder, hangs_on: str, words: Language) -> Question:
    asked = words.say("Which assumption would change the answer?")
    places = _placed(FIGURES, SOURCES, words=words)
    if not run.n_draws:
        said = words.say("Not known: no draws of what is not known were made (--draws).")
        return Question(asked, said, "", places)
    said = hangs_on or words.say("None that could be told from the others in so few draws.")
    turned = what_reverses(run, words) if is_comparison(run) else []
    return Question(asked, " ".join([*turned, said]), "", places)


def _placed(*places: tuple[str, str], words: Language) -> tuple[tuple[str, str], ...]:
    return tuple((id_, words.say(name)) for id_, name in places)
