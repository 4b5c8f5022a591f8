"""Effects of a list without a simulation: hosts, owners of addresses, names, changes."""
