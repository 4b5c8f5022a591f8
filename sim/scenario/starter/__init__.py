"""A case of one's own: what ``overblock init`` writes, from what is known."""
