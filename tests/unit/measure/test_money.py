"""Lost demand to money: closed forms by hand, a slow second computation, and laws."""

import itertools
import math
from dataclasses import fields, replace

import numpy as np
import pytest

from sim.engine.ledger import SPELL_NAMES
from sim.measure.losses import Moves, add_up
from sim.measure.money import MONEY_METRICS, money_of, summarise_money
from sim.measure.money_parameters import ParameterDraws, central, drawn, firm_parameters
from sim.scenario.tables import FigureRow
from sim.streams import Streams
from tests.firms import (
    N_CLASSES,
    Loser,
    businesses_of,
    ledger_of,
    lost_in,
    shipped_money_parameters,
)

ROWS = shipped_money_parameters().rows
SECTORS = ("e-commerce", "gaming", "brochure")


def plain_parameters(**changes: object) -> ParameterDraws:
    """One draw, one sector, round numbers."""
    by_class = (0.8, 0.7, 0.6, 0.5, 0.2, 0.1)
    values: dict[str, object] = {
        "revenue_level": [[1.0]],
        "sensitivity": [[0.5]],
        "recaptured_share": [[by_class]],
        "leaving_share": [[(0.0, 0.01, 0.02, 0.05, 0.1, 0.2)]],
        "recovery_time_d": [[10.0]],
        "churn_window_d": [[20.0]],
        "transfer_share": [[(0.25,) * 6]],
        "hosting_spend_share": [[0.02]],
        "migration_labour_usd": [[1000.0]],
        "dual_running_months": [[2.0]],
    } | changes
    return ParameterDraws(**{key: np.array(value) for key, value in values.items()})


def money(*losers: Loser, moves: Moves | None = None, parameters: ParameterDraws | None = None):
    n = len(losers)
    totals = add_up(
        businesses_of(losers, ("shops",)),
        ledger_of(losers),
        moves or Moves.none(n),
        np.full(n, 1000.0),
    )
    return money_of(totals, parameters or plain_parameters())


def test_gross_loss_and_recapture_by_hand():
    result = money(
        Loser(domestic_usd_per_h=100, lost_h=lost_in("1_d_to_3_d", 40), affected_h=40),
        Loser(domestic_usd_per_h=10, lost_h=lost_in("over_14_d", 300), affected_h=600),
    )
    assert result.gross_loss_usd == pytest.approx(0.5 * (4000 + 3000))
    assert result.recaptured_usd == pytest.approx(0.5 * (0.5 * 4000 + 0.1 * 3000))


def test_churn_by_hand():
    # Half of 10 USD an hour met an outage of over 14 days, a fifth of it left; it comes back with
    # 10 days' time constant and is missed for 20 days: 240 h * (1 - e^-2).
    result = money(Loser(domestic_usd_per_h=10, lost_h=lost_in("over_14_d", 300), affected_h=600))
    assert result.churn_usd == pytest.approx(0.5 * 0.2 * 5 * 240 * (1 - math.exp(-2)))


def test_churn_is_the_integral_of_those_who_have_not_returned():
    loser = Loser(domestic_usd_per_h=10, lost_h=lost_in("over_14_d", 300), affected_h=600)
    hours = (np.arange(480_000) + 0.5) / 1000
    recovery = 1 - np.exp(-hours / 240)
    missed_h = float((1 - recovery).sum() / 1000)
    assert money(loser).churn_usd == pytest.approx(0.5 * 0.2 * 5 * missed_h, rel=1e-6)


def test_private_and_net_social_loss_by_hand():
    result = money(Loser(domestic_usd_per_h=100, lost_h=lost_in("under_1_h", 0.5), affected_h=0.5))
    # No one leaves after an hour. Of 25 gross a fifth is lost for good, a quarter of it to rivals.
    assert result.private_loss_usd == pytest.approx(5)
    assert result.transfers_to_rivals_usd == pytest.approx(1.25)
    assert result.net_social_loss_usd == pytest.approx(3.75)


def test_demand_lost_below_the_threshold_counts_with_the_shortest_spells():
    below = money(Loser(below_h=3))
    short = money(Loser(lost_h=lost_in("under_1_h", 3), affected_h=6))
    assert below.private_loss_usd == short.private_loss_usd
    assert below.private_loss_usd > 0


