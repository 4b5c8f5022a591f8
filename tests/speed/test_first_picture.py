"""A picture of the beginning comes long before a replicate is finished.

In processor seconds of one process that has computed something before, as those of the page have.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from sim.explore.setting import Setting, Source
from sim.explore.worker import Task, _carry_out

pytestmark = pytest.mark.laws
MOST_SHARE = 0.5
"""Of what one replicate takes until its folder is written."""


class _Pipe:
    """Notes when the first picture came."""

    def __init__(self) -> None:
        self.began_s, self.shown_s = time.process_time(), None

    def send(self, message: tuple[int, str, Any]) -> None:
        if self.shown_s is None and message[2]["pictures"]:
            self.shown_s = time.process_time() - self.began_s


class _Never:
    def is_set(self) -> bool:
        return False


@pytest.mark.parametrize(
    "name",
    [
        "match-days",
        *(pytest.param(one, marks=pytest.mark.long) for one in ("telegram-2018", "austria-2022")),
    ],
)
def test_the_first_picture_takes_a_part_of_a_replicate(name: str, tmp_path: Path) -> None:
    for row, n_businesses in enumerate((300, 301, 302)):
        # Each is another setting, as of a moved lever: the first makes the process ready.
        setting = Setting(name, (), (f"population.n_businesses={n_businesses}",), 1)
        folder = tmp_path / str(row) / "run"
        folder.parent.mkdir()
        pipe = _Pipe()
        _carry_out(Task(row, setting, {name: Source(name)}, folder), pipe, _Never())
        whole_s = time.process_time() - pipe.began_s
    assert pipe.shown_s is not None
    assert pipe.shown_s < MOST_SHARE * whole_s, (pipe.shown_s, whole_s)
