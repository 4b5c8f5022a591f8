"""overblock: what blocking Internet addresses does to everyone who was not the target.

``sim.exposure`` says what a blocklist hits, from columns in memory; ``sim.run`` and ``sim.compare``
simulate a scenario, and ``sim.open_results`` reads a run folder.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
_MODULES = {
    "exposure": "sim.blocklists.exposure",
    "run": "sim.api",
    "compare": "sim.api",
    "open_results": "sim.api",
}


def __getattr__(name: str) -> Any:
    """Load what a notebook needs when it asks for it, so that ``import sim`` stays light."""
    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module 'sim' has no attribute {name!r}")
