"""Many runs: planned, carried out, saved run by run, resumed, compared, verified."""
