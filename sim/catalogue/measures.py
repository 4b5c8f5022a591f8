"""Every measure of ``summary.csv`` and ``measures.parquet``, in the sequence of measuring.

To add one: an entry here, its formula in `sim.measure`, a test; documents and goldens follow by
``python -m sim.cli.reference`` and ``pytest -m laws tests/golden --update-golden``. They stand in
one file, long as it is: the list is what one comes for, and its sequence is that of the tables.
"""

from __future__ import annotations

from itertools import chain

from sim.catalogue.declaration import Aggregation, Metric, Ratio, Section

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
"""What money is out of: all of it had nothing failed, over the run."""

_REGISTER = (
    Metric(
        "addresses_listed_peak",
        ADDRESSES,
        "most distinct addresses listed at any time, without the target's own ranges",
        "listings.measure_register",
        Section.REGISTER,
        label="addresses listed, peak",
        is_headline=True,
    ),
    Metric(
        "addresses_dropped_peak",
        ADDRESSES,
        "most addresses dropped or throttled, averaged over users",
        "listings.measure_register",
        Section.REGISTER,
        label="addresses dropped, peak (mean over users)",
    ),
    Metric(
        "addresses_listed_at_end",
        ADDRESSES,
        "listed when the run ends",
        "listings.measure_register",
        Section.REGISTER,
        label="addresses listed at the end",
    ),
    Metric(
        "orders_placed",
        "orders",
        "orders to block and orders to unblock; names and exemptions are orders too",
        "listings.measure_register",
        Section.REGISTER,
    ),
    Metric(
        "rules_in_force_peak",
        "rules",
        "most prefixes of blocking entries in force at the end of any second; an exemption and a "
        "name are none",
        "listings.most_rules",
        Section.REGISTER,
        label="rules in force, peak",
    ),
    Metric(
        "overblocking_ratio_peak",
        "addresses for each of the target's own",
        "`addresses_listed_peak` over the target's own addresses; not known where it has none",
        "listings.measure_register",
        Section.REGISTER,
        of="addresses of the target",
        label="addresses listed for each of the target's own, peak",
    ),
)

_STATES = (
    *(
        Metric(
            f"businesses_ever_{state}",
            BUSINESSES,
            f"{state} for a second or longer",
            "impact.measure_impact",
            Section.BUSINESSES,
            of=BUSINESSES,
            is_headline=state == "impaired",
        )
        for state in ("affected", "impaired", "down")
    ),
    *(
        Metric(
            f"businesses_{state}_peak",
            BUSINESSES,
            f"most that are {state} at one time",
            "impact.measure_impact",
            Section.BUSINESSES,
            of=BUSINESSES,
        )
        for state in ("affected", "impaired", "down")
    ),
    *(
        Metric(
            f"business_hours_{state}",
            HOURS,
            f"time in which a business is {state}, summed",
            "impact.measure_impact",
            Section.BUSINESSES,
            of=HOURS,
            is_headline=state == "impaired",
        )
        for state in ("affected", "impaired", "down")
    ),
)

_LOSSES = (
    Metric(
        "spells",
        "spells",
        "spells of being affected",
        "impact.measure_impact",
        Section.BUSINESSES,
        of=BUSINESSES,
    ),
    Metric(
        "demand_lost_share",
        OF_SHARE,
        "demand lost, weighted by mean revenue",
        "impact.measure_impact",
        Section.BUSINESSES,
        of=TABLE_DEMAND,
        label="share of domestic demand lost",
        is_key_figure=True,
        is_compared=True,
    ),
    Metric(
        "names_hit",
        "names",
        "names on the addresses in use at t = 0 that an operator with users ever dropped or "
        "throttled",
        "names.names_hit",
        Section.BUSINESSES,
        of="names",
    ),
    Metric(
        "names_hit_share",
        "share of names",
        "`names_hit` over all names on these addresses",
        "names.names_hit",
        Section.BUSINESSES,
        of="names",
        label="share of names hit",
    ),
    Metric(
        "active_sites_hit",
        SITES,
        "those of the names hit that are not parked "
        "([names](../explanation/names.md#parked-names))",
        "names.names_hit",
        Section.BUSINESSES,
        of=SITES,
    ),
    Metric(
        "active_sites_hit_share",
        f"share of {SITES}",
        "`active_sites_hit` over all active sites on these addresses",
        "names.names_hit",
        Section.BUSINESSES,
        of=SITES,
        label="share of active sites hit",
    ),
)

