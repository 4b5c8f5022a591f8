"""One strategy in one replicate.

In: a frozen world, a strategy, streams. Out: an ``Outcome`` of facts. It prices nothing and reads
and writes no file.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import simpy
from numpy.typing import NDArray

from sim.addresses.intervals import IntervalSet
from sim.engine.censor import CensorActor
from sim.engine.complaints import ComplaintActor
from sim.engine.curves import Curves
from sim.engine.eventlog import EventLog, Events
from sim.engine.ledger import LedgerColumns
from sim.engine.operators import Compliance, Operator
from sim.engine.orders import Mechanism, Strategy
from sim.engine.providers import Stances
from sim.engine.reactions import ReactionActor
from sim.engine.register import Register
from sim.engine.settlement import Settlement, tick
from sim.engine.target import TargetActor
from sim.engine.tenancy import tenancy
from sim.engine.users import UserColumns, UserCrowd
from sim.engine.vpn import VpnHistory, VpnSteps
from sim.streams import Streams
from sim.world.build import World

S_PER_H = 3600


@dataclass(frozen=True, eq=False)
class Outcome:
    """What happened in one run.

    Attributes
    ----------
    events
        Facts in the order they happened.
    entry_addresses, entry_mechanism
        Addresses and mechanism of each entry of the register, by entry row.
    front_address : shape (n_fronts,)
        Fronts of the target, by front row.
    ledger
        What each business lost.
    n_responses : shape (n_businesses, n_kinds)
        Responses each business completed.
    users
        What became of the target's users; None where it has no fronts or users.
    vpn
        Users on a VPN over time; no steps where nobody takes to one.
    n_complaints, n_named, attention
        Expected complaints, businesses that appealed by name, and attention at the end; NaN, 0
        and 0 where nobody complains.
    curves
        How the counts moved.
    """

    events: Events
    entry_addresses: tuple[IntervalSet, ...]
    entry_mechanism: tuple[Mechanism, ...]
    front_address: NDArray[np.int64]
    ledger: LedgerColumns
    n_responses: NDArray[np.int64]
    users: UserColumns | None
    vpn: VpnSteps
    n_complaints: float
    n_named: int
    attention: float
    curves: Curves

    def __post_init__(self) -> None:
        for column in (self.front_address, self.n_responses):
            column.flags.writeable = False


def simulate(world: World, strategy: Strategy, streams: Streams) -> Outcome:
    """Run one strategy in one world from t = 0 to the horizon, which is not included.

    Parameters
    ----------
    world
        Built from the same streams.
    strategy
        Decides what is ordered.
    streams
        Luck of the replicate that is met only during the run: which entries operators enforce,
        where fronts are rented and when they are discovered, how appeals go.

    Raises
    ------
    OverblockError
        If the strategy unblocks what is not blocked.
    """
    env = simpy.Environment(initial_time=0)
    log = EventLog()
    settlement = Settlement(env, world)
    register = Register(env, world, log, settlement.request)
    compliance = Compliance(world.operators.compliance, streams)
    for row in range(world.operators.n_operators):
        actor = Operator(
            env, world.operators, row, compliance, register, settlement.enforcement, log
        )
        register.subscribers.append(actor.note_publication)
    censor = CensorActor(env, world, strategy, register, log)
    vpn = VpnHistory(world.operators.n_operators)
    _let_target_act(env, world, streams, log, settlement, register, censor, vpn)
    _let_bystanders_act(env, world, streams, log, settlement, censor, vpn)
    settlement.begin(register)
    env.process(censor.run())
    with _undisturbed():
        _run(env, settlement, world.horizon_s)
    return _outcome(world, log, settlement, register, vpn)


def _run(env: simpy.Environment, settlement: Settlement, horizon_s: int) -> None:
    """Let everything before the horizon happen, and settle each second after its last event."""
    while True:
        next_s = env.peek()
        if settlement.is_due and next_s > env.now:
            # Which may bring about more, in this very second too.
            settlement.settle()
        elif next_s < horizon_s:
            env.step()
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


def _let_target_act(
    env: simpy.Environment,
    world: World,
    streams: Streams,
    log: EventLog,
    settlement: Settlement,
    register: Register,
    censor: CensorActor,
    vpn: VpnHistory,
) -> None:
    """Set up the target, its users, and the providers' stances."""
    if world.pools is None:
        return
    target = TargetActor(
        env,
        world,
        world.pools,
        settlement.enforcement,
        streams,
        log,
        listed=lambda: register.listed()[1],
        on_rented=censor.expect_front,
        on_change=settlement.request,
    )
    settlement.target = target
    censor.fronts = target.fronts
    share_users = world.operators.share_users
    censor.reached_share = lambda t_s: float(1.0 - (share_users * target.reach.now.at(t_s)).sum())
    if world.stances is not None:
        stances = Stances(env, world.stances, log, target.turn_away, censor.note_stance)
        stances.begin()
        env.process(stances.run())
    target.start()
    if world.users is not None:
        settlement.users = UserCrowd(world, world.users, target.reach)
        settlement.set_vpn(0, settlement.users.share_vpn)
        vpn.note(0, settlement.users.share_vpn)


def _let_bystanders_act(
    env: simpy.Environment,
    world: World,
    streams: Streams,
    log: EventLog,
    settlement: Settlement,
    censor: CensorActor,
    vpn: VpnHistory,
) -> None:
    """Set up reactions, tenants and complaints, and the tick that moves slow quantities."""
    if world.moves is not None and world.reactions is not None:
        settlement.reactions = ReactionActor(
            env,
            world.moves,
            world.reactions,
            settlement.states.exposure,
            settlement.states.patience,
            log,
            settlement.request,
        )
    if world.stays is not None:
        env.process(tenancy(env, world.stays, settlement.states.exposure, log, settlement.request))
    users = settlement.users
    if users is None or world.users is None:
        return
    complaints = None
    if world.complaints is not None:
        complaints = ComplaintActor(
            env,
            world,
            world.complaints,
            users,
            settlement.states.exposure,
            streams,
            log,
            censor.attention,
            censor.exempt,
            censor.note_pressure,
        )
        settlement.complaints = complaints

    def act(t_s: int, tick_s: int) -> None:
        settlement.integrate_users(t_s)
        if complaints is not None:
            complaints.close(t_s)
            complaints.hear(t_s)
        users.tick(t_s, settlement.states.tally.take_demand_lost_s(t_s))
        if complaints is not None:
            complaints.open(t_s)
        settlement.set_vpn(t_s, users.share_vpn)
        vpn.note(t_s, users.share_vpn)

    env.process(tick(env, round(world.users.tick_h * S_PER_H), act))


def _outcome(
    world: World, log: EventLog, settlement: Settlement, register: Register, vpn: VpnHistory
) -> Outcome:
    ledger = settlement.close(world.horizon_s)
    target, reactions = settlement.target, settlement.reactions
    complaints = settlement.complaints
    n = world.businesses.n_businesses
    return Outcome(
        events=log.freeze(),
        entry_addresses=tuple(entry.addresses for entry in register.entries),
        entry_mechanism=tuple(entry.mechanism for entry in register.entries),
        front_address=target.fronts.address if target else np.empty(0, np.int64),
        ledger=ledger,
        n_responses=reactions.n_responses if reactions else np.zeros((n, 0), np.int64),
        users=settlement.users.freeze() if settlement.users else None,
        vpn=vpn.freeze(),
        n_complaints=complaints.n_complaints if complaints else float("nan"),
        n_named=complaints.n_named if complaints else 0,
        attention=complaints.attention.at(world.horizon_s) if complaints else 0.0,
        curves=settlement.curves(),
    )
