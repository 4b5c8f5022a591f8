"""Sweeps and sensitivity analyses over uncertain inputs."""
