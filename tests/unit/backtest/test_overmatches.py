"""Names of a list that rules match, as cases ask for them, against numbers worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.backtest.prediction import NotComputable, Prediction
from sim.backtest.scores import backtest
from sim.errors import DataError, ScenarioError
from sim.statistics.proportions import wilson
from tests.cases import case_file

NAMES = "t.co\nreddit.com\nmicrosoft.com\nexample.org\nrt.com\nt.co.example\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules.txt").write_text("*t.co*\n")
    (tmp_path / "names.txt").write_text(NAMES)
    (tmp_path / "meant.txt").write_text("||t.co^\nreddit.com\n")
    return tmp_path


def predict(folder: Path, keys: str):
    predictor = f"{{kind: overmatch, rules: rules.txt, names: names.txt{keys}}}"
    (found,) = backtest(case_file(folder, {"predictor": predictor}).cases, 1).scores
    return found.prediction


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        # reddit.com, microsoft.com, rt.com and t.co.example hold it, beside t.co itself.
        (", count: matched", 5),
        (", count: matched, is_share: true", 5 / 6),
        ("", 4),
        (", is_share: true", 4 / 5),
        (", targets: meant.txt", 3),
        (", targets: meant.txt, is_share: true", 3 / 4),
    ],
)  # fmt: skip
def test_counts_by_hand(folder, keys, expected):
    found = predict(folder, keys)
    assert isinstance(found, Prediction)
    assert (found.median, found.low, found.high) == (expected,) * 3


def test_a_sample_has_an_interval_near_that_of_wilson(folder):
    rows = [f"n{number}.example" for number in range(950)] + [f"t.co{n}.org" for n in range(50)]
    (folder / "names.txt").write_text("\n".join(rows))
    share = predict(folder, ", is_share: true, universe: 1000000")
    low, high = wilson(50, 1000, 0.9)
    assert share.median == pytest.approx(0.05, abs=0.001)
    assert (share.low, share.high) == pytest.approx((low, high), abs=0.001)
    number = predict(folder, ", universe: 1000000")
    assert (number.low, number.high) == pytest.approx((low * 1e6, high * 1e6), rel=0.03)
    # Half of the list is meant: of the universe as much is, so that the number stays.
    (folder / "meant.txt").write_text("\n".join(rows[:500]))
    number = predict(folder, ", universe: 1000000, targets: meant.txt")
    assert number.median == pytest.approx(0.05 * 1e6, rel=0.02)
    share = predict(folder, ", is_share: true, universe: 1000000, targets: meant.txt")
    assert share.median == pytest.approx(0.1, rel=0.02)


def test_what_cannot_be_is_refused_or_not_computable(folder):
    with pytest.raises(ScenarioError, match="universe: expected at least the 6 names"):
        predict(folder, ", universe: 5")
    (folder / "meant.txt").write_text("*\n")
    assert predict(folder, ", targets: meant.txt, is_share: true") == NotComputable(
        "a share of no name"
    )
    (folder / "rules.txt").unlink()
    with pytest.raises(DataError, match=r"rules\.txt: expected a file"):
        predict(folder, "")


def test_its_subject_is_the_rules(folder):
    predictor = "{kind: overmatch, rules: rules.txt, names: names.txt}"
    (placed,) = case_file(folder, {"predictor": predictor}).cases
    assert placed.case.subject == "rules rules.txt"
