"""Sentences of the page: those of ``say``, and names from the catalogue, scenarios and tables."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

import sim
from sim.catalogue.choices import label
from sim.catalogue.curves import CURVES
from sim.catalogue.measures import MEASURES
from sim.experiment.draws import REASONS
from sim.scenario.library import scenario_names, shipped
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.scenario.schema import meaning_of
from sim.scenario.starter.case import TITLE
from sim.scenario.strategies import DECLARED
from sim.scenario.tables.money import FIRM_KEYS
from sim.scenario.tables.seeds import read_note
from sim.scenario.unknowns import list_factors

REPORT = Path(sim.__file__).parent / "report"
METHODS = [("**.py", "python"), ("page/**.html.j2", "jinja2")]


def extract_sentences() -> dict[Any, None]:
    """Sentences of the page in their sequence; of one that counts, the forms for one and more."""
    found = extract_from_dir(str(REPORT), METHODS, keywords={"say": None, "say_n": (1, 2)})
    return dict.fromkeys([*_names(), *(text for _, _, text, *_ in found)])


def update_catalogues() -> None:
    """Add new sentences to the catalogue of every language, and remove those that are gone."""
    template = Catalog()
    for text in extract_sentences():
        template.add(text)
    for path in REPORT.glob("words/locale/*/LC_MESSAGES/overblock.po"):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=path.parts[-3])
        catalogue.update(template, no_fuzzy_matching=True, update_creation_date=False)
        with path.open("wb") as file:
            write_po(file, catalogue, width=100, sort_output=True, ignore_obsolete=True)


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
    yield TITLE
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
