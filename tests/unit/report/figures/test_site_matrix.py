"""Sites by operator: each cell of the drawing is a row of the folder's table."""

import pytest

from sim.api import run
from sim.report.figures import look
from sim.report.figures.rows import draw_site_matrix, read_site_matrix
from sim.results.folder import open_run
from tests.csv_rows import csv_rows
from tests.sites import overrides


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Five named sites, whose hours tests/unit/experiment/test_sites.py has by hand."""
    path = tmp_path_factory.mktemp("sites")
    run(
        "telegram-2018-replay", set=overrides(path), folder=path / "run", n_simulations=2,
        fixed=True,
    )  # fmt: skip
    return path / "run"


def test_cells_are_the_hours_of_the_table_longest_site_first(folder):
    shown = read_site_matrix(open_run(folder), None)
    rows = csv_rows(folder / "sites.csv")
    hours = {(row["site"], row["operator"]): float(row["impaired_h"] or 0) for row in rows}
    whole = {site: h for (site, operator), h in hours.items() if not operator and h > 0}
    assert [one.median for one in shown.whole] == sorted(whole.values(), reverse=True)
    assert set(shown.sites) == set(whole)
    assert shown.operators == (("A", 0.75), ("B", 0.25))
    for site, cells in zip(shown.sites, shown.cells, strict=True):
        assert [one.median for one in cells] == [hours.get((site, o), 0.0) for o in "ab"]


def test_each_cell_of_the_drawing_has_its_hours_and_others_are_counted(folder):
    shown = read_site_matrix(open_run(folder), None)
    with look.users_style():
        figure = draw_site_matrix(shown, 7)
    (ax,) = figure.axes
    texts = {tuple(text.get_position()): text.get_text() for text in ax.texts}
    cells = {
        (column + 0.5, row + 0.5): one.median
        for row, of_site in enumerate(shown.cells)
        for column, one in enumerate(of_site)
        if one.median > 0
    }
    assert {at: float(text) for at, text in texts.items()} == cells
    assert [label.get_text() for label in ax.get_xticklabels()] == ["A (75%)", "B (25%)"]
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        f"{site}  {one.median:g} h" for site, one in zip(shown.sites, shown.whole, strict=True)
    ]
    assert shown.n_others == 5 - len(shown.sites)
    assert shown.note.startswith("Hours: median of 2 simulations.")
    assert shown.alt.startswith("Hours cut off from some customers: shop.example 6;")
