"""One strategy in one replicate."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np

from sim.engine.actors.censor import CensorActor
from sim.engine.actors.complaints import Attention, ComplaintActor
from sim.engine.actors.operators import Compliance, OperatorActors
from sim.engine.actors.providers import Stances, tenancy
from sim.engine.actors.reactions import ReactionActor, SwitchingActor
from sim.engine.actors.register import Register
from sim.engine.actors.target import TargetActor
from sim.engine.clock import Clock
from sim.engine.decisions import Strategy
from sim.engine.eventlog import EventLog
from sim.engine.record.outcome import Outcome
from sim.engine.settlement import Settlement, tick
from sim.engine.state.space import AddressSpace
from sim.engine.state.states import States
from sim.engine.state.target import TargetState
from sim.streams import Streams
from sim.world.build import World

S_PER_H = 3600


def simulate(
    world: World,
    strategy: Strategy,
    streams: Streams,
    *,
    has_groups: bool = True,
) -> Outcome:
    """Run one strategy in one world from t = 0 to the horizon, which is not included.

    Parameters
    ----------
    world
        Built from the same streams.
    strategy
        Decides what is ordered.
    streams
        Random streams of the replicate for the run itself: which entries operators enforce,
        where fronts are rented and when they are discovered, how appeals go.
    has_groups
        Whether curves of providers, sectors and roles are kept, beside those over everybody.

    Raises
    ------
    OverblockError
        If the strategy unblocks what is not blocked.
    """
    env = Clock()
    log = EventLog()
    states = States(world)
    crowd = TargetState(world)
    space = AddressSpace(world, crowd, states)
    rows = world.operators
    compliance = Compliance(rows.compliance, rows.luck_row, streams, rows.group)
    operators = OperatorActors(env, world, space, compliance, log)
    register = Register(env, world, operators, log)
    users = crowd if world.users is not None else None
    # Who complains is counted among users: without any, nobody does.
    attention = Attention(world.complaints, world, crowd, is_raised=users is not None)
    censor = CensorActor(env, world, strategy, register, crowd, attention, log)
    target = None
    if world.pools is not None:
        target = TargetActor(
            env,
            world,
            world.pools,
            crowd,
            space,
            streams,
            log,
            on_rented=censor.expect_front,
            on_gone=censor.forget_front,
        )
        if world.stances is not None:
            stances = Stances(
                env,
                world.stances,
                log,
                target.turn_away,
                censor.note_stance,
                censor.is_blocking,
            )
            stances.begin()
            env.process(stances.run())
            env.process(stances.waver())
        target.start()
    reactions = None
    if world.moves is not None and world.reactions is not None:
        reactions = ReactionActor(
            env,
            world.moves,
            world.reactions,
            states,
            log,
        )
    programs = None
    if world.programs is not None:
        programs = SwitchingActor(
            env,
            world.programs,
            world.components,
            space,
            states,
            reactions.has_moved if reactions else lambda _: False,
            log,
        )
    if world.stays is not None:
        env.process(tenancy(env, world.stays, states, log))
    complaints = None
    if users is not None and world.complaints is not None:
        complaints = ComplaintActor(
            env,
            world,
            world.complaints,
            states,
            streams,
            log,
            attention,
            censor.exempt,
            censor.note_pressure,
        )
    settlement = Settlement(
        env,
        world,
        operators,
        states,
        space,
        target,
        crowd,
        reactions,
        programs,
        complaints,
        attention.pressure,
        has_groups=has_groups,
    )
    if users is not None and world.users is not None:
        tick_s = round(world.users.tick_h * S_PER_H)
        env.process(tick(env, tick_s, partial(settlement.tick, users)))
    env.process(censor.run())
    env.process(censor.review())
    env.process(censor.obey())
    with _undisturbed():
        _run(env, settlement, operators, world.horizon_s)
    ledger, at_operators = settlement.close(world.horizon_s)
    n = world.businesses.n_businesses
    return Outcome(
        events=log.freeze(operators.events()),
        entry_addresses=tuple(entry.addresses for entry in register.entries),
        entry_mechanism=tuple(entry.mechanism for entry in register.entries),
        entry_rules=np.array([entry.n_rules for entry in register.entries], np.int64),
        front_address=crowd.addresses(),
        ledger=ledger,
        at_operators=at_operators,
        n_responses=reactions.n_responses if reactions else np.zeros((n, 0), np.int64),
        users=users.freeze() if users else None,
        vpn=settlement.vpn(),
        n_complaints=attention.n_complaints if complaints else float("nan"),
        n_named=complaints.n_named if complaints else 0,
        attention=attention.at(world.horizon_s) if complaints else 0.0,
        curves=settlement.curves(),
    )


def _run(env: Clock, settlement: Settlement, operators: OperatorActors, horizon_s: int) -> None:
    """Let everything before the horizon happen, and settle each second after its last event."""
    while True:
        next_s = env.peek()
        until_s = horizon_s if next_s > horizon_s else int(next_s)
        if (env.is_changed and next_s > env.now_s) or operators.next_s < until_s:
            # Which may bring about more, in this very second too.
            settlement.advance(until_s)
        elif until_s < horizon_s:
            if operators.next_s == until_s:
                operators.meet(until_s)
            env.pass_second()
        else:
            return


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep Python from looking for cycles: a run is short, and its events make none in numbers."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
