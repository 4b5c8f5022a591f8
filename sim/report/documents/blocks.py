"""A short document as blocks: headings, paragraphs, lists, tables; to Markdown and to HTML.

In: blocks of plain text. Out: text in which all of it is text: names and titles come from users,
and nothing they hold becomes markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TypeAlias

from sim.report.words.tables import markdown_text


@dataclass(frozen=True)
class Heading:
    """A heading of level 1 to 3; an appendix begins a page on paper."""

    text: str
    level: int = 2
    is_appendix: bool = False


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; ``lead`` is before it in bold."""

    text: str
    lead: str = ""


@dataclass(frozen=True)
class Items:
    """A list."""

    texts: Sequence[str]


@dataclass(frozen=True)
class Table:
    """A table; columns named in ``right`` hold numbers."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: Sequence[int] = ()


Block: TypeAlias = Heading | Paragraph | Items | Table

STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 54rem; margin: 2rem auto;
  padding: 0 1rem; }
h1 { font-size: 1.5rem; line-height: 1.25; } h2 { font-size: 1.15rem; margin-top: 1.8rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .88rem; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .25rem .5rem; }
tr { border-bottom: 1px solid #8886; }
th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; }
@media print {
  body { font-size: 9pt; line-height: 1.35; margin: 0; max-width: none; padding: 0; }
  h1 { font-size: 13pt; margin: 0; }
  h2 { font-size: 10.5pt; margin: .8em 0 .2em; break-after: avoid; }
  p, ul, table { margin: .3em 0; } table { font-size: 8pt; } th, td { padding: .1em .4em; }
  tr { break-inside: avoid; } h2.appendix { break-before: page; }
}
@page { margin: 15mm; }
"""


def to_markdown(blocks: Sequence[Block]) -> str:
    """Write blocks as Markdown."""
    return "\n".join(_markdown(block) for block in blocks)


def _markdown(block: Block) -> str:
    match block:
        case Heading(text, level, _):
            return f"{'#' * level} {_line(text)}\n"
        case Paragraph(text, lead):
            return f"**{_line(lead)}** {_line(text)}\n" if lead else f"{_line(text)}\n"
        case Items(texts):
            return "".join(f"- {_line(text)}\n" for text in texts)
        case Table(header, rows, right):
            rule = ["---:" if column in right else "---" for column in range(len(header))]
            lines = [[_line(cell) for cell in header], rule]
            lines += [[_line(cell) for cell in row] for row in rows]
            return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _line(text: str) -> str:
    """One line in which nothing is markup; a line break would begin a new block."""
    return markdown_text(" ".join(text.split()))


def to_html(blocks: Sequence[Block], title: str) -> str:
    """Write blocks as one HTML page that loads nothing."""
    body = "\n".join(map(_html, blocks))
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _html(block: Block) -> str:
    match block:
        case Heading(text, level, is_appendix):
            kind = ' class="appendix"' if is_appendix else ""
            return f"<h{level}{kind}>{escape(text)}</h{level}>"
        case Paragraph(text, lead):
            strong = f"<strong>{escape(lead)}</strong> " if lead else ""
            return f"<p>{strong}{escape(text)}</p>"
        case Items(texts):
            items = "".join(f"<li>{escape(text)}</li>" for text in texts)
            return f"<ul>{items}</ul>"
        case Table(header, rows, right):
            head = "".join(_cell("th", text, column in right) for column, text in enumerate(header))
            body = "".join(
                "<tr>"
                + "".join(_cell("td", text, column in right) for column, text in enumerate(row))
                + "</tr>\n"
                for row in rows
            )
            return (
                '<div class="wide" tabindex="0"><table>\n'
                f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table></div>"
            )


def _cell(tag: str, text: str, is_number: bool) -> str:
    scope = ' scope="col"' if tag == "th" else ""
    number = ' class="number"' if is_number else ""
    return f"<{tag}{scope}{number}>{escape(text)}</{tag}>"
