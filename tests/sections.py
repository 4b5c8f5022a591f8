"""Sections of a scenario for tests: a required key that a test leaves out takes the assumed value.

Thus a test names the keys that it is about, and a new key breaks none of the others.
"""

from functools import cache
from typing import Any, ClassVar

from pydantic import model_validator

from sim.scenario import reactions, schema
from sim.scenario.quantities import Model
from sim.scenario.tables.rows import assumed_by_key


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


def _filled(model: type[Model]) -> Any:
    return type(model.__name__, (_Section, model), {"section": model.__name__.lower()})


Censor, Complaints = _filled(reactions.Censor), _filled(reactions.Complaints)
Fronts, Reactions = _filled(reactions.Fronts), _filled(reactions.Reactions)
Effects, Ipv6 = _filled(schema.Effects), _filled(schema.Ipv6)
Thresholds, Users = _filled(schema.Thresholds), _filled(reactions.Users)


def patient(**keys: Any) -> Reactions:
    """Reactions of businesses whose patience and responses a test says one by one."""
    return Reactions(responses="x", patience_median_h=1.0, patience_sigma=0.0, **keys)


def still(**keys: Any) -> Users:
    """Users who do nothing but what a test says: nobody takes to a VPN, nobody leaves."""
    shares = {"share_target_users": 0.25, "vpn_start": 0.0, "vpn_max": 0.5}
    rates = ("vpn_rate_per_d", "vpn_decay_per_d", "leave_rate_per_d", "return_rate_per_d")
    return Users(**({"n_target_users": 1e6} | shares | dict.fromkeys(rates, 0.0) | keys))


def quiet(**keys: Any) -> Complaints:
    """Complaints that nobody makes, but as a test says; at a hotline that confirms each."""
    none = dict.fromkeys(
        ("per_business_per_d", "per_million_users_per_d", "snowball", "attention_per_complaint",
         "named_per_d"),
        0.0,
    )  # fmt: skip
    hotline = dict.fromkeys(("hotline_service_h", "confirmed_share", "exempt_lag_h"), 1.0)
    return Complaints(**(none | hotline | {"hotline_servers": 1, "half_life_d": 2.0} | keys))
