"""Many runs: planned, carried out, kept run by run, gone on with, compared, verified."""
