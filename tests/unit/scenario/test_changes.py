"""A scenario with other values is the one that would have been written so."""

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import DataError, ScenarioError
from sim.scenario.document import Place, parse_document, parse_scalar
from sim.scenario.overrides import override_text, set_value
from sim.scenario.resolve import Resolved
from sim.scenario.tables.column_changes import FINER, ColumnChange
from sim.scenario.variants import Point, is_whole
from tests.experiments import resolved_of


def change(chase: Resolved, keys: dict[str, Any], columns=()) -> Resolved:
    return Point(tuple(keys.items()), tuple(columns)).change(chase)


def times(table: str, column: str, *amounts: float) -> ColumnChange:
    return ColumnChange(table, column, amounts)


@pytest.mark.parametrize(
    ("keys", "overrides"),
    [
        ({"population": {"n_businesses": 60}}, ["population.n_businesses=60"]),
        ({"tenancy": {}}, ["tenancy={}"]),
        ({"tenancy.shared_stay_d": 3}, ["tenancy.shared_stay_d=3"]),
        ({"complaints": "off"}, ["complaints=off"]),
        ({"complaints": None}, ["complaints=off"]),
        ({"strategy": {"id": "exact"}}, ["strategy={id: exact}"]),
    ],
)
def test_sections_change_as_by_overrides(chase, keys, overrides):
    changed, written = change(chase, keys), resolved_of("telegram-2018", overrides)
    assert changed.scenario == written.scenario
    assert changed.assumed == written.assumed
    assert resolved_of("telegram-2018", changed.loaded.overrides).scenario == written.scenario


def test_what_a_scenario_cannot_be_is_refused_with_all_mistakes(chase):
    keys = {"population.n_businesses": 1.5, "thresholds.impared": 0.1, "effects.name_evasion": 2}
    with pytest.raises(ScenarioError) as caught:
        change(chase, keys)
    said = str(caught.value)
    assert "population.n_businesses: expected a whole number, got 1.5" in said
    assert "thresholds.impared: unknown key; did you mean 'impaired'?" in said
    assert "effects.name_evasion: expected a share in [0, 1], got 2" in said


@pytest.mark.parametrize("columns", [(), (times("operators-russia-2018", "compliance", 0.5),)])
def test_what_tables_may_not_mean_together_is_refused_whatever_else_changes(chase, columns):
    with pytest.raises(DataError, match="expected an operator of operators-russia-2018"):
        change(chase, {"strategy": {"id": "exact", "operators": ["nobody"]}}, columns)


def test_a_change_leaves_the_original_as_it_was(chase):
    before = chase.scenario, chase.operators.rows, dict(chase.loaded.document.tree)
    change(
        chase,
        {"population.n_businesses": 7},
        [times("operators-russia-2018", "apply_lag_median_h", 2.0)],
    )
    assert (chase.scenario, chase.operators.rows, chase.loaded.document.tree) == before


def test_a_column_is_multiplied_and_the_others_stay(chase):
    found = change(chase, {}, [times("operators-russia-2018", "apply_lag_median_h", 0.5)])
    for old, new in zip(chase.operators.rows, found.operators.rows, strict=True):
        assert new == old.model_copy(update={"apply_lag_median_h": old.apply_lag_median_h * 0.5})


@pytest.mark.parametrize(("position", "expected"), [(-1, 0.1), (0, None), (1, 0.9)])
def test_a_position_leads_from_the_low_end_by_the_cell_to_the_high_end(chase, position, expected):
    moved = times("components-2018", "share_spread", position)
    for old, new in zip(
        chase.components.rows, change(chase, {}, [moved]).components.rows, strict=True
    ):
        assert new.share_spread == (old.share_spread if expected is None else expected)


def test_ends_of_a_range_are_reached_without_rounding(chase):
    # 4 - (4 - 1.3) is below 1.3 in floating point, and the table refuses what is below its range.
    rows = chase.services.rows
    low, high = tuple(row.low for row in rows), tuple(row.high for row in rows)
    for position, ends in ((-1.0, low), (1.0, high)):
        moved = times("services-russia-2018", "popularity", position)
        found = change(chase, {}, [moved]).services.rows
        assert tuple(row.popularity for row in found) == ends


def test_shares_of_a_column_still_sum_to_1(chase):
    assert chase.responses is not None
    found = change(chase, {}, [times("responses-2018", "share", 2, 1, 1, 1, 1)]).responses
    assert found is not None
    old = [row.share for row in chase.responses.rows]
    doubled = [2 * old[0], *old[1:]]
    for row, share in zip(found.rows, doubled, strict=True):
        assert row.share == pytest.approx(share / sum(doubled))


def test_shares_of_a_row_still_sum_to_1(chase):
    found = change(chase, {}, [times("components-2018", "share_8_addresses", 3.0)])
    for old, new in zip(chase.components.rows, found.components.rows, strict=True):
        total = 1 + 2 * old.share_8_addresses
        assert new.share_8_addresses == pytest.approx(3 * old.share_8_addresses / total)
        assert new.share_1_address == pytest.approx(old.share_1_address / total)
        assert new.share_third_party == old.share_third_party


