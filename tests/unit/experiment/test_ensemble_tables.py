"""Every number over simulations, recomputed from the tables of single ones in plain Python.

Quantiles are those of `percentiles`: Hyndman and Fan's definitions 7 and 1.
"""

import json
import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sim.catalogue.choices import KEY_FIGURES, OF_SAMPLE, RATIOS
from sim.experiment.pipeline import carry_out
from sim.experiment.plan import Plan
from sim.experiment.runs import Runs
from sim.results.folder import open_run
from sim.scenario.variants import choose_variants
from tests.csv_rows import csv_rows
from tests.experiments import percentiles, resolved_of
from tests.sites import TABLES, resolved

pytestmark = pytest.mark.laws

N = 7
Values = dict[tuple[Any, ...], dict[int, tuple[Any, ...]]]
"""Cells of single simulations, by key and number of the simulation."""


@pytest.fixture(scope="module")
def chase(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chase in which nothing is denied to the target's users in some simulations."""
    short = ["population.n_businesses=40", "end=2018-04-16T20:00+03:00"]
    return made(tmp_path_factory, resolved_of("telegram-2018", short), ["escalate", "exact"])


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five named sites; orders throttle, so that a drawn share of attempts fails."""
    folder = tmp_path_factory.mktemp("tables")
    orders = tuple(
        f"{line},{'mechanism' if row == 0 else 'throttle'}"
        for row, line in enumerate(TABLES["strategy.orders"])
    )
    prices = tuple(
        line.replace("1.0,1.0,1.0", "1.0,0.2,5.0") if line.startswith("revenue_level") else line
        for line in TABLES["money.parameters"]
    )
    scenario = resolved(folder, {"strategy.orders": orders, "money.parameters": prices})
    return made(tmp_path_factory, scenario, ["replay"])


def made(tmp: pytest.TempPathFactory, scenario: Any, strategies: list[str]) -> Path:
    variants, baseline = choose_variants(scenario, strategies)
    plan = Plan.of_comparison(scenario, variants, baseline, (), 7, 2).with_ensemble(
        {"n_members": N, "is_conditioned": False}
    )
    return carry_out(Runs(plan), folder=tmp.mktemp("made") / "out").folder


@pytest.fixture(params=["chase", "sites"])
def folder(request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(request.param)


def spread(values: Iterable[float | None]) -> list[float]:
    """Median, 5th and 95th percentile of what is known."""
    known = [value for value in values if value is not None]
    return [*percentiles(known)] if known else [math.nan] * 3


def rows_of(folder: Path, name: str) -> list[dict[str, str]]:
    return csv_rows(folder / f"{name}.csv")


def single(folder: Path, table: str, keys: Sequence[str], cells: str, where: str = "") -> Values:
    """Rows of single simulations, by key and simulation."""
    names = ", ".join(f'"{key}"' for key in keys)
    query = f"SELECT {names}, replicate, {cells} FROM '{folder}/{table}.parquet' {where}"
    found: Values = defaultdict(dict)
    for row in duckdb.sql(query).fetchall():
        found[row[: len(keys)]][row[len(keys)]] = row[len(keys) + 1 :]
    return found


def numbers(row: dict[str, str], *names: str) -> list[float]:
    return [float(row[name] or "nan") for name in names]


def same(found: Sequence[float], expected: Sequence[float]) -> bool:
    return found == pytest.approx(expected, rel=1e-11, abs=1e-12, nan_ok=True)


def measures(folder: Path) -> Values:
    return single(folder, "measures", ("strategy", "metric"), "value, denominator")


def shown(
    held: Values, strategy: str, found: list[float], units: tuple[str, str] | None = None
) -> list[float]:
    """A spread as it is printed: a zero is not known where none of a sample was hit.

    Businesses themselves are a sample of all, so that a zero of a number or a share of them is
    known wherever one could have been hit: its bound is printed beside it.
    """
    n_drawn = statistics.median(
        of for _, of in held[strategy, "businesses_expected_listed"].values()
    )
    listed = [held[strategy, f"{of}_listed_peak"].values() for of in ("addresses", "networks")]
    is_missed = (
        n_drawn > 0
        and any(value for found in listed for value, _ in found)
        and not any(
            spread(value for value, _ in held[strategy, "businesses_ever_affected"].values())
        )
    )
    expected = [value for value, _ in held[strategy, "businesses_expected_listed"].values()]
    is_bounded = units is not None and units[0] == units[1] and any(spread(expected))
    return [math.nan] * 3 if is_missed and not is_bounded and not any(found) else found


def shown_measure(held: Values, row: dict[str, str], found: list[float]) -> list[float]:
    """The same of a measure, which may be of no sample; a ratio has no bound."""
    metric = row["metric"]
    if metric in RATIOS:
        return shown(held, row["strategy"], found) if RATIOS[metric].above in OF_SAMPLE else found
    is_share = metric == "businesses_ever_impaired_share"
    units = ("", "") if is_share else (row["unit"], row["denominator_unit"])
    return shown(held, row["strategy"], found, units) if metric in OF_SAMPLE else found


def test_the_summary(folder):
    held, rows = measures(folder), rows_of(folder, "summary")
    assert len(rows) == len(held) > 70
    n_known, n_missed = set(), 0
    for row in rows:
        of_row = held[row["strategy"], row["metric"]]
        assert list(of_row) == list(range(N))
        known = [(value, of) for value, of in of_row.values() if value is not None]
        found = spread(value for value, _ in known)
        found = shown_measure(held, row, found)
        assert same(numbers(row, "median", "low", "high"), found)
        assert same(numbers(row, "denominator"), spread(of for _, of in known)[:1])
        is_missed = math.isnan(found[0])
        n_missed += is_missed and bool(known)
        assert (row["n_simulations"], int(row["n_known"])) == (
            str(N),
            0 if is_missed else len(known),
        )
        n_known.add(len(known))
    if ("exact", "orders_placed") in held:
        assert len(n_known) > 2, "a ratio is known in some"
        assert n_missed > 10, "no business was hit by single addresses"


def test_the_groups(folder):
    keys = ("strategy", "by", "group", "metric")
    held = single(
        folder, "hits", keys, "value, denominator", "WHERE \"by\" <> 'method'"
    )  # fmt: skip
    rows, of_all = rows_of(folder, "groups"), measures(folder)
    assert len(rows) == len(held) > 30
    for row in rows:
        found = held[tuple(row[key] for key in keys)]
        # Who is not there counts none of none.
        pairs = [found.get(number, (0.0, 0.0)) for number in range(N)]
        expected = shown(of_all, row["strategy"], spread(value for value, _ in pairs))
        assert same(numbers(row, "median", "low", "high"), expected)
        assert same(numbers(row, "denominator"), spread(of for _, of in pairs)[:1])


def test_the_money(folder):
    keys = ("strategy", "by", "group", "metric")
    held = single(folder, "hits", keys, "value, denominator")
    rows, of_all = rows_of(folder, "money"), measures(folder)
    assert {row["scope"] for row in rows} >= {"modelled businesses"}
    for row in rows:
        found = held[row["strategy"], "method", f"{row['method']}/{row['scope']}",
                     "method_loss_usd"]  # fmt: skip
        expected = shown(of_all, row["strategy"], spread(value for value, _ in found.values()))
        assert same(numbers(row, "median", "low", "high"), expected)
        shares = [share for _, share in found.values()]
        assert same(numbers(row, "share_affected"), spread(shares)[:1])
    # The firm-level methods are measures as well, simulation by simulation.
    for (strategy, metric), of in measures(folder).items():
        if metric in ("private_loss_usd", "net_social_loss_usd"):
            name = f"overblock_{metric.removesuffix('_usd')}/modelled businesses"
            mine = held[strategy, "method", name, "method_loss_usd"]
            assert {row: cells[0] for row, cells in mine.items()} == {
                row: cells[0] for row, cells in of.items()
            }


def test_the_comparison_and_the_verdicts(folder):
    held, baseline = measures(folder), "none"
    scenario = json.loads((folder / "scenario.resolved.json").read_text(encoding="utf-8"))
    has_drawn = scenario["population"]["n_businesses"] > 0

    def is_sample(metric: str) -> bool:
        is_ratio = metric in RATIOS and RATIOS[metric].above in OF_SAMPLE
        return has_drawn and (metric in OF_SAMPLE or is_ratio)

    def differences(metric: str, one: str, other: str) -> list[float]:
        pairs = zip(held[one, metric].values(), held[other, metric].values(), strict=True)
        # Where neither strategy hits any of a sample, it does not show how they differ.
        return [
            # Rounding is no difference.
            0.0 if math.isclose(a, b, rel_tol=1e-9) else a - b
            for (a, _), (b, _) in pairs
            if a is not None and b is not None and not (is_sample(metric) and a == b == 0)
        ]

    rows = rows_of(folder, "comparison")
    assert len(rows) == len(held)
    for row in rows:
        metric, strategy = row["metric"], row["strategy"]
        values = [value for value, _ in held[strategy, metric].values()]
        expected = shown_measure(held, row, spread(values))
        assert same(numbers(row, "median", "low", "high"), expected)
        found = numbers(row, "difference", "difference_low", "difference_high")
        shares = numbers(row, "share_less", "share_more")
        if strategy == baseline:
            assert all(map(math.isnan, (*found, *shares)))
            continue
        of = differences(metric, strategy, baseline)
        # Those that are left were chosen by their harm.
        is_chosen = is_sample(metric) and len(of) < 0.95 * N
        assert same(found, [math.nan] * 3 if is_chosen else spread(of))
        if of:
            expected = [sum(one < 0 for one in of) / N, sum(one > 0 for one in of) / N]
            assert same(shares, expected)
    for row in rows_of(folder, "verdicts"):
        values = [[value for value, _ in held[row[label], row["metric"]].values()]
                  for label in ("strategy", "other")]  # fmt: skip
        counts = [int(row[f"n_{name}"]) for name in ("less", "equal", "more", "not_known")]
        assert sum(counts) == int(row["n_simulations"]) == N
        pairs = [(a, b) for a, b in zip(*values, strict=True) if None not in (a, b)]
        assert counts[0] <= sum(a < b for a, b in pairs)
        assert counts[2] <= sum(a > b for a, b in pairs)
        if counts[3] == 0:
            found = numbers(row, "difference", "difference_low", "difference_high")
            assert same(found, spread(a - b for a, b in pairs))


def test_the_sites(sites):
    columns = ("affected_h", "impaired_h", "down_h", "lost_demand_h", "loss_usd", "visits_lost")
    held = single(sites, "site_runs", ("strategy", "site", "operator"), ", ".join(columns))
    rows = rows_of(sites, "sites")
    assert len(rows) == len(held)
    assert {row["strategy"] for row in rows} == {"none", "replay"}
    n_wide = 0
    for row in rows:
        found = held[row["strategy"], row["site"], row["operator"] or None]
        for column, name in enumerate(columns):
            cells = [found.get(number, (0.0,) * 4 + (None,) * 2)[column] for number in range(N)]
            ends = numbers(row, name, f"{name}_low", f"{name}_high")
            assert same(ends, spread(cells)), (row["site"], row["operator"], name)
            n_wide += ends[1] < ends[2]
        n_affected = sum(found.get(number, (0.0,))[0] > 0 for number in range(N))
        assert (int(row["n_affected"]), row["n_simulations"]) == (n_affected, str(N))
    assert n_wide > 10
    # Losses of sites are those of the businesses that they are.
    whole = measures(sites)["replay", "private_loss_usd"]
    for number in range(N):
        losses = [held["replay", row["site"], None][number][4] for row in rows
                  if (row["strategy"], row["operator"]) == ("replay", "")]  # fmt: skip
        assert sum(losses) == pytest.approx(whole[number][0], rel=1e-9)


def test_the_typical_simulation_is_nearest_to_the_medians(folder):
    run, held = open_run(folder), measures(folder)
    for label in run.strategies:
        named = [held[label, name] for name in KEY_FIGURES if (label, name) in held]
        assert named

        def off(number: int, named: Sequence[dict[int, tuple[Any, ...]]] = tuple(named)) -> float:
            """Mean distance of its ranks from the middle one, as a share of all."""
            found = []
            for of in named:
                known = [value for value, _ in of.values() if value is not None]
                value = of[number][0]
                below = sum(one < value for one in known) if value is not None else 0
                equal = sum(one == value for one in known) / 2 if value is not None else 0
                place = (below + equal) / len(known) if value is not None else 0.0
                found.append(abs(place - 0.5))
            return statistics.fmean(found)

        typical = run.manifest["typical"][label]
        assert off(typical) <= min(map(off, range(N))) + 1e-12, label
