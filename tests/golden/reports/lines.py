"""Golden files of lines: what a report says and draws, a fact a line.

In: lines. Out: what differs from a file of them, and the file itself when it is to be rewritten.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Sequence
from pathlib import Path

NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
RELATIVE_TOLERANCE = 1e-6
"""Of numbers beyond the last digits shown to a reader, which builds of NumPy may differ in."""
LEAST_DIGITS = 6
"""Fewest digits of a number that is told for its value alone: others are words of a report."""
PLACE = "place "
"""Begins a line of where something stands in a figure, which hangs on widths of letters."""
PLACE_TOLERANCE = 0.02


def series(values: Sequence[float]) -> str:
    """What a list of numbers comes to: all of a short one, else how many, ends, range, sum.

    What is not known is left out of all but the count, and counted apart.
    """
    if len(values) <= 6:
        return "[" + " ".join(f"{one:.7g}" for one in values) + "]"
    known = [one for one in values if not math.isnan(one)]
    unknown = f" unknown={len(values) - len(known)}" if len(known) < len(values) else ""
    if not known:
        return f"[n={len(values)}{unknown}]"
    # Sums to fewer digits than builds of NumPy agree in; a second sum sees the sequence.
    weighted = math.fsum(place * one for place, one in enumerate(known, 1)) / len(known)
    told = {
        "n": len(values), "first": known[0], "last": known[-1], "least": min(known),
        "most": max(known), "sum": math.fsum(known), "moment": weighted,
    }  # fmt: skip
    return "[" + " ".join(f"{name}={one:.7g}" for name, one in told.items()) + f"{unknown}]"


def is_same(old: str, new: str) -> bool:
    """Whether two lines say the same: every word, and every number up to its last digits."""
    if old == new:
        return True
    if NUMBER.split(old) != NUMBER.split(new):
        return False
    is_place = old.startswith(PLACE)
    return all(
        a == b or (is_place and abs(float(a) - float(b)) <= PLACE_TOLERANCE) or _is_near(a, b)
        for a, b in zip(NUMBER.findall(old), NUMBER.findall(new), strict=True)
    )


def _is_near(a: str, b: str) -> bool:
    """Whether two numbers of more digits than a reader is shown differ in their last ones alone."""
    n_digits = max(len(re.sub(r"e.*|\D|^[-0.]+", "", one)) for one in (a, b))
    is_count = a.isdigit() and b.isdigit()
    return (
        not is_count
        and n_digits >= LEAST_DIGITS
        and math.isclose(float(a), float(b), rel_tol=RELATIVE_TOLERANCE)
    )


def hold_lines(path: Path, lines: Sequence[str], *, is_update: bool) -> list[str]:
    """Hold lines against a golden file, and rewrite it if asked to and any moved.

    Returns
    -------
    moved
        A diff of what moved, be it rewritten or not; empty where nothing did.
    """
    old = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    if len(old) == len(lines) and all(map(is_same, old, lines)):
        return []
    moved = list(difflib.unified_diff(old, list(lines), "golden", "now", n=0, lineterm=""))
    if is_update:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")
    return moved
