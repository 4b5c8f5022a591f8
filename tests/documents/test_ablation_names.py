"""The page of mechanisms has the scores of names that its command gives."""

from __future__ import annotations

from benchmarks.ablation import PAGE
from benchmarks.ablation_names import PART, scores_without_each


def test_the_page_has_what_the_command_of_names_gives() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert f"<!-- part: {PART} -->\n{scores_without_each()}\n<!-- end of part -->" in text
