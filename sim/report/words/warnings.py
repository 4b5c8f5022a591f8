"""Warnings of a run in words: tables by title, countries and strategies by name.

In: a run folder, whose manifest has its warnings as commands print them, for whoever edits the
scenario. Out: the same warnings for whoever reads the page; what is not known here stays as it is,
in English.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from sim.report.words.languages import ENGLISH, IN_ENGLISH, Language
from sim.report.words.numbers import capitalised
from sim.report.words.plain import quoted, strategies_of, strategy_names
from sim.results.integrity import changed_tables
from sim.results.read import RunFolder
from sim.scenario.tables.assumptions import assumptions_path
from sim.scenario.tables.seeds import read_note

_STAND_IN = re.compile(
    r"tables of another country or time stand in for (?P<country>\S+) in (?P<years>[\d to]+): "
    r"(?P<tables>.+)"
)
_TABLE = re.compile(r"(?P<name>\S+) \((?P<of>[^)]*)\)(?:, |$)")
_OF_STRATEGY = re.compile(
    r"(?P<label>\S+) (?P<what>orders nothing|hits no modelled business|hits nobody|denies .+?): "
)
_FEW = re.compile(r"(?P<n>\d+) replicates: 95 % BCa intervals are too narrow with so few.*; see ")
_ASSUMPTIONS = "assumptions"


class Warned(NamedTuple):
    """A warning as a page shows it, and whether it is in English, whatever the page's language."""

    said: str
    is_english: bool


def warnings_in_words(run: RunFolder, words: Language = IN_ENGLISH) -> list[Warned]:
    """Return the warnings of a run as a page shows them, each a sentence."""
    names = strategy_names(strategies_of(run))
    told = (_in_words(str(one), run, names, words) for one in run.manifest.get("warnings", []))
    return [
        Warned(f"{capitalised(said).removesuffix('.')}.", is_english or words.code == ENGLISH)
        for said, is_english in told
    ]


def changes_in_words(run: RunFolder, words: Language = IN_ENGLISH) -> str:
    """Name the tables that differ from the manifest or are missing; empty where none does."""
    if not (changed := changed_tables(run)):
        return ""
    text = "Files that changed after the run or are missing: {files}. Do not quote this result."
    return words.say(text, files=", ".join(name for name, _ in changed))


def stood_in(run: RunFolder) -> set[str]:
    """Names of the tables that a warning says to be of another country or time."""
    found = (_STAND_IN.fullmatch(str(one)) for one in run.manifest.get("warnings", []))
    return {table["name"] for one in found if one for table in _TABLE.finditer(one["tables"])}


def _in_words(warning: str, run: RunFolder, names: dict[str, str], words: Language) -> Warned:
    if found := _STAND_IN.fullmatch(warning):
        tables = "; ".join(
            f"{quoted(words.name(_title(table['name'], run)), words)} "
            f"({_place_and_time(table['of'], words)})"
            for table in _TABLE.finditer(found["tables"])
        )
        said = words.say(
            "numbers of another country or time stand in for {country} in {years}: {tables}",
            country=_country(found["country"], words),
            years=words.digits(found["years"]),
            tables=tables,
        )
        return Warned(said, is_english=False)
    if (found := _OF_STRATEGY.match(warning)) and found["label"] in names:
        said = f"{quoted(names[found['label']])} {warning[len(found['label']) + 1 :]}"
        return Warned(said, is_english=True)
    if found := _FEW.match(warning):
        # Where it is explained is no page that goes with this one.
        few = "{n} replicates are few: ranges by luck come out too narrow"
        return Warned(words.say(few, n=found["n"]), is_english=False)
    return Warned(warning, is_english=True)


def _title(name: str, run: RunFolder) -> str:
    """Title of a table from the note beside its copy; its name where there is none."""
    path = assumptions_path() if name == _ASSUMPTIONS else run.input_path(name)
    note = read_note(path) if path is not None else None
    return note.title if note is not None else name


def _place_and_time(of: str, words: Language) -> str:
    """``RU, 2018`` as ``Russia, 2018``."""
    return ", ".join(words.digits(_country(part, words)) for part in of.split(", "))


def _country(code: str, words: Language) -> str:
    """Name of a country by its code; of anything else itself."""
    from babel import Locale

    return str(Locale.parse(words.code).territories.get(code, code))
