"""Values from a command line or from Python, set over those of a file."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import ScenarioError
from sim.scenario.document import Place, parse_document, parse_scalar
from sim.scenario.overrides import override_text, set_value

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
        ([32, 16], "[32, 16]"),
        ((32, 16), "[32, 16]"),
        (
            {"n_businesses": 60, "sectors": "mine.csv"},
            '{"n_businesses": 60, "sectors": "mine.csv"}',
        ),
    ],
)
def test_a_value_from_python_is_written_as_on_a_command_line(value: Any, text: str) -> None:
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
def test_mappings_merge_key_by_key(old: dict[str, Any], new: Any) -> None:
    document = parse_document(f"section: {old}\n".encode(), "f")
    set_value(document, ("section",), parse_scalar(str(new), "--set"), PLACE)
    assert document.tree == {"section": merged(old, new)}


@given(MAPPINGS, TREES)
def test_a_place_is_that_of_what_stands_there(old: dict[str, Any], new: Any) -> None:
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


def test_a_section_of_nothing_but_what_may_be_left_out_is_switched_off() -> None:
    document = parse_document(b"published: {totals: t, figures: f}\n", "f")
    set_value(document, ("published",), "off", PLACE)
    assert document.tree == {}


@pytest.mark.parametrize("section", ["money", "register"])
def test_a_section_that_has_defaults_cannot_be_switched_off(section: str) -> None:
    document = parse_document(b"name: x\n", "f")
    with pytest.raises(ScenarioError, match="where this section is left out its defaults hold"):
        set_value(document, (section,), "off", PLACE)
    assert document.tree == {"name": "x"}
