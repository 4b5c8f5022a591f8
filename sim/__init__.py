"""overblock: what blocking Internet addresses does to everyone who was not the target.

``sim.exposure`` says what a blocklist hits, from columns in memory; ``sim.run`` and ``sim.compare``
simulate a scenario, and ``sim.open_results`` reads a run folder.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from sim.version import __version__

if TYPE_CHECKING:
    from sim.api import Results, compare, open_results, run
    from sim.blocklists.exposure import Exposure, exposure
    from sim.errors import DataError, OverblockError, PartialError, ScenarioError, UsageError

__all__ = [
    "DataError",
    "Exposure",
    "OverblockError",
    "PartialError",
    "Results",
    "ScenarioError",
    "UsageError",
    "__version__",
    "compare",
    "exposure",
    "open_results",
    "run",
]
_MODULES = {
    "DataError": "sim.errors",
    "Exposure": "sim.blocklists.exposure",
    "OverblockError": "sim.errors",
    "PartialError": "sim.errors",
    "Results": "sim.api",
    "ScenarioError": "sim.errors",
    "UsageError": "sim.errors",
    "compare": "sim.api",
    "exposure": "sim.blocklists.exposure",
    "open_results": "sim.api",
    "run": "sim.api",
}


# Hidden from type checkers, for which a name that is not above must be a mistake.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Load what a notebook needs when it asks for it, so that ``import sim`` stays light."""
        if name in _MODULES:
            return getattr(import_module(_MODULES[name]), name)
        raise AttributeError(f"module 'sim' has no attribute {name!r}")

    def __dir__() -> list[str]:
        """Names that are there, and those that would be loaded."""
        return sorted({*globals(), *__all__})
