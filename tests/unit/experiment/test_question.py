"""Questions that were begun: what is found of them, and what is put in order."""

import shutil

import pytest

from sim.errors import DataError, UsageError
from sim.experiment.saved_plans import find_unfinished, read_question
from sim.version import __version__


def test_what_a_kill_left_of_an_earlier_run_goes_when_nothing_is_left_to_do(shipped_run, tmp_path):
    """Killed after the new run was in its place, and before the earlier one was gone."""
    for name in ("out", ".out.replaced-7"):
        shutil.copytree(shipped_run, tmp_path / name)
    with pytest.raises(UsageError, match="is complete; there is nothing to resume"):
        find_unfinished(tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_in_which_nothing_was_begun_is_refused(tmp_path):
    with pytest.raises(UsageError, match="expected an experiment that was begun, got none"):
        find_unfinished(tmp_path)


def test_a_question_of_another_form_is_refused_with_its_file(tmp_path):
    (tmp_path / "experiment.json").write_text(f'{{"version": "{__version__}"}}')
    with pytest.raises(DataError, match=r"experiment\.json: expected the question .*'tables'"):
        read_question(tmp_path)


def test_a_table_that_is_lost_is_named_and_the_result_not_called_complete(shipped_run, tmp_path):
    folder = shutil.copytree(shipped_run, tmp_path / "out")
    (folder / "summary.csv").unlink()
    with pytest.raises(UsageError, match=r"is complete, but summary\.csv is not there, and "):
        find_unfinished(folder)
