"""Events that a scenario dates itself, as marks of the axis of time.

In: a run folder. Out: seconds with a few words each: what providers did, what drew attention, what
others withdrew. They are given, and the same under every strategy.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sim.report.words.languages import IN_ENGLISH, Language
from sim.results.inputs import input_rows
from sim.results.read import RunFolder
from sim.scenario.tables.reactions import PressureRow, StanceRow, WithdrawalRow

_STANCES = {
    "compliant": "given: {provider} complies, and gives the target no more addresses",
    "constructive": "given: {provider} talks with the censor",
    "silent": "given: {provider} does not answer the censor",
    "hostile": "given: {provider} resists the censor",
}


def event_marks(run: RunFolder, words: Language = IN_ENGLISH) -> list[dict[str, Any]]:
    """Dated events of the scenario that fall into the run, as JSON values.

    Raises
    ------
    DataError
        If the copy of a table cannot be read.
    """
    found: list[tuple[datetime, str]] = [
        (row.at, words.say(_STANCES[row.stance], provider=row.provider))
        for row in input_rows(run, "stances", "events", StanceRow)
    ]
    found += [
        (row.at, words.say("given: a public event that draws attention to the block"))
        for row in input_rows(run, "censor", "pressure_events", PressureRow)
    ]
    found += [
        (
            row.at,
            words.say("given: others than the censor withdraw entries of {provider}", provider=name)
            if (name := row.provider)
            else words.say("given: others than the censor withdraw entries"),
        )
        for row in input_rows(run, "censor", "outside_withdrawals", WithdrawalRow)
    ]
    return [
        {
            "t": at_s,
            "text": words.say("{day}, {event}", day=words.short_day(at), event=text),
        }
        for at, text in sorted(found, key=lambda one: one[0])
        if 0 < (at_s := (at - run.start) // timedelta(seconds=1)) < run.horizon_s
    ]
