"""Documents in Markdown from templates, and as pages of HTML."""

from __future__ import annotations

import re
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sim.report.words.tables import markdown_text


def render_markdown(template: str, /, **values: Any) -> str:
    """Fill in a template of this folder; values hold no markup unless they are ``Markup``."""
    environment = Environment(
        loader=PackageLoader("sim.report", "documents"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # A value is one line in which nothing is markup; what a macro returns is written already.
        finalize=lambda one: one if isinstance(one, Markup) else Markup(markdown_text(str(one))),
    )
    page = environment.get_template(template).render(values, Markup=Markup)
    return re.sub(r"\n{3,}", "\n\n", page).strip() + "\n"


def to_html(document: str, title: str) -> str:
    """Write a document in Markdown as one HTML page that loads nothing."""
    from markdown_it import MarkdownIt

    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(document)
    body = body.replace("<table>", '<div class="wide" tabindex="0"><table>')
    body = body.replace("</table>", "</table></div>").replace("<th>", '<th scope="col">')
    page = Environment(loader=PackageLoader("sim.report", "documents"), autoescape=True)
    return page.get_template("page.html.j2").render(title=title, body=Markup(body))
