"""Sections of a scenario for tests: a required key that a test leaves out takes the assumed value.

Thus a test names the keys that it is about, and a new key breaks none of the others.
"""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

from pydantic import model_validator

from sim.scenario import library, reactions, schema
from sim.scenario.model import Model
from sim.scenario.tables.rows import AssumptionRow
from sim.scenario.tables.seeds import read_table


@cache
def _assumed() -> dict[str, float]:
    path = library.shipped("seeds") / "assumptions.csv"
    return {row.key: row.number for row in read_table("assumptions", path, AssumptionRow).rows}


class _Section(Model):
    section: ClassVar[str]

    @model_validator(mode="before")
    @classmethod
    def fill_in(cls, keys: dict[str, Any]) -> dict[str, Any]:
        """Take the assumed value of each required key that is left out."""
        required = {key for key, field in cls.model_fields.items() if field.is_required()}
        assumed = {key: _assumed().get(f"{cls.section}.{key}") for key in required - set(keys)}
        return keys | {key: value for key, value in assumed.items() if value is not None}


class Censor(_Section, reactions.Censor):
    section = "censor"


class Complaints(_Section, reactions.Complaints):
    section = "complaints"


class Effects(_Section, schema.Effects):
    section = "effects"


class Fronts(_Section, reactions.Fronts):
    section = "fronts"


class Reactions(_Section, reactions.Reactions):
    section = "reactions"


class Thresholds(_Section, schema.Thresholds):
    section = "thresholds"


class Users(_Section, reactions.Users):
    section = "users"
