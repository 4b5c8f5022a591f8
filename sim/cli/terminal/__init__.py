"""Printing: tables, sketches, progress, errors."""
