"""The page in Chromium: its first screen fits, nothing sticks out, axe finds nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import TRANSLATED, open_file, violations

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
KINDS = ("run", "comparison", "sites")
TRANSLATIONS = tuple(f"{kind}-{code}" for kind in KINDS for code in TRANSLATED)
MORE = ("seen", "record", "record-es", "moved", "three", "three-es", "three-it", "noticed-it")
LONG = ("comparison-ru", "sites-ru", "three", "three-it")
"""Whose words are shorter than those of another language or kind."""
SIZES = ((1400, 900), (768, 1024), (390, 844))


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, marks=[pytest.mark.long] * (kind in LONG))
        for kind in KINDS + TRANSLATIONS + MORE
    ],
)
def test_the_page_fits_and_fetches_nothing(kind, chromium, report_of):
    opened = open_file(chromium, report_of(kind), 1400)
    for width, height in SIZES:
        opened.page.set_viewport_size({"width": width, "height": height})
        assert_fits(opened.page, width, height)
    assert (opened.asked, opened.said) == ([], [])
    opened.page.context.close()


def assert_fits(page: Page, width: int, height: int) -> None:
    # Nothing but the table of sites scrolls sideways.
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    out = page.evaluate(
        """width => [...document.querySelectorAll("p, h1, h2, h3, td, th, li, pre, svg text")]
            .filter(one => !one.closest(".scroll"))
            .map(one => [one.getBoundingClientRect(), one.textContent])
            .filter(([box]) => box.width > 0 && box.right > width + 1).map(([, text]) => text)""",
        width,
    )
    assert out == []
    # Sites may differ in the ends of their names alone.
    cut = page.evaluate(
        """() => [...document.querySelectorAll(".matrix tbody th")]
            .filter(one => one.scrollWidth > one.clientWidth).map(one => one.textContent)"""
    )
    assert cut == []
    # Half a number on a line is another number.
    parted = page.evaluate(
        """() => [["td.r", /[0-9.,]+/g], ["td:not(:has(a))", /[0-9a-f]+/g]].flatMap(([of, words]) =>
            [...document.querySelectorAll(of)].filter(one => one.offsetWidth).flatMap(
                one => [...one.textContent.matchAll(words)].map(([word]) => [one, word])))
            .filter(([one, word]) => {
                const range = document.createRange();
                const nodes = document.createTreeWalker(one, NodeFilter.SHOW_TEXT);
                while (nodes.nextNode()) {
                    const at = nodes.currentNode.data.indexOf(word);
                    if (at < 0) continue;
                    range.setStart(nodes.currentNode, at);
                    range.setEnd(nodes.currentNode, at + word.length);
                    return range.getClientRects().length > 1;
                }
            }).map(([, word]) => word)"""
    )
    assert parted == []
    if width != 768:
        front = page.locator(".front").bounding_box()
        assert front is not None
        assert front["height"] <= height + 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(kind, scheme, chromium, report_of):
    opened = open_file(chromium, report_of(kind), 390, color_scheme=scheme)
    assert violations(opened.page) == []
    opened.page.context.close()


def test_axe_finds_what_is_wrong(chromium, tmp_path):
    file = tmp_path / "bad.html"
    file.write_text("<html><body><img src='data:,'></body></html>", encoding="utf-8")
    opened = open_file(chromium, file, 390)
    assert any(one.startswith("image-alt") for one in violations(opened.page))
    opened.page.context.close()


def test_it_prints_on_six_pages(chromium, report_of):
    opened = open_file(chromium, report_of("run"), 1400)
    data = opened.page.pdf(prefer_css_page_size=True)
    assert 2 <= data.count(b"/Type /Page\n") + data.count(b"/Type /Page ") <= 6
    opened.page.context.close()


def test_cyrillic_is_in_the_fonts_of_the_page(chromium, report_of):
    opened = open_file(chromium, report_of("run-ru"), 1400)
    families = {
        ".say": "Source Serif 4",
        ".num span": "Source Sans 3",
        ".pic text": "Source Sans 3",
    }
    for selector, family in families.items():
        drawn = fonts_of(opened.page, selector)
        assert drawn
        assert all(name.startswith(family) and is_own for name, is_own in drawn)
    opened.page.context.close()


def fonts_of(page: Page, selector: str) -> list[tuple[str, bool]]:
    """Families that Chromium draws an element's letters with, and whether the page brings them."""
    session = page.context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    node = session.send("DOM.querySelector", {"nodeId": root, "selector": selector})["nodeId"]
    fonts = session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
    return sorted({(font["familyName"], font["isCustomFont"]) for font in fonts})
