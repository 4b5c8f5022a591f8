"""The state of a run: which addresses are blocked for whom, and the losses so far."""
