"""The number of sentences in words that plain English has better ones for may fall, not rise."""

import pytest

from tools.english import BETTER, PATHS, find_dialect

MOST = 12.5
"""In 10,000 words: the number of the day; whoever brings it down writes the new one here."""


@pytest.mark.laws
def test_documents_and_texts_of_the_program_get_no_further_from_plain_english(repository):
    found, rate = find_dialect([repository / path for path in PATHS])
    assert rate <= MOST, f"{len(found)} sentences: `python -m tools.english` lists them"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The median hangs on the seed.", "depends on"),
        ("It is said twice,\nand made anew.", "reports, prints"),
        ("All of which three are left.", "two sentences"),
        ("Done. What no order of any operator blocked is open.", "subject, verb, object"),
    ],
)
def test_such_a_sentence_is_found_with_its_line(text, words, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"# Title\n\nPlain words.\n\n{text}\n", "utf-8")
    found, rate = find_dialect([tmp_path])
    assert words in BETTER.values()
    assert found[0].startswith(f"{page}:5: ")
    assert found[0].endswith(f": {words}")
    assert rate > 100


def test_code_in_a_page_is_no_sentence(tmp_path):
    (tmp_path / "page.md").write_text("Run `x hangs on y`.\n```\nas given\n```\n", "utf-8")
    assert find_dialect([tmp_path]) == ([], 0.0)
