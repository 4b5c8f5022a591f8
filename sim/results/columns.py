"""The tables of a run folder, column by column, with units.

One list per table: the writer, the Data Package description and the documentation read the same.
They stand in one file, long as it is, since a reader looks a column up without knowing its table.
"""

from dataclasses import dataclass

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


_STRATEGY = Column("strategy", "string", "", "Identifier of the strategy")
_REPLICATE = Column("replicate", "integer", "", "Index of luck, from 0")
_T = Column("t_s", "integer", "s", "Seconds since the scenario's start")
_TIME = Column("time_utc", "datetime", "", "The same as a point in time, UTC")

CURVES = (
    _STRATEGY,
    _REPLICATE,
    _T,
    _TIME,
    Column("metric", "string", "", "Name of the measure"),
    Column("provider", "string", "", "Provider it is about; missing where it is about all"),
    Column("sector", "string", "", "Sector it is about; missing where it is about all"),
    Column("role", "string", "", "Role it is about; missing where it is about all"),
    Column("value", "number", "by metric", "Value from this time on, until the series' next row"),
    Column(
        "denominator",
        "number",
        "by metric",
        "What the value is out of: businesses of the group, or their demand in USD/h; missing for "
        "addresses",
    ),
)

BANDS = (
    _STRATEGY,
    _T,
    _TIME,
    Column("metric", "string", "", "Name of the measure, as in curves.parquet"),
    Column("provider", "string", "", "Provider it is about; missing where it is about all"),
    Column("sector", "string", "", "Sector it is about; missing where it is about all"),
    Column("role", "string", "", "Role it is about; missing where it is about all"),
    Column(
        "mean",
        "number",
        "by metric",
        "Mean over replicates of what their curves hold at this moment",
    ),
    Column("low", "number", "by metric", "5th percentile; missing with one replicate"),
    Column("high", "number", "by metric", "95th percentile; missing with one replicate"),
    Column("level", "number", "share", "Share of replicates between low and high"),
    Column(
        "n_replicates",
        "integer",
        "replicates",
        "Replicates that have this curve: of a share, those in which the group is not empty",
    ),
    Column(
        "denominator",
        "number",
        "by metric",
        "What the value is out of (mean over replicates); missing for addresses",
    ),
)

BUSINESSES = (
    _STRATEGY,
    _REPLICATE,
    Column("business", "integer", "", "Row of the business in the population, from 0"),
    Column("sector", "string", "", "Sector"),
    Column("provider", "string", "", "Provider of the front end"),
    Column("region", "string", "", "Region of the front end"),
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
    Column("is_affected_at_end", "boolean", "", "Whether a spell was running when the run ended"),
    *(
        Column(f"n_responses_{name}", "integer", "responses", f"Responses completed: {name}")
        for name in RESPONSES
    ),
)

EVENTS = (
    _STRATEGY,
    _REPLICATE,
    _T,
    _TIME,
    Column(
        "kind",
        "string",
        "",
        "block, unblock: an order; published: a version of the register; downloaded: by an "
        "operator; enforced, released: an operator starts and stops enforcing an entry; rented, "
        "discovered, evicted: a front of the target; stance: a provider changes its stance; "
        "responded, moved: a business; complained, exempted: a business by name; readdressed: a "
        "component of a business comes to other addresses; public_event: one that "
        "raises attention",
    ),
    Column("operator", "string", "", "Operator group; missing where none is concerned"),
    Column(
        "entry",
        "integer",
        "",
        "Row of the register entry; missing where none is concerned",
        can_miss=True,
    ),
    Column(
        "front",
        "integer",
        "",
        "Row of the target's front; missing where none is concerned",
        can_miss=True,
    ),
    Column("address", "string", "", "Address of that front; missing where none is concerned"),
    Column(
        "business",
        "integer",
        "",
        "Row of the business; missing where none is concerned",
        can_miss=True,
    ),
    Column(
        "provider",
        "string",
        "",
        "Provider; where a business moved, the one that hosts it from then on; missing where none "
        "is concerned",
    ),
    Column("stance", "string", "", "Stance that provider takes; missing where none is taken"),
    Column(
        "public_event",
        "integer",
        "",
        "Row of the public event in the scenario's table, from 0; missing where none is concerned",
        can_miss=True,
    ),
)

