"""Records simulated from the prior, conditioned on: their inputs rank evenly among what is kept.

If a record is a draw of the prior with noise as wide as its windows, the draw behind it and the
draws that agree with it are drawn alike, so its rank among them is even (Talts et al. 2018).
"""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import kstest

from sim.backtest.conditioning import WHOLE, Conditioning, Judged
from sim.experiment.draws import lay_draws
from sim.scenario.readings import Evidence, RunReading
from sim.scenario.variants import own_variant
from tests.experiments import resolved_of

pytestmark = pytest.mark.long

N_POOL, N_RECORDS, FACTOR, SEED = 320, 80, 2.0, 11
FEW = ("population.n_businesses=20", "end=2018-04-17T12:01+03:00")
KEPT_OUT = "addresses at noon"
READ = {
    "one": {"curve": "addresses_listed", "at": "2018-04-16T21:00+03:00"},
    "two": {"curve": "addresses_listed", "at": "2018-04-17T06:00+03:00"},
}
INPUTS = ("censor.discovery_lag_h", "fronts.n_fronts", "users.hop_min", "strategy.patience_h")


def piece(name: str, value: float) -> Evidence:
    about = {"kind": "fact", "unit": "addresses", "source": "drawn", "date": "2018", "note": "none"}
    return Evidence.model_validate(
        {"id": name, "value": value, "factor": FACTOR, **READ[name], **about}
    )


@pytest.fixture(scope="module")
def pool() -> tuple[dict[int, dict[str, float]], dict[str, NDArray[np.float64]]]:
    """Numbers read off draws of a short chase, and inputs of each."""
    resolved = resolved_of("telegram-2018", FEW)
    trial = Conditioning.of(resolved, SEED).trial
    whole = {name: RunReading.model_validate(read) for name, read in READ.items()}
    whole[KEPT_OUT] = RunReading(curve="addresses_listed", at=resolved.scenario.end)
    work = type(trial)(resolved, SEED, None, {}, whole).begin()
    value = {draw: work((draw, WHOLE)) for draw in range(N_POOL)}
    laid = lay_draws([own_variant(resolved)], range(N_POOL), SEED)
    amounts = {
        factor.key: amount[:, 0]
        for factor, amount in zip(laid.unknowns, laid.amounts, strict=True)
        if factor.key in INPUTS
    }
    amounts[KEPT_OUT] = np.array([value[draw][KEPT_OUT] for draw in range(N_POOL)])
    return value, amounts


def ranks(
    pool: tuple[dict[int, dict[str, float]], dict[str, NDArray[np.float64]]], bias: float = 1
) -> dict[str, list[float]]:
    """Where each record's draw stands among those kept by it, from 0 to 1."""
    value, amounts = pool
    luck = np.random.default_rng(5)
    found: dict[str, list[float]] = {name: [] for name in amounts}
    for record in range(N_RECORDS):
        noise = FACTOR ** luck.uniform(-1, 1, len(READ))
        told = {name: value[record][name] * one * bias
                for name, one in zip(READ, noise, strict=True)}  # fmt: skip
        if not all(told.values()):
            continue
        pieces = tuple(piece(name, one) for name, one in told.items())
        judged = Judged(pieces, (), value, set(value) - {record})
        kept = judged.agreeing
        for name, amount in amounts.items():
            below = (amount[kept] < amount[record]).sum()
            same = (amount[kept] == amount[record]).sum()
            found[name].append((below + luck.uniform(0, same + 1)) / (len(kept) + 1))
    return found


def test_inputs_and_what_was_kept_out_rank_evenly(pool):
    found = ranks(pool)
    assert set(found) == {*INPUTS, KEPT_OUT}
    for name, one in found.items():
        assert len(one) > 40, name
        assert kstest(one, "uniform").pvalue > 0.01 / len(found), name
