"""A process that computes nothing: it says what it was given, and ends when told to."""

from __future__ import annotations

import os
import time
from typing import Any

DIES = "dies"
"""Name of a scenario for which no process gets ready."""
WAITS = 7
"""Replicates of a setting that is computed until it is stopped."""


def work(pipe: Any, stop: Any, first: Any, gives_way: bool) -> None:
    """Be ready, then show a picture of each setting, with the process that computed it."""
    if first.setting.scenario == DIES:
        os._exit(1)
    time.sleep(0.2)
    pipe.send((first.number, "ready", None))
    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        shown = {"pictures": [{"process": os.getpid(), "gives_way": gives_way}], "done": (0, 1)}
        pipe.send((task.number, "picture", {**shown, "pictures": []}))
        time.sleep(0.1)
        pipe.send((task.number, "picture", shown))
        while task.setting.n_replicates == WAITS and not stop.is_set():
            time.sleep(0.01)
        pipe.send((task.number, "stopped" if stop.is_set() else "done", None))
