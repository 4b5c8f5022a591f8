"""Sections of a scenario that need each other: what acts, and what it acts on.

In: a scenario of valid form. Out: a problem for each part that would do nothing for want of
another. It reads no table.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from sim.errors import Problem
from sim.scenario.reactions import Censor
from sim.scenario.readings import reading_problems
from sim.scenario.schema import Scenario
from sim.scenario.strategies import Strategy, answers_fronts
from sim.scenario.tree import Document, Path, format_path

NEEDS = {
    "fronts": ("censor", "which discovers them"),
    "users": ("fronts", "by which they reach the target"),
    "stances": ("fronts", "which providers let to the target"),
    "complaints": ("users", "who complain"),
}
"""Sections that need another, and what for."""
NEEDS_ATTENTION = ("pause_pressure", "end_pressure")
"""Keys of the censor that act on attention alone."""
_ALL_TIMES = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def section_problems(scenario: Scenario, document: Document) -> Iterator[Problem]:
    """Refuse sections, strategies and limits that lack what they act on."""
    for section, (needed, why) in NEEDS.items():
        if getattr(scenario, section) is not None and getattr(scenario, needed) is None:
            message = f"expected a section {needed} beside it, {why}; got none"
            yield _problem(document, (section,), message)
    if scenario.fronts is None:
        for path, strategy in _strategies(scenario):
            if answers_fronts(strategy):
                message = (
                    f"expected a section fronts beside the strategy {strategy.id}, which answers "
                    "the fronts that are found; got none"
                )
                yield _problem(document, (*path, "id"), message)
    if scenario.switching is not None:
        yield from _switching_problems(scenario, document)
    users, complaints = scenario.users, scenario.complaints
    asks_people = complaints is not None and bool(complaints.per_million_people_per_d)
    if users and users.share_target_users == 0 and asks_people:
        message = (
            "expected a share above 0 beside complaints.per_million_people_per_d, which takes from "
            "it how many people there are; got 0"
        )
        yield _problem(document, ("users", "share_target_users"), message)
    if complaints and complaints.hotline_room and complaints.hotline_calls_per_d is None:
        message = (
            "expected complaints.hotline_calls_per_d beside it, without which nobody waits; "
            "got none"
        )
        yield _problem(document, ("complaints", "hotline_room"), message)
    yield from _evidence_problems(scenario, document)
    censor = scenario.censor
    if censor is not None:
        yield from _lone_keys(censor, document)
    if censor is None or scenario.complaints is not None or censor.pressure_events is not None:
        return
    for key in NEEDS_ATTENTION:
        if getattr(censor, key) is not None:
            message = (
                "expected a section complaints, or censor.pressure_events, beside it: nothing else "
                "raises attention; got none"
            )
            yield _problem(document, ("censor", key), message)


def _evidence_problems(scenario: Scenario, document: Document) -> Iterator[Problem]:
    """Refuse evidence with one name twice, and what no run has to be read off."""
    # A run that is shortened for a question reads the evidence in time, or none.
    is_cut = document.is_replaced(("start",)) or document.is_replaced(("end",))
    names: set[str] = set()
    for row, piece in enumerate(scenario.evidence or ()):

        def place(key: str, message: str, row: int = row) -> Problem:
            path: Path = ("evidence", row, key)
            mine = document.place(path)
            return Problem(mine.file, message, mine.line, mine.column, format_path(path))

        if piece.id in names:
            yield place("id", f"expected each id once, got {piece.id!r} again")
        names.add(piece.id)
        ends = _ALL_TIMES if is_cut else (scenario.start, scenario.end)
        yield from reading_problems(piece, *ends, place)


def _switching_problems(scenario: Scenario, document: Document) -> Iterator[Problem]:
    """Refuse programs that have nothing to leave, or that leave what is not theirs for long."""
    if scenario.providers.shared is None:
        message = "expected providers.shared beside it, whose ranges the programs leave; got none"
        yield _problem(document, ("switching",), message)
    if scenario.tenancy is not None:
        message = (
            "expected no section tenancy beside it: where a program comes back to, after the "
            "provider gave its site another address, is not modelled; got both"
        )
        yield _problem(document, ("switching",), message)


def _lone_keys(censor: Censor, document: Document) -> Iterator[Problem]:
    """Refuse keys of the censor that say nothing without another."""
    for key, is_needed, other in (
        ("narrow_length", censor.under_pressure == "narrow", "under_pressure: narrow"),
        ("pause_pressure", censor.under_pressure == "narrow", "under_pressure: narrow"),
        ("review_silent_d", censor.review_every_d is not None, "review_every_d"),
        (
            "outside_withdrawal_share",
            censor.outside_withdrawals_per_d is not None,
            "outside_withdrawals_per_d",
        ),
    ):
        if is_needed and getattr(censor, key) is None:
            yield _problem(document, ("censor",), f"expected {key} beside {other}; got none")
    for key, is_used, other in (
        ("narrow_length", censor.under_pressure == "narrow", "under_pressure: narrow"),
        ("entry_life_from", censor.entry_life_d is not None, "entry_life_d"),
        ("review_silent_d", censor.review_every_d is not None, "review_every_d"),
        ("review_addresses", censor.review_every_d is not None, "review_every_d"),
        (
            "outside_withdrawal_share",
            censor.outside_withdrawals_per_d is not None,
            "outside_withdrawals_per_d",
        ),
    ):
        if not is_used and getattr(censor, key) is not None:
            message = f"expected {other} beside it, without which it says nothing; got none"
            yield _problem(document, ("censor", key), message)


def _strategies(scenario: Scenario) -> Iterator[tuple[Path, Strategy]]:
    yield ("strategy",), scenario.strategy
    contenders = scenario.experiment.strategies if scenario.experiment else ()
    for row, contender in enumerate(contenders):
        yield ("experiment", "strategies", row, "strategy"), contender.strategy


def _problem(document: Document, path: Path, message: str) -> Problem:
    place = document.key_place(path)
    return Problem(place.file, message, place.line, place.column, format_path(path))
