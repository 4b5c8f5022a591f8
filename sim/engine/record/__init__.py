"""Records of a run: curves."""
