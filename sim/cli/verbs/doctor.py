"""``overblock doctor``: what is installed, and where things are found."""

from __future__ import annotations

import platform
import re
from importlib.util import find_spec
from typing import Any

from sim.cli import console
from sim.cli.options import JSON
from sim.version import __version__

SCHEMA = "overblock/doctor/3"
# What each extra brings, as modules.
_EXTRAS = {
    "analysis": ("pandas",),
    "cluster": ("distributed", "cryptography"),
    "explore": ("shiny", "uvicorn"),
}


def doctor(as_json: bool = JSON) -> None:
    """Show versions, extras, the files that can be read, and where things are.

    Examples:

      overblock doctor

      overblock doctor --json
    """
    with console.reports_errors(as_json=as_json):
        from sim.addresses.feeds.forms import FORMS
        from sim.addresses.feeds.refused import REFUSED
        from sim.addresses.machine_code import folder
        from sim.addresses.machine_code import shipped as shipped_code
        from sim.experiment.executors import n_processors
        from sim.scenario.library import scenario_names, shipped, table_names

        found: dict[str, Any] = {
            "schema": SCHEMA,
            "overblock": __version__,
            "python": platform.python_version(),
            "platform": platform.platform(),
            "packages": {name: _version(name) for name in _needed()},
            "extras": {
                extra: {module: find_spec(module) is not None for module in modules}
                for extra, modules in _EXTRAS.items()
            },
            "reads": [
                {
                    "form": form.name,
                    "file": form.file.replace("`", ""),
                    "becomes": form.becomes,
                }
                for form in FORMS
            ],
            "refuses": [{"file": kind.file, "to_text": kind.command} for kind in REFUSED],
            "compiled_code": {"folder": str(shipped_code() or folder())},
            "n_threads": n_processors(),
            "scenarios": {"folder": str(shipped("scenarios")), "n": len(scenario_names())},
            "tables": {"folder": str(shipped("seeds")), "n": len(table_names())},
        }
        if as_json:
            console.print_json(found)
        else:
            console.say_out("\n".join(_lines(found)))


def _needed() -> list[str]:
    """Packages that the program needs without extras."""
    from importlib import metadata  # a third of what all verbs take to load

    asked = [one for one in metadata.requires("overblock") or () if "extra ==" not in one]
    return [re.split(r"[^\w.-]", one)[0] for one in asked]


def _version(name: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _lines(found: dict[str, Any]) -> list[str]:
    """The same for people, line by line."""
    lines = [
        f"overblock {found['overblock']}, Python {found['python']}, {found['platform']}",
        "packages: "
        + ", ".join(
            f"{name} {version or 'MISSING'}" for name, version in found["packages"].items()
        ),
    ]
    for extra, modules in found["extras"].items():
        missing = [module for module, is_there in modules.items() if not is_there]
        state = f"not there (missing {', '.join(missing)})" if missing else "there"
        lines.append(f"extra {extra}: {state}")
    lines.append("reads, told by the content of a file or named by --as:")
    lines += [f"  {form['form']:16} {form['file']}" for form in found["reads"]]
    lines.append("does not read, of a FILE, but what this writes of it:")
    for kind in found["refuses"]:
        # The command by itself, to be copied whole.
        lines += [f"  {kind['file']}:", f"    {kind['to_text']}"]
    lines.append(f"compiled code: {found['compiled_code']['folder']}")
    lines.append(f"threads: {found['n_threads']}")
    shipped = ("scenarios", "tables")
    return lines + [f"{what}: {found[what]['n']} in {found[what]['folder']}" for what in shipped]
