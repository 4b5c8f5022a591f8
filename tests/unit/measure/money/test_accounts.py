"""The money of a whole experiment, as files and lines."""

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sim.catalogue.measures import OF_DEMAND, OF_HOSTING
from sim.measure.money.accounts import BY_HOST, IN_PROPORTION, MODELLED, NATIONAL_METHODS, SHUTDOWN
from sim.measure.money.losses import loss_totals
from sim.measure.money.pricing import (
    MONEY_METRICS,
    NAMED_BUSINESSES,
    NAMED_LOSS,
    draw_parameters,
    drawn,
    firm_parameters,
    highest_level,
    modelled_revenue_usd_per_year,
    price_run,
    warnings_of_revenue,
)
from sim.results.schema import MONEY
from sim.scenario.resolve import Resolved
from sim.statistics.designs import triangular_quantile, triangular_share
from sim.streams import Streams
from sim.world.build import build_world
from tests.borrowed import BORROW
from tests.csv_rows import csv_rows
from tests.experiments import resolved_of, run_experiment, simulated

OVERRIDES = ["population.n_businesses=40", "end=2018-04-26T00:00+03:00"]
OF_REACTIONS = ("response_cost_usd", "provider_loss_usd", "domestic_gain_usd")
"""Measures of what nobody does in the replay."""


def resolved_with(*overrides):
    return resolved_of("telegram-2018-replay", [*OVERRIDES, *overrides])


def run_into(folder, *overrides, n_replicates=2, root_seed=3):
    resolved = resolved_with(*overrides)
    return run_experiment(resolved, root_seed=root_seed, n_replicates=n_replicates, folder=folder)


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    return run_into(tmp_path_factory.mktemp("run") / "out")


@pytest.fixture(scope="module")
def nothing_blocked(tmp_path_factory):
    return run_into(tmp_path_factory.mktemp("run") / "none", "strategy={id: none}")


def summary_of(run):
    return {line.metric: line for line in run.lines["summary"]}


def test_money_lines_end_the_summary(experiment):
    rows = csv_rows(experiment.folder / "summary.csv")
    rows_by = csv_rows(experiment.folder / "groups.csv")
    assert not {*OF_REACTIONS, NAMED_LOSS} & {row["metric"] for row in (*rows, *rows_by)}
    money = [metric for metric in MONEY_METRICS if metric not in OF_REACTIONS]
    assert [row["metric"] for row in rows][-len(money) :] == money
    by_metric = {row["metric"]: row for row in rows}
    gross = by_metric["gross_loss_usd"]
    assert 0 < float(gross["low"]) < float(gross["median"]) < float(gross["high"])
    assert (gross["unit"], gross["denominator_unit"]) == ("USD", OF_DEMAND)
    # The same demand at the tables' revenue goes by another name.
    assert by_metric["demand_lost_share"]["denominator_unit"] not in {OF_DEMAND, OF_HOSTING}
    assert float(gross["high"]) < 5 * float(by_metric["demand_lost_share"]["denominator"])
    assert by_metric["private_loss_usd"]["published"] == "1000000000"


def test_every_method_has_its_row_and_its_formula(experiment):
    rows = csv_rows(experiment.folder / "money.csv")
    assert list(rows[0]) == [column.name for column in MONEY]
    national = [(method.id, method.formula) for method in NATIONAL_METHODS]
    for scope in (IN_PROPORTION, SHUTDOWN):
        assert [(r["method"], r["formula"]) for r in rows if r["scope"] == scope] == national
    modelled = [row for row in rows if row["scope"] == MODELLED]
    assert [row["method"] for row in modelled] == [
        "overblock_private_loss",
        "overblock_net_social_loss",
    ]
    assert all(row["formula"] for row in modelled)
    assert all(float(row["low"]) <= float(row["median"]) <= float(row["high"]) for row in rows)
    assert {(row["duration_d"], row["n_simulations"]) for row in rows} == {("10.0", "2")}


def test_the_two_files_agree(experiment):
    summary = {row["metric"]: row for row in csv_rows(experiment.folder / "summary.csv")}
    methods = {row["method"]: row for row in csv_rows(experiment.folder / "money.csv")}
    for name in ("private_loss", "net_social_loss"):
        for cell in ("median", "low", "high"):
            assert summary[f"{name}_usd"][cell] == methods[f"overblock_{name}"][cell]


def test_the_national_rows_take_the_share_of_demand_that_was_lost(experiment):
    summary = summary_of(experiment)
    shares = {line.scope: line.share_affected for line in experiment.lines["money"]}
    assert shares[IN_PROPORTION] == pytest.approx(summary["demand_lost_share"].median)
    assert shares[SHUTDOWN] == 1
    assert math.isnan(shares[MODELLED])


MIGRATION = "domestic-migration"


