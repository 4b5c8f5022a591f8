"""An assessment says of hours denied that users who left are not among them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from sim.assess.assessment import Assessment
from sim.report.documents.assessment_answers import who_left


@pytest.mark.parametrize(
    ("n_left", "of", "share"),
    [(30.0, 100.0, "30 [20, 40]"), (0.05, 100.0, ""), (0.0, 0.0, "")],
)
def test_hours_denied_are_said_to_be_of_those_who_still_try(
    n_left: float, of: float, share: str
) -> None:
    left = SimpleNamespace(mean=n_left, low=n_left - 10, high=n_left + 10, denominator=of)
    said = who_left(cast("Assessment", SimpleNamespace(left=left)))
    assert bool(said) == bool(share)
    assert share in said.replace("\N{NO-BREAK SPACE}", " ")
