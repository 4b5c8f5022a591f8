"""What the page of mechanisms is made of: variants that can be asked, and the first two days."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.ablation import PAGE, SPAIN, TELEGRAM, ablation
from benchmarks.ablation_names import PART, scores_without_each
from benchmarks.first_days import compare_totals, published, scenario
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve


@pytest.mark.parametrize("name", [TELEGRAM, SPAIN])
def test_every_variant_is_a_scenario_of_its_own_that_the_page_has(
    name: str, tmp_path: Path
) -> None:
    asked = ablation(name, tmp_path)
    text = PAGE.read_text(encoding="utf-8")
    part = text.split(f"<!-- part: {asked.part} -->\n")[1].split("<!-- end of part -->")[0]
    said = [line.split(" | ")[0].removeprefix("| ") for line in part.splitlines()[4:]]
    assert said == list(asked.variants)
    found = [
        resolve(load_scenario(name, [*asked.own, *overrides]))
        for overrides in asked.variants.values()
    ]
    dumps = [
        (one.scenario.model_dump_json(), [table.sha256 for table in one.tables]) for one in found
    ]
    assert all(one not in dumps[:row] for row, one in enumerate(dumps))


@pytest.mark.long
def test_the_page_has_the_first_days_that_its_command_gives() -> None:
    given = scenario()
    assert len(published(given)) == 9
    assert f"\n{compare_totals(given, 20)}\n<!-- end of part -->" in PAGE.read_text(
        encoding="utf-8"
    )


# The page of mechanisms has the scores of names that its command gives.


def test_the_page_has_what_the_command_of_names_gives() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert f"<!-- part: {PART} -->\n{scores_without_each()}\n<!-- end of part -->" in text
