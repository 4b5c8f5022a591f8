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


ZDNS = '{"name": "a", "results": {"A": {"status": "%s", "data": {"answers": [%s]}}, "AAAA": %s}}\n'
SIX = '{"status": "NOERROR", "data": {"answers": [{"type": "AAAA", "answer": "2001:db9::9"}]}}'
A4 = '{"type": "A", "answer": "%s"}'


@pytest.mark.parametrize(
    ("name", "text", "blocked", "state"),
    [
        ("a.csv", "name,address\na,0.0.0.0\na,198.51.100.7\n", "198.51.100.0/24", "n_partly"),
        ("a.csv", "name,address\na,0.0.0.0\na,203.0.113.9\n", "198.51.100.0/24", "n_not_known"),
        ("a.csv", "name,address\na,::1\na,203.0.113.9\n", "198.51.100.0/24", "n_not_known"),
        # An address within a network stands beside the public one in tables, not in answers.
        ("a.csv", "name,address\na,10.0.0.1\na,203.0.113.9\n", "198.51.100.0/24", "n_not_listed"),
        ("z", ZDNS % ("NOERROR", A4 % "10.10.34.36", SIX), "198.51.100.0/24", "n_not_known"),
        ("z", ZDNS % ("NOERROR", A4 % "10.10.34.36", SIX), "2001:db9::/32", "n_partly"),
        ("z", ZDNS % ("NOERROR", A4 % "203.0.113.9", SIX), "198.51.100.0/24", "n_not_listed"),
        ("z", ZDNS % ("NOERROR", "", SIX), "2001:db9::/32", "n_wholly"),
        ("z", ZDNS % ("TIMEOUT", "", SIX), "198.51.100.0/24", "n_not_known"),
        ("z", ZDNS % ("SERVFAIL", "", SIX), "2001:db9::/32", "n_partly"),
    ],
)  # fmt: skip
def test_a_host_of_which_an_address_is_hidden_is_known_in_part(name, text, blocked, state):
    Path("list.txt").write_text(f"{blocked}\n")
    Path("hosts.csv").write_text("name,address\nb,203.0.113.200\na,\n")
    Path(name).write_text(text)
    found = document("exposure", "list.txt", "--inventory", "hosts.csv", "--names", name)
    assert [one["n_known"] for one in found["names"]] == [2]
    hosts = found["inventory"]["hosts"]
    assert hosts[state] == 1 + (state == "n_not_listed")
    if name == "z":
        found = document("exposure", "list.txt", "--inventory", name)["inventory"]
        assert found["hosts"][state] == found["businesses"][state] == 1
