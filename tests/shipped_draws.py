"""Ships the weighted draws of a calibration: ``python -m tests.shipped_draws FOLDER ...``.

In: folders of ``overblock calibrate SCENARIO``, without ``--set`` and ``--cases``. Out:
``seeds/draws/SCENARIO.csv``, the weights, and ``SCENARIO.json`` beside it: the command, and hashes
of all that they were made from.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from sim.backtest.weights import TABLE
from sim.experiment.weighted_draws import read_weighted_draws
from sim.statistics.ensembles import effective_size
from tests.conftest import REPOSITORY

SHIPPED = REPOSITORY / "seeds" / "draws"
MADE_FROM = (
    "discrepancy_log10", "share_in_common", "figures", "n_first", "n_second", "runs", "unknowns"
)  # fmt: skip
"""Of the design of a calibration: what its weights hang on."""


WHY_NOT = {
    "spain-2025-26": (
        "Of the held-out sessions about half lie inside what is called 90 %: what the model gets "
        "wrong is in the weights, and not in what it predicts. Decided after these were scored."
    )
}
"""Tables that are shipped to be scored, and that no run takes unasked."""


def made_from(design: dict[str, Any]) -> dict[str, Any]:
    """Keep of a design what weights hang on: no figure that is held out, and no text of a case."""
    return {key: design[key] for key in MADE_FROM}


def ship(folder: Path) -> Path:
    """Copy the weights of a calibration, with what they were made from; return where to."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["kind"] == "calibration"
    assert manifest["status"] == "complete"
    name = manifest["scenario"]["name"]
    design = manifest["design"]
    n_draws = design["n_first"] + design["n_second"]
    data = (folder / TABLE).read_bytes()
    table = read_weighted_draws(folder / TABLE)
    about = {
        "command": f"overblock calibrate {name} --draws {n_draws}",
        "version": manifest["tool"]["version"],
        "packages": manifest["packages"],
        "sha256": hashlib.sha256(data).hexdigest(),
        "n_draws": int(table.draw.size),
        "why_not_taken": WHY_NOT.get(name, ""),
        "n_effective": round(effective_size(table.weight), 1),
        "made_from": made_from(design),
    }
    SHIPPED.mkdir(exist_ok=True)
    path = SHIPPED / f"{name}.csv"
    path.write_bytes(data)
    path.with_suffix(".json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    for one in sys.argv[1:]:
        sys.stdout.write(f"{ship(Path(one))}\n")
