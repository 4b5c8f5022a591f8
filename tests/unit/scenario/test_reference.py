"""The page of scenario keys: fresh, whole, and true to what loading does."""

import re

import pytest

from sim.errors import ScenarioError
from sim.scenario.library import scenario_names
from sim.scenario.load import load_scenario
from sim.scenario.schema import scenario_tree
from tools.scenario_page import reference_page

ROW = re.compile(
    r"- `([\w.<> ]+)` \((.+?); (\*\*required\*\*|optional|default `.+?`|\*assumed\* .+?\))\): (.+)"
)


def rows() -> dict[str, list[str]]:
    """Cells of the page by key."""
    found = {}
    for line in reference_page().splitlines():
        if line.startswith("| `"):
            found.setdefault("strategy.id", ["id", "**required**", "Strategy."])
        elif matched := ROW.fullmatch(line):
            found.setdefault(matched[1], [matched[2], matched[3], matched[4]])
    return found


def test_every_key_of_a_whole_scenario_is_on_the_page():
    keys: set[str] = set()
    for name in scenario_names():
        tree = scenario_tree(load_scenario(name).scenario)
        notes = tree.pop("provenance", {}).values()
        keys |= {f"provenance.<key path>.{key}" for note in notes for key in note}
        keys |= {key for key, value in tree.items() if not isinstance(value, dict)}
        keys |= {f"{s}.{k}" for s, value in tree.items() if isinstance(value, dict) for k in value}
    assert len(keys) > 60
    assert keys <= set(rows())


def test_the_page_says_which_sections_may_be_left_out_and_what_they_need():
    """Held against what loading does: each section alone beside the minimal scenario."""
    said = {}
    for part in reference_page().split("\n## ")[1:]:
        heading, note = part.split("\n\n")[:2]
        said[heading.split("`")[1] if "`" in heading else heading] = note
    optional = {section for section, note in said.items() if note.startswith("May be left out.")}
    assert optional == {
        "fronts", "censor", "users", "stances", "reactions", "complaints", "tenancy", "switching",
        "ipv6", "measures", "evidence", "evidence.businesses", "evidence.listed",
    }  # fmt: skip
    assert said["complaints"].endswith("Needs the section `users`, who complain.")
    assert said["fronts"].endswith("Needs the section `censor`, which discovers them.")
    assert said["reactions"] == "May be left out."
    page = reference_page()
    for chase in ("exact", "rolling", "cover"):
        needed = "`fronts` or `target.addresses`"
        assert re.search(rf"^\| `{chase}` \| .+ \| {needed} \| ", page, re.MULTILINE)
    assert re.search(r"^\| `dns` \| .+ \|  \| `operators`", page, re.MULTILINE)


def required() -> list[str]:
    """Required keys of the sections that the minimal scenario has."""
    keys = [key for key, cells in rows().items() if "required" in cells[1]]
    mine = ("target.", "strategy.id", "strategy.orders")
    return [key for key in keys if "." not in key or key.startswith(mine)]


@pytest.mark.parametrize("key", required())
def test_a_key_called_required_cannot_be_left_out(write_scenario, minimal, key):
    name = key.rsplit(".", 1)[-1]
    indent = "  " if "." in key else ""
    lines = minimal.splitlines(keepends=True)
    section = lines.index(f"{key.split('.')[0]}:\n") if "." in key else 0
    (drop,) = [
        number for number, line in enumerate(lines)
        if line.startswith(f"{indent}{name}:") and section <= number <= section + 10
    ][:1]  # fmt: skip
    path = write_scenario(text="".join(lines[:drop] + lines[drop + 1 :]))
    with pytest.raises(ScenarioError, match=r"expected a (value, got nothing|key id that names)"):
        load_scenario(str(path))


def test_the_other_keys_can_be_left_out(write_scenario, minimal):
    lines = ("root_seed: 7\n", "n_replicates: 2\n", "population:\n", "  n_businesses: 40\n")
    scenario = load_scenario(str(write_scenario(dict.fromkeys(lines, "")))).scenario
    page = rows()
    assert f"default `{scenario.n_replicates}`" == page["n_replicates"][1]
    assert str(scenario.population.n_businesses) in page["population.n_businesses"][1]
    assert f"default `{scenario.operators.groups}`" == page["operators.groups"][1]
