"""Documents in Markdown: assessment, validation."""
