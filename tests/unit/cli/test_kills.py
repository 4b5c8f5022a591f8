"""Commands that are killed at random moments lose nothing; ``python -m tests.kills`` does more."""

import pytest

from tests import kills
from tests.kills import (
    campaign,
    say,
    table,
)

pytestmark = pytest.mark.laws


@pytest.mark.parametrize(
    "commands",
    [
        ["import --force"],
        pytest.param(["run"], marks=pytest.mark.long),
        pytest.param(["condition"], marks=pytest.mark.long),
    ],
)
def test_nothing_is_lost_by_a_kill(commands):
    found = campaign(commands, n_kills=6, seed=6)
    assert say(found) == [], f"\n{table(found)}"
    assert len(found) == 6
    assert {one.number for one in found} == set(kills.SIGNALS)
    # Kills that all come too early or too late would find nothing, as on a machine that is busy.
    if len({one.found for one in found}) == 1:
        found = campaign(commands, n_kills=6, seed=7)
        assert say(found) == [], f"\n{table(found)}"
    assert len({one.found for one in found}) > 1, table(found)
