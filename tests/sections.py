"""Sections of a scenario for tests: a required key that a test leaves out takes the assumed value.

Thus a test names the keys that it is about, and a new key breaks none of the others.
"""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

from pydantic import model_validator

from sim.scenario import reactions, schema
from sim.scenario.quantities import Model
from sim.scenario.tables.shipped import assumed_by_key


@cache
def assumed(section: str) -> dict[str, float]:
    """Keys of a section that have an assumed value."""
    found = {tuple(key.split(".")): row.number for key, row in assumed_by_key().items()}
    return {key: value for (name, key), value in found.items() if name == section}


class _Section(Model):
    section: ClassVar[str]

    @model_validator(mode="before")
    @classmethod
    def fill_in(cls, keys: dict[str, Any]) -> dict[str, Any]:
        """Take the assumed value of each required key that is left out."""
        known = cls.model_fields
        wanted = {key: value for key, value in assumed(cls.section).items() if key in known}
        return {key: value for key, value in wanted.items() if known[key].is_required()} | keys


class Censor(_Section, reactions.Censor):
    section = "censor"


class Complaints(_Section, reactions.Complaints):
    section = "complaints"


class Effects(_Section, schema.Effects):
    section = "effects"


class Fronts(_Section, reactions.Fronts):
    section = "fronts"


class Ipv6(_Section, schema.Ipv6):
    section = "ipv6"


class Reactions(_Section, reactions.Reactions):
    section = "reactions"


class Thresholds(_Section, schema.Thresholds):
    section = "thresholds"


class Users(_Section, reactions.Users):
    section = "users"
