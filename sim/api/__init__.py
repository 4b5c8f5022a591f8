"""The interface for notebooks: they pass scenarios, and get results as columns."""
