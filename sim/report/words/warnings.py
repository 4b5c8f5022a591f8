"""Warnings of a run in words: tables by title, countries and strategies by name.

In: a run folder, whose manifest has its warnings as commands print them, for whoever edits the
scenario. Out: the same warnings for whoever reads the page; what is not known here stays as it is,
in English.
"""

from __future__ import annotations

import re

from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import capitalised
from sim.report.words.plain import quoted, strategies_of, strategy_names
from sim.results.integrity import changed_tables
from sim.results.read import RunFolder

_STAND_IN = re.compile(
    r"tables of another country or time stand in for (?P<country>\S+) in (?P<years>[\d to]+): "
    r"(?P<tables>.+)"
)
_NOT_CONDITIONED = "not conditioned on the record"
_TABLE = re.compile(r"(?P<name>\S+) \((?P<of>[^)]*)\)(?:, |$)")


def other_warnings(run: RunFolder, words: Language = IN_ENGLISH) -> list[str]:
    """Warnings of a run that the page does not print elsewhere, each a sentence."""
    names = strategy_names(strategies_of(run), words)
    told = []
    for one in map(str, run.manifest.get("warnings", [])):
        if _STAND_IN.fullmatch(one) or _NOT_CONDITIONED in one:
            continue
        label, _, rest = one.partition(" ")
        said = f"{quoted(names[label], words)} {rest}" if label in names else one
        told.append(f"{capitalised(said).removesuffix('.')}.")
    return told


def changes_in_words(run: RunFolder, words: Language = IN_ENGLISH) -> str:
    """Name the tables that differ from the manifest or are missing; empty where none does."""
    if not (changed := changed_tables(run)):
        return ""
    text = "Files that changed after the run or are missing: {files}. Do not quote this result."
    return words.say(text, files=", ".join(name for name, _ in changed))


def stand_ins(run: RunFolder) -> dict[str, str]:
    """Tables that a warning says to be borrowed, by name, with country and time of each."""
    found = (_STAND_IN.fullmatch(str(one)) for one in run.manifest.get("warnings", []))
    return {
        table["name"]: table["of"]
        for one in found
        if one
        for table in _TABLE.finditer(one["tables"])
    }


def place_and_time(of: str, words: Language) -> str:
    """Country and time of a table: ``RU, 2018`` as ``Russia, 2018``."""
    return ", ".join(words.digits(_country(part, words)) for part in of.split(", "))


def _country(code: str, words: Language) -> str:
    """Name of a country by its code; of anything else itself."""
    from babel import Locale

    return str(Locale.parse(words.code).territories.get(code, code))
