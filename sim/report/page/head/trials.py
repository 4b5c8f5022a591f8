"""What one result cannot tell, with the command that can.

In: a run folder. Out: questions, each with a sentence and a command as it is to be typed.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from sim.catalogue.choices import measure_name
from sim.report.page.course import name_to_add, own_label, own_name
from sim.report.page.cut_off import LISTED
from sim.report.page.head.more_draws import drawn_as, more_draws
from sim.report.page.repeat_command import (
    is_comparison,
    repeat,
    shipped_scenario,
    strategy_text,
)
from sim.report.page.sessions import length_s, sessions_of
from sim.report.page.verdicts import (
    LEAST_EFFECTIVE,
    LEAST_SETTLING,
    NOT_KNOWN,
    NOT_SETTLED,
    counted_as,
    is_too_few,
    may_be_settled,
)
from sim.report.words.languages import Language
from sim.report.words.numbers import businesses
from sim.report.words.plain import strategies_of
from sim.results.read import RunFolder
from sim.results.tables import Row, read_rows, text
from sim.results.tables import number as cell

MOVED = measure_name("businesses_ever_moved")
OTHERS = ("exact", "aggregate:length=24", "none")
"""What a strategy is held against: two that list little, and no blocking."""
NOBODY_MOVES = "reactions.patience_median_h=1000000000"
"""Patience with which nobody is done within any run."""
MY_SITES = "my-sites.csv"
RESPONSES = "responses-2018"
"""Table of what impaired businesses do, for a scenario in which none moves its site."""
FIGURES = ("figures", "Key figures")


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


def another(run: RunFolder, words: Language) -> Question:
    """Of a run: the command that holds its strategy against others."""
    asked = words.say("Would another block have done as much for less?")
    if not run.scenario.get("fronts"):
        said = words.say("Not told: the scenario has no fronts that other strategies could answer.")
        return Question(asked, said)
    own = strategy_text(strategies_of(run)[0], run.scenario.get("strategy", {}))
    strategies = dict.fromkeys((own, *OTHERS))
    parts = [part for one in strategies for part in ("--strategy", one)]
    if n := _draws_asked(run):
        parts += ["--draws", str(n)]
    return Question(
        asked,
        words.say(
            "One run cannot tell. This holds it against every address alone, whole /24 networks "
            "and no blocking, on the same world with the same luck:"
        ),
        _command(run, "compare", "compared", *parts),
    )


def _draws_asked(run: RunFolder) -> int | None:
    """Draws for a verdict where so many as there are could settle no order; else None."""
    n = int((run.manifest.get("draws") or {}).get("n") or 0)
    return more_draws(run)[0] if n and drawn_as(run, n) < LEAST_EFFECTIVE else None


def settled(run: RunFolder, words: Language) -> Question:
    """Of a comparison: whether an order is settled over all that is not known, and what may."""
    asked = words.say("Is it settled which did as much for less?")
    rows = read_rows(run, "verdicts.csv") if run.n_draws else []
    n_open = sum(text(row, "verdict") in (NOT_SETTLED, NOT_KNOWN) for row in rows)
    if rows and not n_open:
        return Question(
            asked, words.say("Yes, of every pair and measure compared."), "", (FIGURES,)
        )
    n, counted = more_draws(run)
    command = f"{repeat(run, words, n_draws=n).command.removesuffix(' again')} more-draws"
    if not rows:
        said = "Not over what is not known: no draws of it were made. These may settle it:"
        return Question(asked, words.say(said), command)
    if not is_too_few(rows, run.n_draws):
        n_may = sum(may_be_settled(row) for row in rows)
        said = words.say(
            "Of pairs and measures {n} of {of} are not settled. More draws may settle {may} of "
            "these:"
            if n_may
            else "Of pairs and measures {n} of {of} are not settled, and more draws would settle "
            "none of these: no order holds in nearly enough of them.",
            n=words.digits(f"{n_open:,}"),
            of=words.digits(f"{len(rows):,}"),
            may=words.digits(f"{n_may:,}"),
        )
        return Question(asked, said, command if n_may else "")
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


def own(run: RunFolder, words: Language) -> tuple[Question, ...]:
    """Of a comparison without the scenario's own strategy: the command that adds it."""
    own = run.scenario.get("strategy")
    if not own or own_label(run):
        return ()
    asked = words.say("And the scenario's own strategy, {strategy}?", strategy=own_name(run, words))
    how = words.say("It is not among those compared. This adds it, on the same luck:")
    # Its id alone stands for it, with its parameters.
    command = repeat(run, words, n_draws=_draws_asked(run), others=[name_to_add(run)]).command
    return (Question(asked, how, f"{command.removesuffix(' again')} with-own"),)


