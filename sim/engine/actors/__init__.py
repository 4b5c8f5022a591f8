"""Who acts: censor, register, operators, target, users, providers, businesses that react."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.engine.clock import Clock
from sim.engine.eventlog import EventLog
from sim.engine.state.space import AddressSpace, TargetState
from sim.engine.state.states import States
from sim.streams import Streams
from sim.world.build import World


@dataclass(frozen=True, eq=False)
class Shared:
    """The clock, world, random streams, state and event log that all actors of a run share."""

    world: World
    streams: Streams
    states: States
    target: TargetState
    space: AddressSpace
    env: Clock = field(default_factory=Clock)
    log: EventLog = field(default_factory=EventLog)


class Actor:
    """Who acts in a run."""

    def __init__(self, shared: Shared) -> None:
        self._env, self._log = shared.env, shared.log
        self._world, self._streams = shared.world, shared.streams
        self._states, self._target_state, self._space = shared.states, shared.target, shared.space
