"""Forecasts of listings, estimated from a record of past ones."""
