"""Timings against other programs. Benchmark-only dependencies are in the ``bench`` extra."""