def test_moves_cost_labour_and_double_hosting_and_move_spending():
    moves = Moves(np.array([3]), np.array([730.0]), np.array([365.0]))
    result = money(Loser(revenue_usd_per_h=50), moves=moves)
    monthly = 0.02 * 50 * 730
    assert result.response_cost_usd == pytest.approx(3 * (1000 + 2 * monthly))
    assert result.private_loss_usd == result.response_cost_usd
    assert not result.transfers_to_rivals_usd.any()
    assert result.provider_loss_usd == pytest.approx(monthly)
    assert result.domestic_gain_usd == pytest.approx(monthly / 2)


def test_the_level_of_revenue_scales_all_money_but_labour():
    loser = Loser(lost_h=lost_in("3_d_to_14_d", 50), affected_h=100, revenue_usd_per_h=120)
    moves = Moves(np.array([1]), np.array([100.0]), np.array([50.0]))
    once = money(loser, moves=moves)
    thrice = money(loser, moves=moves, parameters=plain_parameters(revenue_level=[[3.0]]))
    for column in fields(once):
        if column.name != "response_cost_usd":
            before, after = getattr(once, column.name), getattr(thrice, column.name)
            assert after == pytest.approx(3 * before), column.name
            assert (before > 0).all(), column.name
    assert thrice.response_cost_usd - 1000 == pytest.approx(3 * (once.response_cost_usd - 1000))


@pytest.mark.parametrize("n_draws", [1, 50])
def test_zero_lost_demand_is_exactly_zero_money(n_draws):
    parameters = firm_parameters(ROWS, ("e-commerce",), drawn(Streams(1, 0), n_draws))
    result = money(Loser(), Loser(domestic_usd_per_h=1e9), parameters=parameters)
    for metric in MONEY_METRICS:
        assert not getattr(result, metric).any(), metric


def test_the_same_demand_lost_in_longer_spells_costs_more():
    parameters = firm_parameters(ROWS, ("e-commerce",), drawn(Streams(1, 0), 50))
    losses = [
        money(Loser(lost_h=lost_in(name, 10), affected_h=20), parameters=parameters)
        for name in SPELL_NAMES
    ]
    for shorter, longer in itertools.pairwise(losses):
        assert (longer.gross_loss_usd == shorter.gross_loss_usd).all()
        assert (longer.recaptured_usd < shorter.recaptured_usd).all()
        assert (longer.private_loss_usd > shorter.private_loss_usd).all()


def population(n: int) -> tuple[list[Loser], Moves]:
    rng = np.random.default_rng(4)
    losers = []
    for _ in range(n):
        lost = rng.exponential(20, N_CLASSES) * (rng.random(N_CLASSES) < 0.4)
        value = float(round(rng.lognormal(5, 1), 6))
        losers.append(
            Loser(
                sector_row=int(rng.integers(len(SECTORS))),
                domestic_usd_per_h=value,
                revenue_usd_per_h=value * 1.2,
                below_h=float(rng.exponential(1)),
                lost_h=tuple(lost.tolist()),
                affected_h=float(round(lost.sum() * rng.uniform(0.8, 5))),
            )
        )
    away = rng.exponential(200, n)
    return losers, Moves(rng.integers(0, 3, n), away, away * rng.random(n))


