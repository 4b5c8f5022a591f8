"""What the documents' tables and sentences must say, from the folders that their own commands made.

In: the clone in which a page was run. Out: texts that have to stand on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from sim.report.words.answer import answer
from sim.results.folder import open_run
from tests.documents.emergence import emergence
from tests.published.test_telegram_2018 import covered


def april(clone: Path) -> Iterator[str]:
    found = [covered(clone / "chase", replicate, clone / "fronts.txt") for replicate in range(10)]
    same = [
        {k[2]: v for k, v in each.items() if k[:2] == ("same_targets", "IPv4 addresses")}
        for each in found
    ]
    n = [each["n_targets"] for each in same]
    held = [each["n_targets_covered"] / each["n_targets"] for each in same]
    order, best, regret = (
        [each["same_targets", "IPv4 addresses", name] for each in found]
        for name in ("collateral", "best", "regret")
    )
    sixty = [each["frontier", "60", "collateral"] for each in found]
    # One rule for each front and no more: with further ones nothing is left to save.
    all_ = [
        each["frontier", f"{len_:.0f}", "collateral"] for each, len_ in zip(found, n, strict=True)
    ]
    assert max(n) <= 600
    for words, values, is_share in (
        ("fronts", n, False),
        ("share of them that the order of 20 April holds", held, True),
        ("collateral of the order, addresses", order, False),
        ("best for the same fronts with 59 rules", best, False),
        ("regret of the order", regret, False),
        ("best 60 rules for all fronts", sixty, False),
        ("best 600 rules for all fronts", all_, False),
    ):
        said = [
            f"{value:.0%}".replace("%", " %") if is_share else f"{value:,.0f}"
            for value in (values[0], min(values), max(values))
        ]
        yield f"| {words} | {' | '.join(said)} |"


def first_answer(clone: Path) -> Iterator[str]:
    yield f"> {answer(open_run(clone / 'austria')).whole}"


SAID: dict[str, Callable[[Path], Iterator[str]]] = {
    "docs/explanation/emergence.md": emergence,
    "docs/how-to/april-2018-the-block-that-hurts-least.md": april,
    "docs/tutorial/first-answer.md": first_answer,
}
"""By page: what must stand on it once its commands have run."""
