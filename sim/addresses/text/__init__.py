"""Lists of addresses as text: read in bulk, with the line of every mistake."""
