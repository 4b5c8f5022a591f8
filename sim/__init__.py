"""overblock: what blocking Internet addresses does to everyone who was not the target.

``exposure`` and ``cover`` report what a blocklist hits and which blocks would hurt least, from
columns in memory. ``run`` and ``compare`` simulate a scenario, ``open_results`` reads a run folder.
``scenarios()`` and ``measures()`` list what there is. ``import overblock`` gives the same names.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from sim.version import __version__

if TYPE_CHECKING:
    from sim.api.results import Columns, Picture, Results, open_results
    from sim.api.runs import compare, cover, exposure, measures, run, scenarios
    from sim.blocklists.exposure import Exposure
    from sim.errors import DataError, OverblockError, PartialError, ScenarioError, UsageError

__all__ = [
    "Columns",
    "DataError",
    "Exposure",
    "OverblockError",
    "PartialError",
    "Picture",
    "Results",
    "ScenarioError",
    "UsageError",
    "__version__",
    "compare",
    "cover",
    "exposure",
    "measures",
    "open_results",
    "run",
    "scenarios",
]
_MODULES = ("sim.errors", "sim.api.results", "sim.api.runs", "sim.blocklists.exposure")
"""Modules that have the names above, the one that loads fastest first."""


# Hidden from type checkers, for which a name that is not above must be a mistake.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Load what a notebook needs when it asks for it, so that ``import sim`` stays light."""
        for module in map(import_module, _MODULES if name in __all__ else ()):
            if hasattr(module, name):
                return getattr(module, name)
        raise AttributeError(f"module 'sim' has no attribute {name!r}")

    def __dir__() -> list[str]:
        """Names that are there, and those that would be loaded."""
        return sorted({*globals(), *__all__})
