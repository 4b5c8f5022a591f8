"""The documents as a site, made from the same Markdown pages that are read in the repository.

``python -m sphinx -W --keep-going -b html -c docs . SITE`` builds it in a clone, with the extra
``docs``. Neither the build nor a page asks anything of the network.
"""

from __future__ import annotations

import re

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx
from sphinx.highlighting import lexers

from sim.version import __version__

project = "overblock"
release = __version__
extensions = ["myst_parser"]
root_doc = "docs/README"
include_patterns = [
    "docs/*.md",
    "docs/**/*.md",
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "scenarios/README.md",
    "tests/README.md",
]
exclude_patterns = [".venv", ".git", "build"]
myst_heading_anchors = 4
html_theme = "furo"
html_title = f"overblock {__version__}"
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False
templates_path: list[str] = []

ANCHOR = re.compile(r'^(#+) <a id="([\w-]+)"></a>(.*)$', re.MULTILINE)
"""A heading with an anchor of its own, as GitHub reads it."""


SIDE = {
    "Begin": ["/README", "/docs/tutorial/*", "/scenarios/README"],
    "How to": ["/docs/how-to/*"],
    "Explanation": ["/docs/explanation/*"],
    "Reference": ["/docs/reference/*"],
    "Project": [
        "/ARCHITECTURE",
        "/CONTRIBUTING",
        "/tests/README",
        "/SECURITY",
        "/CHANGELOG",
        "/docs/decisions/*",
    ],
}
"""What stands at the side of every page; the first page itself goes by question."""


def change_source(app: Sphinx, page: str, source: list[str]) -> None:
    """Turn anchors of headings into targets that links find, and give the first page a side."""
    text = ANCHOR.sub(r"(\2)=\n\1 \3", source[0])
    if page == root_doc:
        for caption, pages in SIDE.items():
            tree = ["", "```{toctree}", ":hidden:", ":glob:", f":caption: {caption}", "", *pages]
            text += "\n".join([*tree, "```", ""])
    source[0] = text


def setup(app: Sphinx) -> None:
    """Read by Sphinx."""
    lexers["csv"] = TextLexer()
    app.connect("source-read", change_source)
