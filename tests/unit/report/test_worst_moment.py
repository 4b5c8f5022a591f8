"""The moment at which a page opens: the worst, or one nearly so at which much is listed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import numpy as np

from sim.measure.bands import Band
from sim.report.page.over_time.worst_moment import worst_moment
from sim.results.read import RunFolder

RUN = cast("RunFolder", SimpleNamespace(strategies=("mild", "harsh")))


def band(*corners: tuple[int, float]) -> Band:
    t_s, mean = np.array(corners).T
    unknown = np.full(t_s.size, np.nan)
    return Band(t_s.astype(np.int64), mean, unknown, unknown, np.nan, 1)


def moment(*listed: tuple[int, float]) -> tuple[str, int]:
    return worst_moment(
        RUN,
        {
            ("mild", "businesses_impaired"): band((0, 5.0)),
            ("harsh", "businesses_impaired"): band((0, 0.0), (50, 92.0), (90, 100.0), (99, 3.0)),
            ("harsh", "addresses_listed"): band(*listed),
        },
    )


def test_a_page_opens_at_the_worst_moment() -> None:
    assert moment((0, 10.0), (40, 19.0), (90, 10.0)) == ("harsh", 90)


def test_where_little_is_listed_by_then_it_opens_while_much_is_and_nearly_as_many_are_hit() -> None:
    assert moment((0, 10.0), (45, 20.0), (85, 0.0)) == ("harsh", 50)


def test_it_never_opens_where_few_are_hit() -> None:
    assert moment((0, 999.0), (10, 0.0)) == ("harsh", 90)