ENTRIES = (
    _STRATEGY,
    _REPLICATE,
    Column("entry", "integer", "", "Row of the register entry, from 0 in the order of placing"),
    Column("mechanism", "string", "", "drop, throttle, name or exempt"),
    Column("prefix", "string", "", "One prefix of the entry; a name has none and no row"),
)

SUMMARY = (
    _STRATEGY,
    Column("metric", "string", "", "Name of the measure"),
    Column("unit", "string", "", "Unit of the measure"),
    Column(
        "mean",
        "number",
        "by metric",
        "Mean over replicates; of a ratio, the sum above over the sum below, missing only where "
        "the sum below is zero",
    ),
    Column(
        "median",
        "number",
        "by metric",
        "Median over replicates; missing if a replicate is not known",
    ),
    Column("low", "number", "by metric", "Lower end of the interval; missing with one replicate"),
    Column("high", "number", "by metric", "Upper end of the interval; missing with one replicate"),
    Column(
        "level",
        "number",
        "share",
        "Share of replicates between low and high; for money, of draws of all replicates; for a "
        "ratio, nominal coverage of its BCa interval over replicates",
    ),
    Column("n_replicates", "integer", "replicates", "Replicates summarised"),
    Column("denominator", "number", "by metric", "What the value is out of (mean over replicates)"),
    Column("denominator_unit", "string", "", "Unit of the denominator"),
    Column(
        "published", "string", "", "Published figure it stands beside; missing where there is none"
    ),
    Column("published_source", "string", "", "Where that figure was published"),
)

GROUPS = (
    _STRATEGY,
    Column("by", "string", "", "What the groups are of: sector, provider, region or operator"),
    Column(
        "group",
        "string",
        "",
        "Name of the group: sector; provider of the front end at t = 0, or provider/region; "
        "operator",
    ),
    Column(
        "metric",
        "string",
        "",
        "businesses_ever_affected, _impaired, _down; by operator businesses_ever_hit: an address "
        "in use at t = 0 was dropped or throttled there",
    ),
    Column("unit", "string", "", "Unit of the count"),
    Column("mean", "number", "businesses", "Mean over replicates"),
    Column("median", "number", "businesses", "Median over replicates"),
    Column("low", "number", "businesses", "5th percentile; missing with one replicate"),
    Column("high", "number", "businesses", "95th percentile; missing with one replicate"),
    Column("level", "number", "share", "Share of replicates between low and high"),
    Column("n_replicates", "integer", "replicates", "Replicates summarised"),
    Column(
        "denominator",
        "number",
        "businesses",
        "Businesses of the group, by operator all (mean over replicates)",
    ),
    Column("denominator_unit", "string", "", "Unit of the denominator"),
)

MONEY = (
    _STRATEGY,
    Column("method", "string", "", "Name of the method"),
    Column(
        "scope",
        "string",
        "",
        "Whose loss: of the modelled businesses; of the country, if all of it lost the same share "
        "of demand; of the country, shut down",
    ),
    Column("formula", "string", "", "What the method computes; docs/explanation/money.md"),
    Column("unit", "string", "", "Unit of mean, median, low, high"),
    Column("mean", "number", "USD", "Mean over draws and replicates"),
    Column("median", "number", "USD", "Median over draws and replicates"),
    Column("low", "number", "USD", "5th percentile; missing with fewer than two draws"),
    Column("high", "number", "USD", "95th percentile; missing with fewer than two draws"),
    Column("level", "number", "share", "Share of draws of all replicates between low and high"),
    Column("n_draws", "integer", "draws", "Draws of all parameters in each replicate"),
    Column("n_replicates", "integer", "replicates", "Replicates summarised"),
    Column("duration_d", "number", "d", "Length of the run"),
    Column(
        "share_affected",
        "number",
        "share",
        "Share of users or demand that the formula takes (mean over replicates); missing where it "
        "takes none",
    ),
    Column("published", "string", "USD", "Published figure beside it; missing where there is none"),
    Column("published_note", "string", "", "Unit of that figure, and how it is to be read"),
)

