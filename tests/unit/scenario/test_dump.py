"""A scenario back to YAML: loading what was written gives an equal scenario."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sim.scenario.library import scenario_names
from sim.scenario.load import LoadedScenario, load_scenario
from sim.scenario.schema import Scenario, dump_scenario, scenario_tree
from tests.sections import assumed
from tools.scenario_page import json_schema


def reload(scenario: Scenario, path: Path) -> LoadedScenario:
    path.write_text(dump_scenario(scenario), encoding="utf-8")
    return load_scenario(str(path))


@pytest.mark.parametrize("name", scenario_names())
def test_a_shipped_scenario_survives_dump_and_load(name, tmp_path):
    scenario = load_scenario(name).scenario
    again = reload(scenario, tmp_path / "again.yaml")
    assert again.scenario == scenario
    assert again.assumed == ()  # nothing is left to the assumption table


slugs = st.from_regex(r"[a-z0-9]{1,5}(-[a-z0-9]{1,5}){0,2}", fullmatch=True)
tables = slugs | st.builds("{}/{}.csv".format, slugs, slugs) | st.just("a b: {x}.csv")
tricky = st.sampled_from(
    ["NO", "12:30", "null", "~", "0x10", "1e3", "- a", "a: b", "#x", "&x", "*x", "!x", "%", "'",
     '"', "x  y", " x", "x ", "2018-04-16", "true", "?", "[", "{", "@", "`", "|", ">", "---", "...",
     "é😀"]
)  # fmt: skip
printable = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])
lines = tricky | st.text(printable | st.just(" "), min_size=1, max_size=200)
odd = st.sampled_from("\n\r\t a#\x85\u2028\ufeff\x7f\ufffe")
descriptions = st.lists(lines | st.just(""), max_size=4).map("\n".join) | st.text(odd, max_size=9)
shares = st.floats(0, 1)
instants = st.builds(
    "20{:02d}-{:02d}-{:02d}T{:02d}:{:02d}{}{}".format,
    st.integers(10, 30), st.integers(1, 12), st.integers(1, 28), st.integers(0, 23),
    st.integers(0, 59), st.sampled_from(["", ":00", ":07"]),
    st.sampled_from(["Z", "+00:00", "+03:00", "-09:30", "+05:45"]),
)  # fmt: skip


@st.composite
def trees(draw: st.DrawFn) -> dict[str, Any]:
    """Scenarios of which any optional key may be there or not."""
    strategy = draw(
        st.fixed_dictionaries({"id": st.just("none")})
        | st.fixed_dictionaries(
            {"id": st.just("replay"), "orders": tables},
            optional={"order_times": st.sampled_from(["best", "drawn"])},
        )
    )
    thresholds = sorted(draw(st.lists(shares, min_size=3, max_size=3, unique=True)))
    home = draw(shares)
    start = draw(instants)
    tree = {
        "format": "overblock/scenario/1",
        "name": draw(slugs),
        "title": draw(lines),
        "start": start,
        "end": f"2031{start[4:]}" if start[:4] > "2021" else f"{int(start[:4]) + 9}{start[4:]}",
        "target": {"name": draw(lines), "prefixes": draw(tables)},
        "strategy": strategy,
        "population": assumed("population")
        | {
            "n_businesses": draw(st.integers(1, 10_000_000)),
            "share_components_at_home": home,
            "share_components_domestic": draw(st.floats(0, 1 - home)),
        },
        "thresholds": dict(zip(("affected", "impaired", "down"), thresholds, strict=True)),
        "effects": assumed("effects")
        | {"throttle_severity": draw(shares), "name_evasion": draw(shares)},
        "names": assumed("names")
        | {
            "loneliness": draw(shares),
            "shared_min_names": draw(st.integers(1, 9999)),
            "sharing": draw(tables),
            "parked": draw(tables),
        },
    }
    optional = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "description": descriptions,
                "root_seed": st.integers(0, 2**63 - 1),
                "n_replicates": st.integers(1, 1_000_000),
                "register": st.fixed_dictionaries({}, optional={"cadence": tables}),
                "operators": st.fixed_dictionaries({}, optional={"groups": tables}),
                "published": st.fixed_dictionaries(
                    {}, optional={"totals": tables, "figures": tables}
                ),
            },
        )
    )
    return tree | optional


# Without shrinking: a failure would take minutes to be told.
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(tree=trees())
def test_any_scenario_survives_dump_and_load(tree, tmp_path_factory):
    scenario = Scenario.model_validate(tree)
    again = reload(scenario, tmp_path_factory.getbasetemp() / "round-trip.yaml")
    assert again.scenario == scenario
    assert scenario_tree(again.scenario) == scenario_tree(scenario)
    assert again.assumed == ()


@pytest.mark.parametrize(
    "description",
    ["", "one", "two\nlines", "ends\n", "\nstarts", "a\n\nb", "  indented\nnot", "trailing  \nx",
     "x\n  y\nz\n\n", "\n", " ", "tab\there", "a\n\n\n b", "a\n\tb", "a\r\nb", "a\n\rb", "\x85",
     "a\n\x7f", *(f"{odd}\n#{odd}" for odd in ("\ufffe", "\uffff", "\ufeff", "\t", "\x85"))],
)  # fmt: skip
def test_line_breaks_of_a_description_survive(description, write_scenario, tmp_path):
    scenario = load_scenario(str(write_scenario())).scenario
    scenario = scenario.model_copy(update={"description": description})
    assert reload(scenario, tmp_path / "again.yaml").scenario.description == description


def test_the_resolved_tree_has_a_value_for_every_assumed_key(write_scenario):
    loaded = load_scenario(str(write_scenario()))
    tree = scenario_tree(loaded.scenario)
    for row in loaded.assumed:
        section, key = row.key.split(".")
        assert tree[section][key] == row.number


def test_the_json_schema_asks_for_no_key_that_the_assumption_table_gives():
    schema = json_schema()
    required = set(schema["required"])
    assert required == {"format", "name", "title", "start", "end", "target", "strategy"}
    assert "required" not in schema["$defs"]["Population"]
    assert "required" not in schema["$defs"]["Thresholds"]
    assert schema["$defs"]["Population"]["properties"]["n_businesses"]["default"] == 1000


def test_the_json_schema_describes_every_key():
    schema = json_schema()
    properties = {**schema["properties"]}
    for name, model in schema["$defs"].items():
        properties |= {f"{name}.{key}": node for key, node in model["properties"].items()}
    assert len(properties) > 30
    for name, node in properties.items():
        assert node.get("description") or "$ref" in str(node), name


def test_the_json_schema_allows_no_null_since_a_file_may_hold_none():
    assert "null" not in json.dumps(json_schema())
