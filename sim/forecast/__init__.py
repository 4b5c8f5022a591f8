"""Forecasts of which addresses are listed next, from a record of those that were."""
