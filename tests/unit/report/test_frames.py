"""Which changes are shown when there are more of them than frames."""

from __future__ import annotations

import numpy as np

from sim.addresses.sets.intervals import IntervalSet
from sim.report.figures.frames import frame_rows, frame_times, sizes_of


def test_frames_lie_at_large_changes_and_spread_over_small_ones() -> None:
    def rows(sizes: list[int], n: int) -> list[int]:
        listed = [IntervalSet.from_bounds([0], [size]) for size in sizes]
        return frame_rows(sizes_of(listed), n).tolist()

    # Up by 1,300, up by 2,000, down by 3,000, and specks between: three large ones and both ends.
    assert rows([0, 1300, 1301, 1302, 3302, 3303, 303, 304], 5) == [0, 1, 4, 6, 7]
    assert rows([0, 1300, 1301, 1302, 3302, 3303, 303, 304], 6) == [0, 1, 2, 4, 6, 7]
    assert rows([0, 1300, 1301, 1302, 3302, 3303, 303, 304], 8) == list(range(8))
    # Equal changes: evenly spread, not the first ones.
    assert rows(list(range(101)), 11) == [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]
    assert rows([7] * 100, 5) == [0, 99]
    assert rows([0], 5) == [0]


def test_frames_hold_start_peak_and_end_and_the_largest_changes() -> None:
    t_s = np.arange(0, 1000, 10)
    value = np.minimum(np.arange(100.0), 50)
    value[70:] = 0
    times = frame_times([(t_s, value)], 5)
    assert {0, 500, 700, 990} <= set(times.tolist())
    assert times.size == 5


def test_rows_that_must_be_shown_take_frames_from_the_others() -> None:
    size = np.ones(100)
    assert frame_rows(size, 5).tolist() == [0, 24, 49, 74, 99]
    assert frame_rows(size, 5, shown=[7]).tolist() == [0, 7, 33, 66, 99]
    assert frame_rows(size, 2, shown=[7, 8, 9]).tolist() == [0, 7, 8, 9, 99]


def test_strategies_count_alike_however_much_they_list() -> None:
    wide = (np.array([0, 10, 20]), np.array([0.0, 9e6, 0.0]))
    narrow = (np.array([0, *range(100, 150)]), np.array([0.0, *range(1, 51)]))
    times = frame_times([wide, narrow], 8)
    assert {0, 10, 20, 149} <= set(times.tolist())
    assert ((times > 100) & (times < 149)).any()