def who(run: RunFolder, words: Language) -> Question:
    """Who hit whom, and the command that tells it of sites of one's own."""
    places = (
        ("sectors-and-providers", words.say("By sector and provider")),
        ("operators", words.say("By operator: who drops what, and when")),
        ("sessions", words.say("By session")),
        ("providers-hit", words.say("By provider")),
    )
    asked = words.say("Who hit a business like mine, when, and through what?")
    if run.scenario["population"].get("inventory"):
        said = words.say(
            "When each of your sites is hit in the model, for how long and through what, is in the "
            "table of your sites; it is no record of a block."
        )
        return Question(asked, said, "", (("sites", words.say("Your sites")), *places))
    verb = "compare" if is_comparison(run) else "run"
    parts = shlex.split(repeat(run).command)[2:-2]
    sites = f"population.inventory={MY_SITES}"
    command = _joined(verb, *parts, "--set", sites, "-o", "with-my-sites")
    return Question(
        asked,
        words.say(
            "Businesses here are modelled, and which operator drops what when is the model's."
        ),
        # A path that is not absolute is looked for beside the scenario.
        command.replace(sites, f'population.inventory="$PWD/{MY_SITES}"'),
        places,
        words.say(
            "For your own sites, write their names and addresses into {file}, under the heads name "
            "and address, and run this. The file sites.csv in its folder then says when each is "
            "hit in the model, for how long and through what; it is no record of a block:",
            file=MY_SITES,
        ),
    )


def react(run: RunFolder, summary: Mapping[str, Row], words: Language) -> Question:
    """Whether it helps to move: the command in which nobody does, or in which some do.

    Parameters
    ----------
    summary
        Rows of a run, by metric.
    """
    asked = words.say("Does it help to react?")
    verb = "compare" if is_comparison(run) else "run"
    if not run.scenario.get("reactions"):
        return _with_moves(run, asked, verb, words)
    # Weights of draws are of a scenario in which patience is not known, so that none are taken.
    parts = shlex.split(repeat(run, n_draws=0).command)[2:-2]
    row = summary.get(MOVED, {})
    moved = cell(row, "given" if run.n_draws else "mean")
    how = words.say(
        "One result cannot tell. Hold business-hours impaired as given against those of this, in "
        "which nobody moves, on the same luck:"
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
        "Hold business-hours impaired as given against those of this, in which they move as is "
        "assumed of Russia in 2018, but lose patience after hours (median: {n}), as "
        "sessions are short, on the same luck:"
        if patience_h
        else "Hold business-hours impaired as given against those of this, in which they move "
        "as is assumed of Russia in 2018, on the same luck:",
        n=str(patience_h),
    )
    return Question(asked, words.say(told), _joined(verb, *parts, "-o", "they-move"), (), how)


def _command(run: RunFolder, verb: str, into: str, *parts: str) -> str:
    """A command on the scenario as it was set, with draws and replicates as it has unasked."""
    scenario = run.manifest["scenario"]
    sets = [part for override in scenario.get("overrides", []) for part in ("--set", str(override))]
    file = shipped_scenario(scenario) or "scenario.yaml"
    return _joined(verb, file, *parts, *sets, "-o", into)


def _joined(verb: str, *parts: str) -> str:
    return shlex.join(["overblock", verb, *parts])
