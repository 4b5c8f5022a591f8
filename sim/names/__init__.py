"""Names behind an address: the law of names per address, and kinds of places."""
