"""Figures, the page, documents, and their words."""
