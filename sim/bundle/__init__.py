"""What is handed over: a result with all that a stranger needs to check it and make it again."""
