"""Intervals, distances, designs and indices; nothing about blocking."""
