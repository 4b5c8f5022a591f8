"""Processes of overblock that end by a signal at a given moment, and what a running one holds.

From outside a signal comes too early or too late on a machine that is busy.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

SCRIPT = """\
import os, signal
from sim.results.checkpoints import Checkpoints

real, kept = Checkpoints.keep, []

def keep(self, *arguments):
    real(self, *arguments)
    kept.append(1)
    if len(kept) == {n_kept}:
        os.kill(os.getpid(), signal.{signal})

# Workers import this file, and go on.
if __name__ == "__main__":
    Checkpoints.keep = keep
    from sim.cli.app import main
    main()
"""


def run_until(
    arguments: Sequence[str], *, signal: str, n_kept: int, folder: Path
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder until so many runs are kept; return how it ended."""
    script = folder / "ended.py"
    script.write_text(SCRIPT.format(signal=signal, n_kept=n_kept), encoding="utf-8")
    try:
        return subprocess.run(
            [sys.executable, str(script), *arguments],
            cwd=folder, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
    finally:
        script.unlink()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder as the process does that is at work on it."""
    handle = os.open(folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(handle)
