"""What we do not know: sweeps, sensitivity analysis."""