_INHERITED = (
    Metric(
        "arrivals",
        "arrivals",
        "times a component came to other addresses and stayed for a second or longer",
        "impact.measure_inherited",
        Section.BUSINESSES,
        of=BUSINESSES,
        label="arrivals at other addresses",
        needs="tenancy",
    ),
    Metric(
        "arrivals_inherited_share",
        "share of arrivals",
        "those that met an entry placed before the arrival; not known where nobody came anywhere",
        "impact.measure_inherited",
        Section.BUSINESSES,
        of="arrivals",
        label="share of arrivals that inherited a block",
        needs="tenancy",
    ),
    Metric(
        "businesses_inherited",
        BUSINESSES,
        "with such an arrival, of those that came to other addresses",
        "impact.measure_inherited",
        Section.BUSINESSES,
        of=BUSINESSES,
        label="businesses that inherited a block",
        needs="tenancy",
    ),
    Metric(
        "business_hours_inherited",
        HOURS,
        "time in which inherited entries alone make a business affected, summed",
        "impact.measure_inherited",
        Section.BUSINESSES,
        of=HOURS,
        label="business-hours affected by inherited blocks",
        needs="tenancy",
    ),
    Metric(
        "demand_lost_inherited_share",
        OF_SHARE,
        "demand that inherited entries alone lose, weighted by mean revenue",
        "impact.measure_inherited",
        Section.BUSINESSES,
        of=TABLE_DEMAND,
        label="share of domestic demand lost to inherited blocks",
        needs="tenancy",
    ),
)

_MOVES = (
    Metric(
        "businesses_ever_moved",
        BUSINESSES,
        "completed a move",
        "responses.measure_responses",
        Section.BUSINESSES,
        of=BUSINESSES,
        needs="reactions",
    ),
    *(
        Metric(
            name,
            "moves",
            what,
            "responses.measure_responses",
            Section.BUSINESSES,
            of=BUSINESSES,
            label=label,
            needs="reactions",
        )
        for name, what, label in (
            ("moves", "moves completed; to wait is none", "moves completed"),
            (
                "moves_same",
                "to other addresses of the same provider",
                "moves to other addresses of the same provider",
            ),
            (
                "moves_foreign",
                "to another foreign provider",
                "moves to another foreign provider",
            ),
            ("moves_domestic", "to a domestic provider", "moves to a domestic provider"),
            (
                "moves_proxy",
                "behind a domestic proxy; the four kinds sum to `moves`",
                "moves behind a domestic proxy",
            ),
        )
    ),
)

_COMPLAINTS = (
    Metric(
        "complaints",
        "complaints",
        "expected complaints; attention adds to them at most `complaints.snowball` times those "
        "there would be without ([model](../explanation/model.md#complaints-built))",
        "responses.measure_complaints",
        Section.BUSINESSES,
        needs="complaints",
    ),
    Metric(
        "complaints_named",
        BUSINESSES,
        "businesses that appealed by name",
        "responses.measure_complaints",
        Section.BUSINESSES,
        of=BUSINESSES,
        label="complaints by name",
        needs="complaints",
    ),
    Metric(
        "exemptions_granted",
        "exemptions",
        "appeals that led to an exemption before the run ended",
        "responses.measure_complaints",
        Section.BUSINESSES,
        of="named complaints",
        needs="complaints",
    ),
)

