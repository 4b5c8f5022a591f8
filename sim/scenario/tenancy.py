"""The part of the scenario language that says how long tenants keep their addresses.

It may be left out: then nobody changes address but by reaction.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sim.scenario.model import Model

Days = Annotated[float, Field(ge=1, le=1e12)]


class Tenancy(Model):
    """How long tenants keep their addresses when nothing blocks them."""

    rented_stay_d: Days
    """Mean time a component keeps its addresses."""
    shared_stay_d: Days
    """The same in a range that many tenants share (`providers.shared`)."""
