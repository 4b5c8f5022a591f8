"""What a value rests on, in words: the texts of one line of a manifest's ``sources``.

In: one line, as ``Source.as_dict`` writes it. Out: text on one line, safe for a terminal. It reads
no file.
"""

from __future__ import annotations

from typing import Any, TypeAlias

Line: TypeAlias = dict[str, Any]


def value_text(line: Line) -> str:
    """Show the value of a line: itself, or lowest to highest, or how many."""
    if "value" in line:
        value = line["value"]
        return ", ".join(map(plain, value)) if isinstance(value, list) else plain(value)
    if "values" in line:
        low, high = line["values"]
        return f"{plain(low)} to {plain(high)}"
    return f"{line['n_values']} values"


def range_text(line: Line) -> str:
    """Show the range of a line in words."""
    stated = line.get("range", "")
    if not isinstance(stated, dict):
        return str(stated)
    ((form, ends),) = stated.items()
    if len(ends) == 1:
        return f"{form} {plain(ends[0])}"
    text = f"{plain(ends[0])} to {plain(ends[1])}"
    return {"absolute": text, "times": f"{text} times the value"}.get(form, f"columns {text}")


def plain(value: object) -> str:
    """Write a value as a file would hold it: numbers without separators of thousands."""
    if isinstance(value, list):
        return " to ".join(map(plain, value))
    if isinstance(value, int | float) and not isinstance(value, bool):
        is_whole = float(value).is_integer() and abs(value) < 1e15
        return f"{value:.0f}" if is_whole else f"{value:.6g}"
    # Control characters from a file would reach the terminal.
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in str(value))


def basis_text(line: Line) -> str:
    """Say in one text what a line rests on: source and date, formula, reason."""
    where = ", ".join(part for part in (line.get("source", ""), line.get("date", "")) if part)
    parts = [where, line.get("formula", ""), line.get("why", "")]
    return plain("; ".join(part for part in parts if part))
