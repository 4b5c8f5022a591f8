"""A scenario of five named sites in which hours and money can be worked out by hand."""

from pathlib import Path

from sim.scenario.load import load_scenario
from sim.scenario.overrides import override_text
from sim.scenario.resolve import Resolved, resolve

SPELLS = ("under_1_h", "1_h_to_6_h", "6_h_to_24_h", "1_d_to_3_d", "3_d_to_14_d", "over_14_d")
OF_ALL = {
    "revenue_level": 1.0, "churn_window_d": 30.0, "hosting_spend_share": 0.01,
    "response_cost_level": 1.0, "dual_running_months": 1.0,
}  # fmt: skip
OF_SECTOR = {"sensitivity": 1.0, "recovery_time_d": 10.0}
OF_SPELL = {"recaptured_share": 0.5, "leaving_share": 0.0, "transfer_share": 0.0}


def _price(key: str, value: float, spell: str = "") -> str:
    return f"{key},,{spell},{value},{value},{value},x,assumption,,,for the test"


TABLES = {
    "providers.prefixes": (
        "provider,region,prefix",
        "alpha,one,198.18.0.0/24",
        "alpha,two,198.18.1.0/24",
        "alpha,one,2001:db8::/48",
        "home,here,198.19.0.0/24",
    ),
    "population.hosting": (
        "provider,region,side,weight",
        "alpha,one,foreign,1",
        "alpha,two,foreign,1",
        "home,here,domestic,1",
    ),
    # Lags without spread: what one publishes is dropped at once by a, and by b two hours later.
    "operators.groups": (
        "operator,label,share_users,poll_interval_h,apply_lag_median_h,apply_lag_sigma,"
        "release_lag_median_h,release_lag_sigma,compliance",
        "a,A,0.75,0.0002,0,0,0,0,1",
        "b,B,0.25,0.0002,2,0,1,0,1",
    ),
    "register.cadence": ("from,every_min", "2018-04-16T00:00Z,0.0001"),
    "population.sectors": (
        "sector,label,share_businesses,revenue_median_usd_per_h,revenue_sigma,share_domestic,"
        "demand_profile,weight_frontend,weight_storage,weight_payment,weight_customer_service,"
        "weight_other",
        "shops,Shops,0.5,100,0,1,flat,1,0,0.5,0,0",
        "news,News,0.5,40,0,1,flat,1,0,0,0,0",
    ),
    "population.demand_profiles": (
        "profile,period,index,weight",
        *(f"flat,hour,{hour},1" for hour in range(24)),
        *(f"flat,weekday,{day},1" for day in range(7)),
    ),
    "population.components": (
        "role,share_1_address,share_2_addresses,share_4_addresses,share_8_addresses,share_spread,"
        "share_third_party",
        *(
            f"{role},1,0,0,0,0,0"
            for role in ("frontend", "storage", "payment", "customer_service", "other")
        ),
    ),
    "population.services": (
        "service,label,role,provider,region,n_addresses,mode,popularity,low,high,evidence,source,"
        "why",
        "pay,Pay,payment,alpha,one,1,any,1,0,2,assumed,,for the test",
    ),
    "money.parameters": (
        "key,sector,spell_class,value,low,high,unit,kind,source,date,why",
        *(_price(key, value) for key, value in (OF_ALL | OF_SECTOR).items()),
        *(_price(key, value, spell) for key, value in OF_SPELL.items() for spell in SPELLS),
    ),
    "strategy.orders": (
        "effective,action,prefix",
        "2018-04-16T10:00Z,block,198.18.0.1/32",
        "2018-04-16T14:00Z,unblock,198.18.0.1/32",
        "2018-04-16T20:00Z,block,8.8.8.0/24",
        "2018-04-16T20:30Z,unblock,8.8.8.0/24",
        "2018-04-17T06:00Z,block,198.18.1.7/32",
        "2018-04-17T07:00Z,unblock,198.18.1.7/32",
        "2018-04-16T10:00Z,block,2001:db8:0:5::/64",
        "2018-04-16T14:00Z,unblock,2001:db8:0:5::/64",
        "2018-04-16T12:00Z,block,198.18.0.50/32",
        "2018-04-16T13:00Z,unblock,198.18.0.50/32",
        "2018-04-16T20:00Z,block,198.18.0.50/32",
        "2018-04-16T23:00Z,unblock,198.18.0.50/32",
    ),
    "population.inventory": (
        "site,address,role,sector,revenue_usd_per_h,visits_per_h,mode,country,n_names",
        "shop.example,198.18.0.1,frontend,shops,100,60,any,ES,12",
        "shop.example,198.18.1.7,payment,,,,,,",
        "two.example,198.18.0.1,frontend,shops,,,spread,,",
        "two.example,198.18.0.9,frontend,,,,,,",
        "two.example,198.18.1.8,payment,,,,,,",
        "far.example,8.8.8.8,,news,,,,,",
        "both.example,198.18.0.50,,shops,,,,,",
        "both.example,2001:db8:0:5::1,,,,,,,",
        "six.example,2001:db8:0:5::1,,news,,,,,",
    ),
}
SETTINGS: dict[str, object] = {
    "start": "2018-04-16T00:00Z",
    "end": "2018-04-18T00:00Z",
    "population.n_businesses": 0,
    "population.share_components_at_home": 1,
    "population.share_components_domestic": 0,
    "thresholds.affected": 0.01,
    "thresholds.impaired": 0.1,
    "thresholds.down": 0.9,
    "ipv6": {"share_users": 0.4, "share_components": 0},
    "target.prefixes": None,
    "published.totals": None,
    "published.figures": None,
}


def overrides(
    folder: Path, tables: dict[str, tuple[str, ...]] | None = None, **more: object
) -> dict[str, object]:
    """Settings of the case, which name tables written into a folder."""
    found = SETTINGS | more
    wanted = {key: lines for key, lines in (TABLES | (tables or {})).items() if key not in more}
    return found | written(folder, wanted)


def written(folder: Path, tables: dict[str, tuple[str, ...]]) -> dict[str, object]:
    """Paths of tables that are written into a folder, by key."""
    for key, lines in tables.items():
        (folder / f"{key}.csv").write_text("\n".join(lines) + "\n")
    return {key: str(folder / f"{key}.csv") for key in tables}


def resolved(
    folder: Path, tables: dict[str, tuple[str, ...]] | None = None, **more: object
) -> Resolved:
    """Return the case, resolved."""
    asked = overrides(folder, tables, **more)
    texts = [override_text(key, value) for key, value in asked.items()]
    return resolve(load_scenario("telegram-2018-replay", texts))
