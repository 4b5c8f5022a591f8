"""The set of prefixes that hits least."""
