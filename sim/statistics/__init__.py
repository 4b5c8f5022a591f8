"""Intervals, resampling, paired differences, dominance, designs, indices: no word of blocking."""
