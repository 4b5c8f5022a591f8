"""What one stage hands to the next cannot be written to: world, outcome, loss sums."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

import numpy as np
from numpy.typing import NDArray

from sim.measure.money.losses import loss_totals
from sim.streams import Streams
from tests.experiments import resolved_of, simulated


def columns_of(value: object, name: str) -> Iterator[tuple[str, NDArray[np.generic]]]:
    """Every array below a value, by its path."""
    if isinstance(value, np.ndarray):
        yield name, value
    elif isinstance(value, tuple):
        for row, part in enumerate(value):
            yield from columns_of(part, f"{name}[{row}]")
    elif is_dataclass(value):
        for field in fields(value):
            yield from columns_of(getattr(value, field.name), f"{name}.{field.name}")


def test_no_column_of_a_world_or_an_outcome_can_be_written_to():
    overrides = ["population.n_businesses=30", "end=2018-04-17T00:00+03:00"]
    resolved, streams = resolved_of("telegram-2018", overrides), Streams(3, 0)
    world, outcome = simulated(resolved, streams)
    totals = loss_totals(world, outcome)
    columns = [
        *columns_of(world, "world"),
        *columns_of(outcome, "outcome"),
        *columns_of(totals, "totals"),
    ]
    names = {name for name, _ in columns}
    assert {"world.components.address", "outcome.ledger.down_s", "totals.lost_usd"} <= names
    assert [name for name, column in columns if column.flags.writeable] == []
