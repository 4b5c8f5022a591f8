"""Small faults put into the program one at a time, to see whether a test notices.

``python -m tests.mutants --package sim/measure --sample 20 --seed 1``, see ``tests/README.md``.
"""
