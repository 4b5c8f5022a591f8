"""The band of expected names is the list's, and not that of the stream it was drawn from."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from sim.addresses.text.source import Limits
from sim.blocklists.blocklists import find_input, read_blocklists
from sim.blocklists.exposure import draw_names_of_lists, shipped_owners
from sim.names import listed
from sim.names.listed import FIGURES, HIGH, LOW
from sim.streams import Streams

ORDERS = "telegram-2018-orders"
NOON = datetime(2018, 4, 20, 9, tzinfo=UTC)


A_UNIT = 0.1
"""Of a number of two figures a unit of the second is a tenth at most."""


def most_apart() -> float:
    """Largest relative difference of two streams, over medians and ends of all and of providers."""
    given = read_blocklists([find_input(ORDERS)], "", skip_bad=False, limits=Limits())
    lists, owners = given.in_force(NOON), shipped_owners()
    found = []
    for root_seed in (1, 2):
        draws = draw_names_of_lists(lists, owners, None, Streams(root_seed, 0)).draws
        names = np.column_stack((draws.hit.sum(axis=1), draws.hit))
        found.append(np.quantile(names, (LOW, 0.5, HIGH), axis=0))
    return float(np.abs(found[0] / found[1] - 1).max())


@pytest.mark.laws
def test_two_streams_differ_by_less_than_a_unit_of_the_second_figure() -> None:
    assert FIGURES == 2
    assert most_apart() < A_UNIT


@pytest.mark.laws
def test_forty_draws_of_what_is_assumed_do_not_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listed, "N_DRAWS", 40)
    monkeypatch.setattr(listed, "N_LAWS", 40)
    assert most_apart() > 3 * A_UNIT
