"""How the program is cited is what it is: the same version, date, licence and words."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import sim

# Of the schema of the Citation File Format 1.2.0: keys that must be there, of the whole and of a
# reference, and the kinds that are used here.
REQUIRED = {"cff-version", "message", "title", "authors"}
REQUIRED_OF_REFERENCE = {"type", "title", "authors"}
KNOWN = {
    *REQUIRED, "abstract", "commit", "contact", "date-released", "doi", "identifiers", "keywords",
    "license", "license-url", "preferred-citation", "references", "repository",
    "repository-artifact", "repository-code", "type", "url", "version",
}  # fmt: skip


@pytest.fixture(scope="module")
def citation(repository: Path) -> dict[str, Any]:
    return YAML(typ="safe").load((repository / "CITATION.cff").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def project(repository: Path) -> dict[str, Any]:
    return tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_citation_has_the_keys_of_its_format(citation: dict[str, Any]) -> None:
    assert citation["cff-version"] == "1.2.0"
    assert REQUIRED <= set(citation) <= KNOWN
    assert citation["type"] == "software"
    assert citation["references"]
    for reference in citation["references"]:
        assert set(reference) >= REQUIRED_OF_REFERENCE
    dates = [r["date-published"] for r in citation["references"]]
    dates += [citation["date-released"]] if "date-released" in citation else []
    # Text: a date without quotes would be a date to YAML, and a text to the format.
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", date) for date in dates)


def test_the_citation_is_of_this_version_and_has_a_day_once_it_is_released(
    citation: dict[str, Any], repository: Path
) -> None:
    assert citation["version"] == sim.__version__
    assert ("date-released" in citation) == (".dev" not in sim.__version__)
    if "date-released" in citation:
        changes = (repository / "CHANGELOG.md").read_text(encoding="utf-8")
        assert f"## {citation['version']} - {citation['date-released']}\n" in changes


def test_the_citation_says_what_the_project_says(
    citation: dict[str, Any], project: dict[str, Any]
) -> None:
    declared = project["project"]
    assert citation["license"] == declared["license"].split(" AND ")[0]
    assert citation["keywords"] == declared["keywords"]
    assert citation["authors"] == declared["authors"]
    sdist = project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert {"CITATION.cff", "/*.md"} <= set(sdist)
