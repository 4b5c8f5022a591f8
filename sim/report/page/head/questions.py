"""What readers ask first, each with its answer: a number, where it stands, or how to find out.

In: a run folder and what was said of it. Out: questions with sentences, places on the page, and a
command where one result cannot tell.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sim.catalogue.choices import TARGET_LOST, measure_name
from sim.measure.by_operator import read_operators
from sim.report.page.bands import LEFT, share_of
from sim.report.page.course import own_label, own_name
from sim.report.page.cut_off import LISTED, CutOff, told_of_most, when_dropped
from sim.report.page.head.more_draws import drawn_as, more_draws
from sim.report.page.head.reversal import what_reverses
from sim.report.page.operators import name_of
from sim.report.page.repeat_command import (
    is_comparison,
    repeat,
    shipped_scenario,
    strategy_text,
)
from sim.report.page.sessions import hours_in_words, length_s, sessions_of
from sim.report.page.target_lost import LEAST_LEFT, how_often_half
from sim.report.page.verdicts import (
    LEAST_EFFECTIVE,
    LEAST_SETTLING,
    NOT_SETTLED,
    counted_as,
    is_too_few,
)
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import businesses, number, percent, percent_span, span
from sim.report.words.plain import strategies_of
from sim.results.read import RunFolder
from sim.results.tables import Row, read_rows, text
from sim.results.tables import number as cell

MOVED, LOSS = map(measure_name, ("businesses_ever_moved", "private_loss_usd"))
OTHERS = ("exact", "aggregate:length=24", "none")
"""What a strategy is held against: two that list little, and no blocking."""
NOBODY_MOVES = "reactions.patience_median_h=1000000000"
"""Patience with which nobody is done within any run."""
MY_SITES = "my-sites.csv"
RESPONSES = "responses-2018"
"""Table of what impaired businesses do, for a scenario in which none moves its site."""
FIGURES, SOURCES = ("figures", "Key figures"), ("sources", "What it rests on")


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
    how
        What the command is for, between the places and the command.
    """

    asked: str
    said: str
    command: str = ""
    places: tuple[tuple[str, str], ...] = ()
    how: str = ""


