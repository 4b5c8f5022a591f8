"""The folder of a comparison, made by hand: three strategies, numbers chosen for the tests."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest

COMPARISON = """\
strategy,metric,unit,n_replicates,mean,median,low,high,level,mean_low,mean_high,baseline,\
difference,difference_low,difference_high,difference_t_low,difference_t_high,p_value,p_holm,\
confidence,denominator,denominator_unit
wide,business_hours_impaired,business-hours,2,5000,5000,4000,6000,0.9,4500,5500,none,\
5000,4500,5500,4400,5600,0.0001,0.0004,0.95,10000,business-hours
"narrow, odd",business_hours_impaired,business-hours,2,40,40,20,60,0.9,30,50,none,\
40,-10,50,-20,60,0.2,0.4,0.95,10000,business-hours
none,business_hours_impaired,business-hours,2,0,0,0,0,0.9,0,0,none,,,,,,,,0.95,10000,business-hours
wide,target_user_hours_denied,user-hours,2,900,900,800,1000,0.9,850,950,none,\
900,850,950,840,960,0.001,0.004,0.95,,
"narrow, odd",target_user_hours_denied,user-hours,2,,,,,0.9,,,none,,,,,,,,0.95,,
none,target_user_hours_denied,user-hours,2,0,0,0,0,0.9,0,0,none,,,,,,,,0.95,,
wide,spells,spells,2,7,7,7,7,0.9,7,7,none,7,7,7,7,7,,,0.95,60,businesses
"""
TRADEOFF = """\
strategy,efficacy_metric,efficacy,efficacy_low,efficacy_high,collateral_metric,collateral,\
collateral_low,collateral_high,collateral_per_efficacy,ratio_low,ratio_high,is_dominated,\
dominated_by,is_on_frontier,share_of_draws_on_frontier,n_draws,n_replicates
wide,target_user_hours_denied,900,850,950,business_hours_impaired,5000,4500,5500,5.6,5,6,\
true,"narrow, odd",false,0.02,2000,2
"narrow, odd",target_user_hours_denied,950,900,990,business_hours_impaired,40,30,50,0.04,0.03,0.05,\
false,,true,0.99,2000,2
none,target_user_hours_denied,0,0,0,business_hours_impaired,0,0,0,,,,false,,true,1,2000,2
blind,target_user_hours_denied,,,,business_hours_impaired,70,60,80,,,,,,,,2000,2
"""
LABELS = {"wide": 1.0, "narrow, odd": 0.25, "none": 0.0}


@pytest.fixture(scope="session")
def tradeoff_text() -> str:
    return TRADEOFF


@pytest.fixture(scope="session")
def comparison_run(chase_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three strategies: the chase, the same with a quarter of its values, and nothing."""
    folder = tmp_path_factory.mktemp("comparison") / "run"
    folder.mkdir()
    for name in ("scenario.resolved.json", "scenario.yaml", "inputs", "summary.csv"):
        source = chase_run / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    manifest = json.loads((chase_run / "manifest.json").read_text(encoding="utf-8"))
    del manifest["strategy"]
    manifest |= {
        "kind": "comparison",
        "baseline": "none",
        "strategies": [{"label": label, "id": label, "parameters": {}} for label in LABELS],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (folder / "comparison.csv").write_text(COMPARISON, encoding="utf-8")
    (folder / "tradeoff.csv").write_text(TRADEOFF, encoding="utf-8")
    scaled = " UNION ALL ".join(
        f"SELECT * REPLACE ('{label}' AS strategy, value * {scale} AS value) FROM curve"
        for label, scale in LABELS.items()
    )
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE curve AS SELECT * FROM '{chase_run}/curves.parquet'")
        connection.execute(f"COPY ({scaled}) TO '{folder}/curves.parquet' (FORMAT parquet)")
        for name in ("events", "entries", "businesses"):
            connection.execute(
                f"COPY (SELECT * REPLACE ('wide' AS strategy) FROM '{chase_run}/{name}.parquet') "
                f"TO '{folder}/{name}.parquet' (FORMAT parquet)"
            )
    return folder
