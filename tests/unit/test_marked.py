"""Which files of tests an expression of marks leaves out whole."""

from __future__ import annotations

import pytest

from tests.conftest import REPOSITORY
from tests.marked import is_left_out

DAILY = "not browser and not laws and not long"
WHOLE = "import pytest\n\npytestmark = pytest.mark.laws\n"
SOME = "@pytest.mark.laws\ndef test(): ...\n"


@pytest.mark.parametrize(
    ("text", "expression", "is_out"),
    [
        (WHOLE, DAILY, True),
        (WHOLE, "laws and not long", False),
        (WHOLE, "laws or not laws", False),
        (WHOLE, "not (laws and long)", False),
        (WHOLE, "", False),
        (SOME, DAILY, False),
        (SOME, "laws", False),
        (SOME, "long", True),
        ("pytestmark = [pytest.mark.laws, pytest.mark.long]\n", DAILY, False),
        ("def test(): ...\n", "laws and not long", True),
        ("def test(): ...\n", DAILY, False),
        ("def test(): ...\n", "not slow and laws or long", False),
    ],
)
def test_a_file_is_left_out_if_its_marks_say_so(text: str, expression: str, is_out: bool) -> None:
    assert is_left_out(text, expression) is is_out


def test_some_files_are_left_out_of_the_daily_run_and_most_are_not() -> None:
    texts = [path.read_text("utf-8") for path in REPOSITORY.glob("tests/**/test_*.py")]
    n_out = sum(is_left_out(text, DAILY) for text in texts)
    assert 20 < n_out < len(texts) / 4
