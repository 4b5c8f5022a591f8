"""Loops in machine code, and the choice between them and NumPy."""
