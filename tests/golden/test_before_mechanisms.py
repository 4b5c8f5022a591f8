"""With every mechanism left out and the tables of then, old measures are what they were.

``before_mechanisms`` holds ``telegram-2018`` as it was before the first of them (87f4593), three
tables that have changed since and are not kept under another name, and what its golden file said.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden.files import read_numbers, what_moved
from tests.golden.runs import numbers_with

pytestmark = pytest.mark.laws

BEFORE = Path(__file__).parent / "before_mechanisms"
TABLES = (
    "providers.prefixes=cloud-prefixes-2018",
    "population.hosting=hosting-choice-2018",
    "population.services=third-party-services-2018",
    f"operators.groups={BEFORE / 'operators-russia-2018.csv'}",
    f"censor.pressure_events={BEFORE / 'pressure-events-2018.csv'}",
    f"stances.events={BEFORE / 'stances-2018.csv'}",
)
SMALL = ("population.n_businesses=60", "end=2018-05-10T00:00+03:00")


def moved(*changes: str) -> list[str]:
    """What moved since among the measures that there were then."""
    old = read_numbers(BEFORE / "values.csv")
    assert len(old) == 152
    new = numbers_with(str(BEFORE / "telegram-2018.yaml"), (*SMALL, *TABLES, *changes))
    return what_moved(old, {key: value for key, value in new.items() if key in old})


def test_without_mechanisms_no_number_moved() -> None:
    assert moved() == []


@pytest.mark.parametrize(
    "change",
    ["fronts.cancel_h=48", "complaints.per_million_people_per_d=1", "censor.entry_life_d=5"],
)
def test_with_one_of_them_some_do(change: str) -> None:
    assert len(moved(change)) > 10
