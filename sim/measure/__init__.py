"""What it did: measures computed from outcomes, over replicates."""
