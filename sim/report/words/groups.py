"""What sectors, roles and providers are called.

In: a run folder, and by what businesses are split. Out: words for each name that stands in its
tables. Sectors are called as their table in the folder calls them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from sim.report.words.languages import ENGLISH, IN_ENGLISH, Language
from sim.results.inputs import input_rows
from sim.results.read import RunFolder
from sim.scenario.tables.rows import SectorRow

ROLES = {"frontend": "front end", "other": "other services"}


def group_words(run: RunFolder, split: str, words: Language = IN_ENGLISH) -> Callable[[str], str]:
    """Return what says a name of a split in words; as it is where nothing is known of it.

    Parameters
    ----------
    split
        ``sector``, ``role`` or ``provider``.
    """
    known = dict(ROLES) if split == "role" else {}
    if split == "sector":
        labels = [
            (row.sector, row.label) for row in input_rows(run, "population", "sectors", SectorRow)
        ]
        times = Counter(label for _, label in labels)
        known = {name: label for name, label in labels if times[label] == 1}

    def say(name: str) -> str:
        plain = name.replace("_", " ")
        is_told = words.code != ENGLISH and words.has(plain)
        return words.name(plain if is_told else known.get(name, plain))

    return say
