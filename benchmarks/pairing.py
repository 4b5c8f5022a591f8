"""How much narrower paired differences are than differences of means drawn apart.

    python -m benchmarks.pairing FOLDER

Reads the folder of a comparison. For each strategy and metric: width of Welch's 95 % interval of
the difference of two means, as if every strategy had luck of its own, over the width of the paired
t interval of ``comparison.csv``.
"""

from __future__ import annotations

import sys

import numpy as np
from scipy import stats

import sim

METRICS = (
    "businesses_ever_impaired",
    "business_hours_impaired",
    "demand_lost_share",
    "private_loss_usd",
    "target_user_hours_denied",
)


def main() -> None:
    results = sim.open_results(sys.argv[1])
    baseline = results.run.manifest["baseline"]
    with results.to_duckdb() as tables:
        paired = {
            (label, metric): high - low
            for label, metric, low, high in tables.execute(
                "SELECT strategy, metric, difference_t_low, difference_t_high FROM comparison"
            ).fetchall()
            if low is not None
        }
    labels = [label for label in results.strategies if label != baseline]
    print(f"less {baseline}, {results.run.n_replicates} replicates\n")
    print(f"| metric | {' | '.join(labels)} |")
    print(f"| --- |{' ---: |' * len(labels)}")
    for metric in METRICS:
        if metric not in results.metrics:
            continue
        frame = results.frame(metric)
        ratios = [
            unpaired_width(frame[label], frame[baseline]) / paired[label, metric]
            for label in labels
        ]
        print(f"| `{metric}` | {' | '.join(f'{ratio:.1f}' for ratio in ratios)} |")


def unpaired_width(values: np.ndarray, others: np.ndarray) -> float:
    """Width of Welch's 95 % interval of the difference of two means."""
    found = stats.ttest_ind(values, others, equal_var=False).confidence_interval(0.95)
    return float(found.high - found.low)


if __name__ == "__main__":
    main()
