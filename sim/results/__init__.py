"""What is kept: the run folder, its manifest and its tidy tables."""
