"""The first two days of telegram-2018 beside published totals: ``python -m benchmarks.first_days``.

In: the scenario as given and with one thing changed at a time, by luck alone, and the published
totals up to 17 April 17:00. Out: two tables of ``docs/explanation/mechanisms.md``, printed, or
written there with ``--write``: listed addresses at nine times, and what moves the last three.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks import page
from benchmarks.ablation import MECHANISMS, TELEGRAM, write_part
from sim.engine.eventlog import Kind
from sim.engine.record.outcome import Outcome
from sim.engine.run import simulate
from sim.engine.state.tally import Group
from sim.engine.strategies import build_strategy
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, resolve
from sim.streams import Streams
from sim.world.build import build_world

END = "end=2018-04-18T00:00+03:00"
LAST = datetime.fromisoformat("2018-04-17T17:00+03:00")
"""Totals after it are not of the days that set the patience."""
STEP = datetime.fromisoformat("2018-04-17T15:08+03:00")
"""By then the register held the first whole providers."""
WHOLE = 2**21
"""Addresses of a /11: no region of the first step has a prefix as wide."""
WITHIN = 1.5
NOTES = {
    datetime.fromisoformat("2018-04-17T15:08+03:00"): "a lower bound",
    datetime.fromisoformat("2018-04-17T17:00+03:00"): "overlaps counted twice",
}
Change: TypeAlias = "str | tuple[str, float]"
UNPRESSED = ("censor={under_pressure: silence, narrow_length: off, pause_pressure: off}",)
SOONER, MORE = ("censor.discovery_lag_h", 0.25), ("fronts.n_fronts", 2.0)
CHANGED: dict[str, Sequence[Change]] = {
    "as given": [],
    **{
        f"without {name}": MECHANISMS[name]
        for name in (
            "narrow orders under pressure",
            "rentals that end",
            "clients who know some fronts",
            "people's complaints",
        )
    },
    "pressure neither narrows nor pauses": UNPRESSED,
    "fronts are found in a quarter of the time": [SOONER],
    "twice as many first fronts": [MORE],
    "both: no pressure, and found in a quarter of the time": [*UNPRESSED, SOONER],
    "both: no pressure, and twice as many first fronts": [*UNPRESSED, MORE],
    "purity 0.9": ["strategy.purity=0.9"],
    "a patience of 24 h": ["strategy.patience_h=24"],
}
"""One thing each, off or moved within its range: to see what moves, not to set a value."""


@dataclass(frozen=True)
class Days:
    """What was seen of the first days in each replicate.

    Attributes
    ----------
    listed, summed : shape (n_replicates, n_times)
        Addresses listed at each time, and the same with what two entries list counted twice.
    n_found : shape (n_replicates,)
        Fronts that the censor has found by ``STEP``.
    has_stepped : shape (n_replicates,)
        Whether an entry of ``WHOLE`` addresses or more was placed by the last time.
    """

    listed: NDArray[np.float64]
    summed: NDArray[np.float64]
    n_found: NDArray[np.float64]
    has_stepped: NDArray[np.float64]


def main() -> None:
    """Print both tables, or write them into the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_days", description=__doc__)
    parser.add_argument("-n", type=int, default=20, help="replicates of each")
    parser.add_argument("--write", action="store_true", help="write into the page of mechanisms")
    given = parser.parse_args()
    for part, said in tables(given.n).items():
        if given.write:
            write_part(part, said)
        else:
            print(said, end="\n\n")


def tables(n_replicates: int) -> dict[str, str]:
    """Both tables, by the part of the page that has them."""
    given = scenario([])
    rows = published(given)
    found = {}
    for name, changes in CHANGED.items():
        print(f"{name} …", file=sys.stderr, flush=True)
        resolved = scenario(settings(given, changes))
        found[name] = days(resolved, [when for when, _ in rows], n_replicates)
    command = f"python -m benchmarks.first_days -n {n_replicates} --write"
    head = f"Written by `{command}`: medians of {n_replicates} replicates, luck alone."
    return {
        "first-days": f"{head}\n\n{beside(rows, found['as given'])}",
        "first-days-causes": f"{head}\n\n{causes(rows, found)}",
    }


def scenario(given: Sequence[str]) -> Resolved:
    """The scenario up to the end of its second day, with some keys set."""
    return resolve(load_scenario(TELEGRAM, [END, *given]))


