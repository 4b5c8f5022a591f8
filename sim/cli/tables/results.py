"""What a run, a comparison or a study came to, as one JSON document.

In: a result. Out: plain values under stable keys, described in ``docs/reference/cli.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.experiment.pipeline import Result
    from sim.experiment.study import Study


def result_document(
    result: Result, schema: str, strategies: Mapping[str, object], **more: object
) -> dict[str, Any]:
    """The document that ``--json`` prints.

    Parameters
    ----------
    strategies
        Which strategies were run, under the keys of the schema.
    more
        What else the schema has.
    """
    from sim.results.folder import title_of

    manifest = result.manifest
    return {
        "schema": schema,
        "folder": str(result.folder),
        "result_id": manifest["result_id"],
        "status": result.status,
        "scenario": manifest["scenario"]["name"],
        "title": title_of(manifest["scenario"]),
        **strategies,
        "root_seed": manifest["root_seed"],
        "n_replicates": manifest["n_replicates"],
        "version": manifest["tool"]["version"],
        **more,
    }


def study_document(study: Study, schema: str, *sheets: str) -> dict[str, Any]:
    """The same for points: tables as lists of records."""
    return result_document(
        study,
        schema,
        {"strategies": list(study.answers.labels)},
        design=study.manifest["design"],
        warnings=study.manifest["warnings"],
        **{name: study.sheets[f"{name}.csv"].records() for name in sheets},
    )
