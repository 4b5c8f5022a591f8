"""Documents in the form that reviewers expect have its headings and point to what is there."""

from __future__ import annotations

import re

import pytest

from tests.conftest import REPOSITORY

EXPLANATION = REPOSITORY / "docs" / "explanation"
HEADINGS = {
    "ODD": (
        "Purpose and patterns", "Entities, state variables, and scales",
        "Process overview and scheduling", "Design concepts", "Initialization", "Input data",
        "Submodels",
    ),
    "TRACE": (
        "Problem formulation", "Model description", "Data evaluation",
        "Conceptual model evaluation", "Implementation verification", "Model output verification",
        "Model analysis", "Model output corroboration",
    ),
}  # fmt: skip
CONCEPTS = (
    "Basic principles", "Emergence", "Adaptation", "Objectives", "Learning", "Prediction",
    "Sensing", "Interaction", "Stochasticity", "Collectives", "Observation",
)  # fmt: skip
FACTORS = (
    "data pedigree", "verification", "validation", "input pedigree",
    "uncertainty characterization", "results robustness", "history",
    "process and product management",
)  # fmt: skip


def text_of(name: str) -> str:
    return (EXPLANATION / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", HEADINGS)
def test_headings_are_those_of_the_protocol(name):
    numbered = [f"{number}. {heading}" for number, heading in enumerate(HEADINGS[name], 1)]
    assert re.findall(rf"^### {name} (\d.*)$", text_of("appendix"), re.M) == numbered


def test_every_design_concept_is_there():
    bold = re.findall(r"\*\*([A-Z][a-z ]+)\.\*\*", text_of("appendix"))
    assert [each for each in bold if each in CONCEPTS] == list(CONCEPTS)


def test_every_part_of_the_model_that_is_built_is_pointed_to():
    parts = re.findall(r"^## (.+ \[built\])$", text_of("model"), re.M)
    anchors = [re.sub(r"[^\w -]", "", part.lower()).replace(" ", "-") for part in parts]
    assert len(anchors) > 15
    assert [each for each in anchors if f"(model.md#{each})" not in text_of("appendix")] == []


def test_every_factor_has_a_level_and_what_the_next_one_lacks():
    rows = re.findall(
        r"^\| ([a-z][^|]*?)(?::[^|]*)? \| ([0-4])[^|]* \|(.*)\|$", text_of("appendix"), re.M
    )
    assert [name for name, _, _ in rows] == list(FACTORS)
    assert all(lacks.split("|")[-1].strip() for *_, lacks in rows)


@pytest.mark.parametrize("name", ["appendix", "misleading"])
def test_tests_and_scripts_that_are_named_exist(name):
    named = re.findall(r"`((?:tests|sim|seeds)/[\w/.-]+)`", text_of(name))
    assert [each for each in named if not (REPOSITORY / each).exists()] == []
    if name == "appendix":
        assert named  # a control: the pattern finds what is named
    short = re.findall(r"`(test_\w+\.py)`", text_of(name))
    there = {path.name for path in (REPOSITORY / "tests").rglob("test_*.py")}
    assert set(short) <= there
