"""The members of an ensemble: their inputs, what measures depend on, and the typical one.

A member is one draw of the uncertain inputs with its own chance. All have equal weight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.choices import KEY_FIGURES
from sim.experiment.plan import Plan
from sim.measure.money.prices import drawn_dials, economy_keys, firm_keys
from sim.measure.summary import Measured, end_errors
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
        table = resolved.money_parameters.name
        self.economy = {
            f"{resolved.economy.name}.{key}": [drawn_dials(one, [key])[key] for one in streams]
            for key in economy_keys(resolved)
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
        total = np.bincount(self.owner, share, minlength=len(self.keys))
        best = np.argsort(-total, kind="stable")[:N_NAMED]
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
    value = part.values([name for name in KEY_FIGURES if name in part.row])
    is_known = ~np.isnan(value)
    below = (value[:, None, :] < value[:, :, None]).sum(axis=2)
    equal = (value[:, None, :] == value[:, :, None]).sum(axis=2)
    n = np.maximum(is_known.sum(axis=1, keepdims=True), 1)
    off = np.where(is_known, np.abs((below + equal / 2) / n - 0.5), 0.5)
    return int(part.replicate[int(np.argmin(off.mean(axis=0)))])
