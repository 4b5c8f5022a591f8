"""What a list hits: hosts and inventories, whose addresses, what changed. No world, no engine."""
