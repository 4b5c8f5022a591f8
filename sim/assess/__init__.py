"""A strategy assessed along the questions that courts ask."""