@pytest.fixture(scope="module")
def migration(tmp_path_factory):
    overrides = ["population.n_businesses=150", "end=2018-07-16T00:00+03:00"]
    return run_experiment(
        resolved_of(MIGRATION, overrides),
        root_seed=3,
        n_replicates=1,
        folder=tmp_path_factory.mktemp("run") / "migration",
    )


def test_providers_losses_and_gains_add_up_to_those_of_all(migration):
    rows = [r for r in csv_rows(migration.folder / "groups.csv") if r["by"] == BY_HOST]
    assert len(rows) == 2 * 21
    side = {row.provider: row.side for row in resolved_of(MIGRATION).hosting.rows}
    summary = summary_of(migration)

    def total(metric, *sides):
        found = [r for r in rows if r["metric"] == metric and side[r["group"]] in sides]
        assert len(found) > 2
        return sum(float(row["median"]) for row in found)

    # The median of one simulation is its value, so that medians add up.
    loss, gain = (summary[name] for name in ("provider_loss_usd", "domestic_gain_usd"))
    assert loss.median > 0
    assert total("provider_loss_usd", "foreign", "domestic") == pytest.approx(loss.median)
    assert total("provider_gain_usd", "domestic") == pytest.approx(gain.median)
    of = {(row["group"], row["metric"]): float(row["median"]) for row in rows}
    named = [of[provider, "provider_loss_usd"] for provider in ("AWS", "Google Cloud")]
    assert min(named) > 0
    assert summary[NAMED_LOSS].median == pytest.approx(sum(named))
    assert 0 < summary[NAMED_LOSS].median < loss.median
    assert summary[NAMED_LOSS].published == "1000000000"
    # Those gain whom the article of 2018 names.
    for provider in ("Mail.Ru Group", "Microsoft", "Rostelecom", "Yandex"):
        assert of[provider, "provider_gain_usd"] > 0
    for row in rows:
        assert (row["low"], row["high"]) == ("", "")
        assert float(row["denominator"]) == pytest.approx(loss.denominator)
        assert (row["unit"], row["denominator_unit"]) == ("USD", OF_HOSTING)


def test_the_published_400_stands_beside_businesses_at_the_providers_it_names(migration):
    summary = summary_of(migration)
    named, every = summary[NAMED_BUSINESSES], summary["businesses_ever_affected"]
    assert (named.published, every.published) == ("400", "")
    assert 0 < named.median < every.median
    assert named.denominator < every.denominator


def test_dearer_responses_cost_more_and_nothing_else_moves():
    """The column ``cost_usd`` of the response table prices responses, each its own."""
    overrides = ["population.n_businesses=60", "end=2018-05-16T00:00+03:00"]
    resolved = resolved_of("telegram-2018", overrides)
    found = []
    for factor in (1.0, 3.0):
        rows = tuple(
            row.model_copy(update={"cost_usd": factor * row.cost_usd})
            for row in resolved.responses.rows
        )
        dearer = replace(resolved, responses=replace(resolved.responses, rows=rows))
        streams = Streams(3, 0)
        world, outcome = simulated(dearer, streams)
        found.append(price_run(dearer, streams, loss_totals(world, outcome)).money)
    cheap, dear = found
    labour = cheap.response_cost_usd - cheap.double_hosting_usd
    assert (labour > 0).all()
    assert dear.response_cost_usd == pytest.approx(3 * labour + cheap.double_hosting_usd)
    moved = {"response_cost_usd", "private_loss_usd", "net_social_loss_usd"}
    for metric in set(MONEY_METRICS) - moved:
        assert getattr(dear, metric).tolist() == getattr(cheap, metric).tolist(), metric


def test_the_strategy_changes_no_draw(experiment, nothing_blocked):
    """With nothing blocked, the rows of a total shutdown are the same to the last digit."""
    runs = (experiment, nothing_blocked)
    shutdown, without = (
        [(m.method, m.median, m.low, m.high) for m in run.lines["money"] if m.scope == SHUTDOWN]
        for run in runs
    )
    assert shutdown == without
    assert len({summary_of(run)["gross_loss_usd"].denominator for run in runs}) == 1


def test_nothing_blocked_is_zero_money_by_every_method(nothing_blocked):
    summary = summary_of(nothing_blocked)
    lines = [summary[metric] for metric in MONEY_METRICS if metric not in OF_REACTIONS]
    n = len(lines)
    lines += [one for one in nothing_blocked.lines["money"] if one.scope != SHUTDOWN]
    assert {one.scope for one in lines[n:]} == {MODELLED, IN_PROPORTION}
    assert {(line.median, line.low, line.high) for line in lines} == {(0, 0, 0)}


def test_a_table_of_ones_own_prices_the_run(tmp_path):
    table = resolved_with().money_parameters
    lines = table.data.decode().replace("revenue_level,,,1,0.2,5", "revenue_level,,,4,4,4")
    (tmp_path / "prices.csv").write_text(lines, encoding="utf-8")
    own = run_into(tmp_path / "own", f"money.parameters={tmp_path / 'prices.csv'}")
    summary = summary_of(own)
    demand = summary["demand_lost_share"].denominator
    assert summary["gross_loss_usd"].denominator == pytest.approx(4 * demand)


