"""What is blocked for whom, and what it has cost so far."""
