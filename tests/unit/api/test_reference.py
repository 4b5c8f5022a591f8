"""The page of Python is made from docstrings, and the notebooks run."""

from pathlib import Path

import pytest

import sim
from tools import python_page as reference

NOTEBOOKS = sorted((Path(__file__).parents[3] / "docs").rglob("*.ipynb"))


def test_the_page_is_fresh(repository):
    found = (repository / reference.PAGE).read_text("utf-8")
    assert found == reference.page(), "python -m tools.reference makes it anew"


def test_every_public_name_is_on_the_page():
    named = {*reference.FUNCTIONS, *reference.CLASSES, *reference.ERRORS, "__version__"}
    assert named == set(sim.__all__)


def test_notebooks_hold_no_output():
    assert len(NOTEBOOKS) == 3
    for path in NOTEBOOKS:
        text = path.read_text("utf-8")
        assert '"outputs": []' in text
        assert '"output_type"' not in text


@pytest.mark.long
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(path, tmp_path):
    nbformat = pytest.importorskip("nbformat")
    from nbclient import NotebookClient

    notebook = nbformat.read(path, 4)
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    shown = [
        output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs
    ]
    assert not [one for one in shown if one.output_type == "error"]
    html = [one.data["text/html"] for one in shown if "text/html" in one.get("data", {})]
    if path.stem == "first-steps":
        # A bar while it ran, then the results, a table, and a figure with its words.
        assert any("<strong>" in one for one in html)
        assert any('<img alt="' in one for one in html)
    else:
        assert shown
