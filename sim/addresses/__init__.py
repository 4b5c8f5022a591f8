"""What can be blocked: address arithmetic that knows nothing of censorship."""
