"""Results as tables for a terminal, Markdown, CSV, JSON."""
