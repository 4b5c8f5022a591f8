"""Every measure of ``summary.csv`` and ``measures.parquet``, in the order of these tables.

To add one: an entry here, its formula in `sim.measure`, a test; then regenerate documents and
goldens by ``python -m tools.reference`` and ``pytest -m laws tests/golden --update-golden``. This
is one long file, since readers come for the whole list.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from sim.catalogue.causes import CAUSES, lost_by
from sim.catalogue.curves import USERS_OR_ADDRESSES


class Section(StrEnum):
    """Sections of ``docs/reference/measures.md``, in its order."""

    REGISTER = "register and enforcement"
    BUSINESSES = "businesses"
    USERS = "users of the target"
    RATIOS = "harm for each user-hour denied"
    MONEY = "money"


@dataclass(frozen=True)
class Metric:
    """A measure of a whole run."""

    name: str
    unit: str
    """As in the tables."""
    what: str
    """Quantity counted, in a few words."""
    formula: str
    """Function that computes it, from ``sim.measure`` on."""
    section: Section
    """Its section in the documentation."""
    of: str = ""
    """Unit of its denominator; empty where it has none."""
    label: str = ""
    """Name for people; made from ``name`` where empty."""
    needs: str = ""
    """Section of the scenario without which it is not measured; empty where it always is."""
    is_beside_figure: bool = False
    """Whether it is about the providers that a published figure names, and measured only with such
    a figure."""
    is_of_ipv6: bool = False
    """Whether it is 0 where the tables of the scenario hold no IPv6."""
    is_headline: bool = False
    """Whether it is among the few that are shown by default."""
    is_key_figure: bool = False
    is_compared: bool = False
    """Whether it is also shown at the head of a report, or in the tables of a comparison."""


@dataclass(frozen=True, kw_only=True)
class Ratio(Metric):
    """A measure that is one measure over another."""

    above: str
    below: str
    """Names of the two measures."""
    per: float
    """Number of units of the denominator that it is for."""


ADDRESSES, BUSINESSES, HOURS, USER_HOURS = (
    "addresses",
    "businesses",
    "business-hours",
    "user-hours",
)
SITES, OF_SHARE, USD = "active sites", "share of domestic demand", "USD"
TABLE_DEMAND = "USD of domestic demand, at table revenue"
OF_DEMAND = "USD of domestic demand, at drawn revenue levels"
OF_HOSTING = "USD of hosting spending, at drawn revenue levels"
"""Denominators of money: the whole over the run, had nothing failed."""

_listing = partial(Metric, formula="impact.measure_register", section=Section.REGISTER)
_of_businesses = partial(Metric, section=Section.BUSINESSES, of=BUSINESSES)
_impact = partial(_of_businesses, formula="impact.measure_impact")
_name = partial(Metric, formula="names.measure_names", section=Section.BUSINESSES)
_move = partial(_of_businesses, formula="impact.measure_responses", needs="reactions")
_switch = partial(_of_businesses, formula="impact.measure_switching", needs="switching")
_complaint = partial(
    Metric, formula="impact.measure_complaints", section=Section.BUSINESSES, needs="complaints"
)
_target = partial(
    Metric, formula="impact.measure_target", section=Section.USERS, of=USER_HOURS, needs="users"
)
_money = partial(
    Metric, unit=USD, formula="money.pricing.money_of", section=Section.MONEY, of=OF_DEMAND
)

_REGISTER = (
    _listing(
        "addresses_listed_peak", ADDRESSES,
        "most distinct addresses listed at any time, without the target's own ranges",
        label="addresses listed, peak", is_headline=True,
    ),
    _listing(
        "addresses_dropped_peak", ADDRESSES,
        "most addresses dropped or throttled, averaged over users",
        label="addresses dropped, peak (mean over users)",
    ),
    _listing(
        "addresses_listed_at_end", ADDRESSES, "listed when the run ends",
        label="addresses listed at the end",
    ),
    *(
        _listing(
            f"networks_{name}",
            "/64 networks",
            what,
            label=f"IPv6 /64 networks {label}",
            is_of_ipv6=True,
        )
        for name, what, label in (
            (
                "listed_peak",
                "most /64 networks of IPv6 with a listed address at any time, without the "
                "target's own ranges",
                "listed, peak",
            ),
            (
                "dropped_peak",
                "most with an address dropped or throttled, averaged over users",
                "dropped, peak (mean over users)",
            ),
            ("listed_at_end", "listed when the run ends", "listed at the end"),
        )
    ),
    _listing(
        "orders_placed", "orders",
        "orders to block and orders to unblock; names and exemptions are orders too",
        label="orders placed or withdrawn",
    ),
    _listing(
        "rules_in_force_peak", "rules",
        "most prefixes of blocking entries in force at the end of any second; an exemption and a "
        "name are none", formula="impact.most_rules", label="rules in force, peak",
    ),
    _listing(
        "overblocking_ratio_peak", "addresses for each of the target's own",
        "`addresses_listed_peak` over the target's own addresses; not known where it has none",
        of="addresses of the target", label="addresses listed for each of the target's own, peak",
    ),
)  # fmt: skip

_STATE_LABELS = {"affected": "affected", "impaired": "cut off", "down": "down"}
"""Labels of states of businesses: an impaired one is cut off from some customers."""
_STATES = (
    _of_businesses(
        "businesses_expected_listed", BUSINESSES,
        "modelled businesses expected to use an address that was ever listed, by the share of the "
        "addresses of their places that was; how many are hit is a draw about this number",
        formula="names.expected_businesses", label="businesses expected on addresses ever listed",
    ),
    *(
        _impact(
            f"businesses_ever_{state}",
            BUSINESSES,
            f"{state} for a second or longer",
            label=f"businesses ever {said}",
            is_headline=state == "impaired",
        )
        for state, said in _STATE_LABELS.items()
    ),
    *(
        _impact(
            f"businesses_{state}_peak",
            BUSINESSES,
            f"most that are {state} at one time",
            label=f"businesses {said}, peak",
        )
        for state, said in _STATE_LABELS.items()
    ),
    *(
        _impact(
            f"business_hours_{state}",
            HOURS,
            f"time in which a business is {state}, summed",
            of=HOURS,
            label=f"business-hours {said}",
            is_headline=state == "impaired",
        )
        for state, said in _STATE_LABELS.items()
    ),
    _impact(
        "businesses_not_known", BUSINESSES,
        "sites not seen affected, of which an address was not given, or not polled at an operator: "
        "then counts are lower bounds, and shares of all not known",
        formula="groups.count_unknown", needs="population.inventory",
    ),
    _impact(
        "businesses_known_in_part", BUSINESSES, "such sites that were seen affected: likewise",
        formula="groups.count_unknown", needs="population.inventory",
    ),
    _impact(
        "businesses_ever_impaired_share", f"share of {BUSINESSES}",
        "`businesses_ever_impaired` over all businesses", label="share of businesses ever cut off",
    ),
    _impact(
        "hours_impaired_median", "h",
        "half of the businesses that were ever impaired were so this long or longer, summed up to "
        "the end of the run; not known where none was",
        label="hours cut off, median of the businesses ever cut off",
    ),
)  # fmt: skip

_LOSSES = (
    _impact("spells", "spells", "spells of being affected"),
    _impact(
        "demand_lost_share", OF_SHARE, "demand lost, weighted by mean revenue", of=TABLE_DEMAND,
        label="share of what customers tried that failed", is_key_figure=True, is_compared=True,
    ),
    *(
        _impact(
            lost_by(cause),
            OF_SHARE,
            f"the part of it put down to the cause {cause.label}",
            of=TABLE_DEMAND,
            label=f"share of what customers tried that failed by {cause.label}",
            formula="impact.measure_causes",
        )
        for cause in CAUSES
    ),
    _name(
        "names_hit", "names",
        "names on the addresses in use at t = 0 that an operator with users ever dropped or "
        "throttled", of="names", label="names on modelled businesses' blocked addresses",
    ),
    _name(
        "names_hit_share", "share of names", "`names_hit` over all names on these addresses",
        of="names", label="share blocked of names on modelled businesses' addresses",
    ),
    _name(
        "active_sites_hit",
        SITES,
        "those of the names hit that are not parked "
        "([names](../explanation/names.md#parked-names))",
        of=SITES,
        label="active sites on modelled businesses' blocked addresses",
    ),
    _name(
        "active_sites_hit_share", f"share of {SITES}",
        "`active_sites_hit` over all active sites on these addresses", of=SITES,
        label="share blocked of active sites on modelled businesses' addresses",
    ),
)  # fmt: skip

_MOVES = (
    _move("businesses_ever_moved", BUSINESSES, "completed a move"),
    *(
        _move(name, "moves", what, label=label)
        for name, what, label in (
            ("moves", "moves completed; to wait is none", "moves completed"),
            (
                "moves_same",
                "to other addresses of the same provider",
                "moves to other addresses of the same provider",
            ),
            ("moves_foreign", "to another foreign provider", "moves to another foreign provider"),
            ("moves_domestic", "to a domestic provider", "moves to a domestic provider"),
            (
                "moves_proxy",
                "behind a domestic proxy; the four kinds sum to `moves`",
                "moves behind a domestic proxy",
            ),
        )
    ),
    _switch(
        "businesses_ever_unprotected",
        BUSINESSES,
        "that a program took off a shared range, and thereby out of what protects them there",
        label="businesses ever taken off a shared range by a program",
    ),
    _switch(
        "business_hours_unprotected",
        HOURS,
        "while a program kept a business off a shared range, until it came back or moved by itself",
        of=HOURS,
        label="business-hours off a shared range, unprotected",
    ),
)

_COMPLAINTS = (
    _complaint(
        "complaints",
        "complaints",
        "expected complaints; attention adds to them at most `complaints.snowball` times those "
        "there would be without ([model](../explanation/model.md#complaints-built))",
    ),
    _complaint(
        "complaints_named", BUSINESSES, "businesses that appealed by name", of=BUSINESSES,
        label="complaints by name",
    ),
    _complaint(
        "exemptions_granted", "exemptions", "appeals that led to an exemption before the run ended",
        of="named complaints",
    ),
)  # fmt: skip

_USERS = (
    *(
        _target(
            f"target_user_hours_{fate}",
            USER_HOURS,
            what,
            label=f"target: user-hours {label}",
            is_headline=fate == "denied",
        )
        for fate, what, label in (
            (
                "denied",
                "cut off: without a VPN, not gone, and no front known and open",
                "denied",
            ),
            ("by_vpn", "on a VPN, also while a front is open", "by VPN"),
            ("reached", "reached without a VPN", "reached without a VPN"),
            ("left", "of users who had left", "of users who had left"),
        )
    ),
    _target(
        "target_user_hours_lost_share", f"share of {USER_HOURS}",
        "`target_user_hours_denied` and `target_user_hours_left` over all user-hours",
        label=f"target: share of {USER_HOURS} lost", needs=USERS_OR_ADDRESSES, is_headline=True,
    ),
    _target(
        "target_user_hours_degraded", USER_HOURS,
        "cut off, or on the way to another front after one was dropped; not known where hops take "
        "no time", label="target: user-hours degraded", needs="users.hop_min",
    ),
    _target(
        "target_users_left_at_end", "users", "gone when the run ends", of="users",
        label="target: users gone at the end",
    ),
    Metric(
        "target_addresses_lost_share", "share of attempts",
        "attempts that fail at an address of the target's, each as likely as another: dropped, "
        "slowed or blocked by name, mean over users and time",
        formula="impact.measure_target", section=Section.USERS, of="addresses of the target",
        label="target: share lost at its addresses", needs="target.addresses", is_compared=True,
    ),
)  # fmt: skip


def _for_each_denied(
    name: str, unit: str, label: str, above: str, per: float, *, is_key_figure: bool
) -> Ratio:
    return Ratio(
        name,
        unit,
        f"`{above}` over `target_user_hours_denied`{', in millions' if per > 1 else ''}",
        "impact.measure_ratios",
        Section.RATIOS,
        of="user-hours denied",
        label=label,
        needs="users",
        is_key_figure=is_key_figure,
        above=above,
        below="target_user_hours_denied",
        per=per,
    )


_RATIOS = (
    _for_each_denied(
        "collateral_per_million_user_hours_denied", HOURS,
        "business-hours cut off per million user-hours denied", "business_hours_impaired", 1e6,
        is_key_figure=True,
    ),
    _for_each_denied(
        "names_hit_per_million_user_hours_denied", "names",
        "names on modelled businesses' blocked addresses, per million user-hours denied",
        "names_hit", 1e6, is_key_figure=True,
    ),
    _for_each_denied(
        "active_sites_hit_per_million_user_hours_denied", SITES,
        "active sites on modelled businesses' blocked addresses, per million user-hours denied",
        "active_sites_hit", 1e6, is_key_figure=False,
    ),
    _of_businesses(
        "affected_at_named_providers", BUSINESSES,
        "of `businesses_ever_affected` those whose front end was at such a provider at t = 0, out "
        "of all whose front end was there; over the whole run, where the figure may be of a day",
        formula="money.pricing.measure_named_businesses", label="ever affected, named providers",
        is_beside_figure=True,
    ),
)  # fmt: skip

_MONEY = (
    _money("gross_loss_usd", what="revenue behind the demand lost"),
    _money("recaptured_usd", what="what of it customers make up for later"),
    _money("churn_usd", what="revenue of customers who stay away after an outage"),
    _money("response_cost_usd", what="labour of responses, and double hosting", needs="reactions"),
    _money(
        "private_loss_usd",
        what="what the modelled businesses lose: gross less recaptured, plus churn and responses",
        is_headline=True,
    ),
    _money("transfers_to_rivals_usd", what="what of it rivals in the country gain"),
    _money(
        "net_social_loss_usd", what="what of it nobody in the country gains", is_key_figure=True
    ),
    _money(
        "provider_loss_usd", what="spending that first providers lose", of=OF_HOSTING,
        needs="reactions",
    ),
    _money(
        "domestic_gain_usd", what="spending that domestic providers gain", of=OF_HOSTING,
        needs="reactions",
    ),
    _money(
        "named_providers_loss_usd", what="of `provider_loss_usd` that of such providers",
        formula="money.pricing.measure_named_loss", of=OF_HOSTING,
        label="loss of the named providers", needs="reactions", is_beside_figure=True,
    ),
    _for_each_denied(
        "private_loss_usd_per_user_hour_denied", USD, "private loss per user-hour denied",
        "private_loss_usd", 1.0, is_key_figure=True,
    ),
)  # fmt: skip

_PARTS = (_REGISTER, _STATES, _LOSSES, _MOVES, _COMPLAINTS, _USERS, _RATIOS, _MONEY)
MEASURES = {metric.name: metric for part in _PARTS for metric in part}
"""Measures by name."""
