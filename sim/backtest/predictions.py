"""Predictions of published figures: over simulations, by national methods, by the law of names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sim.addresses.text.source import Limits
from sim.backtest.readings import why_no_threshold, why_not_measured
from sim.blocklists.blocklists import find_input, read_blocklists
from sim.blocklists.exposure import union
from sim.catalogue.choices import PRICED
from sim.errors import ScenarioError
from sim.experiment.draws import Draws
from sim.measure.money.accounts import NATIONAL_METHODS, national_loss_usd
from sim.measure.money.pricing import drawn, economy_parameters
from sim.measure.summary import LEVEL, spread_of
from sim.names.expected import draw_assumed, draw_law, draw_within
from sim.names.law import NamesLaw, fit_names_law, seen_by_popularity
from sim.names.sharing import KINDS, build_kinds
from sim.scenario.cases import (
    ExposurePredictor,
    NamesPredictor,
    NationalPredictor,
    NoPredictor,
    PlacedCase,
    RunPredictor,
)
from sim.scenario.library import table_names
from sim.scenario.refusal import hint
from sim.scenario.resolve import Resolved
from sim.scenario.tables.money import ECONOMY_KEYS, EconomyRow
from sim.scenario.tables.rows import AssumptionRow, assumed_by_key
from sim.scenario.tables.seeds import find_table, read_shipped, read_table
from sim.scenario.tables.sharing import ConcentrationRow
from sim.streams import Stream, Streams

NO_CHANCE = "nothing: no chance enters"
N_DRAWS = 2000
"""Draws of a national method's constants."""
N_NAME_DRAWS = 400
"""Draws of a set of addresses."""
N_LAWS = 40
"""Draws of the law of names per address, of the kinds of addresses and of what a study counts."""
CHANCE = Streams(root_seed=0, replicate=0)
"""Random numbers of these calculations; fixed, so that scores change with the model alone."""
LONELINESS = "names.loneliness"
MOST_DRAWN = 0.5
"""Largest share of a kind's addresses that a case draws."""
CALCULATION_TABLES = (
    "assumptions",
    "economy-russia-2018",
    "hosting-concentration",
    "names-assumptions",
    "telegram-2018-orders",
)
"""Shipped tables that shipped cases without a run read."""


@dataclass(frozen=True)
class Prediction:
    """One predicted number."""

    median: float
    low: float
    high: float
    """Over simulations or draws; low and high are the 5th and 95th percentile, equal to the median
    where no chance enters, and NaN with a single simulation."""
    level: float
    """Share of simulations or draws between low and high."""
    by_member: tuple[float, ...]
    """The number in each member; empty where it is not known in all."""
    spans: str
    """What the interval spans."""
    left_out: str
    """What it does not span."""
    values: NDArray[np.float64] = field(compare=False, repr=False)
    """The prediction as numbers: of simulations, or draws; shape (n,)."""

    def __post_init__(self) -> None:
        self.values.flags.writeable = False


@dataclass(frozen=True)
class NotComputable:
    """A number that cannot be predicted, and why."""

    why: str


def predict_by_ensemble(
    predictor: RunPredictor, resolved: Resolved, numbers: Sequence[float], draws: Draws
) -> Prediction | NotComputable:
    """Predict a case by what each member of an ensemble gave."""
    if why := why_not_measured(predictor, resolved) or why_no_threshold(predictor, resolved):
        return NotComputable(why)
    spans = f"chance and {len(draws.unknowns)} uncertain inputs, in {draws.n} simulations"
    if predictor.measure in PRICED:
        spans += ", and prices"
    return of_ensemble(numbers, spans, "what the model leaves out")


def of_ensemble(numbers: Sequence[float], spans: str, left_out: str) -> Prediction | NotComputable:
    """Summarise what each member of an ensemble gave.

    Members in which the number is not known are excluded, and counted in ``spans``; where that is
    half of them or more, the prediction is not known.
    """
    values = np.array(numbers, np.float64)
    is_known = ~np.isnan(values)
    n_unknown = int((~is_known).sum())
    if 2 * is_known.sum() <= values.size:
        return NotComputable(f"not known in {n_unknown} of {values.size} simulations")
    if n_unknown:
        spans += f"; not known in {n_unknown} of them, which are excluded"
    by_member = () if n_unknown else tuple(values.tolist())
    known = values[is_known]
    return Prediction(*spread_of(known), LEVEL, by_member, spans, left_out, known)


def predict_without_run(placed: PlacedCase) -> Prediction | NotComputable | None:
    """Predict a case that needs no run; None for one that does.

    Raises
    ------
    OverblockError
        If a method, a constant or a list that the case names cannot be used.
    """
    match placed.case.predictor:
        case NationalPredictor() as predictor:
            return _predict_national(placed, predictor)
        case NamesPredictor() as predictor:
            return _predict_names(placed, predictor)
        case ExposurePredictor() as predictor:
            return _predict_exposure(placed, predictor)
        case NoPredictor(why=why):
            return NotComputable(why)
    return None


def _of_draws(draws: NDArray[np.float64], spans: str, left_out: str) -> Prediction:
    values = np.array(draws, np.float64)
    return Prediction(*spread_of(values), LEVEL, (), spans, left_out, values)


