"""Did any number move? See README.md beside this file: a golden file is no evidence by itself."""

import math
import statistics
from pathlib import Path

import pytest

from sim.experiment.plan import metrics_of
from sim.scenario.library import scenario_names
from tests.experiments import resolved_of, run_experiment
from tests.golden.runs import (
    N_REPLICATES,
    ROOT_SEED,
    VARIANTS,
    changes_to,
    hold,
    numbers_of,
    read_numbers,
)

pytestmark = pytest.mark.laws

VALUES = Path(__file__).parent / "values"
NAMES = sorted([*scenario_names(), *VARIANTS])
N_SHOWN = 40
"""Lines of one message; a change of luck moves every number."""


@pytest.mark.parametrize("name", NAMES)
def test_no_number_moved(name, update_golden):
    path = VALUES / f"{name}.csv"
    if not path.exists() and not update_golden:
        pytest.fail(f"{name}: no golden file; --update-golden writes it", pytrace=False)
    moved = hold(path, numbers_of(name), is_update=update_golden)
    if moved and update_golden:
        pytest.skip(f"{name}: file rewritten, lines that moved: {len(moved)}; nothing checked")
    if moved:
        pytest.fail(_message(name, moved), pytrace=False)


def test_each_scenario_has_a_golden_file_and_each_file_a_scenario():
    # After the files were written, if they are.
    assert sorted(path.stem for path in VALUES.iterdir()) == NAMES


# One with fronts and complaints, one with tenants, one with neither.
@pytest.mark.parametrize("name", ["telegram-2018", "piracy-shield", "allow-list"])
def test_every_measure_of_a_run_is_in_the_file(name):
    held = read_numbers(VALUES / f"{name}.csv")
    metrics = metrics_of(resolved_of(name))
    assert len(metrics) > 0
    wanted = {(metric, replicate) for metric in metrics for replicate in range(N_REPLICATES)}
    assert wanted - set(held) == set()


def test_medians_of_fixed_replicates_are_those_of_the_values(tmp_path):
    """A folder of the point values summarises the numbers held here, whatever its columns are."""
    name = "sni-era"
    resolved = resolved_of(name, changes_to(name))
    found = run_experiment(
        resolved, root_seed=ROOT_SEED, n_replicates=N_REPLICATES, folder=tmp_path / "out"
    )
    held = read_numbers(VALUES / f"{name}.csv")
    for line in found.lines["summary"]:
        values = [held[line.metric, replicate] for replicate in range(N_REPLICATES)]
        known = [value for value in values if not math.isnan(value)]
        median = statistics.median(known) if known else math.nan
        assert line.median == pytest.approx(median, rel=1e-9, nan_ok=True), line.metric
        assert line.n_known == len(known)


def _message(name: str, moved: list[str]) -> str:
    rest = [f"and {len(moved) - N_SHOWN} more"] if len(moved) > N_SHOWN else []
    lines = [f"{name}: {line}" for line in moved[:N_SHOWN]]
    return "\n".join(
        [
            f"{name}: lines that moved (old → new): {len(moved)}",
            *lines,
            *rest,
            "A number that is meant to move needs a line under 'Results changed' in CHANGELOG.md "
            "(scenario, metric, old → new, why); then: pytest -m laws tests/golden --update-golden",
        ]
    )
