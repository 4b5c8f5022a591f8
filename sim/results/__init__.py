"""The run folder, its manifest and its tidy tables."""
