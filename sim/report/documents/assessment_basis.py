"""What an assessment rests on: how sure it is, and every assumption with its range.

In: an assessment. Out: blocks of text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sim.assess.assessment import Assessment
from sim.report.documents.blocks import Block, Heading, Paragraph, Table
from sim.report.page.source_texts import plain
from sim.report.words.numerals import (
    rounded,
)


def uncertainty_blocks(found: Assessment) -> Iterator[Block]:
    """Say how sure the answers are."""
    manifest = found.run.manifest
    assumptions = manifest.get("assumptions", [])
    yield Paragraph(
        f"Intervals say what other luck might have shown in {found.n_replicates} replicates. They "
        f"do not say what other assumptions would show: {len(assumptions)} numbers or columns rest "
        "on assumptions with ranges, all in manifest.json; those with a value of their own stand "
        "in the appendix. How often predictions and publications agree: "
        "docs/explanation/validation.md; what is not modelled: docs/explanation/limitations.md."
    )
    for warning in manifest.get("warnings", []):
        yield Paragraph(str(warning), lead="Warning:")


def appendix_blocks(found: Assessment) -> Iterator[Block]:
    """List every assumption, with its value and range."""
    keys = [one for one in found.run.manifest.get("assumptions", []) if "value" in one]
    if keys:
        yield Heading("Appendix: assumptions with a value of their own")
        yield Table(
            ["assumption", "value", "range", "unit"],
            [
                [
                    str(one["key"]),
                    _given(one["value"]),
                    _range(one.get("range", {})),
                    str(one.get("unit", "")),
                ]
                for one in keys
            ],
            (1, 2),
        )


def _given(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return rounded(float(value))
    return ", ".join(map(plain, value)) if isinstance(value, list) else plain(value)


def _range(given: object) -> str:
    if isinstance(given, dict):
        for ends in given.values():
            if isinstance(ends, Sequence) and len(ends) == 2:
                low, high = ends
                if isinstance(low, int | float) and isinstance(high, int | float):
                    return f"{rounded(float(low))} to {rounded(float(high))}"
    return "not stated"
