"""Builds the package with hatchling; a wheel takes the engine's loops along, compiled.

They are compiled for any processor of the platform. What does not fit where the wheel is installed
is compiled there at the first use, as all of it is in a clone: an editable install and a source
distribution hold no compiled code, nor does a wheel that is built with ``OVERBLOCK_PURE_WHEEL=1``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import hatchling.build
from hatchling.build import *  # noqa: F403
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

IS_PURE = bool(os.environ.get("OVERBLOCK_PURE_WHEEL"))
ANY_PROCESSOR = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
NOT_NEEDED = {
    "babel",
    "duckdb",
    "jinja2",
    "markdown-it-py",
    "matplotlib",
    "packaging",
    "scipy",
    "typer",
}
"""Dependencies that are not installed for the build, which they would make longer by half."""
STAND_INS = {
    "__init__.py": '__version__ = "1.15.0"\n',
    "special.py": """\
from statistics import NormalDist
import numpy as np

ndtr = np.vectorize(NormalDist().cdf, otypes=[float])
ndtri = np.vectorize(NormalDist().inv_cdf, otypes=[float])
def betainc(a, b, x): return np.asarray(x, float)
def betaincc(a, b, x): return 1.0 - np.asarray(x, float)
""",
    "optimize.py": "def brentq(f, a, b, **_): return (a + b) / 2\n",
}
"""Functions of SciPy, roughly: they give numbers of the worlds in which loops are called, and what
is compiled depends on types alone."""


def get_requires_for_build_wheel(settings: Mapping[str, Any] | None = None) -> list[str]:
    """Return what compiling takes; an editable install does without."""
    asked: list[str] = hatchling.build.get_requires_for_build_wheel(settings)
    if IS_PURE:
        return asked
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {one: re.split(r"[^\w.-]", one)[0] for one in project["dependencies"]}
    return [*asked, *(one for one, name in names.items() if name not in NOT_NEEDED)]


class Compiled(BuildHookInterface[Any]):
    """Compiles all loops in a process of its own, and adds their code to the wheel."""

    PLUGIN_NAME = "compiled"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, unless the wheel is that of an editable install or has to be pure."""
        if version == "editable" or IS_PURE:
            return
        self._folder = tempfile.mkdtemp()
        code, stand_ins = Path(self._folder, "code"), Path(self._folder, "stand-ins")
        (stand_ins / "scipy").mkdir(parents=True)
        for name, text in STAND_INS.items():
            (stand_ins / "scipy" / name).write_text(text, encoding="utf-8")
        others = {name: text for name, text in os.environ.items() if not name.startswith("NUMBA_")}
        above = [str(stand_ins), *filter(None, [os.environ.get("PYTHONPATH")])]
        done = subprocess.run(
            [sys.executable, "-m", "sim.engine.warm_up", str(code)],
            cwd=self.root, check=False, capture_output=True, text=True,
            env=others | ANY_PROCESSOR | {
                "NUMBA_CACHE_DIR": str(Path(self._folder, "cache")),
                "PYTHONPATH": os.pathsep.join(above),
            },
        )  # fmt: skip
        if done.returncode:
            why = done.stderr.strip().splitlines()[-1:]
            self.app.display_warning(f"loops are compiled at the first use, not now: {why}")
            return
        build_data["force_include"][str(code)] = "sim/compiled_code"
        build_data["pure_python"], build_data["infer_tag"] = False, True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what is in the wheel now."""
        shutil.rmtree(getattr(self, "_folder", ""), ignore_errors=True)
