"""Warnings of a run in words: tables by title, countries and strategies by name.

In: a run folder, whose manifest has its warnings as commands print them, for whoever edits the
scenario. Out: the same warnings for whoever reads the page; what is not known here stays as it is,
in English.
"""

from __future__ import annotations

import re

from sim.report.words.languages import Text, capitalised, joined, say
from sim.report.words.plain import strategies_of, strategy_names
from sim.results.folder import RunFolder
from sim.results.integrity import changed_tables

_STAND_IN = re.compile(
    r"tables of another country or time stand in for (?P<country>\S+) in (?P<years>[\d to]+): "
    r"(?P<tables>.+)"
)
_NOT_CONDITIONED = "not conditioned on the record"
_TABLE = re.compile(r"(?P<name>\S+) \((?P<of>[^)]*)\)(?:, |$)")


def other_warnings(run: RunFolder) -> list[str]:
    """Warnings of a run that the page does not print elsewhere, each a sentence."""
    names = strategy_names(strategies_of(run))
    told = []
    for one in map(str, run.manifest.get("warnings", [])):
        if _STAND_IN.fullmatch(one) or _NOT_CONDITIONED in one:
            continue
        label, _, rest = one.partition(" ")
        said = f"“{names[label]}” {rest}" if label in names else one
        told.append(f"{capitalised(said).removesuffix('.')}.")
    return told


def changes_in_words(run: RunFolder) -> str:
    """Name the tables that differ from the manifest or are missing; empty where none does."""
    if not (changed := changed_tables(run)):
        return ""
    return say(
        "Files that changed after the run or are missing: {files}. Do not quote this result.",
        files=", ".join(name for name, _ in changed),
    )


def stand_ins(run: RunFolder) -> dict[str, str]:
    """Tables that a warning says to be borrowed, by name, with country and time of each."""
    found = (_STAND_IN.fullmatch(str(one)) for one in run.manifest.get("warnings", []))
    return {
        table["name"]: table["of"]
        for one in found
        if one
        for table in _TABLE.finditer(one["tables"])
    }


def place_and_time(of: str) -> Text:
    """Country and time of a table: ``RU, 2018`` as ``Russia, 2018``."""
    return joined(", ", map(_place_or_time, of.split(", ")))


def _place_or_time(part: str) -> Text:
    from babel import Locale

    if years := re.fullmatch(r"(\d+) to (\d+)", part):
        return say("{first} to {last}", first=years[1], last=years[2])
    return Text(lambda words: str(Locale.parse(words.code).territories.get(part, part)))
