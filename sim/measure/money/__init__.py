"""Losses in money, as ranges."""
