"""The comparison itself: what counts as moved, and that only --update-golden writes."""

import math
from pathlib import Path

import pytest

from tests.golden.runs import Numbers, hold, read_numbers, what_moved, write_numbers

NUMBERS: Numbers = {
    ("addresses_listed_peak", 0): 4_294_967_296,
    ("business_hours_affected", 0): 1234.5678901234567,
    ("target_user_hours_denied", 0): math.nan,
    ("addresses_listed_peak", 1): 0,
    ("business_hours_affected", 1): 0.0,
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "small.csv"
    write_numbers(path, NUMBERS)
    return path


def test_a_file_reads_as_it_was_written_up_to_twelve_digits(path):
    read = read_numbers(path)
    assert list(read) == list(NUMBERS)
    assert [type(value) for value in read.values()] == [type(value) for value in NUMBERS.values()]
    assert path.read_text(encoding="utf-8").splitlines() == [
        "metric,value,replicate",
        "addresses_listed_peak,4294967296,0",
        "business_hours_affected,1234.56789012,0",
        "target_user_hours_denied,,0",
        "addresses_listed_peak,0,1",
        "business_hours_affected,0.0,1",
    ]
    assert what_moved(read, NUMBERS) == []


@pytest.mark.parametrize(
    ("metric", "value", "said"),
    [
        ("addresses_listed_peak", 4_294_967_297, "4294967296 → 4294967297"),
        ("addresses_listed_peak", 4_294_967_296.5, "4294967296 → 4294967296.5"),
        ("addresses_listed_peak", math.nan, "4294967296 → not known"),
        ("business_hours_affected", 1234.567893, "1234.56789012 → 1234.567893"),
        ("business_hours_affected", math.nan, "1234.56789012 → not known"),
        ("target_user_hours_denied", 0.0, "not known → 0.0"),
    ],
)
def test_a_changed_number_is_named(path, metric, value, said):
    changed = NUMBERS | {(metric, 0): value}
    assert hold(path, changed, is_update=False) == [f"{metric}, replicate 0: {said}"]


@pytest.mark.parametrize("is_there", [True, False])
def test_only_an_update_writes(path, is_there):
    if not is_there:
        path.unlink()
    before = path.read_bytes() if is_there else None
    changed = NUMBERS | {("addresses_listed_peak", 0): 1}
    said = hold(path, changed, is_update=False)
    assert said != []
    assert (path.read_bytes() if path.exists() else None) == before
    assert hold(path, changed, is_update=True) == said
    assert hold(path, changed, is_update=False) == []
