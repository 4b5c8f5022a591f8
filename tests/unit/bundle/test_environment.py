"""Versions and metadata of a bundle, from values by hand."""

from __future__ import annotations

import platform
from importlib import metadata

import pytest

from sim.bundle.environment import check_same_versions, installed, lock_text
from sim.errors import OverblockError, UsageError
from sim.version import __version__


def test_what_is_needed_and_not_installed_is_named() -> None:
    with pytest.raises(OverblockError, match=r"^no-such-thing: is needed and is not installed$"):
        installed({"packages": {"no-such-thing": "1.0"}})
    # What was absent when the run was made is not needed.
    assert "no-such-thing" not in installed({"packages": {"no-such-thing": "none"}})


def test_versions_are_those_of_the_distributions_by_their_own_names() -> None:
    found = installed({})
    assert found["numba"] == metadata.version("numba")
    assert {"llvmlite", "numpy"} <= set(found)
    # An extra is not needed unless it is asked for.
    assert not {"pytest", "overblock"} & set(found)


def test_other_versions_are_named_and_the_same_are_not() -> None:
    same = {"tool": {"version": __version__}, "python": platform.python_version()}
    check_same_versions(same)
    check_same_versions(same | {"packages": {"numpy": metadata.version("numpy")}})
    with pytest.raises(UsageError) as refused:
        check_same_versions({"tool": {"version": "0.0.1"}, "python": "2.7"})
    assert str(refused.value).splitlines() == [
        f"made with overblock 0.0.1, here is {__version__}: bundle it where it was made",
        f"made with python 2.7, here is {platform.python_version()}: bundle it where it was made",
    ]


def test_the_lock_has_one_version_a_line() -> None:
    head, *lines = lock_text({"Some_Thing": "3.4"}, "3.11.7").splitlines()
    assert "3.11.7" in head
    assert lines == ["Some_Thing==3.4"]
