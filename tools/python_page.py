"""The page of what Python calls, made from docstrings.

In: the public names of the package. Out: ``docs/reference/python.md``, which
``python -m tools.reference`` writes in a clone; a test says when it is out of date.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sim
from overblock import rules

PAGE = Path("docs") / "reference" / "python.md"
HEAD = """# What Python calls

`import overblock` gives these names, and so does `import sim`. Made from docstrings by
`python -m tools.reference`. Notebooks to begin with:
[first steps](../how-to/first-steps.ipynb),
[from a question to a figure](../how-to/from-a-question-to-a-figure.ipynb),
[how to compare strategies](../how-to/compare-strategies.ipynb).
Sets of addresses have [a page of their own](addresses.md). Mistakes raise an exception
of the package, whose text names arguments and the paths of keys.
"""
FUNCTIONS = (
    "run", "compare", "open_results", "cover", "exposure",
    "scenarios", "measures",
)  # fmt: skip
CLASSES = ("Results", "Columns", "Picture", "Exposure")
ERRORS = ("OverblockError", "ScenarioError", "DataError", "UsageError", "PartialError")
_SECTION = re.compile(r"^([A-Z][A-Za-z ]+)\n-+$", re.MULTILINE)


def page() -> str:
    """Return the page in Markdown."""
    parts = [HEAD, "## Functions\n"]
    parts += [_entry(f"overblock.{name}", getattr(sim, name)) for name in FUNCTIONS]
    parts.append("## What they return\n")
    parts += [text for name in CLASSES for text in _class(name)]
    parts.append("## Rules and measures of your own\n")
    how_to = "[how to](../how-to/write-your-own-strategy.md)"
    parts.append(f"`overblock.rules` gives these names ({how_to}).\n")
    for name in rules.__all__:
        thing = getattr(rules, name)
        if inspect.isclass(thing):
            parts.append(f"### `rules.{name}`\n\n{_body(_doc(thing))}\n")
        else:
            parts.append(_entry(f"rules.{name}", thing))
    parts.append("## What they raise\n")
    parts += [
        f"- `overblock.{name}`: {_words(_doc(getattr(sim, name)).splitlines()[0])}"
        for name in ERRORS
    ]
    return "\n".join(parts) + "\n"


def _class(name: str) -> Iterator[str]:
    kind = getattr(sim, name)
    yield f"### `overblock.{name}`\n\n{_body(_doc(kind))}\n"
    for method, found in vars(kind).items():
        if method.startswith("_"):
            continue
        if isinstance(found, property):
            yield f"#### `{name}.{method}`\n\n{_body(inspect.getdoc(found) or '')}\n"
        elif inspect.isfunction(found):
            yield _entry(f"{name}.{method}", found, "####")


def _entry(name: str, function: Any, level: str = "###") -> str:
    return f"{level} `{name}{_signature(function)}`\n\n{_body(_doc(function))}\n"


def _signature(function: Any) -> str:
    """Names and defaults; what each is stands below."""
    found = inspect.signature(function)
    kept = [
        one.replace(annotation=inspect.Parameter.empty)
        for name, one in found.parameters.items()
        if name != "self"
    ]
    return str(found.replace(parameters=kept, return_annotation=inspect.Signature.empty))


def _doc(thing: Any) -> str:
    return inspect.getdoc(thing) or ""


def _body(doc: str) -> str:
    """A docstring of numpydoc as Markdown; examples are left to ``help``."""
    pieces = _SECTION.split(doc)
    lines = [_words(pieces[0]).strip()]
    for heading, text in zip(pieces[1::2], pieces[2::2], strict=True):
        if heading == "Examples":
            continue
        lines += ["", f"{heading}:", "", *_items(text)]
    return "\n".join(lines)


def _items(text: str) -> Iterator[str]:
    """Names with what is indented below them, each as one point of a list."""
    points: list[list[str]] = []
    for line in text.strip("\n").splitlines():
        if not line.startswith(" ") and line.strip():
            points.append([line.strip()])
        elif points and line.strip():
            points[-1].append(line.strip())
    for name, *said in points:
        yield f"- `{name}`: {_words(' '.join(said))}" if said else f"- {_words(name)}"


def _words(text: str) -> str:
    text = re.sub(r"``([^`]+)``", r"`\1`", text)
    # Within code nothing is markup.
    parts = text.split("`")
    return "`".join(one if row % 2 else one.replace("<", "&lt;") for row, one in enumerate(parts))