def settings(given: Resolved, changes: Sequence[Change]) -> list[str]:
    """Keys to set; of some what is given is multiplied."""
    found = []
    for change in changes:
        if isinstance(change, str):
            found.append(change)
            continue
        key, times = change
        section, name = key.split(".")
        now = getattr(getattr(given.scenario, section), name)
        found.append(f"{key}={type(now)(now * times)}")
    return found


def published(given: Resolved) -> list[tuple[datetime, float]]:
    """Totals published with an hour, from the first order to the last time."""
    assert given.totals is not None
    rows = [
        (datetime.fromisoformat(row.when), float(row.addresses))
        for row in given.totals.rows
        if "T" in row.when
    ]
    return [(when, total) for when, total in rows if given.scenario.start <= when <= LAST]


def days(resolved: Resolved, times: Sequence[datetime], n_replicates: int) -> Days:
    """Run the replicates and read them off."""
    start, root_seed = resolved.scenario.start, resolved.scenario.root_seed
    assert root_seed is not None
    *t_s, step_s = ((time - start) // timedelta(seconds=1) for time in (*times, STEP))
    seen = []
    for number in range(n_replicates):
        streams = Streams(root_seed, number)
        world = build_world(resolved, streams)
        outcome = simulate(world, build_strategy(resolved, streams), streams)
        changed_s, value = outcome.curves.points("addresses_listed", Group())
        listed = value[np.searchsorted(changed_s, t_s, side="right") - 1]
        summed = [_summed(outcome, time_s) for time_s in t_s]
        log = outcome.events
        n_found = np.count_nonzero((log.kind == Kind.DISCOVERED) & (log.t_s <= step_s))
        placed = log.entry_row[(log.kind == Kind.BLOCK) & (log.t_s <= t_s[-1])].tolist()
        widest = max((outcome.entry_addresses[row].n_addresses for row in placed), default=0)
        seen.append((listed, summed, n_found, widest >= WHOLE))
    columns = [np.array(column, np.float64) for column in zip(*seen, strict=True)]
    return Days(*columns)


def _summed(outcome: Outcome, t_s: int) -> int:
    """Addresses of all entries in force, each entry by itself."""
    log, until = outcome.events, outcome.events.t_s <= t_s
    placed = log.entry_row[until & (log.kind == Kind.BLOCK)].tolist()
    withdrawn = set(log.entry_row[until & (log.kind == Kind.UNBLOCK)].tolist())
    return sum(outcome.entry_addresses[row].n_addresses for row in placed if row not in withdrawn)


def beside(rows: Sequence[tuple[datetime, float]], found: Days) -> str:
    """Published totals beside what is listed."""
    lines = []
    for (when, total), listed, summed in zip(rows, found.listed.T, found.summed.T, strict=True):
        median = float(np.median(listed))
        note = NOTES.get(when)
        lines.append(
            [
                f"{when.day} April, {when:%H:%M}{f' ({note})' if note else ''}",
                f"{total / 1e6:.3g}",
                f"{median / 1e6:.2f}",
                f"{median / total:.2f}",
                f"{np.median(summed) / total:.2f}",
            ]
        )
    head = (
        "Moscow time",
        "published, million",
        "median, million",
        "factor",
        "of the sum of entries",
    )
    return page.table(head, lines)


def causes(rows: Sequence[tuple[datetime, float]], found: Mapping[str, Days]) -> str:
    """What moves the last three totals, and how many fronts the second step has to answer."""
    late = [row for row, (when, _) in enumerate(rows) if when >= STEP]
    lines = []
    for name, seen in found.items():
        factor = [
            float(np.median(seen.listed[:, row])) / total for row, (_, total) in enumerate(rows)
        ]
        is_within = [1 / WITHIN <= one <= WITHIN for one in factor]
        lines.append(
            [
                name,
                *(f"{factor[row]:.2f}" for row in late),
                f"{sum(is_within)} of {len(rows)}",
                f"{np.median(seen.n_found):.0f}",
                f"{np.count_nonzero(seen.has_stepped)} of {seen.has_stepped.size}",
            ]
        )
    head = (
        "changed",
        *(f"{rows[row][0]:%H:%M}" for row in late),
        f"within ×{WITHIN:g}",
        f"fronts found by {STEP:%H:%M}",
        f"stepped by {LAST:%H:%M}",
    )
    return page.table(head, lines)


if __name__ == "__main__":
    main()
