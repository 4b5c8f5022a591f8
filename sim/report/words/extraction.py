"""Texts of the page that no call of ``say`` has: names from the catalogue, scenarios and tables.

``pybabel extract`` takes them from here by ``locale/babel.cfg``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping

from sim.catalogue.choices import label
from sim.catalogue.curves import CURVES
from sim.catalogue.measures import MEASURES
from sim.experiment.kept import REASONS
from sim.scenario.library import scenario_names, shipped
from sim.scenario.load import load_scenario
from sim.scenario.meanings import meaning_of
from sim.scenario.resolve import resolve
from sim.scenario.strategies import DECLARED
from sim.scenario.tables.money import FIRM_KEYS
from sim.scenario.tables.seeds import read_note
from sim.scenario.unknowns import list_factors


def extract_names(
    _file: object, _keywords: object, _tags: object, options: Mapping[str, str]
) -> Iterator[tuple[int, str, str, list[str]]]:
    """Names, as Babel takes them: line, function, text, comments."""
    for text in dict.fromkeys(_names()):
        yield 1, "", text, []


def _names() -> Iterator[str]:
    for name, measure in MEASURES.items():
        yield label(name)
        yield measure.unit
    for curve in CURVES.values():
        yield curve.full_label
    for strategy in DECLARED.values():
        yield strategy.in_words
        yield strategy.in_words.replace("/{length} ", "")
    keys: set[str] = set()
    for name in scenario_names():
        resolved = resolve(load_scenario(str(shipped("scenarios") / f"{name}.yaml")))
        scenario = resolved.scenario
        yield from filter(None, (scenario.title, scenario.ordered_by, scenario.purpose))
        keys.update(factor.key for factor in list_factors(resolved)[0])
    for key in sorted(keys):
        table = shipped("seeds") / f"{key.rpartition('.')[0]}.csv"
        yield meaning_of(key, table if table.exists() else None)
    yield from REASONS
    for parameter in FIRM_KEYS:
        yield meaning_of(parameter, None)
    for table in sorted(shipped("seeds").glob("*.csv")):
        if (note := read_note(table)) is not None:
            yield note.title
        if table.stem.startswith("operators-"):
            with table.open(encoding="utf-8", newline="") as file:
                yield from (row["label"] for row in csv.DictReader(file) if row["label"])
