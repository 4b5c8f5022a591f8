"""What a map shows of its pixels, against plain sets of addresses: also of those filled in part."""

from __future__ import annotations

import base64
from collections import Counter
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_hex

from sim.addresses.sets.intervals import IntervalSet
from sim.report.figures import address_map, style
from sim.report.figures.address_map import plot_shares
from sim.report.figures.hilbert import Window, counts
from sim.report.figures.map_frames import WINDOW, Providers, _frames, _owners, levels_of
from sim.report.figures.map_key import LEVEL_COLOURS
from sim.report.figures.scene import MapScene, pixel_table
from sim.results.register import NEVER, NOT_IPV4, Fronts, RegisterHistory

BASE = 52 << 24
NO_FRONTS = np.empty(0, np.int64)


def set_of(*parts: tuple[int, int]) -> IntervalSet:
    """Parts of the space from BASE on: first, and how many."""
    first = [BASE + at for at, _ in parts]
    return IntervalSet.from_bounds(first, [BASE + at + n for at, n in parts])


def numbers_of(*parts: tuple[int, int]) -> set[int]:
    return {BASE + at + step for at, n in parts for step in range(n)}


def level_of(n: int, size: int) -> int:
    """Level of a pixel that holds n of so many: the nearest 255th, never all nor none in part."""
    if n in (0, size):
        return 255 * (n > 0)
    return min(max(round(Fraction(255 * n, size)), 1), 254)


def test_every_number_of_addresses_of_a_pixel_has_the_level_nearest_to_its_share() -> None:
    size = WINDOW.n_addresses_of_pixel
    levels = levels_of(np.arange(size + 1) / size).tolist()
    assert levels == [level_of(n, size) for n in range(size + 1)]


PARTS = st.lists(st.tuples(st.integers(0, 255), st.integers(1, 40)), max_size=5)


