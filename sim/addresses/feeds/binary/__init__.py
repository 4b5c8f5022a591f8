"""Binary files: MaxMind databases and MRT dumps."""
