"""Blocks of a document, as a reader of HTML and of Markdown meets them; none is made of a run."""

from html.parser import HTMLParser

from sim.report.documents.assessment import Heading, Items, Paragraph, Table, to_html, to_markdown

BLOCKS = (
    Heading("Title", 1),
    Heading("Part"),
    Paragraph("Said"),
    Paragraph("Told", lead="First"),
    Paragraph("Of the data", lead="Then"),
    Items(["One", "Two"]),
    Table(["Key", "Number"], [["a.key", "1"], ["b.key", "2"]]),
)
TAGS = {
    "Title": "h1", "Part": "h2", "Said": "p", "First": "strong",
    "Then": "strong", "One": "li", "Two": "li", "Key": "th", "Number": "th",
    "a.key": "td", "1": "td", "b.key": "td", "2": "td",
}  # fmt: skip


class Reader(HTMLParser):
    """The element with its class in which each text of the body is."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.element: dict[str, str] = {}
        self.title = ""
        self._open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "meta":
            self._open.append(f"{tag} {dict(attrs).get('class') or ''}".strip())

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().split()[0] == tag

    def handle_data(self, data: str) -> None:
        if not (text := data.strip()):
            return
        element = self._open[-1]
        if element == "title":
            self.title = text
        elif element != "style":
            self.element[text] = element


def test_every_text_is_in_its_element():
    page = Reader(to_html(BLOCKS, "A <title>"))
    assert page.title == "A <title>"
    assert page.element == TAGS | {"Told": "p", "Of the data": "p"}


def test_blocks_in_markdown_are_as_written_by_hand():
    assert to_markdown(BLOCKS) == (
        "# Title\n\n## Part\n\nSaid\n\n**First** Told\n\n**Then** Of the data\n\n"
        "- One\n- Two\n\n| Key | Number |\n| --- | --- |\n| a.key | 1 |\n| b.key | 2 |\n"
    )
