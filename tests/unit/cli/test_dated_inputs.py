"""Whatever reads addresses from dated orders takes those in force at a time, or none at all."""

from pathlib import Path

import pytest

from tests.commands import document, run

ORDERS = (
    "effective,action,prefix\n"
    "2024-01-01T00:00Z,block,198.51.100.0/24\n"
    "2024-01-02T00:00Z,unblock,198.51.100.0/24\n"
    "2024-01-02T00:00Z,block,203.0.113.9\n"
)
BOTH = "198.51.100.7\n203.0.113.9\n"
AT = ("--at", "2024-02-01T00:00Z")


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "orders.csv").write_text(ORDERS)
    (tmp_path / "both.txt").write_text(BOTH)
    (tmp_path / "one.txt").write_text("203.0.113.1\n")
    monkeypatch.chdir(tmp_path)


def test_addresses_are_those_in_force_whatever_they_are_for():
    found = document("cover", "--targets", "orders.csv", *AT)
    assert (found["targets"]["n_addresses4"], found["prefixes"]) == (1, ["203.0.113.9/32"])
    Path("near.txt").write_text("198.51.100.6\n198.51.100.8\n")
    asked = ("cover", "--targets", "near.txt", "--protect", "orders.csv", "--budget", "1")
    assert document(*asked, *AT)["prefixes"] == ["198.51.100.0/28"]
    found = document("exposure", "both.txt", "--inventory", "orders.csv", *AT)
    assert found["inventory"]["hosts"]["n"] == 1
    listed = document("exposure", "both.txt", "--target", "orders.csv", *AT)["listed"]
    assert listed["n_own4"] == 1
    found = document("exposure", "both.txt", "--attribute", "P=orders.csv", "--by", "provider", *AT)
    groups = {each["name"]: each["n_addresses4"] for each in found["breakdowns"][0]["groups"]}
    assert groups["P"] == 1


UNDATED, NO_TIME = "holds dated orders; say when, such as --at", "none of the files holds dated"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("cover --targets orders.csv", UNDATED),
        ("cover --targets one.txt --protect orders.csv", UNDATED),
        ("cover --targets one.txt --inventory orders.csv", UNDATED),
        ("cover --targets one.txt --against orders.csv", UNDATED),
        ("exposure both.txt --target orders.csv", UNDATED),
        ("exposure both.txt --attribute orders.csv --by provider", UNDATED),
        ("exposure both.txt --inventory orders.csv", UNDATED),
        ("exposure both.txt --against orders.csv", UNDATED),
        ("exposure orders.csv", UNDATED),
        (f"cover --targets one.txt {' '.join(AT)}", NO_TIME),
        (f"exposure one.txt {' '.join(AT)}", NO_TIME),
    ],
)
def test_orders_without_a_time_and_a_time_without_orders_are_refused(arguments, told):
    file = "orders.csv" if told == UNDATED else "--at"
    assert f"{file}: {told}" in run(*arguments.split(), status=2).stderr
