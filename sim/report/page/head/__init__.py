"""The head of the page: what happened in words, how sure it is, and what readers ask first."""
