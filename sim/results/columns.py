"""The tables of a run folder, column by column, with units.

One list per table, which the writer, the data package and the documentation share. They are one
long file, since a reader looks a column up without knowing its table.
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.catalogue.causes import CAUSES
from sim.engine.state.ledger import SPELL_NAMES
from sim.scenario.tables.reactions import RESPONSES


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name
        As in the file; ends in its unit where it has one.
    type
        Data Package type: ``string``, ``integer``, ``number``, ``boolean``, ``datetime``.
    unit
        Unit, or empty.
    description
        What it holds, and when it is missing.
    can_miss
        Whether an integer of a Parquet table may be missing.
    """

    name: str
    type: str
    unit: str
    description: str
    can_miss: bool = False

    @classmethod
    def text(cls, name: str, description: str) -> Column:
        """Return a column of texts, which have no unit."""
        return cls(name, "string", "", description)

    @classmethod
    def flag(cls, name: str, description: str) -> Column:
        """Return a column of truth values."""
        return cls(name, "boolean", "", description)

    @classmethod
    def measured(cls, name: str, description: str) -> Column:
        """Return a column of numbers in the unit of the metric that the row is about."""
        return cls(name, "number", "by metric", description)


_STRATEGY = Column.text("strategy", "Identifier of the strategy")
_RUN = (_STRATEGY, Column("replicate", "integer", "", "Index of luck, from 0"))
_MOMENT = (
    Column("t_s", "integer", "s", "Seconds since the scenario's start"),
    Column("time_utc", "datetime", "", "The same as a point in time, UTC"),
)
_METRIC = Column.text("metric", "Name of the measure")
_UNIT = Column.text("unit", "Unit of the measure")
_USD_UNIT = Column.text("unit", "Unit of mean, median, low, high")
_LEVEL = Column("level", "number", "share", "Share of replicates between low and high")
_N_REPLICATES = Column("n_replicates", "integer", "replicates", "Replicates summarised")
_BY = Column.text(
    "by", "What the groups are of: sector, provider, region, operator, cause, operator and cause"
)
_OUT_OF = Column.measured("denominator", "What the value is out of (mean over replicates)")
_OUT_OF_UNIT = Column.text("denominator_unit", "Unit of the denominator")
_GROUP = tuple(
    Column.text(name, f"{name.capitalize()} it is about; missing where it is about all")
    for name in ("provider", "sector", "role")
)
_OVER_DRAWS = (
    Column("median", "number", "USD", "Median over draws and replicates"),
    Column("low", "number", "USD", "5th percentile; missing with fewer than two draws"),
    Column("high", "number", "USD", "95th percentile; missing with fewer than two draws"),
    Column("level", "number", "share", "Share of draws of all replicates between low and high"),
    Column("n_draws", "integer", "draws", "Draws of all parameters in each replicate"),
    _N_REPLICATES,
)


def ends(name: str, interval: str, unit: str = "by metric") -> tuple[Column, Column]:
    """Columns for the ends of an interval, named after the column that it is about."""
    return (
        Column(f"{name}_low", "number", unit, f"Lower end of {interval}"),
        Column(f"{name}_high", "number", unit, f"Upper end of {interval}"),
    )


def _concerned(name: str, what: str) -> Column:
    """Column for the row of something that only some events concern."""
    missing = "missing where none is concerned"
    return Column(name, "integer", "", f"{what}; {missing}", can_miss=True)


CURVES = (
    *_RUN,
    *_MOMENT,
    _METRIC,
    *_GROUP,
    Column.measured("value", "Value from this time on, until the series' next row"),
    Column.measured(
        "denominator",
        "What the value is out of: businesses of the group, or their demand in USD/h; missing "
        "for addresses",
    ),
)

BANDS = (
    _STRATEGY,
    *_MOMENT,
    Column.text("metric", "Name of the measure, as in curves.parquet"),
    *_GROUP,
    Column.measured("mean", "Mean over replicates of what their curves hold at this moment"),
    Column.measured("low", "5th percentile; missing with one replicate"),
    Column.measured("high", "95th percentile; missing with one replicate"),
    _LEVEL,
    Column(
        "n_replicates",
        "integer",
        "replicates",
        "Replicates that have this curve: of a share, those in which the group is not empty",
    ),
    Column.measured(
        "denominator", "What the value is out of (mean over replicates); missing for addresses"
    ),
    Column.measured(
        "all_median",
        "Median over the weighted draws of all that is not known; missing without draws, and for "
        "curves of groups. Counts of businesses are as if there were as many as in the scenario as "
        "given",
    ),
    Column.measured("all_low", "5th percentile over these draws"),
    Column.measured("all_high", "95th percentile over these draws"),
)

