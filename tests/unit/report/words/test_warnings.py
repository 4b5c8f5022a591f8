"""Warnings say tables, countries and strategies in words, and keep what they do not know."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sim.report.words.languages import language
from sim.report.words.warnings import warnings_in_words
from sim.results.read import open_run


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            "tables of another country or time stand in for ES in 2026: assumptions (RU, 2018), "
            "hosting-concentration (2020 to 2022), of-theirs (EU)",
            "Numbers of another country or time stand in for Spain in 2026: “Assumed values of "
            "scenario keys” (Russia, 2018); “How many names share an address” (2020 to 2022); "
            "“of-theirs” (European Union).",
        ),
        (
            "replay hits no modelled business: no operator carried an order out before the end",
            "“the orders as placed” hits no modelled business: no operator carried an order out "
            "before the end.",
        ),
        ("other hits nobody: so it is.", "Other hits nobody: so it is."),
        (
            "4 replicates: 95 % BCa intervals are too narrow with so few, Student's t holds "
            "better; see docs/explanation/statistics.md",
            "4 replicates are few: ranges by luck come out too narrow.",
        ),
        ("3 orders fall late", "3 orders fall late."),
    ],
)
def test_a_warning_is_said_for_whoever_reads_the_page(
    given: str, said: str, shipped_run: Path
) -> None:
    run = open_run(shipped_run)
    told: Any = {**run.manifest, "warnings": [given]}
    assert warnings_in_words(replace(run, manifest=told)) == [(said, True)]


STAND_IN = (
    "tables of another country or time stand in for ES in 2026: assumptions (RU, 2018), "
    "hosting-concentration (2020 to 2022), of-theirs (EU)"
)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "es",
            "Cifras de otro país o de otra época ocupan el lugar de las propias (España, 2026): "
            "«Valores supuestos de claves del escenario» (Rusia, 2018); «Cuántos nombres comparten "
            "una dirección» (2020 a 2022); «of-theirs» (Unión Europea).",
        ),
        (
            "it",
            "Cifre di un altro paese o di un altro periodo stanno al posto di quelle proprie "
            "(Spagna, 2026): «Valori ipotizzati di chiavi dello scenario» (Russia, 2018); «Quanti "
            "nomi condividono un indirizzo» (2020 – 2022); «of-theirs» (Unione europea).",
        ),
        (
            "ru",
            "Вместо собственных чисел (Испания, 2026) взяты числа другой страны или другого "
            "времени: «Принятые значения ключей сценария» (Россия, 2018); «Сколько имён делят один "
            "адрес» (2020 – 2022); «of-theirs» (Европейский союз).",
        ),
    ],
)
def test_a_warning_that_is_known_is_said_in_the_language_of_the_page(
    code: str, said: str, shipped_run: Path
) -> None:
    run = open_run(shipped_run)
    told: Any = {**run.manifest, "warnings": [STAND_IN, "3 orders fall late"]}
    found = warnings_in_words(replace(run, manifest=told), language(code))
    assert found == [(said, False), ("3 orders fall late.", True)]


def test_warnings_are_recognised_as_they_are_written() -> None:
    """The sentences that are put into words are those that the commands print."""
    from sim.report.words import warnings
    from sim.scenario.cautions import list_warnings
    from sim.scenario.load import load_scenario
    from sim.scenario.resolve import resolve
    from sim.statistics.paired import warn_of_few

    (first, *_) = list_warnings(resolve(load_scenario("match-days")))
    assert warnings._STAND_IN.fullmatch(first)
    (few,) = warn_of_few(4)
    assert warnings._FEW.match(few)


def test_titles_of_tables_that_stand_in_for_others_have_all_languages() -> None:
    from sim.scenario.foreign import stand_ins
    from sim.scenario.library import scenario_names
    from sim.scenario.load import load_scenario
    from sim.scenario.resolve import resolve

    titles = set()
    for name in scenario_names():
        found = resolve(load_scenario(name))
        notes = stand_ins(found.scenario, found.tables, has_assumed=bool(found.assumed))
        titles |= {note.title for note in notes.values()}
    assert len(titles) > 10
    assert {title for title in titles if not language("es").has(title)} == set()
