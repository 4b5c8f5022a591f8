"""One strategy in one replicate.

In: a frozen world, a strategy, streams. Out: an ``Outcome`` of facts. It prices nothing and reads
and writes no file.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import simpy
from numpy.typing import NDArray

from sim.engine.censor import censor
from sim.engine.curves import Curves
from sim.engine.eventlog import EventLog, Events
from sim.engine.ledger import LedgerColumns
from sim.engine.operators import Compliance, Operator
from sim.engine.orders import Strategy
from sim.engine.register import Register
from sim.engine.settlement import Settlement
from sim.streams import Streams
from sim.world.build import World


@dataclass(frozen=True, eq=False)
class Outcome:
    """What happened in one run.

    Attributes
    ----------
    events
        Facts in the order they happened.
    entry_prefix : shape (n_entries, 2)
        Network address and length of each entry of the register, by entry row.
    ledger
        What each business lost.
    curves
        How the counts moved.
    """

    events: Events
    entry_prefix: NDArray[np.int64]
    ledger: LedgerColumns
    curves: Curves


def simulate(world: World, strategy: Strategy, streams: Streams) -> Outcome:
    """Run one strategy in one world from t = 0 to the horizon, which is not included.

    Parameters
    ----------
    world
        Built from the same streams.
    strategy
        Decides what is ordered.
    streams
        Luck of the replicate that is met only during the run: which entries operators enforce.

    Raises
    ------
    OverblockError
        If the strategy unblocks what is not blocked.
    """
    env = simpy.Environment(initial_time=0)
    log = EventLog()
    register = Register(env, world.cadence, world.target.addresses, log)
    settlement = Settlement(env, world, register)
    settlement.request()
    compliance = Compliance(world.operators.compliance, streams)
    for row in range(world.operators.n_operators):
        actor = Operator(
            env, world.operators, row, compliance, register, settlement.enforcement, log
        )
        env.process(actor.run())
    env.process(censor(env, strategy, register, settlement.request))
    env.run(until=world.horizon_s)
    entry_prefix = np.array([entry.prefix for entry in register.entries], np.int64).reshape(-1, 2)
    entry_prefix.flags.writeable = False
    return Outcome(
        events=log.freeze(),
        entry_prefix=entry_prefix,
        ledger=settlement.ledger.close(world.horizon_s),
        curves=settlement.curves.freeze(),
    )
