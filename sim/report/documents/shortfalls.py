"""The page of scores, by what predicts: which scores fall short of what is hoped for, and why.

In: the document of scores. Out: Markdown, its text escaped. Nothing is moved by what is hoped for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from sim.report.documents.validation_cases import NOT_SAID, Document
from sim.report.words.markdown import markdown_text
from sim.report.words.numbers import score, width

HOPED_INSIDE = 0.8
"""Share of held-out figures inside intervals that are meant to hold nine of ten."""
HOPED_WIDTH = 10.0
"""Upper over lower end of an interval, in the median."""
BANDS = {"ranges": "all ranges", "calibrated": "calibrated draws"}
"""Bands that are meant to hold what is not known; luck alone is not."""


def shortfalls(scores: Document) -> list[str]:
    """Say of each subject whose held-out figures fall short by how much, and why."""
    short = short_of(scores)
    if not short:
        return []
    why = {one["subject"]: one["why"] for one in scores["shortfalls"]}
    lines = [
        "## Where scores fall short\n",
        f"Hoped for, of what is said over all that is not known, are {HOPED_INSIDE:.0%} of "
        "held-out figures inside, a CRPS below those of a guess and of persistence, and a median "
        f"width of at most ×{HOPED_WIDTH:g}. None of it is a reason to move a range or to leave a "
        "figure out. What falls short, with the error of structure or the wide assumption that is "
        "left:\n",
    ]
    for subject, how in short.items():
        reason = (markdown_text(why.get(subject, "")) or NOT_SAID) if subject else ALL_OF_THEM
        lines.append(f"- {markdown_text(subject) or '**all**'}: {'; '.join(how)}. {reason}")
    return ["\n".join(lines) + "\n"]


ALL_OF_THEM = "What is left is said of each below."


def short_of(scores: Document) -> dict[str, list[str]]:
    """In which ways held-out figures fall short, by what predicts; all of them are the empty one.

    Parameters
    ----------
    scores
        As from ``sim.backtest.document``.
    """
    found: dict[str, list[str]] = {}
    beside = scores["side_by_side"]
    bands = [("", scores["tallies"])]
    bands += [(f" over {said}", beside.get(name, [])) for name, said in BANDS.items()]
    for band, tallies in bands:
        for tally in tallies:
            if tally["role"] == "held-out" and tally["n_figures"]:
                for how in _ways(tally):
                    ways = found.setdefault(tally["subject"], [])
                    # The band that is scored is one of those side by side: said once.
                    ways += [f"{how}{band}"] if how not in ways else []
    return found


def _ways(tally: Document) -> Iterator[str]:
    if tally["coverage"] < HOPED_INSIDE:
        yield f"{tally['coverage']:.0%} inside"
    for of, mine, others in (
        ("a guess", "crps", "crps_guess"),
        ("persistence", "crps_before", "crps_persistence"),
    ):
        if tally[others] is not None and tally[mine] >= tally[others]:
            yield f"CRPS {score(tally[mine])} against {score(tally[others])} of {of}"
    if tally["log10_width"] > math.log10(HOPED_WIDTH):
        yield f"median width {width(tally['log10_width'])}"
