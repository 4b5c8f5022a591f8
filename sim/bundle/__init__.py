"""Archives of a result with everything that other people need to check and repeat it."""
