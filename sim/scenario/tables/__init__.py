"""Tables of cited numbers: their rows, notes, and what rows mean together."""
