"""The engine's loops run as Python, where an index beyond the end of an array is an error."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.laws

KERNELS = (
    "test_each_kernel.py",
    "test_address_space.py",
    "../statistical/test_attention.py",
    "../unit/engine/test_hops_and_people.py",
)
"""Compiled, most take minutes: each loop that they call is compiled by itself."""
QUICK = (
    "not 1500 and not 60 and not numpy and not whole_worlds and not evade and not let_go "
    "and not up_to_the_end"
)
"""Many fronts are met compiled; what is compared with NumPy has no index of its own.

`test_curves_over_everybody` has whole worlds without the slow reference.
"""


def test_loops_that_run_as_python_agree_too(repository):
    tests = (str(Path(__file__).parent / name) for name in KERNELS)
    how = ["-p", "tests.interpreted", "-m", "laws or not laws", "-q", "-n", "0", "-x", "-k", QUICK]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *how, "-p", "no:cacheprovider", *tests],
        cwd=repository, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]
