"""Predictions that need no simulation: national methods, the law of names.

In: a predictor of a case. Out: a prediction. Tables are read; nothing is written.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.backtest.drawn_names import MOST_DRAWN, names_drawn
from sim.backtest.prediction import Prediction, of_draws, of_number
from sim.errors import ScenarioError
from sim.measure.money.money_parameters import drawn, economy_parameters
from sim.measure.money.national import NATIONAL_METHODS, national_loss_usd
from sim.names.names import NamesLaw, fit_names_law
from sim.names.sharing import KINDS, assumed, build_kinds
from sim.scenario.cases import PlacedCase
from sim.scenario.predictors import NamesPredictor, NationalPredictor
from sim.scenario.refusal import hint
from sim.scenario.tables.money import ECONOMY_KEYS, EconomyRow
from sim.scenario.tables.rows import AssumptionRow
from sim.scenario.tables.seeds import find_table, read_table
from sim.scenario.tables.sharing import ConcentrationRow
from sim.statistics.triangular import triangular_quantile
from sim.streams import Stream, Streams

N_DRAWS = 2000
"""Draws of a national method's constants."""
N_NAME_DRAWS = 400
"""Draws of a set of addresses."""
LUCK = Streams(root_seed=0, replicate=0)
"""Luck of these calculations; a fixed one, so that scores do not move by themselves."""
CROWDED_NEIGHBOURS = 10
CALCULATION_TABLES = (
    "economy-russia-2018",
    "hosting-concentration",
    "names-assumptions",
    "telegram-2018-orders",
)
"""Shipped tables that shipped cases of this kind read."""


def predict_national(placed: PlacedCase, predictor: NationalPredictor) -> Prediction:
    """Loss by a published method, in USD.

    Raises
    ------
    ScenarioError
        If the method or a constant is not known, or one it needs is not given.
    """
    methods = {method.id: method for method in NATIONAL_METHODS}
    problems = []
    if predictor.method not in methods:
        known = f"expected a national method, got {predictor.method!r}"
        problems.append(placed.problem("predictor.method", known + hint(predictor.method, methods)))
    for key in predictor.constants:
        if key not in ECONOMY_KEYS:
            message = f"expected a constant of the economy, got {key!r}{hint(key, ECONOMY_KEYS)}"
            problems.append(placed.problem(f"predictor.constants.{key}", message))
    if problems:
        raise ScenarioError(problems)
    economy: dict[str, NDArray[np.float64]] = {}
    if predictor.economy:
        path = find_table(predictor.economy, placed.file.path.parent)
        table = read_table(predictor.economy, path, EconomyRow)
        economy = economy_parameters(table.rows, drawn(LUCK, N_DRAWS))
    for key, constant in predictor.constants.items():
        rng = LUCK.generator(Stream.MONEY_PARAMETERS, tuple(key.encode()))
        u = rng.random(N_DRAWS)
        economy[key] = triangular_quantile(u, constant.low, constant.value, constant.high)
    try:
        loss = national_loss_usd(
            methods[predictor.method], economy, predictor.duration_d, predictor.share_affected
        )
    except KeyError as error:
        message = f"expected the constant {error.args[0]} that {predictor.method} takes, got none"
        raise ScenarioError([placed.problem("predictor.constants", message)]) from None
    return of_draws(
        np.broadcast_to(loss, N_DRAWS),
        f"{N_DRAWS} draws of the method's constants from their ranges",
        "whether the method is right",
    )


def predict_names(placed: PlacedCase, predictor: NamesPredictor) -> Prediction:
    """Read a quantity off the law of names per address.

    Raises
    ------
    ScenarioError
        If more addresses of a kind are drawn than can be.
    """
    law = _law()
    left_out = "the shape of the law between the published ranks, which is a choice"
    if predictor.drawn:
        return _predict_drawn(placed, predictor, law)
    return of_number(law_quantity(law, predictor.quantity, predictor.n_addresses), left_out)


def _predict_drawn(placed: PlacedCase, predictor: NamesPredictor, law: NamesLaw) -> Prediction:
    """Names on addresses that are drawn, kind by kind."""
    kinds = build_kinds(law, _name_assumptions())
    laws = [kinds[KINDS.index(draw.address_kind)].law for draw in predictor.drawn]
    problems = []
    for row, (kind, draw) in enumerate(zip(laws, predictor.drawn, strict=True)):
        most = int(MOST_DRAWN * kind.n_addresses)
        if draw.n_addresses > most:
            key = f"draws.{row}.n_addresses" if predictor.draws else "n_addresses"
            message = f"expected at most {most} addresses of the kind, got {draw.n_addresses}"
            problems.append(placed.problem(f"predictor.{key}", message))
    if problems:
        raise ScenarioError(problems)
    ranged = [draw.share_by_names for draw in predictor.drawn]
    ranged += [predictor.universe] if predictor.universe is not None else []
    spans = f"{N_NAME_DRAWS} draws of the addresses"
    if any(share.ends[0] < share.ends[2] for share in ranged):
        spans += " and of the shares from their ranges"
    return of_draws(
        names_drawn(laws, predictor.drawn, predictor.universe, LUCK, N_NAME_DRAWS),
        spans,
        "the assumed parameters of the kind of address (seeds/names-assumptions.csv)",
    )


def law_quantity(law: NamesLaw, quantity: str, n_addresses: int | None) -> float:
    """Return one quantity of the law of names per address.

    Notes
    -----
    A site is a name: the share of sites with ten neighbours or more is the share of names on
    addresses of eleven names or more.
    """
    size, count = law.size, law.count
    match quantity:
        case "n_names":
            return float(law.n_names)
        case "n_addresses":
            return float(law.n_addresses)
        case "share_single":
            return float(count[size == 1].sum() / law.n_addresses)
        case "share_top":
            assert n_addresses is not None
            return float(law.share_top(n_addresses))
        case "mean_names":
            return float(law.mean_names)
        case "max_names":
            return float(size[0])
        case "share_sites_crowded":
            crowded = size > CROWDED_NEIGHBOURS
            return float((size * count)[crowded].sum() / law.n_names)
        case "share_sites_alone":
            return float(count[size == 1].sum() / law.n_names)
    raise ValueError(f"expected a quantity of the law, got {quantity!r}")


@cache
def _law() -> NamesLaw:
    name = "hosting-concentration"
    return fit_names_law(read_table(name, find_table(name, Path()), ConcentrationRow).rows)


def _name_assumptions() -> dict[str, float]:
    name = "names-assumptions"
    return assumed(read_table(name, find_table(name, Path()), AssumptionRow).rows)