PROVIDERS = (
    _STRATEGY,
    Column("provider", "string", "", "Provider"),
    Column("side", "string", "", "foreign or domestic"),
    Column(
        "metric",
        "string",
        "",
        "provider_loss_usd: spending of the provider's first customers that went elsewhere, less "
        "what they still paid it; provider_gain_usd: spending of customers who began with others",
    ),
    Column("unit", "string", "", "Unit of mean, median, low, high"),
    Column("mean", "number", "USD", "Mean over draws and replicates; means add up over providers"),
    Column("median", "number", "USD", "Median over draws and replicates"),
    Column("low", "number", "USD", "5th percentile; missing with fewer than two draws"),
    Column("high", "number", "USD", "95th percentile; missing with fewer than two draws"),
    Column("level", "number", "share", "Share of draws of all replicates between low and high"),
    Column("n_draws", "integer", "draws", "Draws of all parameters in each replicate"),
    Column("n_replicates", "integer", "replicates", "Replicates summarised"),
    Column(
        "denominator",
        "number",
        "USD",
        "Hosting spending of all businesses over the run, had nobody moved (mean over draws)",
    ),
    Column("denominator_unit", "string", "", "Unit of the denominator"),
    Column("published", "string", "", "What was published of the gain; missing where nothing was"),
)

MEASURES = (
    _STRATEGY,
    _REPLICATE,
    Column("metric", "string", "", "Name of the measure"),
    Column("unit", "string", "", "Unit of the measure"),
    Column(
        "value",
        "number",
        "by metric",
        "The measure of this run, for money the mean over draws; missing when not known",
    ),
    Column("denominator", "number", "by metric", "What the value is out of; missing if of nothing"),
    Column("denominator_unit", "string", "", "Unit of the denominator"),
)

