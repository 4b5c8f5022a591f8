"""Lists of addresses that a scenario names, as tables of prefixes."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import DataError
from sim.scenario.lists import read_list


def test_each_family_stays_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("::/0\n0.0.0.0/0\n2001:db8::-2001:db8::2\n0.0.0.1\n")
    table = read_list("list.txt", path)
    assert [str(row.prefix) for row in table.rows] == [
        "0.0.0.0/0",
        "0.0.0.1/32",
        "2000::/3",
        "2001:db8::/127",
        "2001:db8::2/128",
    ]
    assert table.lines == (2, 4, 1, 3, 3)


def test_ipv6_that_is_not_on_the_internet_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("::1\n198.51.100.0/24\n::/3\n::/2\n::192.0.2.1\n64:ff9b::/96\n")
    with pytest.raises(DataError) as refused:
        read_list("list.txt", path)
    assert [(one.line, one.message.partition("got ")[2]) for one in refused.value.problems] == [
        (1, "'::1/128'"),
        (3, "'::/3'"),
        (5, "'::c000:201/128'"),
        (6, "'64:ff9b::/96'"),
    ]