def test_relative_weights_move_on_their_own(chase):
    amounts = [1.0] * len(chase.hosting.rows)
    amounts[3] = 2.5
    found = change(chase, {}, [times("hosting-russia-2018", "weight", *amounts)])
    for row, (old, new) in enumerate(zip(chase.hosting.rows, found.hosting.rows, strict=True)):
        assert new.weight == pytest.approx(old.weight * amounts[row])


def test_weights_in_whole_numbers_are_made_finer_before_rounding(chase):
    amounts = [1.0] * len(chase.profiles.rows)
    amounts[0] = 1.234
    found = change(chase, {}, [times("demand-profiles", "weight", *amounts)])
    old = [row.weight for row in chase.profiles.rows]
    new = [row.weight for row in found.profiles.rows]
    assert new[0] == round(1.234 * old[0] * FINER)
    assert new[1:] == [weight * FINER for weight in old[1:]]


def test_a_count_is_rounded_but_does_not_vanish(chase):
    found = change(chase, {}, [times("services-russia-2018", "n_addresses", 0.25)])
    for old, new in zip(chase.services.rows, found.services.rows, strict=True):
        assert new.n_addresses == max(1, round(old.n_addresses / 4))
    n_small = sum(round(row.n_addresses / 4) == 0 for row in chase.services.rows)
    assert n_small > 0, "or nothing was tested"


def test_a_table_that_cannot_be_so_is_refused_with_its_rows(chase):
    with pytest.raises(DataError, match=r"csv:2: weight_payment: expected a share in \[0, 1\]"):
        change(chase, {}, [times("sectors-russia-2018", "weight_payment", 2.0)])
    nothing = (0.0,) * len(chase.hosting.rows)
    with pytest.raises(DataError, match="expected a positive weight among the foreign rows"):
        change(chase, {}, [times("hosting-russia-2018", "weight", *nothing)])


def test_keys_that_take_whole_numbers_are_known():
    whole, others = ("population.n_businesses", "censor.max_rules"), (
        "thresholds.impaired", "no.such", "population.n_businesses.more",
    )  # fmt: skip
    assert all(map(is_whole, whole))
    assert not any(map(is_whole, others))


def test_what_a_row_does_not_have_stays_away():
    resolved = resolved_of("full-routers")
    name = "operators-russia-2018-full"
    before = [row.rule_capacity for row in resolved.operators.rows]
    found = change(resolved, {}, [times(name, "rule_capacity", 1.0)])
    after = [row.rule_capacity for row in found.operators.rows]
    assert after == [None if room is None else 66 for room in before]
    assert {*before} == {None, 32}


# Values from a command line or from Python, set over those of a file.


PLACE = Place("--set")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (60, "60"),
        (0.25, "0.25"),
        (True, "true"),
        (None, "off"),
        ("2018-04-16T20:00+03:00", "2018-04-16T20:00+03:00"),
        (datetime.date(2018, 4, 16), "2018-04-16"),
        ((32, 16), "[32, 16]"),
        ({"n_businesses": 60}, '{"n_businesses": 60}'),
    ],
)
def test_a_value_from_python_is_written_as_on_a_command_line(value, text):
    assert override_text("a.b", value) == f"a.b={text}"


LEAVES = st.integers(0, 9) | st.lists(st.integers(0, 9), max_size=2)
TREES = st.recursive(
    LEAVES, lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_leaves=6
)
MAPPINGS = st.dictionaries(st.sampled_from("abc"), TREES, max_size=3)


def merged(old: Any, new: Any) -> Any:
    """Merge by the definition: mappings key by key, everything else is replaced."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    return {key: merged(old.get(key), new[key]) if key in new else old[key] for key in old | new}


@given(MAPPINGS, TREES)
def test_mappings_merge_key_by_key(old, new):
    document = parse_document(f"section: {old}\n".encode(), "f")
    set_value(document, ("section",), parse_scalar(str(new), "--set"), PLACE)
    assert document.tree == {"section": merged(old, new)}


@given(MAPPINGS, TREES)
def test_a_place_is_that_of_what_stands_there(old, new):
    document = parse_document(f"section: {old}\n".encode(), "f")
    set_value(document, ("section",), new, PLACE)
    for path, place in document.places.items():
        if path:
            stands, before, after = (
                at(tree, path[1:]) for tree in (document.tree["section"], old, new)
            )
            assert stands is not NOTHING
            is_set = after is not NOTHING and not (
                isinstance(after, dict) and isinstance(before, dict)
            )
            assert (place == PLACE) == is_set
            assert document.is_replaced(path) == is_set


NOTHING = object()


def at(tree: Any, path: tuple[Any, ...]) -> Any:
    """What stands at a path, if anything."""
    for part in path:
        try:
            tree = tree[part]
        except (KeyError, IndexError, TypeError):
            return NOTHING
    return tree


def test_a_section_of_nothing_but_what_may_be_left_out_is_switched_off():
    document = parse_document(b"published: {totals: t, figures: f}\n", "f")
    set_value(document, ("published",), "off", PLACE)
    assert document.tree == {}


@pytest.mark.parametrize("section", ["money", "register"])
def test_a_section_that_has_defaults_cannot_be_switched_off(section):
    document = parse_document(b"name: x\n", "f")
    with pytest.raises(ScenarioError, match="where this section is left out its defaults hold"):
        set_value(document, (section,), "off", PLACE)
    assert document.tree == {"name": "x"}
