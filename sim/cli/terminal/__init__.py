"""How the command line talks."""
