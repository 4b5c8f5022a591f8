"""The tables of a run folder, column by column, with units.

One list per table, which the writer, the data package and the documentation share.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sim.catalogue.causes import CAUSES
from sim.engine.state.ledger import SPELL_NAMES
from sim.scenario.tables.rows import RESPONSES


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    name: str
    """As in the file; ends in its unit where it has one."""
    type: str
    """Data Package type: ``string``, ``integer``, ``number``, ``boolean``, ``datetime``."""
    unit: str
    """Unit, or empty."""
    description: str
    """What it holds, and when it is missing."""
    can_miss: bool = False
    """Whether an integer of a Parquet table may be missing."""

    @classmethod
    def text(cls, name: str, description: str, unit: str = "") -> Column:
        """Return a column of texts."""
        return cls(name, "string", unit, description)

    @classmethod
    def flag(cls, name: str, description: str) -> Column:
        """Return a column of truth values."""
        return cls(name, "boolean", "", description)

    @classmethod
    def count(
        cls, name: str, description: str, unit: str = "", *, can_miss: bool = False
    ) -> Column:
        """Return a column of whole numbers."""
        return cls(name, "integer", unit, description, can_miss)

    @classmethod
    def number(cls, name: str, description: str, unit: str) -> Column:
        """Return a column of numbers."""
        return cls(name, "number", unit, description)

    @classmethod
    def measured(cls, name: str, description: str) -> Column:
        """Return a column of numbers in the unit of the metric that the row is about."""
        return cls(name, "number", "by metric", description)


_STRATEGY = Column.text("strategy", "Identifier of the strategy")
_RUN = (_STRATEGY, Column.count("replicate", "Number of the simulation, from 0"))
_MOMENT = (
    Column.count("t_s", "Seconds since the scenario's start", "s"),
    Column("time_utc", "datetime", "", "The same as a point in time, UTC"),
)
_METRIC = Column.text("metric", "Name of the measure")
_UNIT = Column.text("unit", "Unit of the measure")
_LEVEL = Column.number("level", "Share of simulations between low and high", "share")
_N_SIMULATIONS = Column.count("n_simulations", "Simulations summarised", "simulations")
_N_KNOWN = Column.count(
    "n_known", "Simulations in which it is known; the statistics are of these", "simulations"
)
_BY = Column.text("by", "Kind of group: sector, provider, operator, cause, hosting provider")
_OUT_OF = Column.measured("denominator", "Median of what the value is out of")
_OUT_OF_UNIT = Column.text("denominator_unit", "Unit of the denominator")
_GROUP = tuple(
    Column.text(name, f"{name.capitalize()} it is about; missing where it is about all")
    for name in ("provider", "sector")
)
_SPREAD = (
    Column.measured("median", "Median over simulations"),
    Column.measured("low", "5th percentile; missing with one simulation"),
    Column.measured("high", "95th percentile; missing with one simulation"),
)


def ends(name: str, interval: str, unit: str = "by metric") -> tuple[Column, Column]:
    """Columns for the ends of an interval, named after the column that it is about."""
    return (
        Column.number(f"{name}_low", f"Lower end of {interval}", unit),
        Column.number(f"{name}_high", f"Upper end of {interval}", unit),
    )


def _concerned(name: str, what: str) -> Column:
    """Column for the row of something that only some events concern."""
    missing = "missing where none is concerned"
    return Column.count(name, f"{what}; {missing}", can_miss=True)


CURVES = (
    *_RUN,
    *_MOMENT,
    _METRIC,
    *_GROUP,
    Column.measured("value", "Value from this time on, until the series' next row"),
    Column.measured(
        "denominator", "Out of: businesses of the group, or revenue; none of addresses"
    ),
)

BUSINESSES = (
    *_RUN,
    Column.count("business", "Row of the business in the population, from 0"),
    Column.text("sector", "Sector"),
    Column.text("provider", "Provider of the front end"),
    Column.text("region", "Region of the front end"),
    Column.number("revenue_usd_per_h", "Mean revenue over the week (drawn)", "USD/h"),
    Column.number("demand_usd_per_h", "Part of it from inside the country", "USD/h"),
    Column.count(
        "n_names",
        "Names on the addresses of its front end at t = 0, parked ones and its own among them "
        "(drawn)",
        "names",
    ),
    Column.count(
        "n_active_sites",
        "Those of them that are not parked; its own is none of the parked ones (drawn)",
        "active sites",
    ),
    Column.number(
        "lost_demand_h_below_threshold",
        "Demand lost while not affected, in hours of mean domestic demand",
        "h",
    ),
    *(
        Column.number(
            f"lost_demand_h_{name}",
            f"Demand lost in spells of this length ({name.replace('_', ' ')}), in hours of mean "
            "domestic demand",
            "h",
        )
        for name in SPELL_NAMES
    ),
    Column.count("affected_s", "Time affected", "s"),
    Column.count("impaired_s", "Time impaired", "s"),
    Column.count("down_s", "Time down", "s"),
    *(
        Column.count(name, f"{what} spell; missing when there was none", "s", can_miss=True)
        for name, what in (
            ("first_outage_s", "Start of the first"),
            ("last_outage_s", "End of the last"),
        )
    ),
    Column.count("n_spells", "Spells begun", "spells"),
    Column.number(
        "worst_share",
        "Largest share that failed at once, for a second or longer, were nobody on a VPN",
        "share of attempts",
    ),
    Column.flag("is_affected_at_end", "Whether a spell was running when the run ended"),
    Column.text("main_cause", "Cause by which it lost most demand; missing where it lost none"),
    *(
        Column.count(f"n_responses_{name}", f"Responses completed: {name}", "responses")
        for name in RESPONSES
    ),
)

EVENTS = (
    *_RUN,
    *_MOMENT,
    Column.text(
        "kind",
        "block, unblock: an order; published: a version of the register; rented, "
        "discovered, evicted, cancelled: a front of the target; stance: a provider changes its "
        "stance; "
        "responded, moved: a business; complained, exempted: a business by name; readdressed: a "
        "component of a business comes to other addresses; switched_off, switched_back: a program "
        "takes a business off a shared range, and back; public_event: one that raises "
        "attention",
    ),
    _concerned("entry", "Row of the register entry"),
    _concerned("front", "Row of the target's front"),
    Column.text("address", "Address of that front; missing where none is concerned"),
    _concerned("business", "Row of the business"),
    Column.text(
        "provider",
        "Provider; where a business moved, the one that hosts it from then on; missing where "
        "none is concerned",
    ),
    Column.text("stance", "Stance that provider takes; missing where none is taken"),
    _concerned("public_event", "Row of the public event in the scenario's table, from 0"),
)

ENFORCEMENT = (
    *_RUN,
    Column.count("entry", "Row of the register entry"),
    Column.text("operator", "Operator group, or a cohort of one as group#number"),
    Column.count("enforced_s", "When the operator starts to enforce the entry", "s"),
    Column.count(
        "released_s", "When it stops; missing where it still does at the end", "s", can_miss=True
    ),
)

ENTRIES = (
    *_RUN,
    Column.count("entry", "Row of the register entry, from 0 in the order of placing"),
    Column.text("mechanism", "drop, throttle, name or exempt"),
    Column.text("prefix", "One prefix of the entry; a name has none and no row"),
)

_DEPENDS_ON = tuple(
    column
    for row, which in enumerate(("most", "second", "third"), 1)
    for column in (
        Column.text(
            f"depends_on_{row}",
            f"Input on which it depends {which}; missing with too few simulations",
        ),
        Column.number(
            f"depends_on_{row}_share",
            "Share of the variance of its rank that this input explains",
            "share",
        ),
    )
)

_ZERO_AT_MOST = Column.measured(
    "zero_at_most",
    "What a zero of it shows: at most so much, by the rule of three, as the modelled businesses "
    "are a sample; 0 where a zero is certain; missing where it is not known, as no business could "
    "be cut off by address, or none was and it is no share of businesses",
)
SUMMARY = (
    _STRATEGY,
    _METRIC,
    _UNIT,
    *_SPREAD,
    _LEVEL,
    _N_SIMULATIONS,
    _N_KNOWN,
    _OUT_OF,
    _OUT_OF_UNIT,
    _ZERO_AT_MOST,
    *_DEPENDS_ON,
    Column.text("published", "Published figure it is shown next to; missing where there is none"),
    Column.text("published_source", "Where that figure was published"),
    *(
        Column.measured(
            f"{end}_error",
            f"Standard error of {end}, by the bootstrap; missing with fewer than two known values",
        )
        for end in ("low", "high")
    ),
    Column.number(
        "chance_share",
        "Share of the variance of its rank that is chance; missing without --pairs, and with "
        "fewer than 32 pairs",
        "share",
    ),
)

GROUPS = (
    _STRATEGY,
    _BY,
    Column.text(
        "group",
        "Name of the group: sector, if it is not drawn for a site; provider of the front end at "
        "t = 0; operator; cause; hosting provider",
    ),
    Column.text("metric", "Measure of the group, as in summary.csv of all"),
    _UNIT,
    *_SPREAD,
    _LEVEL,
    _N_SIMULATIONS,
    Column.measured(
        "denominator",
        "Median of what it is out of: businesses of the group, by operator and by cause all of "
        "them; all demand; spending on hosting, had nobody moved",
    ),
    _OUT_OF_UNIT,
)

MONEY = (
    _STRATEGY,
    Column.text("method", "Name of the method"),
    Column.text(
        "scope",
        "Whose loss: of the modelled businesses; of the country, if all of it lost the same "
        "share of demand; of the country, shut down",
    ),
    Column.text("formula", "Formula of the method; docs/explanation/money.md"),
    Column.text("unit", "Unit of median, low, high"),
    *(replace(one, unit="USD") for one in _SPREAD),
    _LEVEL,
    _N_SIMULATIONS,
    Column.number("duration_d", "Length of the run", "d"),
    Column.number(
        "share_affected",
        "Median share of users or demand that the formula takes; missing where it takes none",
        "share",
    ),
    Column("published", "string", "USD", "Published figure shown next to it; else missing"),
    Column.text("published_note", "Unit of that figure, and how it is to be read"),
)


_OF_SITE = (
    Column.text("site", "Name of the site, as in the inventory; of a row without one its address"),
    Column.text("operator", "Operator group whose users it is about; else missing"),
)
_DRAWN = Column.text(
    "drawn",
    "What of the site the inventory leaves open, so that it is drawn: sector, revenue (or "
    "revenue_per_visit, where it gives visits_per_h), mode of several addresses, roles; and "
    "provider where no table holds its front end's address, so that it is not known",
)
_COUNTRY = Column.text("country", "Country that the inventory gives; missing where it gives none")
_PLACES = (
    ("sector", "Sector, given or drawn"),
    ("provider", "Provider of the front end"),
    ("region", "Region of the front end"),
)
_SITE_TIMES = (
    ("affected_h", "h", "Time affected"),
    ("impaired_h", "h", "Time impaired"),
    ("down_h", "h", "Time down"),
    ("lost_demand_h", "h", "Demand lost, in hours of the site's mean domestic demand"),
)

SITE_RUNS = (
    *_RUN,
    Column.count("business", "Row of the site in businesses.parquet"),
    *_OF_SITE,
    *(Column.number(name, what, unit) for name, unit, what in _SITE_TIMES),
    *(
        Column.number(
            f"lost_demand_h_{cause.name}",
            f"Part of it that is put down to the cause {cause.label}; missing for an operator",
            "h",
        )
        for cause in CAUSES
    ),
    Column.number("response_usd", "Labour of its responses; missing for an operator", "USD"),
    Column.number("visits_per_h", "As the inventory gives it; else missing", "visits/h"),
    Column.number("loss_usd", "Private loss; missing for an operator", "USD"),
    Column.number("loss_in_currency", "The same where no rate is known; else missing", "currency"),
    Column.number("visits_lost", "Visits that failed; missing likewise", "visits"),
    Column.number("revenue_usd_per_h", "Mean revenue over the week, given or drawn", "USD/h"),
    Column.number("first_outage_s", "Start of the first spell; missing when there was none", "s"),
    Column.number("last_outage_s", "End of the last; missing likewise", "s"),
    Column.number("first_cut_off_s", "Start of the first time impaired; missing likewise", "s"),
    Column.number("last_cut_off_s", "End of the last; missing likewise", "s"),
    *(Column.text(name, f"{what}; missing for an operator") for name, what in _PLACES),
    _COUNTRY,
    _DRAWN,
)

_SPREADS_OF_SITES = tuple(
    column
    for name, unit, what in _SITE_TIMES
    for column in (
        Column.number(name, f"{what}; median over simulations; missing where not known", unit),
        *ends(name, "the share 'level' of simulations; missing with one", unit),
    )
)
SITES = (
    _STRATEGY,
    *_OF_SITE,
    *_SPREADS_OF_SITES,
    _LEVEL,
    _N_SIMULATIONS,
    Column.count("n_affected", "Those in which it was ever affected", "simulations"),
    Column.text("first_outage_utc", "Earliest start of a spell, UTC; missing where there was none"),
    Column.text("last_outage_utc", "Latest end of a spell in any simulation, UTC"),
    Column.text("open_ends", "'start', 'end': of the run, while affected (hours are a minimum)"),
    *(
        Column.number(f"lost_demand_h_{cause.name}", f"Part by cause {cause.label}; median", "h")
        for cause in CAUSES
    ),
    Column.number(
        "loss_usd",
        "Private loss of the site by the firm-level method, median over simulations; missing for "
        "an operator",
        "USD",
    ),
    *ends("loss_usd", "the share 'level' of simulations", "USD"),
    Column.number(
        "visits_lost",
        "Visits from inside the country that failed, median over simulations; missing where the "
        "inventory gives no visits_per_h",
        "visits",
    ),
    *ends("visits_lost", "the share 'level' of simulations; missing with one", "visits"),
    Column.number(
        "loss_in_currency",
        "Private loss in the country's currency; missing for an operator, and where not known",
        "currency",
    ),
    *ends("loss_in_currency", "the share 'level' of simulations", "currency"),
    Column.text("currency", "Currency of ISO 4217; missing where loss_in_currency is"),
    Column.number("currency_per_usd", "Rate by which it is computed", "currency/USD"),
    Column.number("revenue_usd_per_h", "Mean revenue over the week, given or drawn", "USD/h"),
    *(
        Column.text(name, f"{what}; several, with semicolons, where runs draw it otherwise")
        for name, what in _PLACES
    ),
    _COUNTRY,
    _DRAWN,
)

MEASURES = (
    *_RUN,
    _METRIC,
    _UNIT,
    Column.measured("value", "The measure of this simulation; missing when not known"),
    Column.measured("denominator", "What the value is out of; missing if of nothing"),
    _OUT_OF_UNIT,
)

HITS = (
    *_RUN,
    _BY,
    Column.text("group", "Name of the group, as in groups.csv"),
    Column.text("metric", "Measure of the group, as in groups.csv"),
    _UNIT,
    Column.measured("value", "Its value in this run"),
    Column.measured("denominator", "Denominator, as in groups.csv"),
)

_NAMES = "names; missing where no name on them is known"
EXPECTED_NAMES = (
    _STRATEGY,
    Column.text("provider", "Provider of the addresses; missing for all together"),
    Column.count(
        "n_listed",
        "IPv4 addresses ever listed, without exempt ones (median over simulations)",
        "addresses",
    ),
    Column.count(
        "n_known",
        "Those of them at places whose use of addresses a table gives; the numbers are about these",
        "addresses",
    ),
    Column.count("n_networks6", "IPv6 listed so: names there are not known", "/64 networks"),
    Column.text("state", "What is known of the names: known, lower bound, not known"),
    *(
        Column.number(f"{count}{end}", f"{what} {of} {_NAMES}", unit)
        for count, unit, of in (
            ("hit", "names", "of distinct names on these addresses, parked ones too:"),
            ("active", "active sites", "of those of them that are not parked:"),
        )
        for end, what in (("", "Median"), ("_low", "5th percentile"), ("_high", "95th percentile"))
    ),
)

_VERSUS = (
    Column.measured(
        "difference",
        "Median of its value less the other's, over simulations with both known; empty for harm to "
        "drawn businesses where neither hits any in more than one simulation of twenty",
    ),
    *ends("difference", "nine in ten of these differences"),
)
COMPARISON = (
    Column.text("strategy", "Label of the strategy"),
    _METRIC,
    _UNIT,
    *_SPREAD,
    _LEVEL,
    Column.count("n_simulations", "Simulations that every strategy has", "simulations"),
    _N_KNOWN,
    Column.text("baseline", "Label of the strategy that differences are taken to"),
    *_VERSUS,
    *(
        Column.number(f"share_{one}", f"Share of all with {one} than the baseline", "share")
        for one in ("less", "more")
    ),
    _OUT_OF,
    _OUT_OF_UNIT,
    _ZERO_AT_MOST,
)

TRADEOFF = (
    Column.text("strategy", "Label of the strategy"),
    Column.text("efficacy_metric", "Measure of what the target lost"),
    Column.measured("efficacy", "Its median over simulations"),
    *ends("efficacy", "the share 'level' of simulations"),
    Column.text(
        "collateral_metric", "Measure of what others lost: a row for each strategy and kind of harm"
    ),
    Column.measured("collateral", "Its median over simulations"),
    *ends("collateral", "the share 'level' of simulations"),
    Column.number(
        "share_on_frontier",
        "Share of all simulations in which it is known that no other strategy is as good in both "
        "and better in one",
        "share",
    ),
    Column.count("n_simulations", "Simulations that every strategy has", "simulations"),
    Column.count("n_known", "Those in which that is known to be so or not", "simulations"),
)

INPUTS = (
    Column.count("replicate", "Number of the simulation, from 0"),
    Column.text("input", "Scenario key, table and column, or key of a table of prices or economy"),
    Column.count("part", "Which of its amounts, from 0, where rows move separately"),
    Column.number(
        "amount",
        "Value of a key; factor on a column, or position from -1 (low end) to 1 (high end); of "
        "prices and economy the share of its distribution that lies below",
        "by input",
    ),
)

VERDICTS = (
    _METRIC,
    _UNIT,
    Column.text("strategy", "Label of the strategy that is judged"),
    Column.text("other", "Label of the strategy it is compared with"),
    Column.count("n_simulations", "Simulations that every strategy has", "simulations"),
    Column.count("n_less", "Those in which it has less than the other", "simulations"),
    Column.count("n_equal", "Those in which both have the same", "simulations"),
    Column.count("n_more", "Those in which it has more", "simulations"),
    Column.count("n_not_known", "Those in which that is not known", "simulations"),
    Column.count(
        "n_needed",
        "Simulations needed, all agreeing except those in which it is not known, to certify "
        "this verdict with all others of the table",
        "simulations",
    ),
    Column.text(
        "verdict",
        "differ: some simulations have another order; where all that are known have the same: "
        "agree where n_simulations reaches n_needed, not known where it is not known in more than "
        "one of twenty, else too few",
    ),
    *_VERSUS,
    *_DEPENDS_ON,
)

SITE_SESSION_RUNS = (
    *_RUN,
    Column.count("session", "Row of the session, from 0"),
    *_OF_SITE,
    *(Column.number(name, f"{what} in the session", unit) for name, unit, what in _SITE_TIMES[:3]),
)

SITE_SESSIONS = (
    _STRATEGY,
    *_OF_SITE,
    Column.text("session_start_utc", "Start of the session, UTC"),
    Column.text("session_end_utc", "End of the session, UTC"),
    *_SPREADS_OF_SITES[:9],
    _LEVEL,
    _N_SIMULATIONS,
    Column.count("n_affected", "Those in which it was affected in the session", "simulations"),
    _DRAWN,
)

SITE_DIFFERENCES = (
    COMPARISON[0],
    Column.text("site", "Site, as in sites.csv; missing for the sum of all known under either"),
    *COMPARISON[1:-3],
    Column.measured("at_baseline", "Median over simulations under the baseline"),
)

_DECLARED = {
    "curves.parquet": (CURVES, "strategy replicate t_s metric provider sector"),
    "businesses.parquet": (BUSINESSES, "strategy replicate business"),
    "events.parquet": (EVENTS, ""),
    "enforcement.parquet": (ENFORCEMENT, "strategy replicate entry operator"),
    "entries.parquet": (ENTRIES, "strategy replicate entry prefix"),
    "summary.csv": (SUMMARY, "strategy metric"),
    "groups.csv": (GROUPS, "strategy by group metric"),
    "money.csv": (MONEY, "strategy method scope"),
    "expected_names.csv": (EXPECTED_NAMES, "strategy provider"),
    "measures.parquet": (MEASURES, "strategy replicate metric"),
    "hits.parquet": (HITS, "strategy replicate by group metric"),
    "inputs.parquet": (INPUTS, "replicate input part"),
    "comparison.csv": (COMPARISON, "strategy metric"),
    "tradeoff.csv": (TRADEOFF, "strategy efficacy_metric collateral_metric"),
    "verdicts.csv": (VERDICTS, "metric strategy other"),
    "site_runs.parquet": (SITE_RUNS, "strategy replicate business operator"),
    "sites.csv": (SITES, "strategy site operator"),
    "site_session_runs.parquet": (SITE_SESSION_RUNS, "strategy replicate session site operator"),
    "site_sessions.csv": (SITE_SESSIONS, "strategy site operator session_start_utc"),
    "site_differences.csv": (SITE_DIFFERENCES, "strategy site metric"),
}
ALL_TABLES = {file: columns for file, (columns, _) in _DECLARED.items()}
"""Tables of any run folder, by file name."""

KEYS = {file: tuple(key.split()) for file, (_, key) in _DECLARED.items() if key}
"""Columns that identify a row of a table. Events have none: two may be alike."""

ENSEMBLE_TABLES = ("inputs.parquet",)
COMPARISON_TABLES = ("comparison.csv", "tradeoff.csv", "verdicts.csv", "site_differences.csv")
SITE_TABLES = tuple(file for file in _DECLARED if file.startswith("site"))
"""Tables that only folders of an ensemble, of a comparison, and beside an inventory have."""
