"""Blocks of a document, as a reader of HTML and of Markdown meets them; none is made of a run."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from sim.report.documents.blocks import Heading, Items, Paragraph, Table, to_html, to_markdown
from sim.report.words.languages import LANGUAGES

BLOCKS = (
    Heading("Title", 1),
    Heading("Part"),
    Heading("Appendix", 3, is_appendix=True),
    Paragraph("Said"),
    Paragraph("Told", lead="First"),
    Paragraph("Of the data", lead="Then", is_english=True),
    Items(["One", "Two"]),
    Table(["Key", "Number"], [["a.key", "1"], ["b.key", "2"]], right=(1,), english=(0,)),
)
ENGLISH = {"Of the data", "a.key", "b.key"}
TAGS = {
    "Title": "h1", "Part": "h2", "Appendix": "h3 appendix", "Said": "p", "First": "strong",
    "Then": "strong", "One": "li", "Two": "li", "Key": "th", "Number": "th number",
    "a.key": "td", "1": "td number", "b.key": "td", "2": "td number",
}  # fmt: skip


class Reader(HTMLParser):
    """The language, and the element with its class, in which each text of the body stands."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.language: dict[str, str] = {}
        self.element: dict[str, str] = {}
        self.title = ""
        self._open: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag != "meta":
            own = given.get("lang") or (self._open[-1][1] if self._open else "")
            self._open.append((f"{tag} {given.get('class') or ''}".strip(), own))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0].split()[0] == tag

    def handle_data(self, data: str) -> None:
        if not (text := data.strip()):
            return
        element, language = self._open[-1]
        if element == "title":
            self.title = text
        elif element != "style":
            self.language[text] = language
            self.element[text] = element


@pytest.mark.parametrize("code", LANGUAGES)
def test_what_is_in_english_is_marked_and_nothing_else_is(code: str) -> None:
    page = Reader(to_html(BLOCKS, "A <title>", code))
    assert page.title == "A <title>"
    assert {text for text, own in page.language.items() if own != code} == (
        ENGLISH if code != "en" else set()
    )
    assert {page.language[text] for text in ENGLISH} == {"en"}
    assert {text: page.element[text] for text in TAGS} == TAGS


def test_an_english_document_says_no_language_twice() -> None:
    assert to_html(BLOCKS, "x").count("lang=") == 1
    assert to_html(BLOCKS, "x") == to_html(BLOCKS, "x", "en")


def test_blocks_in_markdown_are_as_written_by_hand() -> None:
    assert to_markdown(BLOCKS) == (
        "# Title\n\n## Part\n\n### Appendix\n\nSaid\n\n**First** Told\n\n**Then** Of the data\n\n"
        "- One\n- Two\n\n| Key | Number |\n| --- | ---: |\n| a.key | 1 |\n| b.key | 2 |\n"
    )
