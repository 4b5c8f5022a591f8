"""Where there is little room: captions are read whole, and names find their points."""

from __future__ import annotations

import pytest

from tests.browser.conftest import OpenReport

pytestmark = pytest.mark.browser
FAR = 14
"""Pixels in height from which on a name is no longer beside its point."""


@pytest.mark.parametrize("width", [390, 1280])
def test_a_name_far_from_its_point_is_tied_to_it(width: int, open_report: OpenReport) -> None:
    page = open_report("comparison", width=width).page
    page.locator("#frontier .point").first.wait_for()
    names, points, ties = (
        page.locator(f"#frontier {kind}").evaluate_all(
            "all => all.map(one => ({x: +(one.getAttribute('x') ?? one.getAttribute('cx') "
            "?? one.getAttribute('x1')), y: +(one.getAttribute('y') ?? one.getAttribute('cy') "
            "?? one.getAttribute('y1'))}))"
        )
        for kind in (".name", ".point", ".tie")
    )
    assert len(names) == len(points) > 5
    far = [
        point
        for name, point in zip(names, points, strict=True)
        if abs(name["y"] - 4 - point["y"]) > FAR
    ]
    assert sorted(map(str, far)) == sorted(map(str, ties))


def test_captions_are_as_wide_as_what_is_seen_of_their_table(open_report: OpenReport) -> None:
    page = open_report("comparison", width=390).page
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    wide = page.locator(".scroll").evaluate_all(
        "all => all.filter(one => one.scrollWidth > one.clientWidth + 1 && one.querySelector("
        "'caption')).map(one => { one.scrollLeft = 40; const caption = "
        "one.querySelector('caption').getBoundingClientRect(), own = one.getBoundingClientRect();"
        " return [caption.left - own.left, caption.right - own.right]; })"
    )
    assert len(wide) > 3
    for left, right in wide:
        assert left == pytest.approx(0, abs=1)
        assert right <= 1