BUSINESSES = (
    *_RUN,
    Column("business", "integer", "", "Row of the business in the population, from 0"),
    Column.text("sector", "Sector"),
    Column.text("provider", "Provider of the front end"),
    Column.text("region", "Region of the front end"),
    Column("revenue_usd_per_h", "number", "USD/h", "Mean revenue over the week (drawn)"),
    Column("demand_usd_per_h", "number", "USD/h", "Part of it from inside the country"),
    Column(
        "n_names",
        "integer",
        "names",
        "Names on the addresses of its front end at t = 0, parked ones and its own among them "
        "(drawn)",
    ),
    Column(
        "n_active_sites",
        "integer",
        "active sites",
        "Those of them that are not parked; its own is none of the parked ones (drawn)",
    ),
    Column(
        "lost_demand_h_below_threshold",
        "number",
        "h",
        "Demand lost while not affected, in hours of mean domestic demand",
    ),
    *(
        Column(
            f"lost_demand_h_{name}",
            "number",
            "h",
            f"Demand lost in spells of this length ({name.replace('_', ' ')}), in hours of mean "
            "domestic demand",
        )
        for name in SPELL_NAMES
    ),
    Column("affected_s", "integer", "s", "Time affected"),
    Column("impaired_s", "integer", "s", "Time impaired"),
    Column("down_s", "integer", "s", "Time down"),
    Column(
        "first_outage_s",
        "integer",
        "s",
        "Start of the first spell; missing when there was none",
        can_miss=True,
    ),
    Column(
        "last_outage_s",
        "integer",
        "s",
        "End of the last spell; missing when there was none",
        can_miss=True,
    ),
    Column("n_spells", "integer", "spells", "Spells begun"),
    Column(
        "worst_share",
        "number",
        "share of attempts",
        "Largest share that failed at once, for a second or longer, were nobody on a VPN",
    ),
    Column.flag("is_affected_at_end", "Whether a spell was running when the run ended"),
    Column.text("main_cause", "Cause by which it lost most demand; missing where it lost none"),
    *(
        Column(f"n_responses_{name}", "integer", "responses", f"Responses completed: {name}")
        for name in RESPONSES
    ),
)

