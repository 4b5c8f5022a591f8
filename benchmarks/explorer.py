"""How soon the page that explores shows something: ``python -m benchmarks.explorer``.

In: scenarios; those that people open when none is named. Out: a table, printed: seconds until the
address is printed, then until the first picture of what is shown first, of a moved lever and of
another scenario, with what these pictures are of. Beside them the processor seconds that the
server and its processes took meanwhile (Linux), which a busy machine changes less.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import page

SCENARIOS = ("telegram-2018", "match-days", "austria-2022")
N_MOVES = 5
REST_S = 1.5
"""Between two moves: a visitor looks, and what was cancelled ends."""


@dataclass(frozen=True)
class Shown:
    """A first picture: how long it took, and what it says it rests on."""

    wall_s: float
    processor_s: float
    note: str

    def __str__(self) -> str:
        return f"{self.wall_s:.2f} ({self.processor_s:.2f})"


class Page:
    """The page over a scenario."""

    def __init__(self, name: str) -> None:
        began_s = time.perf_counter()
        command = [sys.executable, "-m", "sim", "explore", name, "--no-open", "-q"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self._address = self._process.stdout.readline().strip()
        self.ready = Shown(time.perf_counter() - began_s, self._processor_s(), "")
        self.first: dict[str, Any] = json.load(self._open("start"))["first"]

    def first_picture(self, setting: Mapping[str, Any], *, to_end: bool = False) -> Shown:
        """Ask for a setting; leave it once something is shown, unless it is to be finished."""
        began_s, before_s = time.perf_counter(), self._processor_s()
        number = json.load(self._open("runs", setting))["number"]
        shown = None
        with self._open(f"runs/{number}/messages") as lines:
            for line in lines:
                told = json.loads(line)
                if shown is None and told["kind"] == "picture" and told["value"]["pictures"]:
                    took_s = time.perf_counter() - began_s
                    note = told["value"]["pictures"][0]["note"].partition(";")[0]
                    shown = Shown(took_s, self._processor_s() - before_s, note.partition(". ")[0])
                    if not to_end:
                        break
        assert shown is not None, told
        self._open(f"runs/{number}/cancel", {}).close()
        time.sleep(REST_S)
        return shown

    def close(self) -> None:
        """End it."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(60)

    def _open(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        return urllib.request.urlopen(f"{self._address}{path}", data, timeout=600)

    def _processor_s(self) -> float:
        """Of the server and all processes below it so far."""
        parents, ticks = {}, {}
        for place in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = place.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(place.parent.name)] = int(fields[1])
            ticks[int(place.parent.name)] = int(fields[11]) + int(fields[12])
        mine = {self._process.pid}
        while more := {one for one, parent in parents.items() if parent in mine} - mine:
            mine |= more
        return sum(ticks.get(one, 0) for one in mine) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print the table."""
    lines = []
    for name in sys.argv[1:] or SCENARIOS:
        print(f"{name} …", file=sys.stderr, flush=True)
        opened = Page(name)
        try:
            first = opened.first_picture(opened.first, to_end=True)
            moved = [
                # Another setting each time: what was computed is not computed again.
                opened.first_picture({**opened.first, "settings": {"population.n_businesses": n}})
                for n in range(2000, 2000 + N_MOVES)
            ]
            other = next(one for one in SCENARIOS if one != name)
            chosen = opened.first_picture({"scenario": other})
        finally:
            opened.close()
        middle = sorted(moved, key=lambda one: one.wall_s)[N_MOVES // 2]
        lines.append(
            [name, str(opened.ready), str(first), str(middle), f"{chosen}, {other}", middle.note]
        )
    head = ("scenario", "address", "first picture", "of a lever", "of a choice", "of a lever it is")
    print(page.table(head, lines))
    load = os.getloadavg()[0]
    print(f"\nSeconds, and processor seconds in brackets; {os.cpu_count()} cores, load {load:.1f}.")


if __name__ == "__main__":
    main()
