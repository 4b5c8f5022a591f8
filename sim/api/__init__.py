"""What a notebook calls: runs, comparisons and studies in, results as columns out."""

from sim.api.results import Results, open_results
from sim.api.runs import compare, run

__all__ = ["Results", "compare", "open_results", "run"]
