"""Where the shipped scenarios and seed tables are, in a clone and in an installed wheel."""

import os
from pathlib import Path

from sim.errors import Problem, ScenarioError
from sim.scenario.document import hint

_PACKAGE = Path(__file__).resolve().parent.parent


def shipped(folder: str) -> Path:
    """Folder of shipped files (``scenarios``, ``seeds`` or ``samples``), or a file next to them.

    An installed wheel carries them inside the package; a clone has them at its top level.
    """
    installed = _PACKAGE / "shipped" / folder
    return installed if installed.exists() else _PACKAGE.parent / folder


def scenario_names() -> list[str]:
    """Names of the shipped scenarios, sorted."""
    return sorted(path.stem for path in shipped("scenarios").glob("*.yaml"))


def table_names() -> list[str]:
    """Names of the shipped seed tables, sorted."""
    return sorted(path.stem for path in shipped("seeds").glob("*.csv"))


def find_scenario(name: str) -> Path:
    """Path of a scenario given as a path or as the name of a shipped one.

    Raises
    ------
    ScenarioError
        If there is neither such a file nor a shipped scenario of that name.
    """
    path = Path(name)
    if path.suffix in {".yaml", ".yml"}:
        return path
    names = scenario_names()
    # A folder of that name, such as an earlier run, does not hide the shipped scenario.
    if name in names and not path.is_file():
        return shipped("scenarios") / f"{name}.yaml"
    if os.path.exists(path):  # False, not an error, for a name that is too long
        return path
    message = f"expected a file or one of the shipped scenarios {', '.join(names)}, got no such"
    raise ScenarioError([Problem(name, f"{message}{hint(name, names)}")])
