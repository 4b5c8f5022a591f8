"""Predictions of published figures: over simulations, by national methods, by the law of names.

A number that the scenario cannot answer is reported before anything runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.addresses.text.source import Limits
from sim.blocklists.blocklists import find_input, read_blocklists
from sim.blocklists.exposure import union
from sim.catalogue.choices import PRICED
from sim.catalogue.curves import CURVES
from sim.catalogue.measures import MEASURES
from sim.engine.eventlog import Kind
from sim.engine.record.outcome import BUSINESS_METRICS, Curves, Outcome
from sim.engine.state.ledger import Group
from sim.engine.strategies import build_strategy
from sim.errors import Problem, ScenarioError
from sim.experiment.draws import Draws
from sim.experiment.plan import metrics_of
from sim.experiment.simulation import measure_outcome
from sim.measure.groups import is_above
from sim.measure.money.accounts import NATIONAL_METHODS, national_loss_usd
from sim.measure.money.pricing import drawn, economy_parameters
from sim.measure.names import listed_within
from sim.measure.summary import LEVEL, spread_of
from sim.names.expected import draw_law, draw_within
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
from sim.scenario.document import hint
from sim.scenario.library import table_names
from sim.scenario.readings import Listed, RunReading, reading_problems
from sim.scenario.resolve import Resolved
from sim.scenario.tables.money import ECONOMY_KEYS, EconomyRow
from sim.scenario.tables.rows import AssumptionRow, assumed_by_key
from sim.scenario.tables.seeds import find_table, read_shipped, read_table
from sim.scenario.tables.sharing import ConcentrationRow
from sim.streams import Stream, Streams
from sim.world.build import World, build_world
from sim.world.providers import provider_names

Span: TypeAlias = tuple[int, int]
"""From one second to another, not included."""
Placed: TypeAlias = Callable[[str, str], Problem]
"""Takes a key of what is read and a message; returns the problem at its place."""
COMPLAINTS = MEASURES["complaints"].name
"""Complaints expected until the end of the run."""
EVENTS = tuple(kind.name.lower() for kind in Kind)
MOST_NAMED = 40
"""Names that a message lists; more are in the tables of the scenario."""


def problems_of(reading: RunReading, resolved: Resolved, place: Placed) -> list[Problem]:
    """Curves, events, measures, groups, names and times that the run has not."""
    scenario = resolved.scenario
    found = reading_problems(reading, scenario.start, scenario.end, EVENTS)
    problems = [place(key, message) for key, message in found]
    known: dict[str, Sequence[str]] = {
        "providers": provider_names(resolved),
        "sectors": [row.sector for row in resolved.sectors.rows],
    }
    for key in ("businesses", "listed"):
        for column, names in known.items():
            for number, name in enumerate(getattr(getattr(reading, key), column, ())):
                if name not in names:
                    message = f"expected {column} of the scenario, got {name!r}"
                    where = f"{key}.{column}.{number}"
                    problems.append(place(where, message + _close(name, names)))
    return problems


def _close(name: str, known: Sequence[str]) -> str:
    """A name that was likely meant, or all known ones."""
    found = hint(name, known)
    if found or not known:
        return found
    few = list(dict.fromkeys(known))
    more = ", …" if len(few) > MOST_NAMED else ""
    return f" (known: {', '.join(few[:MOST_NAMED])}{more})"


def why_not_measured(reading: RunReading, resolved: Resolved) -> str:
    """Why a scenario has no such measure or curve, though others have; empty where it has."""
    if name := reading.curve:
        curve = CURVES[name]
        is_there = not curve.needs or resolved.scenario.has(curve.needs)
        if is_there and (not curve.is_of_ipv6 or resolved.line.has_ipv6):
            return ""
        return f"the scenario has no curve {name}: {_needed(curve.needs)}"
    name = reading.measure
    # 0 for lack of IPv6 in the tables predicts nothing of what was counted.
    is_blank = name in MEASURES and MEASURES[name].is_of_ipv6 and not resolved.line.has_ipv6
    if not name or (name in metrics_of(resolved) and not is_blank):
        return ""
    if name == COMPLAINTS and resolved.scenario.has(COMPLAINTS):
        return ""
    entry = MEASURES[name]
    if entry.is_beside_figure:
        return f"the scenario has no {name}: no figure under published names providers"
    return f"the scenario has no {name}: {_needed(entry.needs)}"


def _needed(key: str) -> str:
    return f"it has no section {key}" if key else "its tables hold no IPv6"


def why_no_threshold(reading: RunReading, resolved: Resolved) -> str:
    """Why a run has no count of who loses more than a share at a time; empty where it has."""
    asked, known = reading.businesses, threshold_names(resolved)
    if asked is None or not reading.is_timed or asked.above in known:
        return ""
    kept = ", ".join(f"{above:g}" for above in sorted(known))
    return (
        f"a run keeps who loses more than {kept} of demand at a time, not more than {asked.above:g}"
    )


def threshold_names(resolved: Resolved) -> Mapping[float, str]:
    """Thresholds at which a run keeps businesses over time, and the states above them."""
    thresholds = resolved.scenario.thresholds
    return {getattr(thresholds, name): name for name in ("affected", "impaired", "down")}


def read_run(
    resolved: Resolved, root_seed: int, replicate: int, readings: Mapping[str, RunReading]
) -> dict[str, float]:
    """Simulate a scenario once and read numbers off it, by name; NaN where one is not known."""
    # Code that only prints scores imports this module, and needs no compiled loops.
    from sim.engine.run import simulate

    streams = Streams(root_seed, replicate)
    world = build_world(resolved, streams)
    has_groups = any(reading.is_of_a_group for reading in readings.values())
    outcome = simulate(world, build_strategy(resolved, streams), streams, has_groups=has_groups)
    measured = {COMPLAINTS: float(outcome.n_complaints)}
    if {reading.measure for reading in readings.values()} - {"", COMPLAINTS}:
        found, _ = measure_outcome(resolved, streams, 1, world=world, outcome=outcome)
        measured |= {one.metric: one.value for one in found}
    return {
        name: _read(reading, measured, outcome, world, resolved)
        for name, reading in readings.items()
    }


def _read(
    reading: RunReading,
    measured: Mapping[str, float],
    outcome: Outcome,
    world: World,
    resolved: Resolved,
) -> float:
    start = resolved.scenario.start
    at_s = None if reading.at is None else _seconds(reading.at, start)
    since_s = 0 if reading.since is None else _seconds(reading.since, start)
    until_s = world.horizon_s if reading.until is None else _seconds(reading.until, start)
    span_s = (since_s, until_s) if at_s is None else (at_s, at_s + 1)
    if reading.measure:
        # `why_not_measured` reports what the scenario has not.
        return measured.get(reading.measure, np.nan)
    if reading.event:
        events = outcome.events
        is_counted = events.kind == int(Kind[reading.event.upper()])
        is_counted &= (events.t_s >= since_s) & (events.t_s < until_s)
        return float(np.count_nonzero(is_counted))
    if reading.first_outage:
        first_s = outcome.ledger.first_outage_s
        return float(np.count_nonzero((first_s >= since_s) & (first_s < until_s)))
    if reading.curve:
        return _read_curve(reading, outcome.curves, at_s, span_s)
    if reading.listed is not None:
        return count_listed(reading.listed, world, outcome, span_s)
    return count_businesses(reading, resolved, world, outcome, span_s)


def _seconds(time: datetime, start: datetime) -> int:
    return int((time - start).total_seconds())


def _read_curve(reading: RunReading, curves: Curves, at_s: int | None, span_s: Span) -> float:
    """Value of a curve at a time, or what is taken over a span; NaN where there is no curve."""
    try:
        t_s, value = curves.points(reading.curve, Group())
    except KeyError:
        return np.nan
    if reading.is_relative_to_start:
        value = value / value[0] if value[0] else np.full(value.shape, np.nan)
    if at_s is not None:
        return float(value[np.searchsorted(t_s, at_s, side="right") - 1])
    first = max(0, int(np.searchsorted(t_s, span_s[0], side="right")) - 1)
    mine = slice(first, max(first + 1, int(np.searchsorted(t_s, span_s[1]))))
    return take_over(t_s[mine], value[mine], span_s, reading.take)


def take_over(t_s: NDArray[np.int64], value: NDArray[np.float64], span_s: Span, take: str) -> float:
    """Most, least, or mean over time of a curve within a span.

    Parameters
    ----------
    t_s, value : shape (n,)
        From each time on the curve has the value; the first holds where the span begins.
    take
        ``max``, ``min`` or ``mean``.
    """
    if take == "mean":
        edge = np.clip(np.append(t_s, span_s[1]), *span_s)
        return float((value * np.diff(edge)).sum() / max(span_s[1] - span_s[0], 1))
    return float(np.max(value) if take == "max" else np.min(value))


def count_businesses(
    asked: RunReading, resolved: Resolved, world: World, outcome: Outcome, span_s: Span
) -> float:
    """Businesses that lose more than a share of their demand.

    Parameters
    ----------
    span_s
        Span of a reading with a time: those cut off at once are counted in it.

    Returns
    -------
    n
        NaN where no run keeps businesses above that share, and for a share of nobody. Above a
        share that is no threshold of the scenario they are counted as if nobody used a VPN, by the
        worst moment of each business.
    """
    reading = asked.businesses
    assert reading is not None
    if why_no_threshold(asked, resolved):
        return np.nan
    businesses, places = world.businesses, world.places
    is_member = np.ones(businesses.n_businesses, np.bool_)
    groups = [Group()]
    if reading.sectors:
        rows = {businesses.sector.index(one) for one in reading.sectors}
        is_member &= np.isin(businesses.sector_row, [*rows])
        groups = [Group(sector_row=row) for row in rows]
    if reading.providers:
        rows = {places.provider.index(one) for one in reading.providers}
        is_member &= np.isin(places.provider_row[businesses.home_place_row], [*rows])
        groups = [Group(provider_row=row) for row in rows]
    states = threshold_names(resolved)
    state = states.get(reading.above, "")
    if asked.is_timed:
        metric = BUSINESS_METRICS[[*states.values()].index(state)]
        n = _take_at_once(outcome.curves, metric, groups, span_s, asked.take)
    elif state:
        time_s = getattr(outcome.ledger, f"{state}_s")
        n = float(np.count_nonzero(is_member & (time_s > 0)))
    else:
        n = float(np.count_nonzero(is_member & is_above(outcome, reading.above)))
    of = np.count_nonzero(is_member)
    return n if not reading.is_share else n / of if of else np.nan


def _take_at_once(
    curves: Curves, metric: str, groups: Sequence[Group], span_s: Span, take: str
) -> float:
    """Most, fewest or mean of several disjoint groups together over a span."""
    points = [curves.points(metric, group) for group in groups]
    first_s, until_s = span_s
    t_s = np.unique(np.concatenate([[first_s], *(t for t, _ in points)]))
    t_s = t_s[(t_s >= first_s) & (t_s < max(until_s, first_s + 1))]
    total = np.zeros(t_s.size)
    for t, value in points:
        total += value[np.searchsorted(t, t_s, side="right") - 1]
    return take_over(t_s, total, span_s, take)


def count_listed(reading: Listed, world: World, outcome: Outcome, span_s: Span) -> float:
    """Addresses outside the target's own ranges that the register lists at any time of a span.

    Notes
    -----
    They are those of the curve ``addresses_listed``.
    """
    listed = listed_within(outcome, *span_s).difference(world.target_addresses)
    if not reading.providers:
        return float(listed.n_addresses)
    row = [world.places.provider.index(name) for name in reading.providers]
    return float(world.places.count_by_provider(listed)[row].sum())


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
    return Prediction(n, n, n, LEVEL, (), NO_CHANCE, "whether the list is complete", np.array([n]))


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
    laws = []
    for law in _laws():
        drawn = {row.key: draw_within(row.low, row.value, row.high, rng) for row in rows}
        laws.append(build_kinds(law, drawn)[kind])
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
