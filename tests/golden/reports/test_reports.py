"""Did any word, number, axis or mark of a report move? Says nothing about whether it is right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.golden.reports.lines import hold_lines
from tests.golden.reports.subjects import STUDIES, SUBJECTS, lines_of

pytestmark = pytest.mark.laws

SAID = Path(__file__).parent / "said"
NAMES = [*SUBJECTS, *STUDIES]
N_SHOWN = 60
SECOND = ("compared/page-settled", "single/page-in-russian", "sites/map")
"""A second page of a comparison, a second language, a second map."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] * (name in SECOND)) for name in NAMES]
)
def test_nothing_that_a_report_says_moved(
    name: str, folders: Callable[[str], Path], update_golden: bool
) -> None:
    path = SAID / f"{name}.txt"
    if not path.exists() and not update_golden:
        pytest.fail(f"{name}: no golden file; --update-golden writes it", pytrace=False)
    moved = hold_lines(path, lines_of(name, folders), is_update=update_golden)
    if moved and update_golden:
        pytest.skip(f"{name}: file rewritten; nothing checked")
    if moved:
        shown = "\n".join(line[:400] for line in moved[:N_SHOWN])
        pytest.fail(f"{name}: see tests/golden/README.md\n{shown}", pytrace=False)


def test_each_subject_has_a_golden_file_and_each_file_a_subject() -> None:
    # After the files were written, if they are.
    held = [path.relative_to(SAID).with_suffix("").as_posix() for path in SAID.rglob("*.*")]
    assert sorted(held) == sorted(NAMES)
