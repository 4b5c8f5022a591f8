"""What a page may ask: everything else is refused, all mistakes at once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import ScenarioError
from sim.explore.setting import Setting, setting_of

GOOD = {
    "scenario": "surgical",
    "strategies": ["exact", "wide=aggregate:length=16"],
    "settings": {"population.n_businesses": 60.0, "censor.discovery_lag_h": 0.5},
    "n_replicates": 2,
    "n_draws": 0,
    "root_seed": None,
}


def test_a_setting_says_what_the_command_line_would() -> None:
    setting = Setting.of_json(GOOD, ["surgical"])
    assert setting.overrides == ("population.n_businesses=60", "censor.discovery_lag_h=0.5")
    assert setting.strategies == ("exact", "wide=aggregate:length=16")
    assert setting_of("a.b=3.0") == "a.b=3"
    assert setting_of("operators-russia-2018.compliance=0.9") is not None
    assert setting_of("end=2018-04-16T20:00+03:00") is None
    assert setting_of("a.b=nan") is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"scenario": "/etc/passwd"}, "scenario: expected one of the scenarios"),
        ({"scenario": "surgical\n"}, "scenario: expected one line"),
        ({"strategies": ["x" * 401]}, "strategies: expected at most 12 lines"),
        ({"strategies": ["x"] * 13}, "strategies: expected at most 12 lines"),
        ({"strategies": "exact"}, "strategies: expected at most 12 lines"),
        ({"settings": {"population.inventory": "/etc/passwd"}}, "expected a number"),
        ({"settings": {"a=b": 1}}, "expected key paths"),
        ({"settings": {"../a.b": 1}}, "expected key paths"),
        ({"settings": {"a.b": float("inf")}}, "expected a finite number"),
        ({"settings": {"a.b": True}}, "expected a number"),
        ({"settings": {f"a.b{row}": 1 for row in range(65)}}, "expected at most 64 values"),
        ({"n_replicates": 0}, "n_replicates: expected a whole number from 1 to 200"),
        ({"n_replicates": 10**9}, "n_replicates: expected"),
        ({"n_draws": 1.5}, "n_draws: expected"),
        ({"root_seed": -1}, "root_seed: expected"),
        ({"folder": "/tmp"}, "folder: expected one of n_draws"),
    ],
)
def test_what_a_page_may_not_ask_is_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        Setting.of_json({**GOOD, **change}, ["surgical"])


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ScenarioError) as caught:
        Setting.of_json({"scenario": "x", "n_draws": -1, "n_replicates": "2"}, ["surgical"])
    assert len(caught.value.problems) == 3


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(_JSON | st.fixed_dictionaries({}, optional=dict.fromkeys(GOOD, _JSON)))
def test_anything_is_a_setting_or_refused(found: object) -> None:
    try:
        setting = Setting.of_json(found, ["surgical"])
    except ScenarioError:
        return
    assert setting.scenario == "surgical"
