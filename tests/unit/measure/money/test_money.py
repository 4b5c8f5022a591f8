"""Lost demand to money: closed forms by hand, a slow second computation, and laws."""

import itertools
import math
from dataclasses import fields, replace

import numpy as np
import pytest

from sim.engine.state.ledger import SPELL_NAMES
from sim.measure.money.accounts import money_measures
from sim.measure.money.losses import LossTotals, Moves, add_up
from sim.measure.money.pricing import (
    MONEY_METRICS,
    ParameterDraws,
    drawn,
    firm_parameters,
    money_of,
    provider_money,
)
from sim.streams import Streams
from tests.firms import (
    DURATION_H,
    IS_DOMESTIC,
    N_CLASSES,
    Loser,
    Path,
    businesses_of,
    central,
    ledger_of,
    lost_in,
    moves_along,
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
        "response_cost_level": [[1.0]],
        "dual_running_months": [[2.0]],
    } | changes
    return ParameterDraws(**{key: np.array(value) for key, value in values.items()})


def totals_of(losers: list[Loser], moves: Moves, sectors: tuple[str, ...] = SECTORS) -> LossTotals:
    demand_h = np.full(len(losers), DURATION_H)
    return add_up(businesses_of(losers, sectors), ledger_of(losers), moves, demand_h, DURATION_H)


def money(*losers: Loser, moves: Moves | None = None, parameters: ParameterDraws | None = None):
    still = moves_along([((0.0, 0),)] * len(losers))
    totals = totals_of(list(losers), moves or still, ("shops",))
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


def test_private_and_net_social_loss_by_hand():
    result = money(Loser(domestic_usd_per_h=100, lost_h=lost_in("under_1_h", 0.5), affected_h=0.5))
    # No one leaves after an hour. Of 25 gross a fifth is lost for good, a quarter of it to rivals.
    assert result.private_loss_usd == pytest.approx(5)
    assert result.transfers_to_rivals_usd == pytest.approx(1.25)
    assert result.net_social_loss_usd == pytest.approx(3.75)


MONTHLY = 0.02 * 50 * 730
"""Hosting of a business that earns 50 USD an hour, at the plain parameters."""


def test_a_response_costs_its_labour_and_double_hosting_where_a_provider_is_left():
    # A month and half a month: shorter than two months after the move, so the run's end holds.
    half_month = plain_parameters(dual_running_months=[[0.5]])
    path = ((0.0, 0), (DURATION_H - 730, 2))
    moves = moves_along([path], [1234.0])
    for parameters, months in ((half_month, 0.5), (plain_parameters(), 1.0)):
        result = money(Loser(revenue_usd_per_h=50), moves=moves, parameters=parameters)
        assert result.double_hosting_usd == pytest.approx(months * MONTHLY)
        assert result.response_cost_usd == pytest.approx(1234 + months * MONTHLY)
        assert result.private_loss_usd == result.response_cost_usd
        assert not result.transfers_to_rivals_usd.any()
        # The provider that was left is paid on; only then it loses.
        assert result.provider_loss_usd == pytest.approx((1 - months) * MONTHLY)
        assert not result.domestic_gain_usd.any()


def test_what_rounding_leaves_is_no_loss():
    """All who leave are paid on to the end: the sums are equal, in another sequence."""
    rng = np.random.default_rng(0)
    losers = [Loser(revenue_usd_per_h=float(one)) for one in rng.lognormal(3, 1.5, 60)]
    last_h = rng.uniform(1, 600, 60).tolist()
    paths = [((0.0, 0), (DURATION_H - one, 2 - row % 2)) for row, one in enumerate(last_h)]
    parameters = plain_parameters(hosting_spend_share=[[0.0213]], revenue_level=[[1.37]])
    result = money(*losers, moves=moves_along(paths), parameters=parameters)
    assert result.double_hosting_usd > 1
    assert not result.provider_loss_usd.any()
    totals = totals_of(losers, moves_along(paths), ("shops",))
    assert not provider_money(totals, parameters).loss_usd.any()


def test_who_comes_back_is_not_paid_twice():
    parameters = plain_parameters(dual_running_months=[[0.5]])
    moves = moves_along([((0.0, 0), (100.0, 2), (200.0, 0))])
    result = money(Loser(revenue_usd_per_h=50), moves=moves, parameters=parameters)
    hour = 0.02 * 50
    # 100 h at both, then the second is paid on for half a month; the first has lost nothing.
    assert result.double_hosting_usd == pytest.approx(hour * (100 + 365))
    assert not result.provider_loss_usd.any()
    providers = provider_money(
        totals_of([Loser(revenue_usd_per_h=50)], moves, ("shops",)), parameters
    )
    assert providers.gain_usd[0] == pytest.approx([0, 0, hour * (100 + 365), 0])


