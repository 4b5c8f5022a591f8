"""Sectors, roles and providers are called as people call them, in every language."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.report.words.groups import group_words
from sim.report.words.languages import language
from sim.results.read import open_run


def test_sectors_are_called_as_the_table_of_the_folder_calls_them(shipped_run: Path) -> None:
    run = open_run(shipped_run)
    said = group_words(run, "sector")
    assert said("saas-edtech") == "software services and education"
    assert said("a_sector of theirs") == "a sector of theirs"
    assert group_words(run, "sector", language("es"))("saas-edtech").startswith("software y")
    assert group_words(run, "role")("frontend") == "front end"
    assert group_words(run, "role")("customer_service") == "customer service"
    assert group_words(run, "provider")("AWS") == "AWS"


@pytest.mark.parametrize("split", ["sector", "role"])
def test_other_languages_have_every_name(split: str, shipped_run: Path) -> None:
    run = open_run(shipped_run)
    names = sorted(run.curves_by("businesses_impaired", split, run.strategies[0]))
    assert len(names) > 4
    for code in ("es", "it", "ru"):
        words = language(code)
        for name in names:
            assert words.has(name.replace("_", " ")), (code, name)
            assert group_words(run, split, words)(name) == words.name(name.replace("_", " "))