def questions(
    run: RunFolder,
    summary: Mapping[str, Row],
    hangs_on: str,
    error_rate: str,
    words: Language = IN_ENGLISH,
    dropped: Mapping[str, CutOff] = MappingProxyType({}),
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
    """
    others = (
        _who(run, words),
        *_when(run, dropped, words),
        _react(run, summary, words),
        _assumed(run, hangs_on, words),
    )
    right = Question(
        words.say("How often were such numbers right?"),
        words.say(
            "Of what was published and set no parameter, by kind: {parts}.", parts=error_rate
        ),
        "",
        (("error-rates", words.say("How often such numbers were right")),),
    )
    if is_comparison(run):
        return _settled(run, words), *_own(run, words), *others, right
    told = *_cost(summary, words), _effect(run, summary, words), _another(run, words)
    return *told, *others, right


def _cost(summary: Mapping[str, Row], words: Language) -> tuple[Question, ...]:
    row = summary.get(LOSS, {})
    lost = cell(row, "mean")
    if math.isnan(lost):
        return ()
    low, high = cell(row, "all_low"), cell(row, "all_high")
    if math.isnan(low):
        low, high = cell(row, "low"), cell(row, "high")
    told = "The modelled businesses lost {n} USD ({range})."
    if math.isnan(low) or low == high:
        told = "The modelled businesses lost {n} USD."
    said = words.say(told, n=words.digits(number(lost)), range=words.digits(span(low, high)))
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
    often = how_often_half(run).get(run.strategies[0], math.nan)
    left = share_of(summary.get(LEFT, {}))
    said = [
        _lost_in_words(row, often, words),
        *_in_sessions(run, cell(row, "mean"), left, words),
        without,
    ]
    return Question(asked, " ".join(said), "", places)


def _in_sessions(run: RunFolder, lost: float, left: float, words: Language) -> list[str]:
    """Where something is listed in sessions alone: the same held against their hours.

    Nothing where users leave, who stay away in between.
    """
    found = sessions_of(run.curve(LISTED, run.strategies[0]), run.horizon_s)
    last_s = length_s(found)
    of = lost * run.horizon_s / last_s if last_s else math.nan
    if len(found) < 2 or left >= LEAST_LEFT or not of <= 1:
        return []
    return [
        words.say(
            "Sessions last {hours} of the run's {of} hours; set against these alone it is "
            "{share}, with what is lost just after them.",
            hours=hours_in_words(last_s, words),
            of=hours_in_words(run.horizon_s, words),
            share=words.digits(percent(of, 2)),
        )
    ]


def _lost_in_words(row: Row, often: float, words: Language) -> str:
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
        "all their hours, from start to end by day and night: denied, or of users who left. In "
        "{often} of the draws it is half or more.",
        share=words.digits(percent(cell(row, "mean"), 2)),
        range=words.digits(percent_span(low, high, 2)),
        given=given,
        often=words.digits(percent(often, 2)),
    )


def _another(run: RunFolder, words: Language) -> Question:
    asked = words.say("Would another block have done as much for less?")
    if not run.scenario.get("fronts"):
        said = words.say("Not told: the scenario has no fronts that other strategies could answer.")
        return Question(asked, said)
    own = strategy_text(strategies_of(run)[0], run.scenario.get("strategy", {}))
    strategies = dict.fromkeys((own, *OTHERS))
    parts = [part for one in strategies for part in ("--strategy", one)]
    n = int((run.manifest.get("draws") or {}).get("n") or 0)
    if n and drawn_as(run, n) < LEAST_EFFECTIVE:
        # So many as the run has could settle no order.
        parts += ["--draws", str(more_draws(run)[0])]
    return Question(
        asked,
        words.say(
            "One run cannot tell. This holds it against every address alone, whole /24 networks "
            "and no blocking, on the same world with the same luck:"
        ),
        _command(run, "compare", "compared", *parts),
    )


def _settled(run: RunFolder, words: Language) -> Question:
    """Of a comparison: whether an order is settled over all that is not known, and what may."""
    asked = words.say("Is it settled which did as much for less?")
    rows = read_rows(run, "verdicts.csv") if run.n_draws else []
    n_open = sum(text(row, "verdict") == NOT_SETTLED for row in rows)
    if rows and not n_open:
        return Question(
            asked, words.say("Yes, of every pair and measure compared."), "", (FIGURES,)
        )
    n, counted = more_draws(run)
    command = repeat(run, words, n_draws=n).command
    if not rows:
        said = "Not over what is not known: no draws of it were made. These may settle it:"
        return Question(asked, words.say(said), command)
    if not is_too_few(rows, run.n_draws):
        said = words.say(
            "Of pairs and measures {n} of {of} are not settled. More draws may settle some:",
            n=words.digits(f"{n_open:,}"),
            of=words.digits(f"{len(rows):,}"),
        )
        return Question(asked, said, command)
    few = words.say(
        "No: these draws count as {counted}, and no fewer than {least} settle an order.",
        counted=str(counted_as(rows, run.n_draws)),
        least=str(LEAST_SETTLING),
    )
    if counted < LEAST_EFFECTIVE:
        return Question(asked, few)
    how = words.say(
        "The draws of this command count as {n}, and settle each order that holds in all of them:",
        n=words.digits(f"{int(counted):,}"),
    )
    return Question(asked, few, command, (), how)


def _own(run: RunFolder, words: Language) -> tuple[Question, ...]:
    """Of a comparison without the scenario's own strategy: the command that adds it."""
    own = run.scenario.get("strategy")
    if not own or own_label(run):
        return ()
    asked = words.say("And the scenario's own strategy, {strategy}?", strategy=own_name(run, words))
    how = words.say("It is not among those compared. This adds it, on the same luck:")
    # Its id alone stands for it, with its parameters.
    id_ = str(own["id"])
    name = f"own={id_}" if id_ in run.strategies else id_
    command = repeat(run, words, others=[name]).command
    return (Question(asked, how, f"{command.removesuffix(' again')} with-own"),)


def _who(run: RunFolder, words: Language) -> Question:
    places = (
        ("sectors-and-providers", words.say("By sector and provider")),
        ("operators", words.say("By operator: who drops what, and when")),
        ("sessions", words.say("By session")),
        ("providers-hit", words.say("By provider: what hit whom")),
    )
    verb = "compare" if is_comparison(run) else "run"
    parts = shlex.split(repeat(run).command)[2:-2]
    sites = f"population.inventory={MY_SITES}"
    command = _joined(verb, *parts, "--set", sites, "-o", "with-my-sites")
    return Question(
        words.say("Who hit a business like mine, when, and through what?"),
        words.say(
            "Businesses here are modelled, and which operator drops what when is the model's."
        ),
        # A path that is not absolute is looked for beside the scenario.
        command.replace(sites, f'population.inventory="$PWD/{MY_SITES}"'),
        places,
        words.say(
            "For your own sites, write their names and addresses into {file}, under the heads name "
            "and address, and run this. The file sites.csv in its folder then says when each was "
            "hit, for how long and through what:",
            file=MY_SITES,
        ),
    )


def _when(run: RunFolder, dropped: Mapping[str, CutOff], words: Language) -> tuple[Question, ...]:
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
    places = (("operators", words.say("By operator: who drops what, and when")),)
    asked = words.say("When were customers of {operator} cut off?", operator=name)
    return (Question(asked, said, "", places),)


def _react(run: RunFolder, summary: Mapping[str, Row], words: Language) -> Question:
    asked = words.say("Does it help to react?")
    verb = "compare" if is_comparison(run) else "run"
    if not run.scenario.get("reactions"):
        return _with_moves(run, asked, verb, words)
    # Weights of draws are of a scenario in which patience is not known, so that none are taken.
    parts = shlex.split(repeat(run, n_draws=0).command)[2:-2]
    row = summary.get(MOVED, {})
    moved = cell(row, "given" if run.n_draws else "mean")
    how = words.say(
        "One result cannot tell. Hold what is told as given against this, in which nobody moves, "
        "on the same luck:"
    )
    if not math.isnan(moved):
        how = (
            f"{words.say('As given {n:business} moved.', n=words.digits(businesses(moved)))} {how}"
        )
    command = _joined(verb, *parts, "--set", NOBODY_MOVES, "-o", "nobody-moves")
    return Question(asked, how, command)


def _with_moves(run: RunFolder, asked: str, verb: str, words: Language) -> Question:
    """Of a scenario in which nobody moves: the command in which businesses do."""
    parts = shlex.split(repeat(run, n_draws=0).command)[2:-2]
    # A scenario that names its country names each table that it borrows from another.
    borrowed = [*run.scenario.get("borrow", ()), RESPONSES]
    borrow = f"borrow=[{', '.join(dict.fromkeys(borrowed))}]"
    sets = [f"reactions.responses={RESPONSES}", *([borrow] if run.scenario.get("country") else [])]
    found = sessions_of(run.curve(LISTED, run.strategies[0]), run.horizon_s)
    # Nobody whose patience is of days moves for sessions of hours.
    patience_h = max(round(length_s(found) / len(found) / 7200), 1) if len(found) > 1 else 0
    if patience_h:
        sets.append(f"reactions.patience_median_h={patience_h}")
    parts += [part for one in sets for part in ("--set", one)]
    told = (
        "Not told by this result: no business moves its site in this scenario, only programs take "
        "sites off a shared range for a time."
        if run.scenario.get("switching")
        else "Not told by this result: no business moves its site in this scenario."
    )
    how = words.say(
        "Hold what is told as given against this, in which they move as is assumed of Russia in "
        "2018, but lose patience after hours (median: {n}), as sessions are short, on the same "
        "luck:"
        if patience_h
        else "Hold what is told as given against this, in which they move as is assumed of Russia "
        "in 2018, on the same luck:",
        n=str(patience_h),
    )
    return Question(asked, words.say(told), _joined(verb, *parts, "-o", "they-move"), (), how)


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


def _command(run: RunFolder, verb: str, into: str, *parts: str) -> str:
    """A command on the scenario as it was set, with draws and replicates as it has unasked."""
    scenario = run.manifest["scenario"]
    sets = [part for override in scenario.get("overrides", []) for part in ("--set", str(override))]
    file = shipped_scenario(scenario) or "scenario.yaml"
    return _joined(verb, file, *parts, *sets, "-o", into)


def _joined(verb: str, *parts: str) -> str:
    return shlex.join(["overblock", verb, *parts])
