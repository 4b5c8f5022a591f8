"""Decision rules of the censor: each a pure function from what it observes to orders."""
