"""overblock: what blocking Internet addresses does to everyone who was not the target.

It hands on the public names of ``sim``: ``overblock.run``, ``overblock.compare`` and the others
that ``help("sim")`` lists.
"""

from typing import TYPE_CHECKING

import sim
from sim import __all__ as __all__
from sim import __version__ as __version__

if TYPE_CHECKING:
    from sim import *  # noqa: F403
else:

    def __getattr__(name: str) -> object:
        """Hand on a public name when it is asked for, so that the import stays light."""
        if name in __all__:
            return getattr(sim, name)
        raise AttributeError(f"module 'overblock' has no attribute {name!r}")

    def __dir__() -> list[str]:
        """Names that are there, and those that would be loaded."""
        return sorted({*globals(), *__all__})