EVENTS = (
    *_RUN,
    *_MOMENT,
    Column.text(
        "kind",
        "block, unblock: an order; published: a version of the register; downloaded: by an "
        "operator; enforced, released: an operator starts and stops enforcing an entry; rented, "
        "discovered, evicted, cancelled: a front of the target; stance: a provider changes its "
        "stance; "
        "responded, moved: a business; complained, exempted: a business by name; readdressed: a "
        "component of a business comes to other addresses; switched_off, switched_back: a program "
        "takes a business off a shared range, and back; public_event: one that raises "
        "attention",
    ),
    Column.text(
        "operator",
        "Operator group, or a cohort of one as group#number; missing where none is concerned",
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

ENTRIES = (
    *_RUN,
    Column("entry", "integer", "", "Row of the register entry, from 0 in the order of placing"),
    Column.text("mechanism", "drop, throttle, name or exempt"),
    Column.text("prefix", "One prefix of the entry; a name has none and no row"),
)

SUMMARY = (
    _STRATEGY,
    _METRIC,
    _UNIT,
    Column.measured(
        "mean",
        "Mean over replicates; of a ratio, the sum above over the sum below, missing only where "
        "the sum below is zero",
    ),
    Column.measured("median", "Median over replicates; missing if a replicate is not known"),
    Column.measured("low", "Lower end of the interval; missing with one replicate"),
    Column.measured("high", "Upper end of the interval; missing with one replicate"),
    Column(
        "level",
        "number",
        "share",
        "Share of replicates between low and high; for money, of draws of all replicates; for a "
        "ratio, nominal coverage of its BCa interval over replicates",
    ),
    _N_REPLICATES,
    _OUT_OF,
    _OUT_OF_UNIT,
    Column.text("published", "Published figure it stands beside; missing where there is none"),
    Column.text("published_source", "Where that figure was published"),
)

GROUPS = (
    _STRATEGY,
    _BY,
    Column.text(
        "group",
        "Name of the group: sector; provider of the front end at t = 0, or provider/region; "
        "operator; cause; operator/cause",
    ),
    Column.text("metric", "Measure of the group, as in summary.csv of all"),
    _UNIT,
    Column.measured("mean", "Mean over replicates"),
    Column.measured("median", "Median over replicates"),
    Column.measured("low", "5th percentile; missing with one replicate"),
    Column.measured("high", "95th percentile; missing with one replicate"),
    _LEVEL,
    _N_REPLICATES,
    Column.measured(
        "denominator",
        "What it is out of: businesses of the group, by operator and by cause all of them; all "
        "demand (mean over replicates)",
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
    Column.text("formula", "What the method computes; docs/explanation/money.md"),
    _USD_UNIT,
    Column("mean", "number", "USD", "Mean over draws and replicates"),
    *_OVER_DRAWS,
    Column("duration_d", "number", "d", "Length of the run"),
    Column(
        "share_affected",
        "number",
        "share",
        "Share of users or demand that the formula takes (mean over replicates); missing where "
        "it takes none",
    ),
    Column("published", "string", "USD", "Published figure beside it; missing where there is none"),
    Column.text("published_note", "Unit of that figure, and how it is to be read"),
)

PROVIDERS = (
    _STRATEGY,
    Column.text("provider", "Provider"),
    Column.text(
        "side", "foreign or domestic as in the table of hosting, where one may stand for others"
    ),
    Column.text(
        "metric",
        "provider_loss_usd: spending of the provider's first customers that went elsewhere, less "
        "what they still paid it; provider_gain_usd: spending of customers who began with others",
    ),
    _USD_UNIT,
    Column("mean", "number", "USD", "Mean over draws and replicates; means add up over providers"),
    *_OVER_DRAWS,
    Column(
        "denominator",
        "number",
        "USD",
        "Hosting spending of all businesses over the run, had nobody moved (mean over draws)",
    ),
    _OUT_OF_UNIT,
    Column.text("published", "What was published of the gain; missing where nothing was"),
)

_OF_SITE = (
    Column.text("site", "Name of the site, as in the inventory; of a row without one its address"),
    Column.text("operator", "Operator group whose users it is about; else missing"),
)
_DRAWN = Column.text(
    "drawn",
    "What of the site the inventory leaves open, so that it is drawn: sector, revenue (or "
    "revenue_per_visit, where it gives visits_per_h), roles; and provider where no table holds its "
    "front end's address, so that it is not known",
)
_COUNTRY = Column.text("country", "Country that the inventory gives; missing where it gives none")
_SITE_TIMES = (
    ("affected_h", "h", "Time affected"),
    ("impaired_h", "h", "Time impaired"),
    ("down_h", "h", "Time down"),
    ("lost_demand_h", "h", "Demand lost, in hours of the site's mean domestic demand"),
)

_SITE_LOSSES = ("loss_usd", "USD"), ("visits_lost", "visits")
_WIDE = "over the share 'level' of all draws, with luck; missing without draws, and for an operator"

SITE_RUNS = (
    *_RUN,
    Column("business", "integer", "", "Row of the site in businesses.parquet"),
    *_OF_SITE,
    *(Column(name, "number", unit, what) for name, unit, what in _SITE_TIMES),
    *(
        Column(
            f"lost_demand_h_{cause.name}",
            "number",
            "h",
            f"Part of it that is put down to the cause {cause.label}; missing for an operator",
        )
        for cause in CAUSES
    ),
    Column("response_usd", "number", "USD", "Labour of its responses; missing for an operator"),
    Column("visits_per_h", "number", "visits/h", "As the inventory gives it; else missing"),
    Column.text(
        "left_h",
        "For each time it left a provider the hours until it was back or the run ended, with "
        "blanks between; missing where it left none",
    ),
    _COUNTRY,
    _DRAWN,
)

SITES = (
    _STRATEGY,
    *_OF_SITE,
    *(
        column
        for name, unit, what in _SITE_TIMES
        for column in (
            Column(name, "number", unit, f"{what}; mean over replicates"),
            *ends(name, "the share 'level' of replicates; missing with one", unit),
        )
    ),
    _LEVEL,
    _N_REPLICATES,
    Column("n_affected", "integer", "replicates", "Those in which it was ever affected"),
    Column.text(
        "first_outage_utc",
        "Earliest start of a spell in any replicate, UTC; missing where there was none",
    ),
    Column.text("last_outage_utc", "Latest end of a spell in any replicate, UTC"),
    *(
        Column(
            f"lost_demand_h_{cause.name}",
            "number",
            "h",
            f"Part put down to the cause {cause.label}, mean over replicates; else missing",
        )
        for cause in CAUSES
    ),
    Column(
        "loss_usd",
        "number",
        "USD",
        "Private loss of the site by the firm-level method, mean over draws of prices and "
        "replicates; missing for an operator",
    ),
    *ends("loss_usd", "the share 'level' of draws of all replicates", "USD"),
    Column(
        "visits_lost",
        "number",
        "visits",
        "Visits from inside the country that failed, mean over replicates; missing where the "
        "inventory gives no visits_per_h",
    ),
    *ends("visits_lost", "the share 'level' of replicates; missing with one", "visits"),
    Column("n_draws", "integer", "draws", "Draws of all that is not known; 0 without"),
    *(
        Column(f"{name}_all_{end}", "number", unit, f"{what} {_WIDE}")
        for name, unit in (*(time[:2] for time in _SITE_TIMES), *_SITE_LOSSES)
        for end, what in (("low", "Lower end"), ("median", "Median"), ("high", "Upper end"))
    ),
    Column(
        "loss_in_currency",
        "number",
        "currency",
        "loss_usd in the country's currency; missing for an operator, and without money.currency",
    ),
    *ends("loss_in_currency", "the share 'level' of draws of all replicates", "currency"),
    Column.text("currency", "Currency of ISO 4217; missing where loss_in_currency is"),
    Column("currency_per_usd", "number", "currency/USD", "Rate by which it is computed"),
    Column("revenue_usd_per_h", "number", "USD/h", "Mean revenue over the week, given or drawn"),
    *(
        Column.text(name, f"{what}; several, with semicolons, where runs draw it otherwise")
        for name, what in (
            ("sector", "Sector, given or drawn"),
            ("provider", "Provider of the front end"),
            ("region", "Region of the front end"),
        )
    ),
    _COUNTRY,
    _DRAWN,
)

MEASURES = (
    *_RUN,
    _METRIC,
    _UNIT,
    Column.measured(
        "value", "The measure of this run, for money the mean over draws; missing when not known"
    ),
    Column.measured("denominator", "What the value is out of; missing if of nothing"),
    _OUT_OF_UNIT,
)

LOSSES = (
    *_RUN,
    Column.text(
        "quantity",
        "What is added up, in USD, USD/h or h as its name ends (docs/explanation/money.md)",
    ),
    Column(
        "first_index",
        "integer",
        "",
        "Row of the sector from 0; of the first provider in paid_usd and is_domestic; of the "
        "leaving in left_…",
    ),
    Column(
        "second_index",
        "integer",
        "",
        "Class of spell length from 0 in lost_usd and exposed_usd_per_h; provider paid in "
        "paid_usd; else 0",
    ),
    Column("value", "number", "by quantity", "The sum of this run"),
)

HITS = (
    *_RUN,
    _BY,
    Column.text("group", "Name of the group, as in groups.csv"),
    Column.text("metric", "Measure of the group, as in groups.csv"),
    _UNIT,
    Column.measured("value", "Its value in this run"),
    Column.measured("denominator", "What it is out of, as in groups.csv"),
)

NOTHING = (
    *_RUN,
    Column.text("what", "What the run did not do: order, hit, or deny users anything"),
    Column.text("why", "What that comes of"),
)

_NAMES = "names, over luck and all assumed ranges; missing where no name on them is known"
EXPECTED_NAMES = (
    _STRATEGY,
    Column.text("provider", "Provider of the addresses; missing for all together"),
    Column(
        "n_listed",
        "integer",
        "addresses",
        "IPv4 addresses listed at any time of the run, exempt ones left out (mean over replicates)",
    ),
    Column(
        "n_known",
        "integer",
        "addresses",
        "Those of them at places of which a table tells how addresses are used; the numbers are "
        "about these",
    ),
    Column("n_networks6", "integer", "/64 networks", "IPv6 listed so: names there are not known"),
    Column.text("state", "What is known of the names: known, lower bound, not known"),
    *(
        Column(f"{count}_{end}", "number", unit, f"{what} {of} {_NAMES}")
        for count, unit, of in (
            ("hit", "names", "of distinct names on these addresses; parked ones count:"),
            ("active", "active sites", "of those of them that are not parked:"),
        )
        for end, what in (("mean", "Mean"), ("low", "5th percentile"), ("high", "95th percentile"))
    ),
)

COMPARISON = (
    Column.text("strategy", "Label of the strategy"),
    _METRIC,
    _UNIT,
    Column("n_replicates", "integer", "replicates", "Replicates of this strategy"),
    Column.measured(
        "mean",
        "Mean over replicates; missing if any is not known; of a ratio, the sum above over the "
        "sum below",
    ),
    Column.measured("median", "Median over replicates"),
    Column.measured("low", "Lower end of the share 'level' of replicates"),
    Column.measured("high", "Upper end of the share 'level' of replicates"),
    _LEVEL,
    *ends("mean", "the BCa interval of the mean"),
    Column.text("baseline", "Label of the strategy that differences are taken to"),
    Column.measured(
        "difference",
        "Mean over replicates of this strategy less the baseline; missing for the baseline",
    ),
    *ends("difference", "its BCa interval"),
    *ends("difference_t", "its Student-t interval; missing for a ratio"),
    Column(
        "p_value",
        "number",
        "",
        "Two-sided paired t test of no difference; missing where all replicates differ alike, "
        "and for a ratio",
    ),
    Column("p_holm", "number", "", "The same, corrected by Holm over all rows that have one"),
    Column("confidence", "number", "share", "Nominal coverage of the BCa and t intervals"),
    _OUT_OF,
    _OUT_OF_UNIT,
)

TRADEOFF = (
    Column.text("strategy", "Label of the strategy"),
    Column.text("efficacy_metric", "Measure of what the target lost"),
    Column.measured("efficacy", "Its mean over replicates"),
    *ends("efficacy", "its BCa interval"),
    Column.text(
        "collateral_metric",
        "Measure of what others lost: a row for each strategy and kind of harm. Money is its "
        "mean over draws in each replicate, so that the interval spans luck alone",
    ),
    Column.measured("collateral", "Its mean over replicates"),
    *ends("collateral", "its BCa interval"),
    Column.measured(
        "collateral_per_efficacy",
        "Mean collateral over mean efficacy; missing where there is no effect",
    ),
    *ends("ratio", "its BCa interval"),
    Column.flag(
        "is_dominated",
        "Whether another strategy is as good in both means and better in one; missing if not known",
    ),
    Column.text("dominated_by", "The strongest that dominates it; missing if none does"),
    Column.flag("is_on_frontier", "Whether none dominates it; missing if not known"),
    Column(
        "share_of_draws_on_frontier",
        "number",
        "share",
        "Share of bootstrap draws of the replicates in which none dominates it",
    ),
    Column("n_draws", "integer", "draws", "Bootstrap draws"),
    Column("n_replicates", "integer", "replicates", "Replicates that all strategies share"),
)

_DRAW = Column("draw", "integer", "", "Number of the draw, from 0")
DRAW_MEASURES = (_DRAW, *MEASURES)
DRAW_CURVES = (
    _DRAW,
    *_RUN,
    Column("t_s", "integer", "s", "Seconds since the scenario's start, as in bands.parquet"),
    Column.text("metric", "Name of the measure, as in curves.parquet"),
    Column.measured("value", "What the curve holds at this moment"),
    Column.measured("denominator", "What the value is out of; missing for addresses"),
)
DRAW_SITES = (
    _DRAW,
    *_RUN,
    Column.text("site", "Name of the site; one without a row in a draw met nothing in it"),
    *(Column(name, "number", unit, what) for name, unit, what in _SITE_TIMES),
    Column("loss_usd", "number", "USD", "Private loss of the site at the prices of the draw"),
    Column("visits_lost", "number", "visits", "Visits that failed; missing where none are given"),
)
DRAW_VALUES = (
    _DRAW,
    Column("weight", "number", "", "Weight of the draw; the weights of all draws sum to 1"),
    Column.text(
        "unknown",
        "Scenario key, or table and column, that is not known; a key of the money parameters",
    ),
    Column("part", "integer", "", "Which of its amounts, from 0, where rows move separately"),
    Column(
        "amount",
        "number",
        "by unknown",
        "Value of a key; factor on a column, or position from -1 (low end) to 1 (high end); of "
        "money the share of its distribution that lies below",
    ),
)
_HANGS_ON = tuple(
    column
    for row, which in enumerate(("the most", "second", "third"), 1)
    for column in (
        Column.text(
            f"hangs_on_{row}",
            f"Unknown that brings {which} of the variance; missing where none is told from chance",
        ),
        Column(
            f"hangs_on_{row}_share",
            "number",
            "share",
            "Its share of the variance of the measure's rank, by squared rank correlation",
        ),
    )
)
UNCERTAINTY = (
    _STRATEGY,
    _METRIC,
    _UNIT,
    Column("n_replicates", "integer", "replicates", "Replicates of the scenario as given"),
    Column.measured("luck_median", "Median over these, of those in which it is known"),
    Column.measured("luck_low", "5th percentile over these: luck alone"),
    Column.measured("luck_high", "95th percentile over these: luck alone"),
    Column("n_draws", "integer", "draws", "Finished draws of all that is not known"),
    Column("n_effective", "number", "draws", "How many draws of equal weight say as much"),
    Column("share_known", "number", "share", "Weight of the draws in which the measure is known"),
    Column.measured("median", "Median over the weighted draws in which it is known"),
    Column.measured("low", "5th percentile over these: luck and all that is not known"),
    Column.measured("high", "95th percentile over these"),
    Column("level", "number", "share", "Weight of the draws between low and high"),
    Column(
        "share_luck",
        "number",
        "share",
        "Share of the variance of the measure's rank that is luck: of the replicates at the "
        "scenario as given, or within draws that have several; missing where nothing varies",
    ),
    *_HANGS_ON,
)

_N_DRAWS = Column("n_draws", "integer", "draws", "Draws that are finished under both, or all")
VERDICTS = (
    _METRIC,
    _UNIT,
    Column.text("strategy", "Label of the strategy that is judged"),
    Column.text("other", "Label of the strategy it is held against"),
    _N_DRAWS,
    Column("n_effective", "number", "draws", "How many draws of equal weight say as much"),
    Column("share_known", "number", "share", "Weight of the draws in which both are known"),
    Column("share_less", "number", "share", "Weight of those in which it has less than the other"),
    Column("share_equal", "number", "share", "Weight of those in which both have the same"),
    Column("share_more", "number", "share", "Weight of those in which it has more"),
    Column(
        "share_better_bound",
        "number",
        "share",
        "Lower 95 % bound of the weight in which it is better: less harm, more effect",
    ),
    Column("share_worse_bound", "number", "share", "The same of the weight in which it is worse"),
    Column.text(
        "verdict",
        "better or worse where that bound is at least 0.95; alike; not known where the sample of "
        "one could hardly be hit; not settled otherwise",
    ),
    Column.measured("difference", "Median over draws of its value less the other's"),
    Column.measured("difference_low", "5th percentile of that difference"),
    Column.measured("difference_high", "95th percentile of that difference"),
    Column.text(
        "region",
        "Where it is not settled: at most three conditions on unknowns under which the rarer "
        "order holds (PRIM); missing where none is told",
    ),
    Column.text("region_says", "Which order that is: less, or not less, than the other"),
    Column("coverage", "number", "share", "Weight of the draws of that order that lie in it"),
    Column("density", "number", "share", "Share of its weight that has that order"),
)
REGRETS = (
    _METRIC,
    _UNIT,
    Column.text("strategy", "Label of a strategy that blocks"),
    _N_DRAWS,
    Column.measured(
        "expected_regret",
        "Weighted mean over draws of how much worse it is than the best of all; missing where it "
        "hit none of a sample in any draw though it listed addresses, or no two others are left",
    ),
    Column.measured("most_regret", "The most of any draw"),
    Column.flag("has_least_expected", "Whether no other has a lower mean"),
    Column.flag("has_least_most", "Whether no other has a lower most"),
    Column(
        "share_without_effect",
        "number",
        "share",
        "Weight of the draws in which it denies the target's users nothing; missing without users",
    ),
)

TABLES = {
    "curves.parquet": CURVES,
    "bands.parquet": BANDS,
    "businesses.parquet": BUSINESSES,
    "events.parquet": EVENTS,
    "entries.parquet": ENTRIES,
    "summary.csv": SUMMARY,
    "groups.csv": GROUPS,
    "money.csv": MONEY,
    "providers.csv": PROVIDERS,
    "expected_names.csv": EXPECTED_NAMES,
    "measures.parquet": MEASURES,
    "losses.parquet": LOSSES,
    "hits.parquet": HITS,
    "nothing.parquet": NOTHING,
}
"""Tables of every run folder, by file name."""

DRAW_TABLES = {
    **TABLES,
    "draw_values.parquet": DRAW_VALUES,
    "draw_measures.parquet": DRAW_MEASURES,
    "draw_curves.parquet": DRAW_CURVES,
    "uncertainty.csv": UNCERTAINTY,
}
"""Tables of a run folder with draws of what is not known."""

VERDICT_TABLES = {**DRAW_TABLES, "verdicts.csv": VERDICTS, "regrets.csv": REGRETS}
"""Tables of a comparison with draws, beside those of every comparison."""

COMPARISON_TABLES = {**TABLES, "comparison.csv": COMPARISON, "tradeoff.csv": TRADEOFF}
"""Tables of a comparison."""

SITE_TABLES = {"site_runs.parquet": SITE_RUNS, "sites.csv": SITES}
"""Tables of any run folder beside an inventory."""

DRAW_SITE_TABLES = {**SITE_TABLES, "draw_sites.parquet": DRAW_SITES}
"""Tables of a run folder with draws beside an inventory."""

ALL_TABLES = {**COMPARISON_TABLES, **VERDICT_TABLES, **DRAW_SITE_TABLES}
"""Tables of any run folder."""

KEYS = {
    "curves.parquet": ("strategy", "replicate", "t_s", "metric", "provider", "sector", "role"),
    "bands.parquet": ("strategy", "t_s", "metric", "provider", "sector", "role"),
    "businesses.parquet": ("strategy", "replicate", "business"),
    "entries.parquet": ("strategy", "replicate", "entry", "prefix"),
    "summary.csv": ("strategy", "metric"),
    "groups.csv": ("strategy", "by", "group", "metric"),
    "money.csv": ("strategy", "method", "scope"),
    "providers.csv": ("strategy", "provider", "metric"),
    "expected_names.csv": ("strategy", "provider"),
    "measures.parquet": ("strategy", "replicate", "metric"),
    "losses.parquet": ("strategy", "replicate", "quantity", "first_index", "second_index"),
    "hits.parquet": ("strategy", "replicate", "by", "group", "metric"),
    "nothing.parquet": ("strategy", "replicate", "what"),
    "comparison.csv": ("strategy", "metric"),
    "tradeoff.csv": ("strategy", "efficacy_metric", "collateral_metric"),
    "draw_values.parquet": ("draw", "unknown", "part"),
    "draw_measures.parquet": ("draw", "strategy", "replicate", "metric"),
    "draw_curves.parquet": ("draw", "strategy", "replicate", "t_s", "metric"),
    "uncertainty.csv": ("strategy", "metric"),
    "verdicts.csv": ("metric", "strategy", "other"),
    "regrets.csv": ("metric", "strategy"),
    "site_runs.parquet": ("strategy", "replicate", "business", "operator"),
    "draw_sites.parquet": ("draw", "strategy", "replicate", "site"),
    "sites.csv": ("strategy", "site", "operator"),
}
"""Columns that identify a row of a table. Events have none: two may be alike."""