def test_the_level_of_revenue_scales_all_money_but_labour():
    loser = Loser(lost_h=lost_in("3_d_to_14_d", 50), affected_h=100, revenue_usd_per_h=120)
    moves = moves_along([((0.0, 0), (100.0, 3))], [1000.0])
    half_month = {"dual_running_months": [[0.5]]}
    once = money(loser, moves=moves, parameters=plain_parameters(**half_month))
    parameters = plain_parameters(revenue_level=[[3.0]], **half_month)
    thrice = money(loser, moves=moves, parameters=parameters)
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


def population(n: int) -> tuple[list[Loser], list[Path], list[float]]:
    """Losers, whom each paid when, and what its responses cost."""
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
    paths: list[Path] = []
    for _ in range(n):
        hours = np.rint(np.sort(rng.random(int(rng.integers(0, 4)))) * DURATION_H * 8) / 8
        providers = rng.integers(0, len(IS_DOMESTIC), hours.size).tolist()
        first = int(rng.integers(0, 2))
        paths.append(((0.0, first), *zip(hours.tolist(), providers, strict=True)))
    return losers, paths, rng.exponential(3000, n).tolist()


def paid_h(path: Path, months: float) -> tuple[list[float], list[float]]:
    """Hours for which each provider was paid, and those of them that were paid twice."""
    step_h = 0.125  # a grid finer than any path: its hours are rounded to it
    once, twice = [0.0] * len(IS_DOMESTIC), [0.0] * len(IS_DOMESTIC)
    for number in range(round(DURATION_H / step_h)):
        hour = (number + 0.5) * step_h
        turn = max(row for row, (from_h, _) in enumerate(path) if from_h <= hour)
        once[path[turn][1]] += step_h
        left = {
            path[row][1]
            for row in range(turn)
            if path[row + 1][1] != path[row][1] and hour - path[row + 1][0] < months * 730
        }
        for provider in left - {path[turn][1]}:
            twice[provider] += step_h
    return once, twice


