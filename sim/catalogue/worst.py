"""Thresholds of the curve of businesses by how much of their demand failed at once.

Definitions, not unknowns: a newspaper's "affected" lies somewhere between the first and the last.
"""

WORST_PERCENT = (1, 10, 30, 50, 90)


def over_now(percent: int) -> str:
    """Name of the curve of businesses of whose attempts more than a percentage fails."""
    return f"businesses_over_{percent}_percent"


def worst_above(percent: int) -> str:
    """Name of the measure of businesses of whose attempts more than a percentage failed at once."""
    return f"businesses_failing_over_{percent}_percent"
