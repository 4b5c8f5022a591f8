"""What was lost in money, as ranges."""
