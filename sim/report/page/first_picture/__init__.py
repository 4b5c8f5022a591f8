"""The first picture of the page: a run over time, or strategies side by side."""
