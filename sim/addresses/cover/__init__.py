"""Covers: the prefixes that block given targets at least collateral."""
