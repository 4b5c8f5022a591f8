"""The parts of the scenario language that let actors react; each may be left out.

A part that is left out is a mechanism that does not act: no fronts, nobody reacts, nobody
complains.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sim.scenario.quantities import Hours, Model, PerDay, Share, Table, beside

Positive = Annotated[float, Field(gt=0, le=1e12)]
NonNegative = Annotated[float, Field(ge=0, le=1e12)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]


Pressure = Annotated[float, Field(gt=0, le=1)]
Limit = Annotated[int, Field(ge=0, le=1_000_000)]


class Fronts(Model):
    """Addresses the target rents in clouds to be reached by."""

    pools: Table
    """Table of pools: provider, region and weight."""
    n_fronts: Annotated[int, Field(ge=1, le=10_000)]
    """Fronts at the start."""
    monitor_lag_h: Hours
    """From the loss of a front to renting another."""
    push_tau_h: Positive
    """Time constant of telling clients of a new front."""
    share_told: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Share of clients that learn of a front rented later; the others never do."""
    lost_share: Share
    """Share of users beyond which a front that is dropped for them counts as lost."""
    n_known: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """Fronts of the start that each client knows; all of them by default."""
    cancel_h: Hours | None = None
    """From the loss of a front to the end of its rental; it goes on by default."""
    arrivals_per_week: Annotated[float, Field(gt=0, le=10_000)] | None = None
    """Mean number of new fronts in a week; lost fronts are then not replaced. By default they are,
    and there are no others."""
    arrivals_shape: Annotated[
        Annotated[float, Field(ge=0.01, le=10_000)] | None, beside("arrivals_per_week")
    ] = None
    """Shape of the gamma distribution of that mean between weeks; it is the same by default."""
    drift_sd_logit: Annotated[float, Field(ge=0, le=10)] | None = None
    """Standard deviation of the weekly change of the log odds of the heaviest pool; none by
    default."""

    def check_values(self) -> None:
        """Refuse clients who know more fronts than there are."""
        if self.n_known is not None and self.n_known > self.n_fronts:
            raise ValueError(
                f"expected n_known <= n_fronts, got {self.n_known} and {self.n_fronts}"
            )


class Censor(Model):
    """How the censor learns of fronts, and what holds it back."""

    discovery_lag_h: Positive
    """Mean time from renting a front to its discovery."""
    saturation_finds: Annotated[int, Field(ge=1, le=10**9)] | None = None
    """Fronts found after which the next is looked for twice as long; never longer by default."""
    withdraw_lag_h: Hours
    """From a provider's compliance to the withdrawal of entries in its ranges."""
    orders_per_day: Limit | None = None
    """Most orders in a day; no limit by default."""
    max_addresses: Annotated[int, Field(ge=0, le=2**32)] | None = None
    """Most addresses listed; no limit by default."""
    max_rules: Limit | None = None
    """Most prefixes of entries that block in force; no limit by default."""
    exempt: Table | None = None
    """Table of prefixes cut out of every order."""
    pressure_events: Table | None = None
    """Table of dated public events and how far they raise attention."""
    pause_pressure: Pressure | None = None
    """Attention above which the censor pauses; none by default."""
    under_pressure: Literal["silence", "narrow"] = "silence"
    """Orders while it pauses: none, or a narrow prefix around each open front."""
    narrow_length: Annotated[int, Field(ge=0, le=32)] | None = None
    """Length of that prefix."""
    end_pressure: Pressure | None = None
    """Attention above which all blocking entries are withdrawn for good; none by default."""
    review_every_d: Positive | None = None
    """Time between two reviews of what is in force; there are none by default."""
    review_silent_d: NonNegative | None = None
    """Time without a known front that still stands, after which a review withdraws an entry."""
    review_addresses: Annotated[int, Field(ge=1, le=2**32)] | None = None
    """Addresses that one review withdraws at most; no limit by default."""
    outside_withdrawals_per_d: Annotated[float, Field(gt=0, le=24)] | None = None
    """Rate of withdrawals that others decide; there are none by default."""
    outside_withdrawal_share: Annotated[float, Field(gt=0, le=1)] | None = None
    """Share of what is listed that each of those withdraws, the oldest entries first."""


class Users(Model):
    """Users of the target and of the businesses, and how they get round blocks or give up."""

    tick_h: Annotated[float, Field(ge=0.25, le=168)]
    """Time between two updates of slow quantities."""
    n_target_users: Positive
    """Users of the target in the country."""
    share_target_users: Share
    """Share of Internet users who use the target."""
    vpn_start: Share
    """Share of users on a VPN at the start, and where it decays to."""
    vpn_max: Share
    """Share of users who could be on a VPN at most."""
    vpn_rate_per_d: PerDay
    """Rate of taking up a VPN, times what is missed."""
    vpn_decay_per_d: PerDay
    """Rate of giving it up, times what is not missed."""
    leave_rate_per_d: PerDay
    """Rate at which users who cannot reach the target leave."""
    return_rate_per_d: PerDay
    """Rate at which those who left return once it can be reached."""
    hop_min: Annotated[float, Field(gt=0, le=1440)] | None = None
    """Time a client takes to another front when its own is dropped; none by default."""


class Stances(Model):
    """What providers do with the target."""

    events: Table
    """Table of dated stances by provider."""


class Reactions(Model):
    """What impaired businesses do."""

    responses: Table
    """Table of responses: share, time and cost."""
    n_rounds: Annotated[int, Field(ge=1, le=4)]
    """Times a business responds at most."""
    early_share: Share = 0.0
    """Share of businesses that lose patience as soon as they are affected."""
    late_share: Share = 0.0
    """Share of the others that lose it only while they are down; the rest, while impaired."""
    patience_median_h: Positive
    """Median time a business bears being impaired, or what it tolerates instead."""
    patience_sigma: NonNegative
    """Standard deviation of its logarithm."""
    onboarding_slots: Count
    """Customers that domestic providers take on at a time."""
    onboarding_h: Hours
    """Time it takes to take one on."""


class Switching(Model):
    """Programs that take a business off a range it shares while it is blocked there."""

    share_businesses: Share
    """Share of businesses with a component of their own in a shared range that run a program."""
    poll_min: Annotated[float, Field(ge=1, le=1440)]
    """Time between two looks of a program at what is blocked."""


class Complaints(Model):
    """Complaints of impaired businesses and users, and their effects."""

    per_business_per_d: PerDay
    """Complaints per impaired business and day, its customers' too unless people complain."""
    per_million_users_per_d: PerDay
    """Complaints per million users cut off and day, without attention."""
    snowball: NonNegative
    """How much full attention adds to complaints, as a multiple of those without attention."""
    attention_per_complaint: NonNegative
    """Share of what attention lacks to 1 that a complaint adds."""
    half_life_d: Positive
    """Half-life of attention."""
    named_per_d: PerDay
    """Rate at which an impaired business names itself to the hotline, without attention."""
    hotline_servers: Count
    """Appeals handled at a time."""
    hotline_service_h: Positive
    """Mean time an appeal is handled."""
    confirmed_share: Share
    """Share of appeals that are confirmed."""
    exempt_lag_h: Hours
    """From the end of handling to the exemption."""
    per_million_people_per_d: PerDay | None = None
    """Complaints per million people and day who miss what businesses offer; none by default."""
