"""Every shipped scenario, small: what two replicates of it give.

In: the name of a scenario. Out: its numbers by metric and replicate, counts as int and all else as
float.
"""

import csv
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sim.engine.eventlog import Kind
from sim.engine.record.outcome import Outcome
from sim.experiment.simulation import measure_outcome
from sim.measure.money.pricing import N_DRAWS
from sim.scenario.resolve import Resolved
from sim.scenario.tables.rows import RESPONSES
from sim.streams import Streams
from tests.experiments import resolved_of, simulated

Numbers = dict[tuple[str, int], int | float]
"""By metric and replicate. An int is a count; a float that is not known is NaN."""

HEADER = ["metric", "value", "replicate"]
N_DIGITS = 12
"""Digits kept of what is no count: rounding to them stays far below the tolerance."""
RELATIVE_TOLERANCE = 1e-9
"""NumPy builds add in different sequences and have exponentials of their own, so that last digits
may differ between machines: with the processor's vector instructions switched off
(``NPY_DISABLE_CPU_FEATURES``) one number in twenty did, by 2e-15 at most. Counts are compared
exactly."""


def write_numbers(path: Path, numbers: Numbers) -> None:
    """Write a golden file: counts without a decimal point, what is not known as an empty cell."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(
            [metric, _text(value), replicate] for (metric, replicate), value in numbers.items()
        )


def read_numbers(path: Path) -> Numbers:
    """Read a golden file."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    if header != HEADER:
        raise ValueError(f"{path.name}: expected the columns {HEADER}, got {header}")
    numbers = {(metric, int(replicate)): _value(text) for metric, text, replicate in rows}
    if len(numbers) != len(rows):
        raise ValueError(f"{path.name}: a metric stands twice for one replicate")
    return numbers


def what_moved(old: Numbers, new: Numbers) -> list[str]:
    """Say of each number that moved, appeared or went what it was and is; nothing if none did."""
    return [
        f"{metric}, replicate {replicate}: {_said(old.get(key))} → {_said(new.get(key))}"
        for key in dict.fromkeys((*old, *new))
        for metric, replicate in [key]
        if not _is_same(old.get(key), new.get(key))
    ]


def hold(path: Path, numbers: Numbers, *, is_update: bool) -> list[str]:
    """Hold numbers against a golden file, and rewrite it if asked to and any moved.

    A file in which nothing moved keeps its last digits.
    """
    moved = what_moved(read_numbers(path) if path.exists() else {}, numbers)
    if moved and is_update:
        write_numbers(path, numbers)
    return moved


def _is_same(old: int | float | None, new: int | float | None) -> bool:
    if old is None or new is None:
        return False
    if isinstance(old, int) or isinstance(new, int):
        return old == new
    if math.isnan(old) or math.isnan(new):
        return math.isnan(old) and math.isnan(new)
    return math.isclose(old, new, rel_tol=RELATIVE_TOLERANCE)


def _text(value: int | float) -> str:
    if isinstance(value, int):
        return str(value)
    return "" if math.isnan(value) else repr(float(f"{value:.{N_DIGITS}g}"))


def _value(text: str) -> int | float:
    if not text:
        return math.nan
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _said(value: int | float | None) -> str:
    if value is None:
        return "no such line"
    return _text(value) or "not known"


ROOT_SEED = 20180416
"""The same for all, so that a scenario's own root seed may change."""
N_REPLICATES = 2

# More businesses where few are hit; an earlier end where a run takes long, but not before what the
# scenario is about has happened.
POPULATION = {
    "austria-2022": 2000,
    "match-days": 400,
    "piracy-shield": 400,
    "sni-era": 1000,
    "subnets": 600,
    "surgical": 600,
    "throttle-2025": 300,
    "whole-as": 300,
}
END = {
    "careful-censor": "2018-04-21T00:00+03:00",
    "domestic-migration": "2018-05-02T00:00+03:00",
    "escalation-2018": "2018-04-23T00:00+03:00",
    "least-collateral": "2018-04-23T00:00+03:00",
    "negotiated": "2018-05-02T00:00+03:00",
    "netblocks": "2018-04-21T00:00+03:00",
    "open-letter": "2018-05-12T00:00+03:00",
    "piracy-shield": "2024-02-19T00:00+01:00",
    "rolling-blackouts": "2018-04-20T00:00+03:00",
    "snowball": "2018-04-26T00:00+03:00",
    "spain-2025-26": "2025-12-16T00:00+01:00",
    "spain-record": "2025-12-08T00:00+01:00",
    "subnets": "2018-04-23T00:00+03:00",
    "surgical": "2018-04-23T00:00+03:00",
    "telegram-2018": "2018-05-10T00:00+03:00",
}

COUNT_UNITS = (
    "active sites",
    "addresses",
    "businesses",
    "exemptions",
    "moves",
    "names",
    "orders",
    "rules",
    "spells",
)
# Weighted by operators' shares of users; a ratio.
NO_COUNTS = (
    "addresses_dropped_peak",
    "names_hit_per_million_user_hours_denied",
    "active_sites_hit_per_million_user_hours_denied",
)

# A scenario under another name, with overrides of its own: here the inputs of version 0.2, with
# which the mechanisms have to come to what they came to then.
VARIANTS = {
    "telegram-2018-old-inputs": (
        "telegram-2018",
        ["providers.prefixes=cloud-prefixes-2018", "population.hosting=hosting-choice-2018",
         "population.services=third-party-services-2018"],
    ),
}  # fmt: skip


def changes_to(name: str) -> list[str]:
    """Overrides that make a shipped scenario small."""
    population = f"population.n_businesses={POPULATION.get(name, 60)}"
    return [population, *([f"end={END[name]}"] if name in END else [])]


def numbers_of(name: str) -> Numbers:
    """Numbers of all replicates, replicate by replicate, in the sequence of measuring."""
    scenario, changes = VARIANTS.get(name, (name, []))
    resolved = resolved_of(scenario, [*changes_to(scenario), *changes])
    return {
        (metric, replicate): value
        for replicate in range(N_REPLICATES)
        for metric, value in _replicate(resolved, Streams(ROOT_SEED, replicate))
    }


def _replicate(resolved: Resolved, streams: Streams) -> Iterator[tuple[str, int | float]]:
    """Yield what a run folder keeps of a replicate in ``measures.parquet``, then its facts."""
    world, outcome = simulated(resolved, streams)
    measures, _ = measure_outcome(resolved, streams, N_DRAWS, world=world, outcome=outcome)
    for measure in measures:
        is_count = measure.unit in COUNT_UNITS and measure.metric not in NO_COUNTS
        is_whole = is_count and measure.value.is_integer()
        yield measure.metric, int(measure.value) if is_whole else measure.value
    yield from _facts(outcome)


def _facts(outcome: Outcome) -> Iterator[tuple[str, int | float]]:
    """Yield counts of events by kind, of complaints, and of responses by kind if there are any."""
    n_events = np.bincount(outcome.events.kind, minlength=len(Kind)).tolist()
    for kind in Kind:
        yield f"events_{kind.name.lower()}", n_events[kind]
    yield "complaints_expected", float(outcome.n_complaints)
    yield "complaints_by_name", int(outcome.n_named)
    yield "attention_at_end", float(outcome.attention)
    n_responses = outcome.n_responses.sum(axis=0).tolist()
    for kind_of_response, n in zip(RESPONSES, n_responses, strict=False):
        yield f"responses_{kind_of_response}", n
