"""The page of ``overblock risk`` in Chromium: it fits, asks nothing, and axe finds nothing."""

import pytest

from tests.browser.conftest import open_file, violations
from tests.commands import run

pytestmark = pytest.mark.browser
SITES = "site,address\nshop.example,188.114.96.3\nshop.example,172.67.69.232\n"
SITES += "a-site-with-a-rather-long-name-of-its-own.example,203.0.113.9\nsix.example,2001:db8::1\n"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("risk")
    (folder / "sites.csv").write_text(SITES)
    run("risk", folder / "sites.csv", "-q", "-o", folder / "out")
    return folder / "out" / "report.html"


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_risks_fits_and_fetches_nothing(width, scheme, chromium, page):
    opened = open_file(chromium, page, width, color_scheme=scheme)
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
    out = opened.page.evaluate(
        """width => [...document.querySelectorAll("p, h1, h2, li, img")]
            .filter(one => one.getBoundingClientRect().right > width)
            .map(one => one.textContent || one.alt)""",
        width,
    )
    assert out == []
    pictures = opened.page.evaluate(
        "[...document.images].map(one => [one.naturalWidth > 0, one.alt.length > 10])"
    )
    assert pictures == [[True, True]] * 2
    assert violations(opened.page) == []
    assert (opened.asked, opened.said) == ([], [])
    opened.page.context.close()
