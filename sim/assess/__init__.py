"""What a court asks of one strategy."""