@given(PARTS)
def test_pixels_of_a_part_of_the_space_count_a_plain_set(parts: list[tuple[int, int]]) -> None:
    window = Window(BASE, 24, order=14)  # 16 pixels of 16 addresses
    held = Counter(address // 16 * 16 for address in numbers_of(*parts))
    found = counts(set_of(*parts), window)
    for first, n in zip(window.first_address.ravel(), found.ravel(), strict=True):
        assert n == held[int(first)]
    scene = MapScene(window, set_of(*parts), {}, IntervalSet.empty(), NO_FRONTS, NO_FRONTS > 0)
    columns = pixel_table(scene).columns
    told: list[tuple[int, int]] = []
    for first, last, n_pixels, n, listed, share in zip(*columns.values(), strict=True):
        begin, end = (int(IntervalSet.of(str(one)).start[0]) for one in (first, last))
        assert (end + 1 - begin, n) == (16 * n_pixels, 16 * n_pixels)
        assert listed == held[begin] * n_pixels
        assert share == held[begin] / 16
        assert all(held[at] == held[begin] for at in range(begin, end, 16))
        # Rows are as long as they can be: the pixel before holds another number.
        assert held[begin - 16] != held[begin] or begin == BASE
        told.append((begin, end))
    shown = {at for begin, end in told for at in range(begin, end, 16)}
    assert shown == {at for at, n in held.items() if n and at < BASE + 256}


N_LISTED = np.array([[0, 1, 40, 41], [409, 410, 2000, 2049], [4095, 4096, 0, 12]])
"""Of 4,096 addresses, at both sides of each class."""
CLASSES = [["", 0, 0, 1], [1, 2, 2, 3], [3, 4, "", 0]]
"""Up to 1 %, 10 %, 50 %, more, and all of it."""


@pytest.mark.parametrize("most", [20_000, 2])
def test_pixels_have_the_colour_of_their_class_and_the_lowest_is_drawn_larger(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address_map, "MAX_MARKS", most)
    ax = style.new_figure(3, 3).subplots()
    plot_shares(ax, N_LISTED / 4096)
    (image,) = ax.images
    shown = np.ma.asarray(image.get_array())
    assert shown.shape == N_LISTED.shape
    assert tuple(image.get_extent()) == (0, 4, 3, 0)  # a pixel is one wide, and the first is on top
    for at, wanted in np.ndenumerate(np.array(CLASSES, object)):
        if wanted == "":
            assert bool(np.ma.getmaskarray(shown)[at])
        else:
            assert to_hex(image.cmap(image.norm(shown[at]))) == LEVEL_COLOURS[wanted]
    marks = [point for line in ax.lines for point in zip(*line.get_data(), strict=True)]
    # More marks than can be told apart are none.
    lowest = [(1.5, 0.5), (2.5, 0.5), (3.5, 2.5)]
    assert sorted(marks) == (lowest if most > 2 else [])


# Pixels of the page's map are /16s. First and number from 52.0.0.0 on, by the time of the order.
PIXEL = 65_536
ORDERS = (
    (0, NEVER, "lists", (0, 300)),
    (10, NEVER, "lists", (PIXEL, PIXEL)),
    (20, 40, "lists", (2 * PIXEL - 5, 900)),
    (30, NEVER, "lists", (200, 1000)),
    (30, 50, "exempts", (PIXEL + 7, 3)),
    (60, NEVER, "names", (9 * PIXEL, 8)),
)
HELD = {"large": [(0, PIXEL)], "small": [(PIXEL + 4, 600), (2 * PIXEL, 60)]}
TIMES = (0, 5, 10, 20, 30, 40, 50, 60)


def history() -> RegisterHistory:
    placed, withdrawn, how, parts = zip(*ORDERS, strict=True)
    fronts = Fronts(
        address=np.array([BASE + 5, NOT_IPV4, BASE + PIXEL]),
        rented_s=np.array([0, 0, 20]),
        discovered_s=np.array([10, NEVER, NEVER]),
        gone_s=np.array([30, NEVER, NEVER]),
    )
    return RegisterHistory(
        addresses=tuple(set_of(part) for part in parts),
        is_listing=np.array([one == "lists" for one in how]),
        is_exempt=np.array([one == "exempts" for one in how]),
        placed_s=np.array(placed),
        withdrawn_s=np.array(withdrawn),
        fronts=fronts,
    )


def providers() -> Providers:
    rows = [(row, part) for row, parts in enumerate(HELD.values()) for part in parts]
    start = np.array([BASE + at for _, (at, _) in rows])
    size = np.array([n for _, (_, n) in rows])
    return Providers(tuple(HELD), np.array([row for row, _ in rows]), start, start + size)


def listed_then(t_s: int) -> set[int]:
    """Addresses listed at a time, one by one."""
    found: dict[str, set[int]] = {"lists": set(), "exempts": set(), "names": set()}
    for placed, withdrawn, how, part in ORDERS:
        if placed <= t_s and not (withdrawn != NEVER and withdrawn <= t_s):
            found[how] |= numbers_of(part)
    return found["lists"] - found["exempts"]


def numbers(text: str, form: str) -> list[int]:
    return np.frombuffer(base64.b64decode(text), form).tolist()


def test_frames_of_the_page_s_map_are_what_sets_of_addresses_hold() -> None:
    found: dict[str, Any] = _frames(history(), np.array(TIMES), providers())
    first = WINDOW.first_address.ravel().tolist()
    shown: dict[int, int] = {}
    assert len(found["frames"]) == len(TIMES)
    for t_s, frame in zip(TIMES, found["frames"], strict=True):
        pixels, levels = numbers(frame["pixel"], "<u2"), numbers(frame["level"], "u1")
        for pixel, level in zip(pixels, levels, strict=True):
            assert shown.get(first[pixel], 0) != level  # a frame holds what changes, and no more
            shown[first[pixel]] = level
        listed = listed_then(t_s)
        held = Counter(address // PIXEL * PIXEL for address in listed)
        assert {at: level for at, level in shown.items() if level} == {
            at: level_of(n, PIXEL) for at, n in held.items()
        }
        assert frame["n"] == len(listed)
        assert frame["by"] == [len(listed & numbers_of(*parts)) for parts in HELD.values()]
    x, y = WINDOW.place([BASE + 5, BASE + PIXEL])
    assert found["fronts"] == [
        {"x": int(x[0]), "y": int(y[0]), "from": 0, "to": 30},
        {"x": int(x[1]), "y": int(y[1]), "from": 20, "to": None},
    ]


def test_a_pixel_of_the_page_s_map_is_whose_most_of_it_is() -> None:
    held = {
        "first": [(0, 100), (PIXEL, 50)],
        "second": [(500, 101), (PIXEL + 90, 49)],
        "third": [(PIXEL + 400, 50), (4 * PIXEL, 2 * PIXEL + 1)],
    }
    rows = [(row, part) for row, parts in enumerate(held.values()) for part in parts]
    start = np.array([BASE + at for _, (at, _) in rows])
    stop = start + np.array([n for _, (_, n) in rows])
    # In no sequence: prefixes of a table stand as they come.
    order = np.array([3, 5, 0, 4, 1, 2])
    row = np.array([row for row, _ in rows])[order]
    found = _owners(Providers(tuple(held), row, start[order], stop[order]))
    first = WINDOW.first_address.ravel().tolist()
    pixels = [first[one] - BASE for one in numbers(found["pixel"], "<u2")]
    owners = dict(zip(pixels, numbers(found["provider"], "u1"), strict=True))
    # The second has one more of the first pixel; who comes first has the second, of equal parts.
    assert owners == {0: 1, PIXEL: 0, 4 * PIXEL: 2, 5 * PIXEL: 2, 6 * PIXEL: 2}
