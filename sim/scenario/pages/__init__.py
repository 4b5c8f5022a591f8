"""Pages of the reference that are made from the schema and the seed tables."""
