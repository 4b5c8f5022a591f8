"""How often numbers of one kind were right: the held-out ones alone, as the scores say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sim.backtest.error_rate import Spans, error_rates, scores_file


def test_error_rates_count_the_held_out_alone(tmp_path: Path) -> None:
    def score(
        name: str, role: str, verdict: str | None, error: float | None, **published: str
    ) -> dict[str, Any]:
        return {
            "id": name, "role": role, "predictor": "run", "subject": "scenario s",
            "published": {"unit": "USD", "relation": "equal", "nature": "counted"} | published,
            "predicted": {"level": 0.9}, "verdict": verdict, "log10_error": error, "counts_as": "",
        }  # fmt: skip

    scores = [
        score("a", "held-out", "inside", 0.0) | {"counts_as": "one"},
        score("b", "held-out", "outside", -1.0) | {"counts_as": "one"},
        score("c", "held-out", "not computable", None),
        score("d", "calibration", "inside", 0.0),
        score("e", "held-out", "inside", 0.3) | {"predictor": "names-law"},
        score("f", "held-out", "inside", None, relation="at_least"),
        score("g", "held-out", "outside", None, relation="between"),
        score("h", "held-out", "inside", 0.0, relation="rank"),
        score("i", "held-out", "inside", 0.4, nature="estimated"),
        score("j", "held-out", "inside", 0.2, unit="businesses") | {"subject": "scenario t"},
    ]

    def over(**values: tuple[str | None, float | None]) -> dict[str, Any]:
        return {
            "scores": [
                {"id": name, "verdict": verdict, "log10_error": error}
                for name, (verdict, error) in values.items()
            ]
        }

    bands = {
        "luck": over(a=("outside", 2.0), j=("outside", 1.0)),
        "ranges": over(a=("inside", 0.0), j=("outside", 0.5)),
        "calibrated": over(a=("outside", 0.6), j=("inside", 0.1)),
    }
    weighted = [
        {"scenario": "s", "is_taken": False},
        {"scenario": "t", "is_taken": True},
    ]
    file = tmp_path / "scores.json"
    file.write_text(
        json.dumps({"version": "1", "scores": scores, "bands": bands, "weighted": weighted})
    )
    wide = error_rates("s", "ranges", file=file)
    usd, businesses = wide.of_unit("USD"), wide.of_unit("businesses")
    assert usd is not None
    assert (usd.n_judged, usd.n_inside, usd.n_apart) == (2, 1, 1)
    assert (usd.n_weak, usd.n_kept) == (3, 2)
    assert usd.median_factor == pytest.approx(10**0.5)
    assert businesses is not None
    assert businesses.n_inside == 0
    assert wide.of_unit("names") is None
    assert wide.of_scenario is not None
    assert wide.of_scenario.n_judged == 2
    assert error_rates("u", "ranges", file=file).of_scenario is None
    luck = error_rates("s", "luck", file=file)
    assert (luck.all.n_judged, luck.all.n_inside) == (3, 0)
    # Weights are those of the run's own scenario, and of others that runs take unasked.
    own, other = (error_rates(name, "calibrated", file=file).all for name in ("s", "t"))
    assert (own.n_inside, other.n_inside) == (1, 2)


@pytest.mark.parametrize(
    ("scenario", "spans"),
    [("spain-2025-26", "ranges"), ("telegram-2018", "ranges"), ("telegram-2018", "luck")],
)
def test_error_rates_agree_with_the_page_of_validation(scenario: str, spans: Spans) -> None:
    """The tallies of the same file are counted by other code."""
    document = json.loads(scores_file().read_text(encoding="utf-8"))
    found = error_rates(scenario, spans).of_scenario
    (tally,) = [
        one
        for one in document["bands"][spans]["tallies"]
        if (one["role"], one["subject"]) == ("held-out", f"scenario {scenario}")
    ]
    assert found is not None
    assert (found.n_judged + found.n_weak, found.n_inside + found.n_kept, found.n_weak) == (
        tally["n_computable"], tally["n_inside"], tally["n_computable_bounds"],
    )  # fmt: skip
    assert found.n_apart == tally["n_figures"]
    assert found.median_factor == pytest.approx(10 ** tally["median_abs_log10_error"])
