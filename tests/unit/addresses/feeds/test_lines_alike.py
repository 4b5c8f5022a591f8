"""Lines that differ in digits alone are looked at once, and give the verdicts of all lines."""

from __future__ import annotations

from random import Random

from sim.addresses.feeds import delimited, neighbours, verdicts
from sim.addresses.feeds.formats import read_feed
from sim.addresses.feeds.inputs import Input
from sim.addresses.feeds.verdicts import rows_with_stems, verdict_behind
from sim.errors import DataError

PARTS = (
    *("198.51.100.7", "203.0.113.9/32", " # note 12", "# Whitelist", "removed", " # REMOVED", "ok"),
    *("@@||a.example^", "||b.example^", "!", " ; expired", "# Удалены", "604800 ; expire", "\r"),
    *("a.example###removed", "# Removed 2026-01-02", "# Safe domains", " # not  blocked", '"', ""),
)


def test_the_verdict_of_a_text_is_that_of_all_its_lines(monkeypatch):
    rng = Random(3)
    n_found = 0
    for _ in range(1500):
        lines = ["".join(rng.choices(PARTS, k=rng.randint(1, 2))) for _ in range(rng.randint(1, 4))]
        lines += [f"192.0.2.{rng.randint(1, 99)} # by {rng.randint(1, 99)}" for _ in range(20)]
        rng.shuffle(lines)
        text = "\n".join([*lines, ""])
        with monkeypatch.context() as patched:
            every = range(text.count("\n") + 1)
            patched.setattr(verdicts, "rows_with_stems", lambda text, every=every: [*every])
            patched.setattr(verdicts, "_DIGITS", {})
            expected = verdicts.verdict_behind(text)
        assert verdicts.verdict_behind(text) == expected
        n_found += expected is not None
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


def test_few_cells_of_a_table_that_varies_in_numbers_are_looked_at(tmp_path, monkeypatch):
    rng = Random(5)
    n_looked_at = 0
    real = neighbours.words_against

    def count(texts, **how):
        nonlocal n_looked_at
        n_looked_at += len(texts)
        return real(texts, **how)

    monkeypatch.setattr(neighbours, "words_against", count)
    lines = [
        f"{rng.randint(1, 223)}.{rng.getrandbits(8)}.{rng.getrandbits(8)}.0/24,"
        f"Site {rng.getrandbits(30)}\n"
        for _ in range(20_000)
    ]
    path = tmp_path / "given"
    path.write_text("".join(["address,name\n", *lines]))
    assert read_feed(Input(path, "given")).n_records == 20_000
    assert 0 < n_looked_at < 2_000


def test_few_lines_of_comments_may_say_that_their_entry_is_not_blocked():
    lines = [f"192.0.2.{at % 256} # Hosting {at} of somebody or other\n" for at in range(20_000)]
    assert rows_with_stems("".join(lines)) == []
    lines[700] = "192.0.2.7 # Удалены\n"
    lines[900] = "192.0.2.9 # DON\u2019T BLOCK\n"
    assert rows_with_stems("".join(lines)) == [700, 900]
    assert verdict_behind("".join(lines)) == (700, "Удалены")
