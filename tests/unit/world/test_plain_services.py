"""Third-party services: none, or a table of what is known alone."""

import pytest

from sim.errors import DataError
from sim.streams import Streams
from sim.world.build import World, build_world
from tests.experiments import resolved_of

SMALL = ["population.n_businesses=300", "strategy={id: none}"]


def world_of(*overrides: str) -> World:
    resolved = resolved_of("telegram-2018", [*SMALL, *overrides])
    return build_world(resolved, Streams(1, 0))


def test_without_services_every_business_runs_its_own_components():
    some, nothing = world_of(), world_of("population.services=none")
    assert some.businesses.is_third_party.any()
    assert not nothing.businesses.is_third_party.any()
    # Whoever ran its own component before has it where it was.
    own = ~some.businesses.is_third_party.any(axis=1)
    assert own.any()


def test_a_service_needs_a_place_and_a_role_alone(tmp_path):
    table = tmp_path / "services.csv"
    table.write_text("service,role,provider,region\npay,payment,Cloudflare,global\n")
    mine = world_of(f"population.services={table}").businesses.is_third_party
    # Storage, payment, customer service: the third of five roles is the one that is bought.
    assert mine[:, 2].any()
    assert not mine[:, [0, 1, 3, 4]].any()


@pytest.mark.parametrize(
    ("columns", "cells", "message"),
    [
        ("evidence", "assumed", "expected why for an assumed service"),
        ("evidence", "reported", "expected a source for a reported service"),
        ("low", "0.5", "expected low and high together"),
    ],
)
def test_a_service_that_says_too_little_is_refused(tmp_path, columns, cells, message):
    table = tmp_path / "services.csv"
    text = f"service,role,provider,region,{columns}\npay,payment,Cloudflare,global,{cells}\n"
    table.write_text(text)
    with pytest.raises(DataError, match=message):
        world_of(f"population.services={table}")
