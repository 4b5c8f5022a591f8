"""Strategies side by side, and the inputs on which their measures depend.

A member of an ensemble is one draw of the uncertain inputs with its own chance; all have equal
weight.

Differences are paired: a simulation has the same inputs and the same chance under every strategy.

References
----------
Clopper and Pearson, Biometrika 26 (1934): if all of n simulations agree, an order holds in at least
95 % of all possible ones with confidence 1 - 0.95 ** n; if all but k of them do, with the
probability that more than k of n lack it where one in twenty does. Bonferroni's correction makes
the confidence that of the whole family of verdicts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from scipy.special import nbdtrik

from sim.catalogue import choices
from sim.experiment.plan import Plan
from sim.measure.measures import difference_of
from sim.measure.money.pricing import drawn_dials, economy_keys, firm_keys
from sim.measure.summary import Measured, end_errors, ends, spread_of, spreads_of
from sim.results.parquet import Coded, ColumnData
from sim.results.tables import Line
from sim.statistics.designs import chance_share, rank_shares, ranks_of

N_NAMED = 3
"""Inputs that are named for each measure, of those on which it depends most."""


class Inputs:
    """Everything that was drawn for the members of a plan, as one table.

    Attributes
    ----------
    keys
        Names of the uncertain inputs on which a measure may depend, those of prices last.
    amount : shape (n_members, n_dials)
        One column for each dial.
    owner : shape (n_dials,)
        Row among the keys.
    economy
        Draws of the constants by which methods price the whole country, by key: ``money.csv``
        depends on them, and no measure.
    """

    def __init__(self, plan: Plan) -> None:
        assert plan.draws is not None
        draws, resolved = plan.draws, plan.resolved
        streams = [draws.input_streams(member) for member in range(draws.n)]
        prices = [drawn_dials(one, firm_keys(resolved)) for one in streams]
        table, economy = resolved.money_parameters.name, resolved.economy
        self.economy = {
            f"{economy.name}.{key}": [drawn_dials(one, [key])[key] for one in streams]
            for key in economy_keys(resolved)
            if economy
        }
        self.keys = [
            *(factor.key for factor in draws.unknowns),
            *(f"{table}.{key}" for key in prices[0]),
        ]
        of_prices = np.array([list(one.values()) for one in prices]).T[:, :, None]
        columns = [*draws.amounts, *of_prices]
        self.owner = np.repeat(np.arange(len(self.keys)), [one.shape[1] for one in columns])
        self.amount: NDArray[np.float64] = np.concatenate(columns, axis=1)
        self.is_paired = draws.is_paired
        self._ranks: dict[bytes, NDArray[np.float64]] = {}

    def tabulate(self) -> dict[str, ColumnData]:
        """Columns of ``inputs.parquet``: the value of every input in every member."""
        national = np.array(list(self.economy.values())).reshape(-1, len(self.amount)).T
        amount = np.concatenate([self.amount, national], axis=1)
        keys = [*self.keys, *self.economy]
        owner = np.append(self.owner, np.arange(len(self.keys), len(keys)))
        n_members, n_dials = amount.shape
        part = np.arange(n_dials) - np.searchsorted(owner, owner)
        return {
            "replicate": np.repeat(np.arange(n_members), n_dials),
            "input": Coded(np.tile(owner, n_members), keys),
            "part": np.tile(part, n_members),
            "amount": amount.ravel(),
        }

    def shares(self, value: NDArray[np.float64], member: NDArray[np.int64]) -> dict[str, float]:
        """Inputs on which a measure depends most, with their share of the variance of its rank.

        Parameters
        ----------
        value, member : shape (n,)
            Known values, and the numbers of their members. Only the first of a pair is used, since
            the regression takes its members as independent.
        """
        if self.is_paired:
            value, member = value[member % 2 == 0], member[member % 2 == 0]
        # Nearly all measures are known in the same members.
        key = member.tobytes()
        if key not in self._ranks:
            self._ranks[key] = ranks_of(self.amount[member])
        share = rank_shares(value, self._ranks[key])
        total = np.bincount(self.owner, share)
        best = np.argsort(-total)[:N_NAMED]
        return {self.keys[row]: float(total[row]) for row in best if total[row] > 0}


def with_dependence(
    lines: Sequence[Line], measured: Mapping[str, Measured], inputs: Inputs
) -> list[Line]:
    """Lines of a summary, with the inputs on which each measure depends most."""
    found = []
    for line in lines:
        part = measured[line.strategy]
        value = part.values((line.metric,))[0]
        is_known = ~np.isnan(value)
        shares = inputs.shares(value[is_known], part.replicate[is_known])
        named: dict[str, str | float] = {}
        if inputs.is_paired and line.n_known:
            whole = np.full(inputs.amount.shape[0], np.nan)
            whole[part.replicate] = value
            low_error, high_error = end_errors(whole[::2])
            named = {"chance_share": chance_share(whole.reshape(-1, 2))}
            named |= {"low_error": low_error, "high_error": high_error}
        found.append(line.also(**named, **name_inputs(shares)))
    return found


def name_inputs(shares: Mapping[str, float]) -> dict[str, str | float]:
    """Fields of a line that name the inputs on which its number depends most."""
    named: dict[str, str | float] = {}
    for row, (key, share) in enumerate(shares.items(), 1):
        named |= {f"depends_on_{row}": key, f"depends_on_{row}_share": share}
    return named


def typical_of(part: Measured) -> int:
    """Return the simulation that is nearest to the medians of the key measures.

    Notes
    -----
    Nearest by the mean over key measures of how far its rank lies from the middle; the first of
    several. A measure that is not known in a simulation counts as farthest.
    """
    value = part.values([name for name in choices.KEY_FIGURES if name in part.row])
    is_known = ~np.isnan(value)
    below = (value[:, None, :] < value[:, :, None]).sum(axis=2)
    equal = (value[:, None, :] == value[:, :, None]).sum(axis=2)
    n = np.maximum(is_known.sum(axis=1, keepdims=True), 1)
    off = np.where(is_known, np.abs((below + equal / 2) / n - 0.5), 0.5)
    return int(part.replicate[int(np.argmin(off.mean(axis=0)))])


Values = NDArray[np.float64]


def in_shared_replicates(measured: Mapping[str, Measured]) -> dict[str, Measured]:
    """Measures in the simulations that all strategies have; nothing where there are none."""
    parts = [part.replicate for part in measured.values()]
    shared = reduce(np.intersect1d, parts) if parts else np.empty(0, np.int64)
    return {label: part.only(shared) for label, part in measured.items() if shared.size}


def compare_strategies(
    measured: Mapping[str, Measured], baseline: str, metrics: Sequence[str], n_drawn: float = 0
) -> tuple[Line, ...]:
    """Compare every strategy with the baseline: rows of ``comparison.csv``.

    Parameters
    ----------
    measured
        Measures by label; one without finished runs is left out.
    metrics
        Metrics compared; all if empty.
    n_drawn
        Businesses that are drawn; without any only names are a sample.

    Notes
    -----
    All are over the simulations that every strategy has. A difference is the median of the
    differences of single simulations, which need not be the difference of the medians. A share of
    simulations with less or more is out of all of them: where it is not known, there is no order.
    As in verdicts, a difference of harm or cost is not known under a strategy that could hardly hit
    the sample, nor where neither of the two hits any of it. Statistics of the simulations that are
    left would be of those with harm: there are none where more than one in twenty is left out.
    """
    measured = in_shared_replicates(measured)
    against = measured.get(baseline)
    lines: list[Line] = []
    for label, part in measured.items():
        rows = [name for name in part.row if not metrics or name in metrics]
        less = np.full((len(rows), part.replicate.size), np.nan)
        if against is not None and label != baseline:
            gaps = [paired_difference(name, part, against, n_drawn) for name in rows]
            less = np.reshape(gaps, less.shape)
        is_compared = (~np.isnan(less)).any(axis=1)
        described = part.describe(rows, part.sample())
        gaps = [without_selection(name, one, n_drawn) for name, one in zip(rows, less, strict=True)]
        spreads = spreads_of(np.reshape(gaps, less.shape))
        for row, (line, gap) in enumerate(zip(described, spreads, strict=True)):
            order = [float(np.mean(is_so)) for is_so in (less[row] < 0, less[row] > 0)]
            lines.append(
                Line.of(
                    "comparison.csv",
                    strategy=label,
                    baseline=baseline,
                    **ends("difference", gap),
                    share_less=order[0] if is_compared[row] else math.nan,
                    share_more=order[1] if is_compared[row] else math.nan,
                    **line,
                )
            )
    return tuple(lines)


def paired_difference(metric: str, part: Measured, against: Measured, n_drawn: float) -> Values:
    """Value of one strategy less that of another, shape (n_simulations,); NaN where not known.

    Harm or cost is not known of a strategy that could hardly hit the sample, nor which of two has
    more where neither hits any of it, where operators were not polled for all sites, or where more
    sites without an address are not known under one.
    """
    value, other = (one.values((metric,))[0] for one in (part, against))
    difference = difference_of(value, other)
    if choices.harm_of(metric) in choices.OF_SAMPLE:
        both = part, against
        is_known = part.n_missed == against.n_missed
        if not is_known or any(one.is_unpolled or one.has_missed(metric, n_drawn) for one in both):
            difference[:] = np.nan
        difference[(value == 0) & (other == 0) & (n_drawn > 0)] = np.nan
    return difference


def without_selection(metric: str, difference: Values, n_drawn: float) -> Values:
    """Differences to summarise: none where a sample was missed by both in many simulations.

    The others are those with harm, chosen by their outcome.
    """
    is_selected = (
        n_drawn > 0
        and choices.harm_of(metric) in choices.OF_SAMPLE
        and not is_mostly_known(difference)
    )
    return np.full_like(difference, np.nan) if is_selected else difference


def is_mostly_known(difference: Values) -> bool:
    """Whether a difference is known in as many simulations as verdicts require."""
    return bool(np.isnan(difference).sum() <= (1 - LEAST_SHARE) * difference.size)


JUDGED = (choices.COLLATERAL, *choices.EFFECTS, choices.PRIVATE_LOSS)
"""Measures by which strategies are judged: harm, one of effect, and cost."""
AGREE, DIFFER, TOO_FEW, NOT_KNOWN = "agree", "differ", "too few", "not known"
LEAST_SHARE, RISK = 0.95, 0.05
"""Share of all possible simulations in which a certified order holds, and the probability that some
verdict of the family is certified and does not."""
LEAST_FEWER = 10
"""Fewest simulations of either order with which inputs are named."""


def n_needed(n_verdicts: int, n_not_known: int = 0) -> int:
    """Return how many simulations certify a verdict if all in which it is known agree.

    Parameters
    ----------
    n_verdicts
        Verdicts of the family.
    n_not_known
        Simulations among them in which the order is not known.

    Notes
    -----
    The least n for which ``0.95 ** n <= 0.05 / n_verdicts`` where all are known: 59 for one
    verdict, 107 for 12, 129 for 36. One that is not known makes them 93, 150 and 174.
    """
    n_agreeing = nbdtrik(1 - RISK / n_verdicts, n_not_known + 1, 1 - LEAST_SHARE)
    return math.ceil(float(n_agreeing)) + n_not_known + 1


def judge_pairs(
    plan: Plan, measured: Mapping[str, Measured], inputs: Inputs | None
) -> tuple[Line, ...]:
    """Judge every pair of strategies by harm, effect and cost: rows of ``verdicts.csv``.

    Parameters
    ----------
    measured
        Measures by label of the strategy.
    inputs
        Inputs of the members; None where all simulations are of the point values.

    Notes
    -----
    The order is not known in a simulation in which a measure is not known under one of the two. Two
    strategies that harm none of a sample are not known to be equal: it may have missed both.
    Where the order is not known in more than one simulation of twenty, no number of them certifies
    it. Where simulations differ, the inputs are named that explain most of whether the first
    strategy has less.
    """
    shared = in_shared_replicates(measured)
    labels = list(shared)
    known = {name for name in JUDGED if all(name in part.row for part in shared.values())}
    other = {*choices.EFFECTS} - {choices.effect_in(known)}
    metrics = [name for name in JUDGED if name in known - other]
    pairs = [(one, other) for row, one in enumerate(labels) for other in labels[row + 1 :]]
    n_verdicts = len(pairs) * len(metrics)
    return tuple(
        _judge(plan, shared, metric, *pair, n_verdicts, inputs)
        for metric in metrics
        for pair in pairs
    )


def _judge(
    plan: Plan,
    measured: Mapping[str, Measured],
    metric: str,
    one: str,
    other: str,
    n_verdicts: int,
    inputs: Inputs | None,
) -> Line:
    n_drawn = plan.resolved.scenario.population.n_businesses
    difference = paired_difference(metric, measured[one], measured[other], n_drawn)
    is_known = ~np.isnan(difference)
    known = difference[is_known]
    n, n_not_known = int(difference.size), int(difference.size - known.size)
    n_less, n_equal, n_more = (int(np.sum(is_so)) for is_so in (known < 0, known == 0, known > 0))
    needed = n_needed(n_verdicts, n_not_known)
    if max(n_less, n_equal, n_more) < known.size:
        verdict = DIFFER
    elif n >= needed:
        verdict = AGREE
    else:
        verdict = TOO_FEW if is_mostly_known(difference) else NOT_KNOWN
    part = measured[one]
    spread = spread_of(without_selection(metric, difference, n_drawn))
    is_less = (known < 0).astype(float)
    n_rarer = min(n_less, known.size - n_less)
    shares: dict[str, float] = {}
    if verdict == DIFFER and inputs is not None and n_rarer >= LEAST_FEWER:
        shares = inputs.shares(is_less, part.replicate[is_known])
    return Line.of(
        "verdicts.csv",
        metric=metric,
        unit=part.metrics[part.row[metric]].unit,
        strategy=one,
        other=other,
        n_simulations=n,
        n_less=n_less,
        n_equal=n_equal,
        n_more=n_more,
        n_not_known=n_not_known,
        n_needed=needed,
        verdict=verdict,
        **ends("difference", spread),
        **name_inputs(shares),
    )


def weigh_strategies(plan: Plan, measured: Mapping[str, Measured]) -> tuple[Line, ...]:
    """Weigh strategies by each kind of harm measured under all of them: ``tradeoff.csv``.

    Harm to a sample that could hardly be hit is not known; nor is, of two strategies that hit none
    of a sample, which harms more.
    """
    shared = in_shared_replicates(measured)
    return tuple(line for harm in choices.HARMS for line in _weigh_by(plan, harm, shared))


def _weigh_by(plan: Plan, collateral: str, measured: Mapping[str, Measured]) -> Iterator[Line]:
    known = {name for part in measured.values() for name in part.row}
    pair = choices.effect_in(known), collateral
    if not measured or any(name not in part.row for part in measured.values() for name in pair):
        return
    both = np.array([part.values(pair) for part in measured.values()])
    n_drawn = plan.resolved.scenario.population.n_businesses
    for values, part in zip(both, measured.values(), strict=True):
        if part.has_missed(collateral, n_drawn):
            values[1] = np.nan
    on_frontier = frontier_of(*both.swapaxes(0, 1), is_sample=n_drawn > 0)
    for row, label in enumerate(measured):
        spreads = [spread_of(values) for values in both[row]]
        is_known = ~np.isnan(on_frontier[row])
        yield Line.of(
            "tradeoff.csv",
            strategy=label,
            efficacy_metric=pair[0],
            **ends("efficacy", spreads[0]),
            collateral_metric=collateral,
            **ends("collateral", spreads[1]),
            share_on_frontier=float(np.mean(on_frontier[row] > 0)) if is_known.any() else np.nan,
            n_simulations=int(is_known.size),
            n_known=int(is_known.sum()),
        )


def frontier_of(
    efficacy: NDArray[np.float64], collateral: NDArray[np.float64], *, is_sample: bool = False
) -> NDArray[np.float64]:
    """Whether no other strategy is as good in both and better in one, in each simulation.

    Parameters
    ----------
    efficacy, collateral : shape (n_strategies, n_simulations)
        NaN where not known.
    is_sample
        Whether two strategies without collateral are not known to have the same.

    Returns
    -------
    frontier : shape (n_strategies, n_simulations)
        1 or 0; NaN where it depends on an unknown value.
    """
    more = difference_of(efficacy[None], efficacy[:, None])
    less = difference_of(collateral[:, None], collateral[None])
    if is_sample:
        less[(collateral[:, None] == 0) & (collateral[None] == 0)] = np.nan
    dominates = (more >= 0) & (less >= 0) & ((more > 0) | (less > 0))
    spares = (more < 0) | (less < 0) | ((more == 0) & (less == 0))
    spares |= np.eye(len(efficacy), dtype=np.bool_)[:, :, None]
    on_frontier = np.where(spares.all(axis=1), 1.0, np.nan)
    on_frontier[dominates.any(axis=1)] = 0
    return on_frontier