def one_business(loser: Loser, path: Path, labour: float, p: dict[str, float]):
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
    first, at_home = path[0][1], IS_DOMESTIC.index(True)
    once, twice = paid_h(path, p["dual_running_months"])
    hosting = p["hosting_spend_share"] * p["revenue_level"] * loser.revenue_usd_per_h
    response = p["response_cost_level"] * labour + hosting * sum(twice)
    private = gross - recaptured + churn + response
    return {
        "gross_loss_usd": gross,
        "recaptured_usd": recaptured,
        "churn_usd": churn,
        "response_cost_usd": response,
        "private_loss_usd": private,
        "transfers_to_rivals_usd": transfers,
        "net_social_loss_usd": private - transfers,
        "provider_loss_usd": hosting * (DURATION_H - once[first] - twice[first]),
        "domestic_gain_usd": hosting * (once[at_home] + twice[at_home]),
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


@pytest.mark.laws
def test_sums_by_sector_and_class_give_what_every_business_gives_on_its_own():
    losers, paths, labour = population(40)
    parameters = firm_parameters(ROWS, SECTORS, drawn(Streams(9, 0), 3))
    # Weeks instead of months, for so short a run, on the grid that the second computation walks.
    months = np.rint(parameters.dual_running_months / 4 * 730 * 8) / 8 / 730
    parameters = replace(parameters, dual_running_months=months)
    result = money_of(totals_of(losers, moves_along(paths, labour)), parameters)
    for draw in range(3):
        expected = dict.fromkeys(MONEY_METRICS, 0.0)
        for loser, path, cost in zip(losers, paths, labour, strict=True):
            alone = one_business(loser, path, cost, cell(parameters, draw, loser.sector_row))
            for metric in MONEY_METRICS:
                expected[metric] += alone[metric]
        for metric in MONEY_METRICS:
            found = float(getattr(result, metric)[draw].sum())
            assert found == pytest.approx(expected[metric], rel=1e-9), metric
            assert found > 0, metric


def test_money_moved_is_nobodys_gain_twice_and_nobodys_loss_unpaid():
    losers, paths, labour = population(80)
    parameters = firm_parameters(ROWS, SECTORS, drawn(Streams(9, 0)))
    totals = totals_of(losers, moves_along(paths, labour))
    result = money_of(totals, parameters)
    # Every dollar of demand lost or gone later is kept, at rivals, or lost to all: once.
    lost_to_all = result.net_social_loss_usd - result.response_cost_usd
    shared_out = result.recaptured_usd + result.transfers_to_rivals_usd + lost_to_all
    assert np.allclose(shared_out, result.gross_loss_usd + result.churn_usd)
    for part in (result.recaptured_usd, result.transfers_to_rivals_usd, lost_to_all):
        assert (part >= 0).all()
    assert (result.transfers_to_rivals_usd <= result.private_loss_usd).all()
    # Providers together gain what businesses pay twice, to the cent: all else is moved.
    providers = provider_money(totals, parameters)
    gain, loss = providers.gain_usd.sum(axis=1), providers.loss_usd.sum(axis=1)
    assert np.allclose(gain - loss, result.double_hosting_usd.sum(axis=1), rtol=1e-9)
    assert (result.double_hosting_usd > 0).all()
    # What is said of all providers is the sum of what is said of each.
    assert np.allclose(loss, result.provider_loss_usd.sum(axis=1), rtol=1e-9)
    at_home = providers.gain_usd[:, list(IS_DOMESTIC)].sum(axis=1)
    assert np.allclose(at_home, result.domestic_gain_usd.sum(axis=1), rtol=1e-9)
    for part in (providers.loss_usd, providers.gain_usd):
        assert (part >= 0).all()
    # Providers' money and rivals' money are different money: neither enters the other.
    nobody = moves_along([path[:1] for path in paths])
    still = money_of(totals_of(losers, nobody), parameters)
    assert np.array_equal(still.transfers_to_rivals_usd, result.transfers_to_rivals_usd)
    assert np.allclose(
        still.private_loss_usd, result.private_loss_usd - result.response_cost_usd, rtol=1e-9
    )
    assert not still.provider_loss_usd.any()


def test_a_sale_made_up_for_later_is_no_rivals_sale():
    parameters = plain_parameters(
        recaptured_share=[[(1.0,) * 6]], leaving_share=[[(0.0,) * 6]], transfer_share=[[(1.0,) * 6]]
    )
    result = money(Loser(lost_h=lost_in("3_d_to_14_d", 50), affected_h=90), parameters=parameters)
    assert (result.recaptured_usd > 0).all()
    assert not result.transfers_to_rivals_usd.any()
    assert not result.net_social_loss_usd.any()


def test_draws_of_prices_lie_on_both_sides_of_the_central_ones():
    losers, paths, labour = population(60)
    totals = totals_of(losers, moves_along(paths, labour))
    at_center = money_of(totals, firm_parameters(ROWS, SECTORS, central))
    draws = money_of(totals, firm_parameters(ROWS, SECTORS, drawn(Streams(2, 0))))
    for metric in MONEY_METRICS:
        value = float(getattr(at_center, metric).sum())
        low, high = np.quantile(getattr(draws, metric).sum(axis=1), [0.05, 0.95])
        assert low < value < high, metric


def test_measures_are_means_over_draws_out_of_the_mean_of_the_whole():
    loser = Loser(lost_h=lost_in("over_14_d", 300), affected_h=600)
    drawn = money(loser, parameters=plain_parameters(revenue_level=[[1.0], [5.0]]))
    found = money_measures(drawn, has_reactions=True)
    measures = {measure.metric: measure for measure in found}
    assert list(measures) == list(MONEY_METRICS)
    unmoved = {one.metric for one in money_measures(drawn, has_reactions=False)}
    of_reactions = {"response_cost_usd", "provider_loss_usd", "domestic_gain_usd"}
    assert unmoved == {*MONEY_METRICS} - of_reactions
    gross = measures["gross_loss_usd"]
    assert gross.value == pytest.approx(0.5 * 100 * 300 * 3)
    assert gross.denominator == pytest.approx(100 * 1000 * 3)
    assert gross.denominator_unit == "USD of domestic demand, at drawn revenue levels"
    # Providers' money is out of what businesses spend on hosting, from all their customers.
    for metric in ("provider_loss_usd", "domestic_gain_usd"):
        assert measures[metric].denominator == pytest.approx(0.02 * 100 * 1000 * 3)
        unit = "USD of hosting spending, at drawn revenue levels"
        assert measures[metric].denominator_unit == unit
