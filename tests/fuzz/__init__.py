"""Readers of untrusted input under random and mutated input.

A target reads one kind of input and states what must hold of the outcome (`tests.fuzz.targets`);
its inputs are made out of ``corpus/TARGET``.
"""
