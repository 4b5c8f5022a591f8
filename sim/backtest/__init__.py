"""Predictions compared with published outcomes; no parameter is set here."""
