"""Measures, computed from the outcomes of simulations."""
