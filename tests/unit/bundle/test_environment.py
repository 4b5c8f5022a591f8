"""Versions and metadata of a bundle, from values by hand."""

from __future__ import annotations

import json
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from sim.bundle import crate
from sim.bundle.crate import METADATA, Member, Subject, crate_text, read_crate
from sim.bundle.environment import (
    Distribution,
    check_same_versions,
    installed,
    lock_text,
    sbom_text,
)
from sim.errors import DataError, OverblockError, UsageError
from sim.version import __version__

FOUND = {
    "overblock": Distribution("overblock", "1.2", "Apache-2.0", ("some-thing",)),
    "some-thing": Distribution("Some_Thing", "3.4", "", ()),
}
SUBJECT = Subject("A title", "An answer.", "2018-04-16", "abc", "overblock 9.8.7")
MEMBERS = {
    "run/summary.csv": Member("Measures", 3, "aa"),
    "run/scenario.yaml": Member("", 5, "bb"),
    "run/inputs/a.parquet": Member("", 7, "cc"),
    "rerun.sh": Member("", 11, "dd"),
    "page.html": Member("", 13, "ee"),
    "odd.xyz123": Member("", 17, "ff"),
}


def test_what_is_needed_and_not_installed_is_named() -> None:
    with pytest.raises(OverblockError, match=r"^no-such-thing: is needed and is not installed$"):
        installed({"packages": {"no-such-thing": "1.0"}})
    # What was absent when the run was made is not needed.
    assert "no-such-thing" not in installed({"packages": {"no-such-thing": "none"}})


def test_a_distribution_is_what_its_own_metadata_says() -> None:
    found = installed({})
    numba = found["numba"]
    assert (numba.name, numba.version) == ("numba", metadata.version("numba"))
    assert {"llvmlite", "numpy"} <= set(numba.needs)
    assert list(found) == sorted(found)
    assert list(numba.needs) == sorted(numba.needs)
    # An extra is not needed unless it is asked for.
    assert "pytest" not in found["overblock"].needs
    licence = metadata.metadata("packaging")["License-Expression"]
    assert found["packaging"].license == (licence or "")


def test_other_versions_are_named_and_the_same_are_not() -> None:
    same = {"tool": {"version": __version__}, "python": platform.python_version()}
    check_same_versions(same)
    check_same_versions(same | {"packages": {"numpy": metadata.version("numpy")}})
    with pytest.raises(UsageError) as refused:
        check_same_versions({"tool": {"version": "0.0.1"}, "python": "2.7"})
    assert str(refused.value).splitlines() == [
        f"made with overblock 0.0.1, here is {__version__}: bundle it where it was made",
        f"made with python 2.7, here is {platform.python_version()}: bundle it where it was made",
    ]


def test_the_lock_names_all_but_the_program() -> None:
    head, *lines = lock_text(FOUND, "3.11.7").splitlines()
    assert "3.11.7" in head
    assert lines == ["Some_Thing==3.4"]


def test_the_bill_of_materials_holds_each_distribution_once() -> None:
    told = json.loads(sbom_text(FOUND, "abc"))
    own, other = "pkg:pypi/overblock@1.2", "pkg:pypi/some-thing@3.4"
    component = told["metadata"]["component"]
    assert (component["type"], component["bom-ref"], component["purl"]) == ("application", own, own)
    assert component["licenses"] == [{"license": {"name": "Apache-2.0"}}]
    assert told["components"] == [
        {"type": "library", "bom-ref": other, "name": "Some_Thing", "version": "3.4", "purl": other}
    ]
    assert told["dependencies"] == [
        {"ref": own, "dependsOn": [other]},
        {"ref": other, "dependsOn": []},
    ]
    # RFC 4122 and CycloneDX 1.5: a serial number of its own for each result, of a first version.
    assert told["version"] == 1
    assert sbom_text(FOUND, "abc") == sbom_text(FOUND, "abc")
    assert json.loads(sbom_text(FOUND, "abd"))["serialNumber"] != told["serialNumber"]


def graph_of(text: str) -> dict[str, dict[str, Any]]:
    return {one["@id"]: one for one in json.loads(text)["@graph"]}


def test_the_metadata_says_what_was_made_of_what_with_what() -> None:
    graph = graph_of(crate_text(SUBJECT, MEMBERS))
    assert (graph["#overblock"]["name"], graph["#overblock"]["version"]) == ("overblock", "9.8.7")
    root = graph["./"]
    assert [root[key] for key in ("name", "description", "datePublished", "identifier")] == [
        "A title", "An answer.", "2018-04-16", "abc",
    ]  # fmt: skip
    made = graph["#made"]
    assert made["object"] == [{"@id": "run/inputs/a.parquet"}, {"@id": "run/scenario.yaml"}]
    assert made["result"] == [{"@id": "run/summary.csv"}]
    assert made["instrument"] == {"@id": "#overblock"}
    assert [one["@id"] for one in root["hasPart"]] == sorted(MEMBERS)
    kinds = {name: graph[name]["encodingFormat"] for name in MEMBERS}
    # IANA's register of media types; what has no entry there is a row of bytes (RFC 2046).
    assert kinds == {
        "run/summary.csv": "text/csv",
        "run/scenario.yaml": "application/yaml",
        "run/inputs/a.parquet": "application/vnd.apache.parquet",
        "rerun.sh": "text/x-shellscript",
        "page.html": "text/html",
        "odd.xyz123": "application/octet-stream",
    }
    assert graph["run/summary.csv"]["name"] == "summary.csv"
    assert graph["run/summary.csv"]["description"] == "Measures"
    assert "description" not in graph["rerun.sh"]


def test_the_metadata_is_read_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / METADATA).write_text(crate_text(SUBJECT, MEMBERS), "utf-8")
    assert read_crate(tmp_path) == MEMBERS


def test_metadata_that_is_none_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> str:
        with pytest.raises(DataError) as caught:
            read_crate(tmp_path)
        (problem,) = caught.value.problems
        assert problem.file == METADATA
        return problem.message

    assert refused().endswith("got an error: No such file or directory")
    text = crate_text(SUBJECT, MEMBERS)
    document = json.loads(text)
    for broken in (
        "[]",
        "{}",
        json.dumps({"@graph": [{"@id": "a"}]}),
        json.dumps({"@graph": [{"@type": "File", "@id": "a", "contentSize": "x", "sha256": ""}]}),
        text[:-20],
    ):
        (tmp_path / METADATA).write_text(broken, "utf-8")
        assert refused().startswith("expected the metadata of a bundle")
    twice = {"@graph": [*document["@graph"], document["@graph"][-1]]}
    (tmp_path / METADATA).write_text(json.dumps(twice), "utf-8")
    assert "a file listed twice" in refused()
    # At the limit it is read, a byte beyond it is not.
    (tmp_path / METADATA).write_text(text, "utf-8")
    n_bytes = len(text.encode())
    monkeypatch.setattr(crate, "MAX_BYTES", n_bytes)
    assert read_crate(tmp_path) == MEMBERS
    monkeypatch.setattr(crate, "MAX_BYTES", n_bytes - 1)
    assert f"more than {n_bytes - 1:,} bytes" in refused()