LOSSES = (
    _STRATEGY,
    _REPLICATE,
    Column(
        "quantity",
        "string",
        "",
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
    _STRATEGY,
    _REPLICATE,
    Column("by", "string", "", "What the groups are of: sector, provider, region or operator"),
    Column("group", "string", "", "Name of the group, as in groups.csv"),
    Column("metric", "string", "", "What is counted, as in groups.csv"),
    Column("unit", "string", "", "Unit of the count"),
    Column("value", "number", "businesses", "The count of this run"),
    Column("denominator", "number", "businesses", "Businesses of the group, by operator all"),
)

NOTHING = (
    _STRATEGY,
    _REPLICATE,
    Column("what", "string", "", "What the run did not do: order, hit, or deny users anything"),
    Column("why", "string", "", "What that comes of"),
)

COMPARISON = (
    Column("strategy", "string", "", "Label of the strategy"),
    Column("metric", "string", "", "Name of the measure"),
    Column("unit", "string", "", "Unit of the measure"),
    Column("n_replicates", "integer", "replicates", "Replicates of this strategy"),
    Column(
        "mean",
        "number",
        "by metric",
        "Mean over replicates; missing if any is not known; of a ratio, the sum above over the sum "
        "below",
    ),
    Column("median", "number", "by metric", "Median over replicates"),
    Column("low", "number", "by metric", "Lower end of the share 'level' of replicates"),
    Column("high", "number", "by metric", "Upper end of the share 'level' of replicates"),
    Column("level", "number", "share", "Share of replicates between low and high"),
    Column("mean_low", "number", "by metric", "Lower end of the BCa interval of the mean"),
    Column("mean_high", "number", "by metric", "Upper end of the BCa interval of the mean"),
    Column("baseline", "string", "", "Label of the strategy that differences are taken to"),
    Column(
        "difference",
        "number",
        "by metric",
        "Mean over replicates of this strategy less the baseline; missing for the baseline",
    ),
    Column("difference_low", "number", "by metric", "Lower end of its BCa interval"),
    Column("difference_high", "number", "by metric", "Upper end of its BCa interval"),
    Column(
        "difference_t_low",
        "number",
        "by metric",
        "Lower end of its Student-t interval; missing for a ratio",
    ),
    Column(
        "difference_t_high",
        "number",
        "by metric",
        "Upper end of its Student-t interval; missing for a ratio",
    ),
    Column(
        "p_value",
        "number",
        "",
        "Two-sided paired t test of no difference; missing where all replicates differ alike, and "
        "for a ratio",
    ),
    Column("p_holm", "number", "", "The same, corrected by Holm over all rows that have one"),
    Column("confidence", "number", "share", "Nominal coverage of the BCa and t intervals"),
    Column("denominator", "number", "by metric", "What the value is out of (mean over replicates)"),
    Column("denominator_unit", "string", "", "Unit of the denominator"),
)

TRADEOFF = (
    Column("strategy", "string", "", "Label of the strategy"),
    Column("efficacy_metric", "string", "", "Measure of what the target lost"),
    Column("efficacy", "number", "by metric", "Its mean over replicates"),
    Column("efficacy_low", "number", "by metric", "Lower end of its BCa interval"),
    Column("efficacy_high", "number", "by metric", "Upper end of its BCa interval"),
    Column(
        "collateral_metric",
        "string",
        "",
        "Measure of what others lost: a row for each strategy and kind of harm. Money is its "
        "mean over draws in each replicate, so that the interval spans luck alone",
    ),
    Column("collateral", "number", "by metric", "Its mean over replicates"),
    Column("collateral_low", "number", "by metric", "Lower end of its BCa interval"),
    Column("collateral_high", "number", "by metric", "Upper end of its BCa interval"),
    Column(
        "collateral_per_efficacy",
        "number",
        "by metric",
        "Mean collateral over mean efficacy; missing where there is no effect",
    ),
    Column("ratio_low", "number", "by metric", "Lower end of its BCa interval"),
    Column("ratio_high", "number", "by metric", "Upper end of its BCa interval"),
    Column(
        "is_dominated",
        "boolean",
        "",
        "Whether another strategy is as good in both means and better in one; missing if not known",
    ),
    Column("dominated_by", "string", "", "The strongest that dominates it; missing if none does"),
    Column("is_on_frontier", "boolean", "", "Whether none dominates it; missing if not known"),
    Column(
        "share_of_draws_on_frontier",
        "number",
        "share",
        "Share of bootstrap draws of the replicates in which none dominates it",
    ),
    Column("n_draws", "integer", "draws", "Bootstrap draws"),
    Column("n_replicates", "integer", "replicates", "Replicates that all strategies share"),
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
    "measures.parquet": MEASURES,
    "losses.parquet": LOSSES,
    "hits.parquet": HITS,
    "nothing.parquet": NOTHING,
}
"""Tables of every run folder, by file name."""

COMPARISON_TABLES = {**TABLES, "comparison.csv": COMPARISON, "tradeoff.csv": TRADEOFF}
"""Tables of a comparison."""

KEYS = {
    "curves.parquet": ("strategy", "replicate", "t_s", "metric", "provider", "sector", "role"),
    "bands.parquet": ("strategy", "t_s", "metric", "provider", "sector", "role"),
    "businesses.parquet": ("strategy", "replicate", "business"),
    "entries.parquet": ("strategy", "replicate", "entry", "prefix"),
    "summary.csv": ("strategy", "metric"),
    "groups.csv": ("strategy", "by", "group", "metric"),
    "money.csv": ("strategy", "method", "scope"),
    "providers.csv": ("strategy", "provider", "metric"),
    "measures.parquet": ("strategy", "replicate", "metric"),
    "losses.parquet": ("strategy", "replicate", "quantity", "first_index", "second_index"),
    "hits.parquet": ("strategy", "replicate", "by", "group", "metric"),
    "nothing.parquet": ("strategy", "replicate", "what"),
    "comparison.csv": ("strategy", "metric"),
    "tradeoff.csv": ("strategy", "efficacy_metric", "collateral_metric"),
}
"""Columns that name a row of a table. Events have none: two may be alike."""