def one_business(loser: Loser, moves: tuple[float, float, float], p: dict[str, float]):
    """Second computation, business by business and spell class by spell class."""
    price = p["revenue_level"] * p["sensitivity"]
    gross = recaptured = transfers = 0.0
    for c in range(N_CLASSES):
        lost_h = loser.lost_h[c] + (loser.below_h if c == 0 else 0.0)
        lost = price * loser.domestic_usd_per_h * lost_h
        gross += lost
        recaptured += p[f"recaptured_share{c}"] * lost
        transfers += p[f"transfer_share{c}"] * lost * (1 - p[f"recaptured_share{c}"])
    churn = 0.0
    in_spells = sum(loser.lost_h)
    if in_spells > 0:
        longest = max(c for c in range(N_CLASSES) if loser.lost_h[c] > 0)
        met = min(1.0, in_spells / (round(loser.affected_h * 3600) / 3600))
        stay_away_h = (
            24 * p["recovery_time_d"] * (1 - math.exp(-p["churn_window_d"] / p["recovery_time_d"]))
        )
        left = p[f"leaving_share{longest}"] * met
        churn = price * loser.domestic_usd_per_h * left * stay_away_h
        transfers += p[f"transfer_share{longest}"] * churn
    n_moves, away_h, domestic_h = moves
    hosting = p["hosting_spend_share"] * p["revenue_level"] * loser.revenue_usd_per_h
    response = n_moves * (p["migration_labour_usd"] + p["dual_running_months"] * 730 * hosting)
    private = gross - recaptured + churn + response
    return {
        "gross_loss_usd": gross,
        "recaptured_usd": recaptured,
        "churn_usd": churn,
        "response_cost_usd": response,
        "private_loss_usd": private,
        "transfers_to_rivals_usd": transfers,
        "net_social_loss_usd": private - transfers,
        "provider_loss_usd": hosting * away_h,
        "domestic_gain_usd": hosting * domestic_h,
    }


def cell(parameters: ParameterDraws, draw: int, sector: int) -> dict[str, float]:
    """All parameters of one draw and sector as plain numbers."""
    plain: dict[str, float] = {}
    for column in fields(parameters):
        values = getattr(parameters, column.name)[draw]
        values = values[min(sector, len(values) - 1)]
        if values.ndim:
            plain |= {f"{column.name}{c}": float(value) for c, value in enumerate(values)}
        else:
            plain[column.name] = float(values)
    return plain


def test_sums_by_sector_and_class_give_what_every_business_gives_on_its_own():
    losers, moves = population(60)
    parameters = firm_parameters(ROWS, SECTORS, drawn(Streams(9, 0), 7))
    totals = add_up(businesses_of(losers, SECTORS), ledger_of(losers), moves, np.ones(len(losers)))
    result = money_of(totals, parameters)
    for draw in range(7):
        expected = dict.fromkeys(MONEY_METRICS, 0.0)
        for row, loser in enumerate(losers):
            moved = tuple(float(getattr(moves, f.name)[row]) for f in fields(moves))
            alone = one_business(loser, moved, cell(parameters, draw, loser.sector_row))
            for metric in MONEY_METRICS:
                expected[metric] += alone[metric]
        for metric in MONEY_METRICS:
            found = float(getattr(result, metric)[draw].sum())
            assert found == pytest.approx(expected[metric], rel=1e-9), metric
            assert found > 0, metric


def test_money_moved_is_nobodys_gain_twice():
    losers, moves = population(80)
    parameters = firm_parameters(ROWS, SECTORS, drawn(Streams(9, 0)))
    totals = add_up(businesses_of(losers, SECTORS), ledger_of(losers), moves, np.ones(len(losers)))
    result = money_of(totals, parameters)
    # Every dollar of demand lost or gone later is kept, at rivals, or lost to all: once.
    lost_to_all = result.net_social_loss_usd - result.response_cost_usd
    shared_out = result.recaptured_usd + result.transfers_to_rivals_usd + lost_to_all
    assert np.allclose(shared_out, result.gross_loss_usd + result.churn_usd)
    for part in (result.recaptured_usd, result.transfers_to_rivals_usd, lost_to_all):
        assert (part >= 0).all()
    assert (result.transfers_to_rivals_usd <= result.private_loss_usd).all()
    # A dollar that leaves a provider arrives at a domestic one or at another foreign one.
    assert (result.domestic_gain_usd <= result.provider_loss_usd).all()
    # Providers' money and rivals' money are different money: neither enters the other.
    still = money_of(
        add_up(
            businesses_of(losers, SECTORS),
            ledger_of(losers),
            replace(moves, away_h=moves.away_h * 0, domestic_h=moves.domestic_h * 0),
            np.ones(len(losers)),
        ),
        parameters,
    )
    for metric in ("transfers_to_rivals_usd", "private_loss_usd", "net_social_loss_usd"):
        assert np.array_equal(getattr(still, metric), getattr(result, metric))
    assert not still.provider_loss_usd.any()


