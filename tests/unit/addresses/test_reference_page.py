"""The examples of the reference page give what they say."""

import doctest
from pathlib import Path


def test_the_examples_of_the_reference_page_give_what_they_say():
    page = Path(__file__).parents[3] / "docs" / "reference" / "addresses.md"
    failed, attempted = doctest.testfile(str(page), module_relative=False)
    assert attempted > 10
    assert failed == 0
