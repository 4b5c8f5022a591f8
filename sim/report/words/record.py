"""What a run plays back as it was seen: polls, to whose times nothing is added."""

from __future__ import annotations

import re

from sim.report.words.languages import Text, say
from sim.report.words.numbers import percent
from sim.results.folder import RunFolder, input_rows
from sim.scenario.strategies import GivenOrderRow
from sim.scenario.tables.inventory import SEEN
from sim.scenario.tables.rows import SessionRow
from sim.scenario.tables.seeds import read_note

OR_BEFORE = "≤\N{THIN SPACE}"
"""Stands before the first time of what was blocked already when the record begins."""

NOT_POLLED = say("An address that was not seen blocked may not have been polled.")


def is_record(run: RunFolder) -> bool:
    """Whether a run, or what if, plays back what was seen blocked."""
    own, register = (run.scenario.get(key) or {} for key in ("strategy", "register"))
    is_one = all("what_if" in one for one in run.manifest.get("strategies", ()))
    has_table = isinstance(own.get("table") or own.get("orders"), str)
    return register.get("cadence") == SEEN and own.get("id") == "orders" and has_table and is_one


def may_be_unpolled(run: RunFolder) -> bool:
    """Whether a record does not say which addresses were polled."""
    return is_record(run) and not run.scenario["strategy"].get("polled")


def names_operators(run: RunFolder) -> bool:
    """Whether orders that were given name the operators they are for."""
    own = run.scenario.get("strategy") or {}
    rows = input_rows(run, "strategy", "table", GivenOrderRow)
    lines = own.get("orders")
    named = lines if isinstance(lines, list) else ()
    return any("operators" in one for one in named) or any(one.operators for one in rows)


def column_source(run: RunFolder, column: str = "", key: str = "sessions") -> str:
    """Who published a column of a table, or its first, without how it was copied and when."""
    path = run.input_path(str(run.scenario["strategy"].get(key)))
    if path is None or (note := read_note(path)) is None:
        return ""
    return re.split(r" \(|, ", note.columns[column or next(iter(note.columns))].source)[0]


def source_of_record(run: RunFolder) -> str:
    """Who published the record; its file where its table has no note."""
    own = run.scenario["strategy"]
    key = "table" if own.get("table") else "orders"
    return column_source(run, key=key) or str(own.get(key))


def caution_of_polls(run: RunFolder) -> Text:
    """Write that what was not seen blocked may not have been polled, and whose the seen are."""
    rows = input_rows(run, "strategy", "sessions", SessionRow)
    known = [row.share_cloudflare for row in rows if row.share_cloudflare is not None]
    if not known:
        return NOT_POLLED
    return say(
        "An address that was not seen blocked may not have been polled: {share} of those seen "
        "were Cloudflare's, mean of the sessions.",
        share=percent(sum(known) / len(known)),
    )