@pytest.mark.laws
def test_methods_whose_constants_a_country_lacks_are_left_out(tmp_path):
    austrian = "money.economy=economy-austria-2022", "country=AT"
    run = run_into(tmp_path / "out", *austrian, BORROW, n_replicates=1)
    methods = {row["method"] for row in csv_rows(run.folder / "money.csv")}
    assert methods == {"oecd_2011", "overblock_private_loss", "overblock_net_social_loss"}


@pytest.mark.laws
@pytest.mark.parametrize(
    "override", ["country=KZ", "country=off", "money.economy=economy-spain-2026"]
)
def test_no_countrys_losses_are_priced_by_anothers_economy(tmp_path, experiment, override):
    run = run_into(tmp_path / "out", override, BORROW, n_replicates=1)
    rows = csv_rows(run.folder / "money.csv")
    assert {row["method"].split("_")[0] for row in rows} == {"overblock"}
    ours = [row for row in experiment.lines["money"] if row.method.startswith("overblock_")]
    assert len(rows) == len(ours)
    (said,) = [one for one in run.manifest["warnings"] if "national methods" in one]
    # A country without an economy of its own takes nobody's.
    why = "no economy is named" if override == "country=KZ" else "economy-"
    assert said.startswith(f"losses by national methods are not computed: {why}")
    assert not any("national methods" in one for one in experiment.manifest["warnings"])


# Revenue cannot exceed the country's Internet economy.


LUCK = Streams(5, 0)


def scenario(n_businesses: int, name: str = "telegram-2018") -> Resolved:
    return resolved_of(name, [f"population.n_businesses={n_businesses}"])


def levels(resolved: Resolved, n: int = 4000) -> np.ndarray:
    return draw_parameters(resolved, LUCK, n).revenue_level[:, 0]


def unbounded(resolved: Resolved, n: int = 4000) -> np.ndarray:
    sectors = [row.sector for row in resolved.sectors.rows]
    rows = resolved.money_parameters.rows
    return firm_parameters(rows, sectors, drawn(LUCK, n)).revenue_level[:, 0]


def test_modelled_revenue_is_that_of_a_world():
    resolved = scenario(50_000)
    revenue = build_world(resolved, LUCK).businesses.revenue_usd_per_h
    expected = modelled_revenue_usd_per_year(resolved) / (365.25 * 24)
    # Standard error of the sum of that many lognormal numbers.
    assert abs(revenue.sum() - expected) < 4 * revenue.std() * math.sqrt(revenue.size)


def test_a_thousand_businesses_stay_below_the_bound():
    resolved = scenario(1000)
    assert highest_level(resolved) > 5
    assert_array_equal(levels(resolved), unbounded(resolved))


def test_no_draw_breaks_the_bound_and_the_others_keep_their_distribution():
    resolved = scenario(2000)
    (high,) = [row.high for row in resolved.economy.rows if row.key.startswith("internet_economy")]
    found, free = levels(resolved, 20_000), unbounded(resolved, 20_000)
    revenue = found * modelled_revenue_usd_per_year(resolved)
    assert revenue.max() <= high
    assert revenue.max() > 0.97 * high
    # Without the bound some do.
    is_impossible = free > highest_level(resolved)
    assert is_impossible.mean() > 0.005
    # Impossible draws drawn again leave the distribution of those that are possible.
    shares = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
    assert np.quantile(found, shares) == pytest.approx(
        np.quantile(free[~is_impossible], shares), rel=0.02
    )


@pytest.mark.parametrize(("name", "n"), [("austria-2022", 100_000), ("telegram-2018", 10_000_000)])
def test_without_the_figure_and_where_nothing_is_possible_there_is_no_bound(name, n):
    assert math.isinf(highest_level(scenario(n, name)))


def test_revenue_above_the_bound_at_every_level_is_warned_of():
    assert warnings_of_revenue(scenario(2000)) == []
    # 60.8 billion over 0.2 times 8.3 million each: some 39,000 businesses.
    assert warnings_of_revenue(scenario(35_000)) == []
    (said,) = warnings_of_revenue(scenario(45_000))
    assert "more than the Internet economy of economy-russia-2018" in said


def test_the_share_up_to_a_value_is_that_of_its_quantile():
    u = np.linspace(0, 1, 21)
    values = triangular_quantile(u, -2.0, 0.5, 1.0)
    found = [triangular_share(float(value), -2.0, 0.5, 1.0) for value in values]
    assert found == pytest.approx(u.tolist())
    assert (triangular_share(-3, -2, 0, 1), triangular_share(2, -2, 0, 1)) == (0, 1)
