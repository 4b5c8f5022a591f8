"""Scenarios: what a user asks, and the cited numbers that the answer rests on."""
