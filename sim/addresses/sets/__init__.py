"""Sets of addresses and tables of prefixes, both families."""
