"""One figure as a notebook shows it.

In: a run folder and the name of a figure. Out: a picture with its words and its numbers.
"""

from __future__ import annotations

import base64
import csv
import html
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from sim.api.columns import Columns
from sim.errors import UsageError
from sim.results.folder import RunFolder

FORMATS = ("png", "svg", "pdf")


@dataclass(frozen=True, eq=False)
class Picture:
    """A figure.

    Attributes
    ----------
    name
        Of the figure.
    alt
        What it shows, in words.
    png, svg, pdf
        The picture; all are the same.
    table
        The numbers it shows.
    """

    name: str
    alt: str
    png: bytes = field(repr=False)
    svg: bytes = field(repr=False)
    pdf: bytes = field(repr=False)
    table: Columns = field(repr=False)

    def save(self, path: str | Path) -> Path:
        """Write the picture; the end of the name says as what.

        Raises
        ------
        UsageError
            If the name ends in none of .png, .svg, .pdf.
        """
        kinds = {".png": self.png, ".svg": self.svg, ".pdf": self.pdf}
        to = Path(path)
        if to.suffix not in kinds:
            raise UsageError(f"path: expected a name in .png, .svg or .pdf, got {str(path)!r}")
        to.write_bytes(kinds[to.suffix])
        return to

    def _repr_html_(self) -> str:
        held = base64.b64encode(self.png).decode("ascii")
        alt = html.escape(self.alt, quote=True)
        return f'<img alt="{alt}" style="max-width: 100%" src="data:image/png;base64,{held}">'


def picture_of(run: RunFolder, name: str, strategy: str | None) -> Picture:
    """Draw one figure.

    Raises
    ------
    UsageError
        If there is no such figure, or it does not apply.
    """
    from sim.report.figures.kinds import plot_run

    with TemporaryDirectory(prefix="overblock-") as folder:
        plot_run(run, Path(folder), [name], strategy, FORMATS)
        at = Path(folder) / name
        with at.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
            rows = [{key: _cell(cell) for key, cell in row.items()} for row in csv.DictReader(file)]
        return Picture(
            name,
            at.with_suffix(".alt.txt").read_text(encoding="utf-8").strip(),
            at.with_suffix(".png").read_bytes(),
            at.with_suffix(".svg").read_bytes(),
            at.with_suffix(".pdf").read_bytes(),
            Columns.of_rows(rows),
        )


def _cell(text: str) -> str | float | None:
    """A number where it is one; nothing where it is empty."""
    try:
        return float(text) if text else None
    except ValueError:
        return text
