"""Ships kept simulations: ``python -m tests.shipped_kept FOLDER ...``.

In: folders of ``overblock condition SCENARIO`` without ``--set``. Out: ``seeds/kept/SCENARIO.csv``
with kept simulations, and ``SCENARIO.json`` beside it: the command, the acceptance, and what the
answer rests on.
"""

import json
import sys
from pathlib import Path

from sim.experiment.draws import TABLE
from tests.conftest import REPOSITORY
from tests.csv_rows import csv_rows

SHIPPED = REPOSITORY / "seeds" / "kept"


def ship(folder: Path) -> Path:
    """Copy what was kept, with what it is of; return where to."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["kind"], manifest["status"]) == ("condition", "complete")
    assert not manifest["scenario"]["overrides"]
    name, design = manifest["scenario"]["name"], manifest["design"]
    about = {
        "command": f"overblock condition {name} --keep {design['keep']} --most {design['most']}",
        "version": manifest["tool"]["version"],
        **manifest["conditioned"],
    }
    for table in ("evidence", "rests_on"):
        about[table] = csv_rows(folder / f"{table}.csv")
    SHIPPED.mkdir(exist_ok=True)
    path = SHIPPED / f"{name}.csv"
    path.write_bytes((folder / TABLE).read_bytes())
    text = json.dumps(about, indent=1, ensure_ascii=False)
    path.with_suffix(".json").write_text(f"{text}\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    for one in sys.argv[1:]:
        sys.stdout.write(f"{ship(Path(one))}\n")
