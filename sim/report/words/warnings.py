"""Warnings of a run in words: tables by title, countries and strategies by name.

In: a run folder, whose manifest has its warnings as commands print them, for whoever edits the
scenario. Out: the same warnings for whoever reads the page. The two that most runs have are
sentences of the page; the others stay as they are, in English.
"""

from __future__ import annotations

import re

from sim.report.words.languages import Text, capitalised, joined, say
from sim.report.words.plain import strategies_of, strategy_names
from sim.results.folder import RunFolder
from sim.results.integrity import changed_tables

_STAND_IN = re.compile(
    r"tables of another country or time are used for (?P<country>\S+) in (?P<years>[\d to]+): "
    r"(?P<tables>.+)"
)
_NO_HIT = re.compile(
    "hits no modelled business: no customer of one needed an address or a name while it was blocked"
    "(; they are a sample: .*)?"
)
_OWN_TABLES = re.compile(
    r"(?P<file>.+): a run takes from its own tables, and not from the file: (?P<columns>.+)"
)
_NOT_CONDITIONED = "not conditioned on the record"
_TABLE = re.compile(r"(?P<name>\S+) \((?P<of>[^)]*)\)(?:, |$)")


def other_warnings(run: RunFolder) -> list[str]:
    """Warnings of a run that the page does not print elsewhere, each a sentence."""
    names = strategy_names(strategies_of(run))
    told: list[str] = []
    for one in map(str, run.manifest.get("warnings", [])):
        if _STAND_IN.fullmatch(one) or _NOT_CONDITIONED in one:
            continue
        label, _, rest = one.partition(" ")
        if label not in names:
            told.append(_in_words(one))
        elif _NO_HIT.fullmatch(rest):
            told.append(joined(": ", (capitalised(names[label]), _in_words(rest))))
        else:
            told.append(joined("", ("“", names[label], "” ", rest.removesuffix("."), ".")))
    return told


def _in_words(warning: str) -> str:
    """A warning as a sentence of the page, if it is one; else as it is."""
    if _NO_HIT.fullmatch(warning):
        return say(
            "No modelled business was hit: no customer of one needed an address or a name while it "
            "was blocked."
        )
    if found := _OWN_TABLES.fullmatch(warning):
        return say(
            "The run takes {columns} from its own tables, not from {file}.", **found.groupdict()
        )
    return f"{capitalised(warning).removesuffix('.')}."


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