def _predict_exposure(placed: PlacedCase, predictor: ExposurePredictor) -> Prediction:
    """Count addresses that a list lists."""
    beside = placed.file.path.parent / predictor.blocklist
    name = predictor.blocklist if predictor.blocklist in table_names() else str(beside)
    read = read_blocklists([find_input(name)], "", skip_bad=False, limits=Limits())
    if read.are_dated and predictor.at is None:
        message = "expected a time, as the list holds dated orders, got none"
        raise ScenarioError([placed.problem("predictor.at", message)])
    feeds = read.in_force(predictor.at)
    n = float(union(feeds).v4.n_addresses)
    if predictor.count == "summed":
        n = float(sum(int(np.sum(feed.v4.stop - feed.v4.start)) for feed in feeds))
    left_out = "whether the list is complete"
    return Prediction(n, n, n, LEVEL, (), NO_CHANCE, left_out, np.array([n]))


def _predict_national(placed: PlacedCase, predictor: NationalPredictor) -> Prediction:
    """Loss by a published method, in USD."""
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
    ScenarioError.raise_any(problems)
    rows: list[EconomyRow] = []
    if predictor.economy:
        path = find_table(predictor.economy, placed.file.path.parent)
        rows += read_table(predictor.economy, path, EconomyRow).rows
    for key, one in predictor.constants.items():
        row = {**one.model_dump(), "key": key, "unit": "", "kind": "fact", "date": str(one.date)}
        rows.append(EconomyRow.model_validate(row))
    economy = economy_parameters(rows, drawn(CHANCE, N_DRAWS))
    try:
        loss = national_loss_usd(
            methods[predictor.method], economy, predictor.duration_d, predictor.share_affected
        )
    except KeyError as error:
        message = f"expected the constant {error.args[0]} that {predictor.method} takes, got none"
        raise ScenarioError([placed.problem("predictor.constants", message)]) from None
    return _of_draws(
        np.broadcast_to(loss, N_DRAWS),
        f"{N_DRAWS} draws of the method's constants from their ranges"
        + (", and of the error of the method" if "method_error" in economy else ""),
        "" if "method_error" in economy else "whether the method is right",
    )


def _predict_names(placed: PlacedCase, predictor: NamesPredictor) -> Prediction:
    """Compute a quantity of the laws of names per address, or draw addresses by them."""
    left_out = "whether the census of 2022 represents the names of the case"
    spans = f"{N_LAWS} laws that the rows of the census allow"
    if predictor.quantity == "names_on_addresses":
        values = _draw_names(placed, predictor)
        spans = f"{N_NAME_DRAWS} draws of the addresses, {spans}, and the ranges of their kinds"
        return _of_draws(values, spans, left_out)
    if predictor.universe is not None:
        spans += ", and draws of the names that the study counts"
    asked, n = predictor.quantity, predictor.n_addresses
    found = [law.quantity(asked, share, n) for law, share in _seen(predictor)]
    return _of_draws(np.array(found), spans, left_out)


def _seen(predictor: NamesPredictor) -> list[tuple[NamesLaw, float | NDArray[np.float64]]]:
    """Each law, and the share of its names that the study sees."""
    universe = predictor.universe
    if universe is None:
        return [(law, 1.0) for law in _laws()]
    rng = CHANCE.generator(Stream.ADDRESS_NAMES, tuple(b"universe"))
    share = [float(draw_within(*universe.ends, rng)) for _ in range(N_LAWS)]
    if predictor.universe_of == "any":
        return list(zip(_laws(), share, strict=True))
    row = assumed_by_key()[LONELINESS]
    rng = CHANCE.generator(Stream.ADDRESS_NAMES, tuple(b"loneliness"))
    return [
        (law, seen_by_popularity(law, of, draw_within(row.low, row.value, row.high, rng)))
        for law, of in zip(_laws(), share, strict=True)
    ]


def _draw_names(placed: PlacedCase, predictor: NamesPredictor) -> NDArray[np.float64]:
    """Names on distinct addresses of one kind, drawn evenly, shape (n_draws,)."""
    rows = read_shipped("names-assumptions", AssumptionRow).rows
    assert predictor.address_kind is not None
    kind, n = KINDS.index(predictor.address_kind), predictor.n_addresses or 0
    law = fit_names_law(read_shipped("hosting-concentration", ConcentrationRow).rows)
    own = build_kinds(law, {row.key: row.value for row in rows})[kind]
    if n > (most := int(MOST_DRAWN * own.n_addresses)):
        message = f"expected at most {most} addresses of the kind, got {n}"
        raise ScenarioError([placed.problem("predictor.n_addresses", message)])
    rng = CHANCE.generator(Stream.ADDRESS_NAMES, tuple(b"kinds"))
    laws = [build_kinds(law, draw_assumed(rows, rng))[kind] for law in _laws()]
    rng = CHANCE.generator(Stream.ADDRESS_NAMES, ())
    found = [distinct_sizes(laws[one % N_LAWS], n, rng).sum() for one in range(N_NAME_DRAWS)]
    return np.array(found, np.float64)


def distinct_sizes(law: NamesLaw, n_addresses: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Names on each of some distinct addresses of one kind, drawn evenly, shape (n_addresses,)."""
    address = np.empty(0, np.int64)
    while address.size < n_addresses:
        u = rng.random(n_addresses - address.size)
        more = np.minimum(np.floor(u * law.n_addresses), law.n_addresses - 1).astype(np.int64)
        address = np.concatenate((address, more))
        _, first = np.unique(address, return_index=True)
        address = address[np.sort(first)]
    return np.asarray(law.size[np.searchsorted(law.address_edge, address, side="right")])


@cache
def _laws() -> tuple[NamesLaw, ...]:
    rng = CHANCE.generator(Stream.ADDRESS_NAMES, tuple(b"census"))
    rows = read_shipped("hosting-concentration", ConcentrationRow).rows
    return tuple(draw_law(rows, rng) for _ in range(N_LAWS))