def test_a_sale_made_up_for_later_is_no_rivals_sale():
    parameters = plain_parameters(
        recaptured_share=[[(1.0,) * 6]], leaving_share=[[(0.0,) * 6]], transfer_share=[[(1.0,) * 6]]
    )
    result = money(Loser(lost_h=lost_in("3_d_to_14_d", 50), affected_h=90), parameters=parameters)
    assert (result.recaptured_usd > 0).all()
    assert not result.transfers_to_rivals_usd.any()
    assert not result.net_social_loss_usd.any()


def test_money_over_sectors_is_the_sum_of_the_sectors():
    losers, moves = population(20)
    totals = add_up(businesses_of(losers, SECTORS), ledger_of(losers), moves, np.ones(20))
    result = money_of(totals, firm_parameters(ROWS, SECTORS, drawn(Streams(9, 0), 5)))
    whole = result.over_sectors()
    for metric in MONEY_METRICS:
        assert getattr(whole, metric).shape == (5, 1)
        assert np.allclose(getattr(whole, metric)[:, 0], getattr(result, metric).sum(axis=1))


def test_the_range_contains_the_value_at_the_central_parameters():
    losers, moves = population(60)
    totals = add_up(businesses_of(losers, SECTORS), ledger_of(losers), moves, np.ones(len(losers)))
    at_center = money_of(totals, firm_parameters(ROWS, SECTORS, central))
    draws = money_of(totals, firm_parameters(ROWS, SECTORS, drawn(Streams(2, 0))))
    for line in summarise_money("s", [draws]):
        value = float(getattr(at_center, line.metric).sum())
        assert line.low < value < line.high, line.metric
        assert line.low < line.median < line.high, line.metric


def test_summary_lines_carry_unit_denominator_interval_and_published_figure():
    loser = Loser(lost_h=lost_in("over_14_d", 300), affected_h=600)
    replicates = [
        money(loser, parameters=plain_parameters(revenue_level=[[level], [3 * level]]))
        for level in (1.0, 2.0)
    ]
    figure = FigureRow(id="f", value="7", unit="USD", metric="gross_loss_usd", source="a paper")
    lines = {line.metric: line for line in summarise_money("replay", replicates, [figure])}
    assert list(lines) == list(MONEY_METRICS)
    gross = lines["gross_loss_usd"]
    unit = 0.5 * 100 * 300
    assert (gross.strategy, gross.unit, gross.n_replicates) == ("replay", "USD", 2)
    assert gross.mean == pytest.approx(unit * 3)  # levels 1, 3, 2, 6
    assert gross.median == pytest.approx(unit * 2.5)
    assert (gross.low, gross.high) == pytest.approx((unit * 1.15, unit * 5.55))
    assert gross.denominator == pytest.approx(100 * 1000 * 3)
    assert (gross.published, gross.published_source) == ("7", "a paper")
    assert lines["private_loss_usd"].published == ""


@pytest.mark.parametrize("n_replicates", [1, 3])
def test_with_one_draw_the_interval_is_not_known(n_replicates):
    loser = Loser(lost_h=lost_in("over_14_d", 300), affected_h=600)
    for line in summarise_money("s", [money(loser)] * n_replicates):
        assert math.isnan(line.low), line.metric
        assert math.isnan(line.high), line.metric
        assert not math.isnan(line.median), line.metric


def test_with_no_draw_nothing_is_known():
    parameters = firm_parameters(ROWS, ("e-commerce",), drawn(Streams(1, 0), 0))
    for line in summarise_money("s", [money(Loser(below_h=1), parameters=parameters)]):
        assert all(map(math.isnan, (line.mean, line.median, line.low, line.high, line.denominator)))


def test_zero_loss_has_an_interval_of_zero_width():
    parameters = firm_parameters(ROWS, ("e-commerce",), drawn(Streams(1, 0), 20))
    for line in summarise_money("s", [money(Loser(), parameters=parameters)]):
        assert (line.mean, line.low, line.high) == (0, 0, 0)
