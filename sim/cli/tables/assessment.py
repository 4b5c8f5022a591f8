"""An assessment as one JSON document, under stable keys."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sim.assess.assessment import Assessment

SCHEMA = "overblock/assessment/1"


def document(found: Assessment) -> dict[str, Any]:
    """The assessment as plain values; described in ``docs/reference/cli.md``."""
    return {
        "schema": SCHEMA,
        "folder": str(found.run.path),
        "result_id": found.run.manifest["result_id"],
        "strategy": found.label,
        "baseline": found.baseline,
        "n_replicates": found.n_replicates,
        "n_draws": found.n_draws,
        "confidence": found.confidence,
        "level": found.level,
        "efficacy_metric": found.efficacy_metric,
        "collateral_metric": found.collateral_metric,
        "efficacy": asdict(found.efficacy),
        "efficacy_difference": asdict(found.efficacy_difference),
        "by_vpn": asdict(found.by_vpn),
        "left": asdict(found.left),
        "collateral": asdict(found.collateral),
        "collateral_difference": asdict(found.collateral_difference),
        "with_all_that_is_not_known": {
            metric: {"low": low, "median": middle, "high": high}
            for metric, (low, middle, high) in found.wide.items()
        },
        "collateral_per_million": asdict(found.collateral_per_million),
        "alternatives": [asdict(one) for one in found.alternatives],
        "burdens": {
            split: [
                {
                    "name": burden.name,
                    "n_businesses": float(burden.n_businesses.mean()),
                    "n_impaired": float(burden.n_impaired.mean()),
                    "impaired_h": float(burden.impaired_h.mean()),
                }
                for burden in burdens
            ]
            for split, burdens in found.burdens.items()
        },
        "money": {name: asdict(estimate) for name, estimate in found.money.items()},
        "safeguards": asdict(found.safeguards),
        "assumptions": found.run.manifest.get("assumptions", []),
    }
