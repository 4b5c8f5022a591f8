"""The interface for notebooks: they pass scenarios, and get results as columns."""

from sim.api.results import Results, open_results
from sim.api.runs import compare, run

__all__ = ["Results", "compare", "open_results", "run"]
