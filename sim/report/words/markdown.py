"""Text that stays text in Markdown.

In: names and titles as users wrote them. Out: the same, escaped.
"""

import re

_MARKUP = re.compile(r"[\\`*_\[\]<>#&|~$]")


def markdown_text(text: str) -> str:
    """Escape what Markdown or HTML would take for markup."""
    return _MARKUP.sub(r"\\\g<0>", text)
