"""The scenario and the world that a file of draws names as ``SCENARIO`` and ``STREAMS``."""

import pytest

from sim.scenario.resolve import Resolved
from sim.world.build import World, build_world
from tests.experiments import resolved_of


@pytest.fixture(scope="module")
def resolved(request: pytest.FixtureRequest) -> Resolved:
    return resolved_of(*request.module.SCENARIO)


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest, resolved: Resolved) -> World:
    return build_world(resolved, request.module.STREAMS)
