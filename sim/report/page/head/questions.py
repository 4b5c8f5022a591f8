"""What readers ask first, each with its answer: a number, where it stands, or how to find out.

In: a run folder and what was said of it. Out: questions with sentences, places on the page, and a
command where one result cannot tell.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from sim.catalogue.choices import measure_name
from sim.report.page.course import nobody_reacts
from sim.report.page.repeat_command import is_comparison, shipped_scenario, strategy_text
from sim.report.page.use_lost import Lost, use_lost
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import businesses, number, percent, percent_span, span
from sim.report.words.plain import strategies_of
from sim.results.read import RunFolder
from sim.results.tables import Row
from sim.results.tables import number as cell

MOVED, LOSS = map(measure_name, ("businesses_ever_moved", "private_loss_usd"))
NARROWER = ("exact", "aggregate:length=24", "none")
"""What a strategy is held against: two that list less, and no blocking."""
NOBODY_MOVES = "reactions.patience_median_h=1000000000"
"""Patience with which nobody is done within any run."""


@dataclass(frozen=True)
class Question:
    """A question and its answer.

    Attributes
    ----------
    asked, said
        Both in words.
    command
        What finds out, for a shell; empty where the result tells.
    places
        Where more of it stands: a table or section of the page by its id, and what it is called.
    """

    asked: str
    said: str
    command: str = ""
    places: tuple[tuple[str, str], ...] = ()


def questions(
    run: RunFolder, summary: Mapping[str, Row], hangs_on: str, words: Language = IN_ENGLISH
) -> tuple[Question, ...]:
    """What is asked first of a result.

    Parameters
    ----------
    summary
        Rows of a run with both ranges, by metric; empty for a comparison.
    hangs_on
        On what its numbers hang most, in a sentence; empty where that is not told.
    """
    who, assumed = _who(words), _assumed(run, hangs_on, words)
    if is_comparison(run):
        return who, assumed
    effect, narrower = _effect(run, words), _narrower(run, words)
    return *_cost(summary, words), effect, narrower, who, _react(run, summary, words), assumed


def _cost(summary: Mapping[str, Row], words: Language) -> tuple[Question, ...]:
    row = summary.get(LOSS, {})
    lost = cell(row, "mean")
    if math.isnan(lost):
        return ()
    low, high = cell(row, "all_low"), cell(row, "all_high")
    if math.isnan(low):
        low, high = cell(row, "low"), cell(row, "high")
    text = "The modelled businesses lost {n} USD ({range})."
    if math.isnan(low) or low == high:
        text = "The modelled businesses lost {n} USD."
    said = words.say(text, n=words.digits(number(lost)), range=words.digits(span(low, high)))
    asked = words.say("What did it cost those who were not the target?")
    return (Question(asked, said, "", (("money", words.say("Money")),)),)


def _effect(run: RunFolder, words: Language) -> Question:
    asked = words.say("Did the block do what it was for?")
    lost = use_lost(run).get(run.strategies[0])
    if lost is None:
        return Question(asked, words.say("Not known: the scenario has no users of the target."))
    without = words.say(
        "What they would have lacked without a block is among these; a comparison tells it apart."
    )
    return Question(asked, f"{_lost_in_words(lost, words)} {without}", "", _curves(words))


def _lost_in_words(lost: Lost, words: Language) -> str:
    middle = words.digits(percent(lost.middle, 2))
    if math.isnan(lost.low):
        return words.say(
            "As given the target's users lost {share} of their hours: denied, or of users who "
            "left.",
            share=middle,
        )
    return words.say(
        "In the median of the draws the target's users lost {share} of their hours ({range}): "
        "denied, or of users who left. In {often} of the draws it is half or more.",
        share=middle,
        range=words.digits(percent_span(lost.low, lost.high, 2)),
        often=words.digits(percent(lost.often, 2)),
    )


def _curves(words: Language) -> tuple[tuple[str, str], ...]:
    return (("curves", words.say("Over time")),)


def _narrower(run: RunFolder, words: Language) -> Question:
    own = run.scenario.get("strategy", {})
    mine = strategy_text(strategies_of(run)[0], own)
    strategies = dict.fromkeys((mine, *NARROWER))
    parts = [part for one in strategies for part in ("--strategy", one)]
    return Question(
        words.say("Would a narrower block have done as much for less?"),
        words.say(
            "One run cannot tell. This holds it against every address alone, whole /24 networks "
            "and no blocking, on the same world with the same luck:"
        ),
        _command(run, "compare", "compared", *parts),
    )


def _who(words: Language) -> Question:
    return Question(
        words.say("Who hit a business like mine, when, and through what?"),
        words.say(
            "Businesses here are modelled; sites at their own addresses can be simulated beside "
            "them (population.inventory), each with when it was hit, for how long and through what."
        ),
        "",
        (
            ("sectors-and-providers", words.say("By sector and provider")),
            ("providers-hit", words.say("By provider: what hit whom")),
            ("operators", words.say("By operator: who drops what, and when")),
        ),
    )


def _react(run: RunFolder, summary: Mapping[str, Row], words: Language) -> Question:
    asked = words.say("Does it help to react?")
    moved = cell(summary.get(MOVED, {}), "mean")
    if not run.scenario.get("reactions"):
        said = nobody_reacts(run, words)
        return Question(asked, said[0] if said else words.say("Not known."))
    if math.isnan(moved):
        return Question(asked, words.say("Not known."))
    return Question(
        asked,
        words.say(
            "{n:business} moved. What that saved, one run cannot tell; this is the same one in "
            "which nobody does, on the same luck:",
            n=words.digits(businesses(moved)),
        ),
        _command(run, "run", "nobody-moves", "--set", NOBODY_MOVES),
    )


def _assumed(run: RunFolder, hangs_on: str, words: Language) -> Question:
    asked = words.say("Which assumption would change the answer?")
    places = (("sources", words.say("What it rests on")),)
    if not run.n_draws:
        said = words.say("Not known: no draws of what is not known were made (--draws).")
        return Question(asked, said, "", places)
    said = hangs_on or words.say("None that could be told from the others in so few draws.")
    return Question(asked, said, "", places)


def _command(run: RunFolder, verb: str, into: str, *parts: str) -> str:
    """A command on the scenario as it was set, with draws and replicates as it has unasked."""
    scenario = run.manifest["scenario"]
    sets = [part for override in scenario.get("overrides", []) for part in ("--set", str(override))]
    file = shipped_scenario(scenario) or "scenario.yaml"
    return shlex.join(["overblock", verb, file, *parts, *sets, "-o", into])
