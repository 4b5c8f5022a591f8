"""What rows of a table say beside an address: netmask, end of a range, whether they list it."""
