"""Answers at which no public host is: the address of their name is not known."""

from pathlib import Path

import pytest

import sim
from sim.blocklists.hosts import State
from tests.commands import document

SINKS = ("0.0.0.0", "127.0.0.1", "10.0.0.1", "192.168.1.1", "100.64.0.1", "169.254.0.1")
SINKS6 = ("::", "::1", "fd00::1", "fe80::1")


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "list.txt").write_text("198.51.100.0/24\n")
    monkeypatch.chdir(tmp_path)


def test_names_that_are_sent_to_a_sinkhole_are_not_known():
    sites = [*"abcdefghijkl"]
    Path("hosts.csv").write_text("name,address\n" + "".join(f"{one}.example,\n" for one in sites))
    answers = [*SINKS, *SINKS6, "198.51.100.7", "203.0.113.9"]
    lines = [f"{name}.example,{each}\n" for name, each in zip(sites, answers, strict=True)]
    Path("answers.csv").write_text("name,address\n" + "".join(lines))
    found = document("exposure", "list.txt", "--inventory", "hosts.csv", "--names", "answers.csv")
    assert [one["n_known"] for one in found["names"]] == [2]
    hosts = found["inventory"]["hosts"]
    assert (hosts["n_wholly"], hosts["n_not_listed"], hosts["n_not_known"]) == (1, 1, 10)
    told = "answers.csv: 10 rows have addresses at which no public host is"
    assert any(told in note for note in found["notes"])


def test_rows_of_an_inventory_at_a_sinkhole_are_not_known():
    Path("hosts.csv").write_text("name,address\na,127.0.0.1\nb,198.51.100.7\nc,::1\n")
    found = document("exposure", "list.txt", "--inventory", "hosts.csv")
    hosts = found["inventory"]["hosts"]
    assert (hosts["n_wholly"], hosts["n_not_listed"], hosts["n_not_known"]) == (1, 0, 2)
    assert any("hosts.csv: 2 rows have addresses at which" in note for note in found["notes"])


def test_columns_at_a_sinkhole_are_not_known():
    found = sim.exposure(["198.51.100.0/24"], {"address": ["127.0.0.1", "198.51.100.7"]})
    assert found.inventory.host_state.tolist() == [State.NOT_KNOWN, State.WHOLLY]
    assert any("1 rows have addresses at which no public host is" in one for one in found.notes)


def test_a_host_with_another_address_is_known_by_that():
    Path("hosts.csv").write_text("name,address\na,\n")
    Path("answers.csv").write_text("name,address\na,0.0.0.0\na,198.51.100.7\n")
    found = document("exposure", "list.txt", "--inventory", "hosts.csv", "--names", "answers.csv")
    assert [one["n_known"] for one in found["names"]] == [1]
