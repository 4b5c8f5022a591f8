"""Predictions that need no simulation: national methods, the law of names.

In: a predictor of a case. Out: a prediction. Tables are read; nothing is written.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.backtest.drawn_names import MOST_DRAWN, NamesWorld, names_drawn, shares_within
from sim.backtest.prediction import Prediction, of_draws
from sim.errors import ScenarioError
from sim.measure.money.accounts import NATIONAL_METHODS, national_loss_usd
from sim.measure.money.prices import drawn, economy_parameters
from sim.names.census_draws import draw_law
from sim.names.expected import draw_assumed, draw_within
from sim.names.names import NamesLaw, fit_names_law
from sim.names.sharing import KINDS, build_kinds
from sim.names.universe import Seen, seen_by_popularity, seen_evenly
from sim.scenario.cases import PlacedCase
from sim.scenario.predictors import NamesPredictor, NationalPredictor
from sim.scenario.refusal import hint
from sim.scenario.tables.money import ECONOMY_KEYS, EconomyRow
from sim.scenario.tables.rows import AssumptionRow
from sim.scenario.tables.seeds import RowType, find_table, read_table
from sim.scenario.tables.sharing import ConcentrationRow
from sim.statistics.triangular import triangular_quantile
from sim.streams import Stream, Streams

N_DRAWS = 2000
"""Draws of a national method's constants."""
N_NAME_DRAWS = 400
"""Draws of a set of addresses."""
LUCK = Streams(root_seed=0, replicate=0)
"""Luck of these calculations; a fixed one, so that scores do not move by themselves."""
N_LAWS = 40
"""Draws of the law of names per address, of the kinds of addresses and of what a study counts."""
LONELINESS = "names.loneliness"
CALCULATION_TABLES = (
    "assumptions",
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
        known = f"expected one of {', '.join(methods)}, got {predictor.method!r}"
        problems.append(placed.problem("predictor.method", known + hint(predictor.method, methods)))
    for key in predictor.constants:
        if key not in ECONOMY_KEYS:
            known = ", ".join(ECONOMY_KEYS)
            message = f"expected one of {known}, got {key!r}{hint(key, ECONOMY_KEYS)}"
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
    """Read a quantity off the laws of names per address, or draw addresses by them.

    Raises
    ------
    ScenarioError
        If more addresses of a kind are drawn than can be.
    """
    left_out = "whether the census of 2022 stands for the names of the case"
    worlds = _worlds(predictor)
    spans = f"{N_LAWS} laws that the rows of the census allow"
    if predictor.universe is not None:
        spans += ", and draws of the names that the study counts"
    if not predictor.drawn:
        found = [world.seen.quantity(predictor.quantity, predictor.n_addresses) for world in worlds]
        return of_draws(np.array(found), spans, left_out)
    _check_drawn(placed, predictor)
    values = names_drawn(worlds, predictor.drawn, LUCK, N_NAME_DRAWS)
    spans = f"{N_NAME_DRAWS} draws of the addresses, {spans}, and the ranges of kinds of addresses"
    return of_draws(values, spans, left_out)


def _worlds(predictor: NamesPredictor) -> list[NamesWorld]:
    """Draw what is assumed of names per address."""
    rng = LUCK.generator(Stream.ADDRESS_NAMES, tuple(b"kinds"))
    rows = _rows("names-assumptions", AssumptionRow)
    seen = _seen(predictor)
    kinds = [build_kinds(each.law, draw_assumed(rows, rng)) for each in seen]
    return [
        NamesWorld(
            each,
            tuple(of_kind[KINDS.index(draw.address_kind)].law for draw in predictor.drawn),
        )
        for each, of_kind in zip(seen, kinds, strict=True)
    ]


def _seen(predictor: NamesPredictor) -> list[Seen]:
    if predictor.universe is None:
        return [seen_evenly(law, 1.0) for law in _laws()]
    share = shares_within(predictor.universe, LUCK, "universe", N_LAWS)
    if predictor.universe_of == "any":
        return [seen_evenly(law, float(of)) for law, of in zip(_laws(), share, strict=True)]
    (row,) = (row for row in _rows("assumptions", AssumptionRow) if row.key == LONELINESS)
    rng = LUCK.generator(Stream.ADDRESS_NAMES, tuple(b"loneliness"))
    return [
        seen_by_popularity(law, float(of), draw_within(row.low, row.value, row.high, rng))
        for law, of in zip(_laws(), share, strict=True)
    ]


def _check_drawn(placed: PlacedCase, predictor: NamesPredictor) -> None:
    """Refuse to draw more addresses of a kind than half of those that it has."""
    given = {row.key: row.value for row in _rows("names-assumptions", AssumptionRow)}
    kinds = build_kinds(_given_law(), given)
    problems = []
    for row, draw in enumerate(predictor.drawn):
        most = int(MOST_DRAWN * kinds[KINDS.index(draw.address_kind)].law.n_addresses)
        if draw.n_addresses > most:
            key = f"draws.{row}.n_addresses" if predictor.draws else "n_addresses"
            message = f"expected at most {most} addresses of the kind, got {draw.n_addresses}"
            problems.append(placed.problem(f"predictor.{key}", message))
    if problems:
        raise ScenarioError(problems)


@cache
def _laws() -> tuple[NamesLaw, ...]:
    rng = LUCK.generator(Stream.ADDRESS_NAMES, tuple(b"census"))
    rows = _rows("hosting-concentration", ConcentrationRow)
    return tuple(draw_law(rows, rng) for _ in range(N_LAWS))


@cache
def _given_law() -> NamesLaw:
    return fit_names_law(_rows("hosting-concentration", ConcentrationRow))


def _rows(name: str, model: type[RowType]) -> tuple[RowType, ...]:
    return tuple(read_table(name, find_table(name, Path()), model).rows)
