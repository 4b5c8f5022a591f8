"""Users are counted once, and money moved is nobody's gain twice."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from sim.engine.eventlog import Kind
from sim.engine.record.outcome import Outcome
from sim.measure.money.losses import LossTotals, loss_totals
from sim.measure.money.pricing import (
    MoneyDraws,
    ParameterDraws,
    drawn,
    firm_parameters,
    money_of,
    provider_money,
)
from sim.streams import Streams
from tests.chases import HORIZON_S, STRATEGIES, chase_world, run
from tests.firms import shipped_money_parameters
from tests.worlds import ABROAD, AT_HOME, HOUR, SmallWorld

pytestmark = pytest.mark.laws

every_strategy = pytest.mark.parametrize("name", sorted(STRATEGIES))


# Money.


@cache
def outcome_of(name: str) -> Outcome:
    return run(chase_world(13), STRATEGIES[name])


def priced(small: SmallWorld, outcome: Outcome) -> tuple[LossTotals, ParameterDraws]:
    """Sums and prices of one run; the firms stand for sectors of the shipped table in turn."""
    world, rows = small.world(), shipped_money_parameters().rows
    sectors = sorted({row.sector for row in rows if row.sector})
    names = [sectors[row % len(sectors)] for row in range(len(small.firms))]
    totals = loss_totals(world, outcome)
    return totals, firm_parameters(rows, names, drawn(Streams(1, 0), 50))


def money(small: SmallWorld, outcome: Outcome) -> MoneyDraws:
    return money_of(*priced(small, outcome))


Path = list[tuple[int, int]]
"""From which second on one firm paid which provider."""


def payees(small: SmallWorld, outcome: Outcome) -> list[Path]:
    """Whom each firm paid, told from its responses, not its moves."""
    names = list(small.world().places.provider)
    return [_payees(small, outcome, row, names) for row in range(len(small.firms))]


def _payees(small: SmallWorld, outcome: Outcome, row: int, names: list[str]) -> Path:
    log = outcome.events
    moved_s = log.t_s[(log.kind == Kind.MOVED) & (log.business_row == row)].tolist()
    moving = [
        response.leads_to(turn)
        for turn, response in enumerate(small.firms[row].responses)
        if response.kind != "wait"
    ]
    path = [(0, 0)]
    for t_s, name in zip(moved_s, moving, strict=False):
        path.append((t_s, names.index(name) if name else path[-1][1]))
    return path


def hours_paid(paths: list[Path], n_providers: int, months: float) -> tuple[np.ndarray, np.ndarray]:
    """Hours for which each firm paid each provider as its host, and after it had left it."""
    once, twice = np.zeros((2, len(paths), n_providers))
    for row, path in enumerate(paths):
        for turn, (from_s, payee) in enumerate(path):
            rest = path[turn + 1 :]
            to_s = rest[0][0] if rest else HORIZON_S
            once[row, payee] += (to_s - from_s) / HOUR
            if rest and rest[0][1] != payee:
                back = [t_s for t_s, other in rest if other == payee]
                most_h = (min([*back, HORIZON_S]) - to_s) / HOUR
                twice[row, payee] += min(most_h, months * 730)
    return once, twice


@every_strategy
def test_every_hour_paid_is_paid_by_one_business_to_one_provider(name):
    small = chase_world(13)
    outcome = outcome_of(name)
    totals, parameters = priced(small, outcome)
    found, of_providers = money_of(totals, parameters), provider_money(totals, parameters)
    world = small.world()
    revenue = world.businesses.revenue_usd_per_h
    at_home = np.array([provider == AT_HOME for provider in world.places.provider])
    share = (parameters.revenue_level * parameters.hosting_spend_share)[:, 0]
    paths, n_providers = payees(small, outcome), len(world.places.provider)
    for draw, months in enumerate(parameters.dual_running_months[:, 0].tolist()):
        once, twice = hours_paid(paths, n_providers, months)
        np.testing.assert_allclose(once.sum(axis=1), HORIZON_S / HOUR)
        usd = share[draw] * revenue
        # The bill of each business: its hosting as ever, and what it pays twice.
        double = found.double_hosting_usd[draw]
        np.testing.assert_allclose(double, usd * twice.sum(axis=1), atol=1e-9)
        # What each provider is paid, less what it would have been, is its gain or its loss.
        paid = usd @ (once + twice)
        before = np.zeros_like(paid)
        before[0] = (usd * HORIZON_S / HOUR).sum()
        net = of_providers.gain_usd[draw] - of_providers.loss_usd[draw]
        np.testing.assert_allclose(net, paid - before, rtol=1e-9, atol=1e-7)
        np.testing.assert_allclose(net.sum(), double.sum(), rtol=1e-9, atol=1e-7)
        # And the sums over providers are what is said of all of them.
        np.testing.assert_allclose(
            of_providers.loss_usd[draw].sum(), found.provider_loss_usd[draw].sum(), atol=1e-7
        )
        np.testing.assert_allclose(
            of_providers.gain_usd[draw, at_home].sum(), found.domestic_gain_usd[draw].sum()
        )
    assert not of_providers.gain_usd[:, 0].any()
    assert not of_providers.loss_usd[:, 1:].any()


def test_in_these_worlds_businesses_move_and_first_providers_lose():
    small = chase_world(13)
    names = small.world().places.provider
    paths = [payees(small, outcome_of(name)) for name in STRATEGIES]
    hours = sum(hours_paid(path, len(names), 0.1)[0].sum(axis=0) for path in paths)
    for name in (AT_HOME, *ABROAD[:2]):
        assert hours[names.index(name)] > 0
    found = [money(small, outcome_of(name)) for name in STRATEGIES]
    assert sum(float(one.double_hosting_usd.sum()) for one in found) > 0
    cheap = replace(
        priced(small, outcome_of("provider"))[1], dual_running_months=np.full((50, 1), 0.01)
    )
    totals, _ = priced(small, outcome_of("provider"))
    assert (money_of(totals, cheap).provider_loss_usd.sum(axis=1) > 0).all()


@every_strategy
def test_net_social_loss_is_private_loss_less_transfers(name):
    found = money(chase_world(13), outcome_of(name))
    private = (
        found.gross_loss_usd - found.recaptured_usd + found.churn_usd + found.response_cost_usd
    )
    np.testing.assert_allclose(found.private_loss_usd, private)
    np.testing.assert_allclose(
        found.private_loss_usd, found.net_social_loss_usd + found.transfers_to_rivals_usd
    )
    # Rivals gain no more than customers spend with them instead; labour is nobody's gain.
    spent_elsewhere = found.gross_loss_usd - found.recaptured_usd + found.churn_usd
    assert np.all(found.transfers_to_rivals_usd <= spent_elsewhere + 1e-9)
    assert np.all(found.net_social_loss_usd >= found.response_cost_usd - 1e-9)
    assert np.all(found.recaptured_usd <= found.gross_loss_usd)
    if name == "none":
        assert not found.private_loss_usd.any()
