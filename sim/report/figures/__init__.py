"""Figures: from numbers to drawings."""
