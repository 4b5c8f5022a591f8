"""Addresses listed in the first two days of telegram-2018: ``python -m benchmarks.first_days``.

In: replicates of the point values, and the published totals up to 17 April 17:00. Out: a table of
``docs/explanation/mechanisms.md``, printed, or written there with ``--write``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from benchmarks import page
from benchmarks.ablation import TELEGRAM, write_part
from sim.engine.eventlog import Kind
from sim.engine.record.outcome import Outcome
from sim.engine.run import simulate
from sim.engine.state.ledger import Group
from sim.engine.strategies import build_strategy
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, resolve
from sim.streams import Streams
from sim.world.build import build_world

END = "end=2018-04-18T00:00+03:00"
LAST = datetime.fromisoformat("2018-04-17T17:00+03:00")
"""Totals after it are not of the days that set the patience."""
NOTES = {
    datetime.fromisoformat("2018-04-17T15:08+03:00"): "a lower bound",
    datetime.fromisoformat("2018-04-17T17:00+03:00"): "overlaps counted twice",
}


def main() -> None:
    """Print the table, or write it into the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_days", description=__doc__)
    parser.add_argument("-n", type=int, default=20, help="replicates")
    parser.add_argument("--write", action="store_true", help="write into the page of mechanisms")
    given = parser.parse_args()
    table = compare_totals(scenario(), given.n)
    command = f"python -m benchmarks.first_days -n {given.n} --write"
    said = (
        f"Written by `{command}`: medians of {given.n} replicates of the point values.\n\n{table}"
    )
    if given.write:
        write_part("first-days", said)
    else:
        print(said)


def scenario() -> Resolved:
    """The scenario up to the end of its second day."""
    return resolve(load_scenario(TELEGRAM, [END]))


def published(given: Resolved) -> list[tuple[datetime, float]]:
    """Totals published with an hour, from the first order to the last time."""
    assert given.totals is not None
    rows = [
        (datetime.fromisoformat(row.when), float(row.addresses))
        for row in given.totals.rows
        if "T" in row.when
    ]
    return [(when, total) for when, total in rows if given.scenario.start <= when <= LAST]


def listed_at(
    resolved: Resolved, times: Sequence[datetime], n_replicates: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Addresses listed at each time, and the sum over entries; both (n_replicates, n_times)."""
    start, root_seed = resolved.scenario.start, resolved.scenario.root_seed
    assert root_seed is not None
    t_s = [(time - start) // timedelta(seconds=1) for time in times]
    listed, summed = [], []
    for number in range(n_replicates):
        streams = Streams(root_seed, number)
        world = build_world(resolved, streams)
        outcome = simulate(world, build_strategy(resolved, streams), streams)
        changed_s, value = outcome.curves.points("addresses_listed", Group())
        listed.append(value[np.searchsorted(changed_s, t_s, side="right") - 1])
        summed.append([_summed(outcome, time_s) for time_s in t_s])
    return np.array(listed, np.float64), np.array(summed, np.float64)


def _summed(outcome: Outcome, t_s: int) -> int:
    """Addresses of all entries in force, each entry by itself."""
    log, until = outcome.events, outcome.events.t_s <= t_s
    placed = log.entry_row[until & (log.kind == Kind.BLOCK)].tolist()
    withdrawn = set(log.entry_row[until & (log.kind == Kind.UNBLOCK)].tolist())
    return sum(outcome.entry_addresses[row].n_addresses for row in placed if row not in withdrawn)


def compare_totals(given: Resolved, n_replicates: int) -> str:
    """Published totals and the addresses that the replicates list at the same times."""
    rows = published(given)
    both = listed_at(given, [when for when, _ in rows], n_replicates)
    lines = []
    for (when, total), listed, summed in zip(rows, both[0].T, both[1].T, strict=True):
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


if __name__ == "__main__":
    main()
