"""Golden files: numbers as short CSV, and what moved between two sets of them.

In: numbers by metric and replicate. Out: text, and one line for each number that moved. It does not
know where numbers come from.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path

Numbers = dict[tuple[str, int], int | float]
"""By metric and replicate. An int is a count; a float that is not known is NaN."""

HEADER = ["metric", "value", "replicate"]
N_DIGITS = 12
"""Digits kept of what is no count: rounding to them stays far below the tolerance."""
RELATIVE_TOLERANCE = 1e-9
"""NumPy builds add in different sequences and have exponentials of their own, so that last digits
may differ between machines: with the processor's vector instructions switched off
(``NPY_DISABLE_CPU_FEATURES``) one number in twenty did, by 2e-15 at most. Counts are compared
exactly."""


def write_numbers(path: Path, numbers: Numbers) -> None:
    """Write a golden file: counts without a decimal point, what is not known as an empty cell."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(
            [metric, _text(value), replicate] for (metric, replicate), value in numbers.items()
        )


def read_numbers(path: Path) -> Numbers:
    """Read a golden file."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    if header != HEADER:
        raise ValueError(f"{path.name}: expected the columns {HEADER}, got {header}")
    numbers = {(metric, int(replicate)): _value(text) for metric, text, replicate in rows}
    if len(numbers) != len(rows):
        raise ValueError(f"{path.name}: a metric stands twice for one replicate")
    return numbers


def what_moved(old: Numbers, new: Numbers) -> list[str]:
    """Say of each number that moved, appeared or went what it was and is; nothing if none did."""
    keys = dict.fromkeys((*old, *new))
    return [
        f"{metric}, replicate {replicate}: {_said(old.get(key))} → {_said(new.get(key))}"
        for key in keys
        for metric, replicate in [key]
        if not _is_same(old.get(key), new.get(key))
    ]


def hold(path: Path, numbers: Numbers, *, is_update: bool) -> list[str]:
    """Hold numbers against a golden file, and rewrite it if asked to and any moved.

    A file in which nothing moved keeps its last digits.
    """
    moved = what_moved(read_numbers(path) if path.exists() else {}, numbers)
    if moved and is_update:
        write_numbers(path, numbers)
    return moved


def _is_same(old: int | float | None, new: int | float | None) -> bool:
    if old is None or new is None:
        return False
    if isinstance(old, int) or isinstance(new, int):
        return old == new
    if math.isnan(old) or math.isnan(new):
        return math.isnan(old) and math.isnan(new)
    return math.isclose(old, new, rel_tol=RELATIVE_TOLERANCE)


def _text(value: int | float) -> str:
    if isinstance(value, int):
        return str(value)
    return "" if math.isnan(value) else repr(float(f"{value:.{N_DIGITS}g}"))


def _value(text: str) -> int | float:
    if not text:
        return math.nan
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _said(value: int | float | None) -> str:
    if value is None:
        return "no such line"
    return _text(value) or "not known"
