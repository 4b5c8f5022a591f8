"""What rows of a table say beside an address: its netmask, and whether they list it at all."""
