"""Warnings of a run in words: tables by title, countries and strategies by name.

In: a run folder, whose manifest has its warnings as commands print them, for whoever edits the
scenario. Out: the same warnings for whoever reads the page; what is not known here stays as it is.
"""

from __future__ import annotations

import re

from sim.report.words.numbers import capitalised
from sim.report.words.plain import quoted, strategies_of, strategy_names
from sim.results.read import RunFolder
from sim.scenario.tables.assumptions import assumptions_path
from sim.scenario.tables.seeds import read_note

_STAND_IN = re.compile(
    r"tables of another country or time stand in for (?P<country>\S+) in (?P<years>[\d to]+): "
    r"(?P<tables>.+)"
)
_TABLE = re.compile(r"(?P<name>\S+) \((?P<of>[^)]*)\)(?:, |$)")
_OF_STRATEGY = re.compile(r"(?P<label>\S+) (?P<what>orders nothing|hits nobody|denies .+?): ")
_FEW = re.compile(r"(?P<n>\d+) replicates: 95 % BCa intervals are too narrow with so few.*; see ")
_ASSUMPTIONS = "assumptions"


def warnings_in_words(run: RunFolder) -> list[str]:
    """Return the warnings of a run as a page shows them, in English, each a sentence."""
    names = strategy_names(strategies_of(run))
    told = (_in_words(str(one), run, names) for one in run.manifest.get("warnings", []))
    return [f"{capitalised(one).removesuffix('.')}." for one in told]


def stood_in(run: RunFolder) -> set[str]:
    """Names of the tables that a warning says to be of another country or time."""
    found = (_STAND_IN.fullmatch(str(one)) for one in run.manifest.get("warnings", []))
    return {table["name"] for one in found if one for table in _TABLE.finditer(one["tables"])}


def _in_words(warning: str, run: RunFolder, names: dict[str, str]) -> str:
    if found := _STAND_IN.fullmatch(warning):
        tables = "; ".join(
            f"{quoted(_title(table['name'], run))} ({_place_and_time(table['of'])})"
            for table in _TABLE.finditer(found["tables"])
        )
        country = _country(found["country"])
        return (
            "numbers of another country or time stand in for "
            f"{country} in {found['years']}: {tables}"
        )
    if (found := _OF_STRATEGY.match(warning)) and found["label"] in names:
        return f"{quoted(names[found['label']])} {warning[len(found['label']) + 1 :]}"
    if found := _FEW.match(warning):
        # Where it is explained is no page that goes with this one.
        return f"{found['n']} replicates are few: ranges by luck come out too narrow"
    return warning


def _title(name: str, run: RunFolder) -> str:
    """Title of a table from the note beside its copy; its name where there is none."""
    path = assumptions_path() if name == _ASSUMPTIONS else run.input_path(name)
    note = read_note(path) if path is not None else None
    return note.title if note is not None else name


def _place_and_time(of: str) -> str:
    """``RU, 2018`` as ``Russia, 2018``."""
    return ", ".join(_country(part) for part in of.split(", "))


def _country(code: str) -> str:
    """Name of a country by its code; of anything else itself."""
    from babel import Locale

    return str(Locale.parse("en").territories.get(code, code))
