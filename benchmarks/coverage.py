"""How often intervals of a mean hold the true mean: ``python -m benchmarks.coverage``.

Prints a table in markdown; ``docs/explanation/statistics.md`` shows it.
"""

from __future__ import annotations

import numpy as np

from sim.statistics.paired import paired_differences

N_EXPERIMENTS = 3000
N_RESAMPLES = 1999
REPLICATES = (4, 10, 20, 40, 80, 160)


def main() -> None:
    """Print coverage by distribution and number of replicates."""
    print("| differences | replicates | BCa | Student's t |")
    print("| --- | --- | --- | --- |")
    for name, truth in (("normal", 0.0), ("lognormal, sigma 0.5", float(np.exp(0.125)))):
        for n in REPLICATES:
            rng = np.random.default_rng(20180416)
            shape = (N_EXPERIMENTS, n)
            drawn = rng.normal(size=shape) if truth == 0 else rng.lognormal(0, 0.5, size=shape)
            found = paired_differences(
                drawn, np.zeros(shape), np.random.default_rng(1), n_resamples=N_RESAMPLES
            )
            by_bca = np.mean([one.low <= truth <= one.high for one in found])
            by_t = np.mean([one.t_low <= truth <= one.t_high for one in found])
            print(f"| {name} | {n} | {by_bca:.1%} | {by_t:.1%} |")


if __name__ == "__main__":
    main()
