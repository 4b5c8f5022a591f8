"""Lines that differ in digits alone are looked at once, and give the verdicts of all lines."""

from __future__ import annotations

from random import Random

import pytest

from sim.addresses.feeds import delimited
from sim.addresses.feeds.formats import read_feed
from sim.addresses.feeds.inputs import Input
from sim.addresses.feeds.rows import meaning, neighbours
from sim.addresses.text.cuts import line_shapes
from sim.errors import DataError

PARTS = (
    *("198.51.100.7", "203.0.113.9/32", " # note 12", "# Whitelist", "removed", " # REMOVED", "ok"),
    *("@@||a.example^", "||b.example^", "!", " ; expired", "# Удалены", "604800 ; expire", "\r"),
    *("a.example###removed", "# Removed 2026-01-02", "# Safe domains", " # not  blocked", '"', ""),
)


def test_the_verdict_of_a_text_is_that_of_all_its_lines():
    rng = Random(3)
    n_found = n_reduced = 0
    for _ in range(1500):
        lines = ["".join(rng.choices(PARTS, k=rng.randint(1, 2))) for _ in range(rng.randint(1, 4))]
        lines += [f"192.0.2.{rng.randint(1, 99)} # by {rng.randint(1, 99)}" for _ in range(20)]
        rng.shuffle(lines)
        text = "\n".join([*lines, ""])
        n_reduced += line_shapes(text.encode()) is not None
        # The second way that needs no shapes.
        expected = meaning._first_verdict(text, is_ordered=True)
        assert meaning.verdict_behind(text) == expected
        n_found += expected is not None
    assert n_reduced == 1500
    assert 300 < n_found < 1400


CELLS = (
    *("Site 12", "removed", "REMOVED", "2026-01-02", "198.51.100.9", "not blocked", "24", ""),
    *("Removed 12 of 13", "yes", "allow 7", "Example 1", "tcp", "443"),
)


def test_a_table_is_refused_and_read_as_if_each_row_were_looked_at(tmp_path, monkeypatch):
    rng = Random(4)
    path = tmp_path / "table.csv"
    told = []
    for trial in range(120):
        columns = rng.sample(("name", "comment", "service", "case", "updated", "x", "region"), 2)
        odd = [rng.choice(CELLS) for _ in range(2)]
        rows = [
            f"192.0.2.{rng.randint(1, 99)},Site {rng.randint(1, 9)},{rng.randint(1, 9)} of 9"
            for _ in range(20)
        ]
        rows.insert(rng.randint(0, 20), f"192.0.2.7,{odd[0]},{odd[1]}")
        path.write_text("\n".join([f"address,{columns[0]},{columns[1]}", *rows, ""]))
        outcomes = []
        for is_reduced in (True, False):
            with monkeypatch.context() as patched:
                if not is_reduced:
                    patched.setattr(delimited, "line_shapes", lambda text: None)
                try:
                    feed = read_feed(Input(path, "table.csv"))
                    outcomes.append((feed.n_records, feed.notes))
                except DataError as error:
                    outcomes.append(str(error))
        assert outcomes[0] == outcomes[1], trial
        told.append(outcomes[0])
    assert 20 < sum(isinstance(each, str) for each in told) < 110


@pytest.mark.parametrize("form", ["list", "table"])
def test_few_texts_of_a_file_that_varies_in_numbers_are_looked_at(form, tmp_path, monkeypatch):
    rng = Random(5)
    n_looked_at = 0
    module, name = (meaning, "_first_verdict") if form == "list" else (neighbours, "words_against")
    real = getattr(module, name)

    def count(texts, **how):
        nonlocal n_looked_at
        n_looked_at += texts.count("\n") if form == "list" else len(texts)
        return real(texts, **how)

    monkeypatch.setattr(module, name, count)
    between = " # by " if form == "list" else ","
    lines = [
        f"{rng.randint(1, 223)}.{rng.getrandbits(8)}.{rng.getrandbits(8)}.0/24{between}"
        f"Site {rng.getrandbits(30)}\n"
        for _ in range(20_000)
    ]
    path = tmp_path / "given"
    path.write_text("".join(["address,name\n" if form == "table" else "", *lines]))
    assert read_feed(Input(path, "given")).n_records == 20_000
    assert 0 < n_looked_at < 2_000