_USERS = (
    *(
        Metric(
            f"target_user_hours_{fate}",
            USER_HOURS,
            what,
            "impact.measure_target",
            Section.USERS,
            of=USER_HOURS,
            label=f"target: user-hours {label}",
            needs="users",
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
    Metric(
        "target_users_left_at_end",
        "users",
        "gone when the run ends",
        "impact.measure_target",
        Section.USERS,
        of="users",
        label="target: users gone at the end",
        needs="users",
    ),
)


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
        "collateral_per_million_user_hours_denied",
        HOURS,
        "business-hours impaired per million user-hours denied",
        "business_hours_impaired",
        1e6,
        is_key_figure=True,
    ),
    _for_each_denied(
        "names_hit_per_million_user_hours_denied",
        "names",
        "names hit per million user-hours denied",
        "names_hit",
        1e6,
        is_key_figure=True,
    ),
    _for_each_denied(
        "active_sites_hit_per_million_user_hours_denied",
        SITES,
        "active sites hit per million user-hours denied",
        "active_sites_hit",
        1e6,
        is_key_figure=False,
    ),
)

_REGRET = (
    Metric(
        "regret_addresses",
        ADDRESSES,
        "listed at the peak, beyond the best cover of the same fronts with as many rules",
        "hindsight.measure_regret",
        Section.REGISTER,
        label="addresses beyond the best cover (regret)",
        needs="fronts",
        is_compared=True,
    ),
    Metric(
        "regret_businesses",
        BUSINESSES,
        "the same, a business shared evenly among its addresses",
        "hindsight.measure_regret",
        Section.REGISTER,
        of=BUSINESSES,
        label="businesses beyond the best cover (regret)",
        needs="fronts",
        is_compared=True,
    ),
)

_NAMED = Metric(
    "affected_at_named_providers",
    BUSINESSES,
    "of `businesses_ever_affected` those whose front end was at such a provider at t = 0, out of "
    "all whose front end was there",
    "money.providers.measure_named_businesses",
    Section.BUSINESSES,
    of=BUSINESSES,
    label="ever affected, named providers",
    is_beside_figure=True,
)


def _money(
    name: str,
    what: str,
    *,
    of: str = OF_DEMAND,
    is_headline: bool = False,
    is_key_figure: bool = False,
) -> Metric:
    return Metric(
        name,
        USD,
        what,
        "money.money.money_of",
        Section.MONEY,
        of=of,
        aggregation=Aggregation.DRAWS,
        is_headline=is_headline,
        is_key_figure=is_key_figure,
    )


_MONEY = (
    _money("gross_loss_usd", "revenue behind the demand lost"),
    _money("recaptured_usd", "what of it customers make up for later"),
    _money("churn_usd", "revenue of customers who stay away after an outage"),
    _money("response_cost_usd", "labour of responses, and double hosting"),
    _money(
        "private_loss_usd",
        "what the modelled businesses lose: gross less recaptured, plus churn and responses",
        is_headline=True,
    ),
    _money("transfers_to_rivals_usd", "what of it rivals in the country gain"),
    _money("net_social_loss_usd", "what of it nobody in the country gains", is_key_figure=True),
    _money("provider_loss_usd", "spending that first providers lose", of=OF_HOSTING),
    _money("domestic_gain_usd", "spending that domestic providers gain", of=OF_HOSTING),
    Metric(
        "named_providers_loss_usd",
        USD,
        "of `provider_loss_usd` that of such providers",
        "money.providers.measure_named_loss",
        Section.MONEY,
        of=OF_HOSTING,
        label="loss of the named providers",
        needs="reactions",
        is_beside_figure=True,
        aggregation=Aggregation.DRAWS,
    ),
    _for_each_denied(
        "private_loss_usd_per_user_hour_denied",
        USD,
        "private loss per user-hour denied",
        "private_loss_usd",
        1.0,
        is_key_figure=True,
    ),
)

MEASURES = {
    metric.name: metric
    for metric in chain(
        _REGISTER,
        _STATES,
        _LOSSES,
        _INHERITED,
        _MOVES,
        _COMPLAINTS,
        _USERS,
        _RATIOS,
        _REGRET,
        [_NAMED],
        _MONEY,
    )
}
"""Measures by name."""
