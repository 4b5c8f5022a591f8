"""One version, in one place, that the changelog has a section for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import sim


def test_the_build_reads_the_version_where_the_program_does(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" in project["project"]["dynamic"]
    file = repository / project["tool"]["hatch"]["version"]["path"]
    assert re.findall(r'^__version__ = "(.*)"$', file.read_text(), re.M) == [sim.__version__]


def test_the_changelog_has_one_section_for_each_version_newest_first(repository: Path) -> None:
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
