"""Lines of sources in words, each against the text that one would write by hand."""

from __future__ import annotations

from typing import Any

import pytest

from sim.cli.verbs.library import basis_text, printable, range_text, value_text


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0"), (-3, "-3"), (1_000_000, "1000000"), (2.0, "2"), (0.5, "0.5"), (-0.25, "-0.25"),
        (1234567.5, "1.23457e+06"), (1 / 3, "0.333333"), (1e15, "1e+15"), (1e15 - 1, "9" * 15),
        (True, "True"), (False, "False"), (None, "None"), ("6 h", "6 h"), ([1, 2.5], "1 to 2.5"),
        (["a", "b"], "a to b"), ("a\x1b[31mb\n", "a\ufffd[31mb\ufffd"),
        (float("nan"), "nan"), (float("inf"), "inf"),
    ],
)  # fmt: skip
def test_a_value_is_written_as_a_file_would_hold_it(value: object, said: str) -> None:
    assert printable(value) == said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"value": 1500.0}, "1500"), ({"value": "exact"}, "exact"), ({"value": 0}, "0"),
        # Values of a list stand beside each other; a pair within it is a range.
        ({"value": [1, 2, 3.5]}, "1, 2, 3.5"), ({"value": [[1, 2], [3, 4]]}, "1 to 2, 3 to 4"),
        ({"value": []}, ""), ({"values": [0.25, 4.0], "n_values": 7}, "0.25 to 4"),
        ({"n_values": 12}, "12 values"),
    ],
)  # fmt: skip
def test_the_value_of_a_line_is_itself_its_ends_or_how_many(line: dict[str, Any], said: str):
    assert value_text(line) == said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({}, ""), ({"range": "not stated"}, "not stated"),
        ({"range": {"absolute": [1, 2.5]}}, "1 to 2.5"),
        ({"range": {"times": [0.5, 2]}}, "0.5 to 2 times the value"),
        ({"range": {"columns": ["low", "high"]}}, "columns low to high"),
    ],
)  # fmt: skip
def test_a_range_is_told_in_words(line: dict[str, Any], said: str) -> None:
    assert range_text(line) == said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({}, ""), ({"source": "A paper"}, "A paper"), ({"date": "2018"}, "2018"),
        ({"source": "A paper", "date": "2018"}, "A paper, 2018"),
        ({"formula": "a / b"}, "a / b"), ({"why": "Nobody counted."}, "Nobody counted."),
        (
            {"source": "A", "date": "2018", "formula": "a / b", "why": "So."},
            "A, 2018; a / b; So.",
        ),
        ({"source": "A", "why": "So.\n\x07"}, "A; So.\ufffd\ufffd"),
    ],
)  # fmt: skip
def test_what_a_line_rests_on_is_source_and_date_then_formula_then_reason(
    line: dict[str, Any], said: str
) -> None:
    assert basis_text(line) == said
