"""The first picture of a page: where the name of its worst moment stands."""

from __future__ import annotations

import numpy as np

from sim.report.page.first_picture.curve import HEIGHT, _beside


def test_the_name_of_a_point_crosses_no_line() -> None:
    steps = np.arange(64.0, 706.0, 2.0)
    foot = HEIGHT - 34.0

    def curve(left: float, right: float) -> np.ndarray:
        """Foot but for a peak at 500, and what is drawn left and right of it."""
        return np.where(steps < 500, left, np.where(steps > 500, right, 100.0))

    # A slope on the left: it stands on the right; on the left where the slope is there.
    rising, falling = curve(95.0, foot), curve(foot, 95.0)
    assert _beside(500.0, 100.0, 14, steps, [rising]) == (506.0, 93.0, "start")
    assert _beside(500.0, 100.0, 14, steps, [falling]) == (494.0, 93.0, "end")
    # Lines at all its heights on both sides: above all of them.
    busy = [curve(high, high) for high in (60.0, 95.0, 110.0, 122.0)]
    assert _beside(500.0, 100.0, 14, steps, busy) == (494.0, 53.0, "end")
    # There is no room on the left of a point at the edge.
    place, _, anchor = _beside(66.0, 100.0, 14, steps, [np.full(steps.size, foot)])
    assert (place, anchor) == (72.0, "start")
