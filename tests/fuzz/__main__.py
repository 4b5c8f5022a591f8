"""A long run over the targets: ``python -m tests.fuzz --minutes 60``.

Each target has its turn of some seconds until the time is over; then one line a target says how
many inputs it saw, what came of them, and what the slowest took of the processor. An input that
breaks a target is kept in a folder, as is the one being read, so that a crash of the process leaves
it there. Exit code 1 if any broke one.
"""

from __future__ import annotations

import argparse
import faulthandler
import itertools
import secrets
import sys
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from sim.errors import OverblockError
from tests.fuzz.targets import TARGETS, Target

# Inputs of one turn; and the time after which an input counts as one that never ends.
_TURN = 200
_STUCK_S = 60


@dataclass
class Seen:
    """What came of the inputs of one target."""

    n_inputs: int = 0
    n_read: int = 0
    n_refused: int = 0
    n_broken: int = 0
    slowest_s: float = 0.0


def turn(target: Target, seen: Seen, root_seed: int, folder: Path) -> None:
    """Give a target some inputs; keep the smallest that breaks it."""
    running = folder / f"running-{target.name}"
    broken = b""

    @seed(root_seed)
    @settings(
        max_examples=_TURN,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(target.inputs())
    def read(data: bytes) -> None:
        nonlocal broken
        running.write_bytes(data)
        faulthandler.dump_traceback_later(_STUCK_S, exit=True)
        start = time.process_time()
        seen.n_inputs += 1
        try:
            target.read(data)
            seen.n_read += 1
        except OverblockError:
            seen.n_refused += 1
        except BaseException:
            broken = data
            raise
        finally:
            seen.slowest_s = max(seen.slowest_s, time.process_time() - start)
            faulthandler.cancel_dump_traceback_later()

    try:
        read()
    except Exception as error:
        seen.n_broken += 1
        kept = folder / f"{target.name}-{sha256(broken).hexdigest()[:12]}"
        kept.write_bytes(broken)
        print(f"{target.name}: {kept}: {error!r}"[:500], flush=True)
    running.unlink(missing_ok=True)


def main() -> int:
    """Run the targets in turn, and say what each saw."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32))
    parser.add_argument("--keep", type=Path, default=Path("fuzz-findings"), metavar="FOLDER")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}")
    options = parser.parse_args()
    if unknown := set(options.targets) - set(TARGETS):
        parser.error(f"expected targets of {', '.join(TARGETS)}, got {', '.join(sorted(unknown))}")
    chosen = [TARGETS[name] for name in options.targets or TARGETS]
    options.keep.mkdir(parents=True, exist_ok=True)
    seen = {target.name: Seen() for target in chosen}
    print(f"seed {options.seed}, {options.minutes:g} minutes, {len(chosen)} targets", flush=True)
    end = time.monotonic() + 60 * options.minutes
    for number in itertools.count():
        target = chosen[number % len(chosen)]
        if time.monotonic() >= end:
            break
        turn(target, seen[target.name], options.seed + number, options.keep)
    print(f"{'target':16} {'inputs':>9} {'read':>9} {'refused':>9} {'broken':>7} {'slowest':>8}")
    for name, found in seen.items():
        print(
            f"{name:16} {found.n_inputs:9,} {found.n_read:9,} {found.n_refused:9,} "
            f"{found.n_broken:7,} {found.slowest_s:7.2f}s"
        )
    return int(any(found.n_broken for found in seen.values()))


if __name__ == "__main__":
    sys.exit(main())
